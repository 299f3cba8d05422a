"""The schema, by Alembic. The migrations travel with the package."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine


def migrate(engine: Engine) -> tuple[str | None, str | None]:
    """Bring the database to the newest schema; the revisions before and after."""
    before = revision(engine)
    config = _config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
    return before, revision(engine)


def revision(engine: Engine) -> str | None:
    """The schema that the database has."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str | None:
    """The schema that this faxbot needs."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    package = Path(__file__).parent.parent
    installed = package / "migrations"
    config = Config()
    config.set_main_option("path_separator", "os")
    config.set_main_option(
        "script_location", str(installed if installed.is_dir() else package.parent / "migrations")
    )
    return config
