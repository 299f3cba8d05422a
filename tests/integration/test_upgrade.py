"""A database of schema 0005, with faxes mid-flight, is brought to the readable tables."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select, text

from faxbot.fax.job import Direction, JobState
from faxbot.services.model.announcements import AnnouncementKind, AnnouncementState
from faxbot.services.model.faxes import FaxState, Outcome
from faxbot.services.model.messages import FaxConfirmation, NumberQuestion, OutageBegan, OutageEnded, unpack
from faxbot.services.model.records import RecordState
from faxbot.services.model.request_bodies import (
    AnswerBody,
    CancelBody,
    Decision,
    DeleteBody,
    GetBody,
    RequestKind,
    SendBody,
    SharedFileBody,
    SubscribeBody,
    UnsubscribeBody,
)
from faxbot.services.model.submissions import SubmissionState
from faxbot.store.engine import open_engine
from faxbot.store.schema import migrate, revision
from faxbot.store.tables import (
    AnnouncementRow,
    DocumentRow,
    FaxRow,
    JobRow,
    RecordRow,
    RequestRow,
    SubmissionRow,
    SubscriptionRow,
)
from tests.support.plain_ucx import PlainUcx, StillClock, services_over_lists
from tests.support.services import PlainSlack

BEFORE = (Path(__file__).parents[1] / "samples" / "databases" / "schema_0005.sql").read_text(encoding="utf-8")
TABLES = ("requests", "faxes", "records", "subscriptions", "announcements")
NOON = 1_795_881_600.0
"""2026-11-28 16:00 UTC, the moment of the sample."""

KILLED = """
import os, sys
from alembic import op
from faxbot.store.engine import open_engine
from faxbot.store.schema import migrate
at = sys.argv[2]
drop, create = op.drop_table, op.create_index
def stop(name, *args, **named):
    if name == at:
        os._exit(9)
    return (drop if name.startswith("old_") else create)(name, *args, **named)
op.drop_table = op.create_index = stop
migrate(open_engine(f"sqlite:///{sys.argv[1]}"))
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "faxbot.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(BEFORE)
    return path


@pytest.fixture
def engine(database: Path) -> Engine:
    engine = open_engine(f"sqlite:///{database}")
    migrate(engine)
    return engine


def rows(database: Path) -> dict[str, int]:
    """The number of rows of each table."""
    with closing(sqlite3.connect(database)) as connection:
        return {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in TABLES}  # noqa: S608


def test_no_row_is_lost(database: Path):
    """Every request, fax, record, subscription and announcement is there afterwards."""
    before = rows(database)
    assert min(before.values()) > 0
    assert migrate(open_engine(f"sqlite:///{database}")) == ("0005", "0007")
    assert rows(database) == before


def test_faxes_mid_flight_keep_what_they_need(engine: Engine):
    """States under their new names, the moments as moments, the job in a table of its own."""
    with Session(engine) as session:
        faxes = {fax.state: fax for fax in session.exec(select(FaxRow))}
        jobs = {row.fax_id: row.job for row in session.exec(select(JobRow))}
    assert set(faxes) == set(FaxState)
    assert faxes[FaxState.UNKNOWN].lookup_at == NOON + 20
    assert faxes[FaxState.UNKNOWN].lookups == 1
    assert faxes[FaxState.UNDECIDED].candidates == ["TX7"]
    assert faxes[FaxState.ENDED].outcome is Outcome.DELIVERED
    assert faxes[FaxState.ACCEPTED].reported_at == NOON + 3.25
    assert faxes[FaxState.ACCEPTED].correlation_id == "ref0"
    job = jobs[faxes[FaxState.ACCEPTED].id]
    assert (job.job_id, job.state, job.dials, job.max_dials) == ("TX86", JobState.SLEEPING, 3, 12)
    assert job.next_try is not None
    assert job.next_try.timestamp() == NOON + 300
    assert len(jobs) == 2


def test_documents_and_submissions_are_rows(engine: Engine):
    """What was prepared has a document; what was submitted, the moment and the answer of that."""
    with Session(engine) as session:
        faxes = session.exec(select(FaxRow)).all()
        documents = {row.id: row for row in session.exec(select(DocumentRow))}
        submissions = {row.fax_id: row for row in session.exec(select(SubmissionRow))}
    states = {fax.state: submissions[fax.id].state for fax in faxes if fax.id in submissions}
    assert states == {
        FaxState.SUBMITTING: SubmissionState.SENDING,
        FaxState.UNKNOWN: SubmissionState.LOST,
        FaxState.UNDECIDED: SubmissionState.LOST,
    }
    assert {fax.state for fax in faxes if fax.document_id is None} == {FaxState.FETCHING}
    (submitting,) = [fax for fax in faxes if fax.state is FaxState.SUBMITTING]
    document, submission = documents[submitting.document_id], submissions[submitting.id]
    assert (document.name, document.pages, document.bytes) == ("referral.pdf", 2, None)
    assert Path(document.path or "").name == "fax.pdf"
    assert (submission.intent_at, submission.known_jobs) == (NOON, ["TX1"])


