"""A database with a long history, written in bulk."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session, SQLModel, insert

from faxbot.fax.job import Direction, Job, JobState
from faxbot.fax.record import Record
from faxbot.services.model.announcements import Announcement, AnnouncementKind, AnnouncementState
from faxbot.services.model.columns import job_facts, record_facts
from faxbot.services.model.faxes import Fax, FaxState, Outcome
from faxbot.services.model.records import FaxRecord
from faxbot.store.engine import open_engine
from faxbot.store.queries import SqlLedger
from faxbot.store.schema import migrate
from faxbot.store.tables import AnnouncementRow, FaxRow, RecordRow
from tests.kit import CLAIMS, DANA

ORIGIN = 1_400_000_000
"""The moment of record 0, in epoch seconds; the others are ten minutes apart, as on the canned fax server."""
SECONDS_APART = 600
AT_ONCE = 5_000
"""Rows in one statement."""


def moment(number: int) -> int:
    """When record *number* was made, in epoch seconds."""
    return ORIGIN + number * SECONDS_APART


def database(folder: Path) -> Engine:
    """The database of a bot whose data is in *folder*, of the newest schema."""
    engine = open_engine(f"sqlite:///{folder / 'faxbot.db'}")
    migrate(engine)
    return engine


def add_records(engine: Engine, direction: Direction, count: int) -> None:
    """Write so many records as history, as the canned fax server has them."""
    _write(engine, RecordRow, (_record(direction, number) for number in range(1, count + 1)))


def add_faxes(engine: Engine, count: int) -> None:
    """Write so many delivered faxes of Dana's, a record and a posted card for each."""
    numbers = range(1, count + 1)
    add_records(engine, Direction.TX, count)
    _write(engine, FaxRow, (_fax(number) for number in numbers))
    _write(engine, AnnouncementRow, (_card(number) for number in numbers))


def complete_baseline(engine: Engine) -> None:
    """The first start is long ago."""
    with Session(engine) as session:
        ledger = SqlLedger(session)
        for direction in Direction:
            ledger.recount(direction)
            ledger.remember(f"feed_{direction}", {"newest_last": True})
        session.commit()


def _record(direction: Direction, number: int) -> dict[str, Any]:
    job_id, at = f"{direction}{number}", moment(number)
    record = Record(job_id, datetime.fromtimestamp(at, UTC), number="12145550100", modem="ttyIAX1")
    row = FaxRecord(
        id=None, direction=direction, job_id=job_id, time=at, record=record_facts(record), seen_at=at
    )
    return row.model_dump(exclude={"id"})


def _fax(number: int) -> dict[str, Any]:
    job = Job(f"TX{number}", JobState.DONE, destination="14695550101", modem="ttyIAX1", sent_pages=2)
    at = moment(number)
    row = Fax(
        state=FaxState.ENDED,
        outcome=Outcome.DELIVERED,
        user_id=DANA,
        channel_id=CLAIMS,
        number="+1 469 555 0101",
        dial="14695550101",
        line_id="1",
        line_name="Ward 1",
        job_id=job.job_id,
        job=job_facts(job),
        accepted_at=at,
        created_at=at,
        ended_at=at,
    )
    return row.model_dump(exclude={"id"}) | {"id": number}


def _card(number: int) -> dict[str, Any]:
    row = Announcement(
        key=f"card-{number}",
        kind=AnnouncementKind.CARD,
        channel_id=CLAIMS,
        fax_id=number,
        state=AnnouncementState.SENT,
        created_at=moment(number),
        sent_at=moment(number),
        ts=f"{moment(number)}.000100",
        terminal=True,
    )
    return row.model_dump(exclude={"id"})


def _write(engine: Engine, table: type[SQLModel], rows: Iterable[dict[str, Any]]) -> None:
    with Session(engine) as session:
        for some in _in_parts(iter(rows)):
            session.execute(insert(table), some)
            session.commit()


def _in_parts(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while some := list(islice(rows, AT_ONCE)):
        yield some
