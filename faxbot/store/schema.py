"""
Migrates the schema with Alembic. The migrations are part of the package.

Alembic is imported only if there is something to migrate: the import takes a tenth of the time of a start.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text
from sqlmodel import Session

from faxbot.services.model.ledger import Touched
from faxbot.store.connection import LOCK_SECONDS, WriterConnection
from faxbot.store.queries import SqlLedger

if TYPE_CHECKING:
    from alembic.config import Config


class NewerDatabaseError(Exception):
    """The database has the schema of a newer faxbot."""


def migrate(engine: Engine, lock_seconds: float = LOCK_SECONDS) -> tuple[str | None, str | None]:
    """
    Migrate the database to the newest schema; return the revisions before and after.

    Raises:
        NewerDatabaseError: Its schema is newer than this faxbot; nothing was changed.
        DatabaseInUse: It needs a migration, and a bot is using it; nothing was changed.
    """
    before, newest = revision(engine), newest_revision()
    if before == newest:
        return before, before
    if before is not None and before > newest:
        raise NewerDatabaseError(f"The database is at {before}; this faxbot knows schemas up to {newest}.")
    from alembic import command  # noqa: PLC0415 - see above

    config = alembic_config()
    writer = WriterConnection(engine, lock_seconds)
    try:
        connection = writer.get()
        was_restored = before is not None and _was_restored(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        if before is not None and not was_restored:
            _save_identity(connection)
        connection.commit()
    finally:
        writer.close()
    return before, revision(engine)


def _was_restored(connection: Connection) -> bool:
    with Session(connection) as session:
        return SqlLedger(session, Touched()).was_restored()


def _save_identity(connection: Connection) -> None:
    """Store the identity anew: a table that a migration rewrote has another file."""
    session = Session(connection)
    SqlLedger(session, Touched()).save_identity()
    session.flush()


def revision(engine: Engine) -> str | None:
    """The schema revision of the database; None before the first migration."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return found


def newest_revision() -> str:
    """The schema revision that this faxbot needs: the highest number of a migration file."""
    return max(path.stem.split("_")[0] for path in (_migrations() / "versions").glob("[0-9]*_*.py"))


def alembic_config() -> "Config":
    """Alembic's configuration for the migrations of this package."""
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("path_separator", "os")
    config.set_main_option("script_location", str(_migrations()))
    return config


def _migrations() -> Path:
    package = Path(__file__).parent.parent
    installed = package / "migrations"
    return installed if installed.is_dir() else package.parent / "migrations"
