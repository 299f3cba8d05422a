"""Opens and migrates the database of the settings; its faults become sentences for the operator."""

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from faxbot.settings import Settings, SettingsProblem
from faxbot.store.connection import DatabaseInUse
from faxbot.store.engine import DriverMissing, database_file, open_engine
from faxbot.store.schema import NewerDatabaseError, migrate

_LASTING = ("FATAL", "is bad", "no password", "connection option")
"""The words with which a server, or the driver, rejects a connection."""
_PASSING = ("starting up", "shutting down", "recovery mode", "too many", "connection slots")
"""The words with which a server rejects a connection that it accepts later."""


class DatabaseUnreachable(SettingsProblem):
    """The PostgreSQL server does not answer; a start that is repeated may succeed."""

    exit_code = 1


def open_database(settings: Settings) -> tuple[Engine, str | None, str | None]:
    """
    Open the database and migrate it; return the engine and the schema revisions before and after.

    Raises:
        SettingsProblem: It cannot be used: its server does not answer or refuses, another bot uses it, its
            schema is newer than this version of faxbot, or its driver is not installed.
    """
    try:
        engine = open_engine(settings.database)
    except DriverMissing as exc:
        raise SettingsProblem(str(exc)) from exc
    try:
        return engine, *migrate(engine)
    except DatabaseInUse as exc:
        raise SettingsProblem(str(exc)) from exc
    except NewerDatabaseError as exc:
        raise SettingsProblem(
            f"{exc} Install the newer faxbot again, or go back to a backup from before it."
        ) from exc
    except DBAPIError as exc:
        raise database_problem(settings, exc) from exc


def database_problem(settings: Settings, error: DBAPIError) -> SettingsProblem:
    """What the operator reads of *error*: one sentence, without the password."""
    reason = reason_of(error)
    if (file := database_file(settings.database)) is not None:
        return SettingsProblem(f"The database {file} can't be used ({reason}).")
    if is_passing(error):
        return DatabaseUnreachable(f"The PostgreSQL server of DATABASE_URL does not answer ({reason}).")
    return SettingsProblem(
        f"The PostgreSQL server rejects DATABASE_URL ({reason}). See whether its database, user "
        "and password are right, and whether the user may create tables in the database."
    )


def is_passing(error: DBAPIError) -> bool:
    """Whether the server was not reached, or accepts no connection for now."""
    reason, of_a_statement = reason_of(error), getattr(error.orig, "sqlstate", None) is not None
    if of_a_statement:
        return False
    return any(words in reason for words in _PASSING) or not any(words in reason for words in _LASTING)


def reason_of(error: DBAPIError) -> str:
    """The driver's words, in one line."""
    return " ".join(str(error.orig).split())
