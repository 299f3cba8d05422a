"""Each document has the SHA-256 of the file that was shared, beside that of the pages made of it."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("documents", sa.Column("original_sha256", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("documents", "original_sha256")