@pytest.mark.parametrize(
    ("known", "came_of_it"),
    [
        ("state = 'accepted', accepted_at = 1795881600.0", SubmissionState.ACCEPTED),
        ("state = 'ended', outcome = 'refused'", SubmissionState.REFUSED),
        ("state = 'ended', outcome = 'given_up'", SubmissionState.LOST),
        ("state = 'ready', look_at = 1795881620.0", SubmissionState.TURNED_AWAY),
        ("state = 'ready', look_at = NULL", SubmissionState.NOT_SENT),
    ],
)
def test_what_came_of_a_submission_is_kept(database: Path, known: str, came_of_it: SubmissionState):
    """As far as the old row has it."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute(f"UPDATE faxes SET intent_at = 1795881600.0, {known} WHERE id = 3")  # noqa: S608
        connection.commit()
    engine = open_engine(f"sqlite:///{database}")
    migrate(engine)
    with Session(engine) as session:
        assert session.get_one(SubmissionRow, 3).state is came_of_it


def test_records_are_columns(engine: Engine):
    """Number, caller and pages can be queried; the key is still the id and the time."""
    with Session(engine) as session:
        record = session.exec(select(RecordRow).where(RecordRow.number == "2142454571").limit(1)).one()
        states = {row.job_id: row.state for row in session.exec(select(RecordRow))}
    assert (record.job_id, record.time, record.caller_name) == ("RX1", NOON + 60, "JONES & CO")
    assert (record.record.sent_pages, record.record.total_pages, record.modem) == (3, 3, "ttyIAX2")
    assert states["RX1"] is RecordState.SEEN
    assert states["RX2"] is RecordState.SPOOLED


def test_requests_keep_their_content(engine: Engine):
    """Those that are not done have a body of their kind; of the one that is done the key is kept."""
    with Session(engine) as session:
        requests = {row.kind: row for row in session.exec(select(RequestRow))}
    assert {kind: row.body for kind, row in requests.items()} == {
        RequestKind.SEND: SendBody(number="469 555 0101", line="Sales", recent=True, trigger_id="t.1"),
        RequestKind.SHARE: None,
        RequestKind.SHARED_FILE: SharedFileBody(file_id="F1"),
        RequestKind.CANCEL: CancelBody(fax_id=6),
        RequestKind.DELETE: DeleteBody(job_id="RX3", time=1795881600, asked=True),
        RequestKind.GET: GetBody(record_id=2),
        RequestKind.ANSWER: AnswerBody(fax_id=5, answer=Decision.WENT),
        RequestKind.SUBSCRIBE: SubscribeBody(direction=Direction.RX, line="Sales"),
        RequestKind.UNSUBSCRIBE: UnsubscribeBody(),
    }
    assert (requests[RequestKind.SHARE].key, requests[RequestKind.SHARE].done) == ("Ev1", True)


def test_announcements_are_understood(engine: Engine):
    """Kinds, states and the messages in their bodies have the new names."""
    with Session(engine) as session:
        reply = session.exec(select(AnnouncementRow)).all()
        subscriptions = session.exec(select(SubscriptionRow)).all()
        kinds = {row.kind for row in session.exec(select(RequestRow))}
    assert {row.kind for row in reply} == set(AnnouncementKind)
    assert {row.state for row in reply} == set(AnnouncementState)
    stored = {type(unpack(row.body)) for row in reply if "message" in row.body}
    assert {OutageBegan, OutageEnded, NumberQuestion, FaxConfirmation} <= stored
    assert next((row.channel_id, row.direction, row.created_at) for row in subscriptions) == (
        *("CLEGAL", "RX"),
        NOON,
    )
    assert kinds == set(RequestKind)


@pytest.mark.parametrize("at", ["old_announcements", "old_requests", "ix_faxes_state"])
def test_a_kill_half_way_leaves_the_old_database(database: Path, at: str):
    """The next start finds schema 0005 with every row, and brings it up."""
    before = rows(database)
    killed = subprocess.run(  # noqa: S603 - this interpreter, with a script of ours
        [sys.executable, "-c", KILLED, str(database), at], cwd=Path(__file__).parents[2], check=False
    )
    assert killed.returncode == 9
    engine = open_engine(f"sqlite:///{database}")
    assert revision(engine) == "0005"
    assert rows(database) == before
    assert migrate(engine) == ("0005", "0007")
    assert rows(database) == before


@pytest.mark.parametrize("state", ["'banana'", "NULL"])
@pytest.mark.parametrize("table", ["faxes", "submissions", "records", "announcements"])
def test_no_other_word_is_a_state(engine: Engine, table: str, state: str):
    """The database itself refuses it."""
    with Session(engine) as session, pytest.raises(IntegrityError):
        session.execute(text(f"UPDATE {table} SET state = {state}"))  # noqa: S608 - words of this test


async def test_the_bot_starts_on_it_and_carries_on(database: Path):
    """What was being submitted is looked up, nothing is submitted again, and the cards are posted."""
    ucx, slack = PlainUcx(), PlainSlack()
    migrate(open_engine(f"sqlite:///{database}"))
    async with services_over_lists(database.parent, ucx, slack, StillClock()) as bot:
        (interrupted,) = [fax for fax in await bot.faxes() if fax.id == 3]
        assert interrupted.state is FaxState.UNKNOWN
        await bot.until_posted()
        assert slack.cards()
    assert not ucx.submissions
