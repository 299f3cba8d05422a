"""What comes of one envelope has one reference, in the log and here."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = ("requests", "faxes", "announcements")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("reference", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    for table in TABLES:
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column("reference")
