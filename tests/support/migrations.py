"""Alembic's commands over an engine of the test."""

from collections.abc import Callable

from sqlalchemy import Engine

from faxbot.store import schema


def alembic(engine: Engine, command: Callable[..., None], *args: str) -> None:
    """Run *command*, one of `alembic.command`, with the migrations of the package."""
    config = schema.alembic_config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command(config, *args)
        connection.commit()
