"""What may be forgotten, and when, is found without reading everything."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("requests") as requests:
        requests.add_column(sa.Column("forget_at", sa.Float(), nullable=True))
        requests.create_index("ix_requests_forget_at", ["forget_at"])
    op.execute("UPDATE requests SET forget_at = created_at + 604800 WHERE done")
    op.execute("UPDATE faxes SET known_jobs = '[]' WHERE state IN ('accepted', 'ended')")
    op.create_index("ix_faxes_documents", "faxes", ["ended_at"], sqlite_where=sa.text("path IS NOT NULL"))
    # Without it, each row that goes is looked for through the whole table: it might be a parent.
    op.create_index("ix_announcements_parent_id", "announcements", ["parent_id"])
    op.create_index("ix_announcements_passing", "announcements", ["kind", "record_id", "created_at"])


def downgrade() -> None:
    op.drop_index("ix_announcements_passing", table_name="announcements")
    op.drop_index("ix_announcements_parent_id", table_name="announcements")
    op.drop_index("ix_faxes_documents", table_name="faxes")
    op.drop_index("ix_requests_forget_at", table_name="requests")
    op.drop_column("requests", "forget_at")
