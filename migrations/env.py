"""Alembic's entry: over the bot's own connection at start, over `-x url=…` for developers."""

from typing import Literal

from alembic import context
from sqlalchemy import Connection
from sqlmodel import AutoString, SQLModel

from faxbot.store import tables  # noqa: F401 - its import fills the metadata
from faxbot.store.engine import open_engine


def render_item(kind: str, item: object, _context: object) -> str | Literal[False]:
    """SQLModel's strings are plain strings in a migration."""
    return "sa.String()" if kind == "type" and isinstance(item, AutoString) else False


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=True,
        compare_type=False,
        render_item=render_item,
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
