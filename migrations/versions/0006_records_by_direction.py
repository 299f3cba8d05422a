"""The records of a direction are counted, and the newest one found, by an index alone."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_records_direction", "records", ["direction", "id", "gone"])


def downgrade() -> None:
    op.drop_index("ix_records_direction", table_name="records")
