"""Marks unfinished work in a database that was put back in a way that the start cannot recognize."""

import contextlib
import sqlite3
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from faxbot.database import database_problem, open_database
from faxbot.services.model.ledger import Ledger
from faxbot.services.upkeep.restore import mark_unfinished_for_lookup
from faxbot.settings import Settings, SettingsProblem
from faxbot.store.connection import DatabaseInUse
from faxbot.store.engine import TransactionStore, database_file


async def mark_as_restored(settings: Settings, now: datetime) -> int:
    """
    Mark unfinished work for lookup, so that the next start dials nothing of it; the number of things.

    Raises:
        SettingsProblem: The database cannot be used, or a bot uses it.
    """

    def mark(ledger: Ledger) -> int:
        ledger.save_identity()
        return mark_unfinished_for_lookup(ledger, now)

    if (file := database_file(settings.database)) is not None:
        _check_unused(file)
    engine, _, _ = open_database(settings)
    store = TransactionStore(engine, lock_seconds=0)
    try:
        return await store.write(mark)
    except DatabaseInUse as exc:
        raise SettingsProblem(str(exc)) from exc
    except DBAPIError as exc:
        raise database_problem(settings, exc) from exc
    finally:
        store.close()


def _check_unused(file: Path) -> None:
    """
    Check that no process has the SQLite database open.

    Raises:
        SettingsProblem: There is no database, or a process has it open.

    Source: SQLite leaves WAL mode only if there is no other connection.
    """
    if not file.is_file():
        raise SettingsProblem(f"There is no database at {file}.")
    with contextlib.closing(sqlite3.connect(file, timeout=0)) as connection:
        try:
            connection.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError as exc:
            raise SettingsProblem(str(DatabaseInUse())) from exc
        except sqlite3.DatabaseError as exc:
            raise SettingsProblem(f"{file} can't be read as a database ({exc}).") from exc
