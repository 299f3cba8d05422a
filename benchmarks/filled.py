"""A database with a long history, written in bulk."""

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, delete
from sqlmodel import Session, SQLModel, insert, select

from faxbot.fax.job import Direction, JobState
from faxbot.fax.record import Record
from faxbot.services.model.announcements import Announcement, AnnouncementKind, AnnouncementState
from faxbot.services.model.faxes import Fax, FaxState, Outcome
from faxbot.services.model.jobs import SeenJob
from faxbot.services.model.ledger import Touched
from faxbot.services.model.records import RecordState, new_record
from faxbot.services.model.submissions import Submission, SubmissionState
from faxbot.store.engine import open_engine
from faxbot.store.queries import SqlLedger
from faxbot.store.schema import migrate
from faxbot.store.tables import AnnouncementRow, DocumentRow, FaxRow, JobRow, RecordRow, SubmissionRow
from tests.support.services import CLAIMS, DANA
from tests.support.spooled import a_document

ORIGIN = 1_400_000_000
"""The moment of record 0, in epoch seconds; the others are ten minutes apart, as on the canned fax server."""
SECONDS_APART = 600
JOBS_AT_ONCE = 10_000
_AT = f"strftime('%Y-%m-%d %H:%M:%S.000000', {ORIGIN} + {SECONDS_APART} * i, 'unixepoch')"
"""The moment of row *i*, in SQL."""


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
    changed = {"job_id": f"'{direction}' || i", "time": _AT, "seen_at": _AT}
    _multiply(engine, RecordRow, _a_record(direction), count, changed)


def add_faxes(engine: Engine, count: int) -> None:
    """Write so many delivered faxes of Dana's, each with its document, submission, job, record and card."""
    add_records(engine, Direction.TX, count)
    _multiply(engine, DocumentRow, a_document(None).model_dump(exclude={"id"}), count, {})
    moments = dict.fromkeys(("accepted_at", "created_at", "ended_at"), _AT)
    _multiply(engine, FaxRow, _a_fax(), count, moments | {"job_id": "'TX' || i", "document_id": "i + 1"})
    moments = dict.fromkeys(("intent_at", "answered_at"), _AT)
    of_fax = {"fax_id": "i + 1", "job_id": "'TX' || i"}
    _multiply(engine, SubmissionRow, _a_submission(engine), count, moments | of_fax)
    with Session(engine) as session:
        numbers = iter(session.exec(select(FaxRow.id)).all())
        while part := list(islice(numbers, JOBS_AT_ONCE)):
            jobs = [_a_job() | {"fax_id": number, "job_id": f"TX{number}"} for number in part]
            session.execute(insert(JobRow), jobs)
        session.commit()
    changed = {
        "key": "'card-' || i",
        "fax_id": "i + 1",
        "ts": f"({ORIGIN} + {SECONDS_APART} * i) || '.000100'",
    }
    moments = dict.fromkeys(("created_at", "sent_at"), _AT)
    _multiply(engine, AnnouncementRow, _a_card(), count, moments | changed)


def complete_baseline(engine: Engine) -> None:
    """The first start is long ago."""
    with Session(engine) as session:
        ledger = SqlLedger(session, Touched())
        for direction in Direction:
            ledger.recount(direction)
            ledger.remember(f"feed_{direction}", {"newest_last": True})
        session.commit()


def _a_record(direction: Direction) -> dict[str, Any]:
    record = Record(
        f"{direction}1", datetime.fromtimestamp(ORIGIN, UTC), number="12145550100", modem="ttyIAX1"
    )
    return new_record(record, state=RecordState.HISTORY, seen_at=ORIGIN).model_dump(exclude={"id"})


def _a_fax() -> dict[str, Any]:
    row = Fax(
        state=FaxState.ENDED,
        outcome=Outcome.DELIVERED,
        user_id=DANA,
        channel_id=CLAIMS,
        number="+1 469 555 0101",
        dial="14695550101",
        line_id="1",
        line_name="Ward 1",
        job_id="TX1",
    )
    return row.model_dump(exclude={"id"})


def _a_submission(engine: Engine) -> dict[str, Any]:
    with Session(engine) as session:  # its row is the model of all others: its fax has to be there
        fax_id = session.exec(select(FaxRow.id).limit(1)).one()
    row = Submission(fax_id=fax_id, state=SubmissionState.ACCEPTED, intent_at=ORIGIN, device="ttyIAX1")
    return row.model_dump(exclude={"id"})


def _a_job() -> dict[str, Any]:
    job = SeenJob(
        fax_id=0, job_id="TX1", state=JobState.DONE, destination="14695550101", modem="ttyIAX1", sent_pages=2
    )
    return job.model_dump()


def _a_card() -> dict[str, Any]:
    row = Announcement(
        key="model",
        kind=AnnouncementKind.CARD,
        channel_id=CLAIMS,
        state=AnnouncementState.SENT,
        terminal=True,
    )
    return row.model_dump(exclude={"id"})


def _multiply(
    engine: Engine, table: type[SQLModel], row: Mapping[str, object], count: int, changed: Mapping[str, str]
) -> None:
    """Write *row* *count* times, row *i* with the SQL expressions of *changed* in its place."""
    columns = table.__table__.c  # type: ignore[attr-defined] # every table has one
    names = [column.name for column in columns if column.name != "id"]
    values = [changed.get(name, f"model.{name}") for name in names]
    with engine.begin() as connection:
        model = connection.execute(insert(table).returning(columns.id), row).scalar_one()
        connection.exec_driver_sql(
            f"INSERT INTO {table.__tablename__} (id, {', '.join(names)})"  # noqa: S608 - names of ours
            " WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < ?)"
            f" SELECT i + ?, {', '.join(values)} FROM numbers CROSS JOIN {table.__tablename__} AS model"
            " WHERE model.id = ?",
            (count, model, model),
        )
        connection.execute(delete(table).where(columns.id == model))
