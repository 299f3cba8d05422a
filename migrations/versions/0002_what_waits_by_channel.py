"""What waits to be told is looked up by channel: the outbox reads one channel after each of its calls."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _index(outdated="channel_id", untold="channel_id")


def downgrade() -> None:
    _index(outdated="id", untold="id")


def _index(*, outdated: str, untold: str) -> None:
    op.drop_index("ix_announcements_untold", table_name="announcements")
    op.drop_index("ix_announcements_outdated", table_name="announcements")
    op.create_index("ix_announcements_untold", "announcements", ["state", untold])
    op.create_index(
        "ix_announcements_outdated",
        "announcements",
        [outdated],
        sqlite_where=sa.text("revision > shown"),
    )
