"""Copies the database and the spool while the bot runs."""

import os
import shutil
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from faxbot.services.model.ledger import Touched
from faxbot.services.upkeep.restore import mark_unfinished_for_lookup
from faxbot.settings import Settings
from faxbot.store.engine import database_file, open_engine
from faxbot.store.queries import SqlLedger

DATABASE, SPOOL = "faxbot.db", "spool"


class BackupProblem(Exception):
    """There is no database, or the copy is damaged; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A finished copy: its folder, the number of documents, and the number of unfinished things in it."""

    folder: Path
    documents: int
    under_way: int


def back_up(settings: Settings, into: Path, now: datetime) -> Backup:
    """
    Copy the database and the spool to a new folder in *into*; its name ends in `.part` until it is complete.

    The database is copied first: the documents it names are in the spool already, so they are copied, too.
    Unfinished faxes are marked for lookup in the copy, so that a restored backup does not dial them again.

    Raises:
        BackupProblem: There is no database yet, it is on a PostgreSQL server, or the copy is damaged.
        OSError: The disk failed.
    """
    source = database_file(settings.database)
    if source is None:
        raise BackupProblem(
            "The database is on a PostgreSQL server: back it up with pg_dump, and the documents by copying "
            f"{settings.faxbot_data_dir / SPOOL} after it."
        )
    if not source.is_file():
        raise BackupProblem(f"There is no database at {source}. Has faxbot run with these settings?")
    os.umask(0o077)
    folder = into / now.strftime("faxbot-%Y%m%d-%H%M%S")
    unfinished = folder.with_name(f"{folder.name}.part")
    unfinished.mkdir(parents=True)
    try:
        _copy_database(source, unfinished / DATABASE)
        under_way = _mark_unfinished(unfinished / DATABASE, now)
    except (sqlite3.Error, SQLAlchemyError) as exc:
        raise BackupProblem(
            f"{source} can't be copied ({getattr(exc, 'orig', exc)}). Look at the disk, and whether faxbot "
            "has run in this version."
        ) from exc
    documents = _copy_spool(settings.faxbot_data_dir / SPOOL, unfinished / SPOOL)
    unfinished.rename(folder)
    return Backup(folder, documents, under_way)


def _copy_database(source: Path, target: Path) -> None:
    """
    Copy page by page while the bot writes.

    Raises:
        BackupProblem: The copy fails the integrity check.

    Source: SQLite's online backup API.
    """
    with (
        sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True) as live,
        sqlite3.connect(target) as copy,
    ):
        live.backup(copy)
        (result,) = copy.execute("PRAGMA integrity_check").fetchone()
    live.close()
    copy.close()
    if result != "ok":
        raise BackupProblem("The copy of the database is damaged. Look at the disk, and try again.")


def _mark_unfinished(database: Path, now: datetime) -> int:
    """Mark unfinished requests, faxes and messages in the copy for lookup; return their number."""
    engine = open_engine(f"sqlite:///{database}")
    try:
        with Session(engine, expire_on_commit=False) as session:
            under_way = mark_unfinished_for_lookup(SqlLedger(session, Touched()), now)
            session.commit()
        with engine.connect() as connection:  # one file, without a journal beside it
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA journal_mode=DELETE")
    finally:
        engine.dispose()
    return under_way


def _copy_spool(source: Path, target: Path) -> int:
    """Copy the complete documents, not hidden files being written; files removed meanwhile are skipped."""
    documents = 0
    target.mkdir()
    for path in sorted(source.rglob("*")) if source.is_dir() else ():
        if not path.is_file() or path.name.startswith("."):
            continue
        place = target / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(path, place)
        except FileNotFoundError:
            continue
        documents += 1
    return documents
