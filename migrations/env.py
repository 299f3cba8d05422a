"""Alembic's entry: over the bot's own connection at start, over `-x url=…` for developers."""

from alembic import context
from sqlalchemy import Connection
from sqlmodel import SQLModel

from faxbot.store import tables  # noqa: F401 - its import fills the metadata
from faxbot.store.engine import open_engine


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=True,
        compare_type=False,
    )
    with context.begin_transaction():
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with open_engine(context.get_x_argument(as_dictionary=True)["url"]).connect() as opened:
        run(opened)
        opened.commit()
