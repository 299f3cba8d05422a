"""The faxes whose job is looked for are found without reading all of them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_faxes_look_at", "faxes", ["look_at"], sqlite_where=sa.text("look_at IS NOT NULL"))


def downgrade() -> None:
    op.drop_index("ix_faxes_look_at", table_name="faxes")
