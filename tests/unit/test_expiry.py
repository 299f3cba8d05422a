"""What the database forgets after a while, and what it must keep."""

from datetime import UTC, datetime

import pytest
from alembic import command
from sqlalchemy import Engine

from faxbot.services.model.announcements import CLOSED_KEY, Announcement, AnnouncementKind, AnnouncementState
from faxbot.services.model.faxes import Fax, FaxState
from faxbot.services.model.records import FaxRecord
from faxbot.services.model.request_bodies import RequestKind, SendBody
from faxbot.services.model.requests import KEPT_SECONDS, Request, mark_done
from faxbot.services.model.subscriptions import Subscription
from faxbot.services.upkeep.row_expiry import AT_ONCE, RowExpiry
from faxbot.services.upkeep.spool_retention import SpoolRetention
from faxbot.store import schema
from faxbot.store.engine import TransactionStore, open_engine
from tests.support.services import database_in, session_of

NOW = datetime(2026, 6, 1, tzinfo=UTC).timestamp()
LONG_AGO = NOW - KEPT_SECONDS - 60
LATELY = NOW - KEPT_SECONDS + 60
SENT, WAITING, DROPPED = AnnouncementState.SENT, AnnouncementState.WAITING, AnnouncementState.DROPPED


class Clock:
    def now(self) -> datetime:
        return datetime.fromtimestamp(NOW, UTC)


class ExpiryHarness:
    """A database and the expiry over it."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.store = engine, TransactionStore(engine)
        self.expiry = RowExpiry(self.store, Clock())

    async def request(self, key: str, *, done_at: float | None) -> int:
        asked = Request(key=key, kind=RequestKind.SEND, user_id="U1", channel_id="C1", created_at=1.0)
        asked.body, asked.response_url = SendBody(number="469 555 0101"), "https://hooks.example/1"
        if done_at is not None:
            mark_done(asked, datetime.fromtimestamp(done_at, UTC))
        return (await self.store.write(lambda ledger: ledger.add_request(asked))).id

    async def fax(self, **facts: object) -> int:
        return (await self.store.write(lambda ledger: ledger.add_fax(Fax(**facts)))).id

    async def announce(self, key: str, kind: AnnouncementKind, **facts: object) -> int:
        row = Announcement(**{"key": key, "kind": kind, "channel_id": "C1", "created_at": LONG_AGO} | facts)
        return (await self.store.write(lambda ledger: ledger.announce(row))).id

    def column(self, statement: str) -> list[object]:
        with self.engine.connect() as connection:
            return [row[0] for row in connection.exec_driver_sql(statement)]

    async def tick(self) -> None:
        await self.expiry.tick()
        if self.engine.dialect.name == "sqlite":  # PostgreSQL checks at each statement
            assert self.column("pragma foreign_key_check") == []


@pytest.fixture
def harness(database_url):
    made = ExpiryHarness(open_engine(database_url))
    yield made
    made.store.close()


@pytest.fixture
def sqlite_harness(tmp_path):
    """The same on SQLite, whose plans are looked at."""
    made = ExpiryHarness(database_in(tmp_path))
    yield made
    made.store.close()


async def test_a_request_is_forgotten_a_week_after_it_was_done(harness):
    """With what was typed and where it was to be answered; not before, and never while it is open."""
    for key, done_at in (("old", LONG_AGO), ("young", LATELY), ("open", None)):
        await harness.request(key, done_at=done_at)
    await harness.tick()
    assert harness.column("select key from requests order by id") == ["young", "open"]


async def test_a_request_that_became_a_fax_keeps_its_key(harness):
    """A share redelivered late is still the same request, although its details are deleted."""
    request_id = await harness.request("share:C1:7.0", done_at=LONG_AGO)
    await harness.fax(request_id=request_id, state=FaxState.ENDED, ended_at=LONG_AGO)
    await harness.request("later", done_at=LATELY)
    await harness.tick()
    kept = await harness.store.read(lambda ledger: ledger.request(request_id))
    assert (kept.key, kept.done, kept.body, kept.response_url) == ("share:C1:7.0", True, None, None)
    again = Request(key="share:C1:7.0", kind=RequestKind.SHARE, user_id="U1", channel_id="C1")
    assert await harness.store.write(lambda ledger: ledger.add_request(again)) is None


async def test_the_ids_of_forgotten_requests_are_not_given_away_again(harness):
    """A document in the spool and a cancellation under way are known by the id of their request."""
    old = [await harness.request(f"{number}", done_at=LONG_AGO) for number in range(3)]
    await harness.tick()
    assert harness.column("select body from requests") == [None]
    assert await harness.request("new", done_at=LATELY) > max(old)


async def test_the_ids_of_forgotten_announcements_are_not_given_away_again(harness):
    """A thread belongs to its card by id."""
    old = [await harness.announce(f"{number}", AnnouncementKind.EPHEMERAL, state=SENT) for number in range(3)]
    await harness.tick()
    assert await harness.announce("new", AnnouncementKind.EPHEMERAL) > max(old)


@pytest.mark.parametrize("state", [SENT, DROPPED])
@pytest.mark.parametrize(
    "kind",
    [AnnouncementKind.EPHEMERAL, AnnouncementKind.STEP, AnnouncementKind.NOTICE, AnnouncementKind.FILE],
)
async def test_posted_announcements_are_deleted(harness, kind, state):
    """Answers, steps, notices, fetched files: Slack has them, or will never take them."""
    fax_id = await harness.fax()
    card = await harness.announce("card", AnnouncementKind.CARD, fax_id=fax_id, state=SENT)
    parent = {"parent_id": card, "fax_id": fax_id} if kind is AnnouncementKind.STEP else {}
    await harness.announce("posted", kind, state=state, sent_at=LONG_AGO if state is SENT else None, **parent)
    await harness.announce("newest", kind, state=WAITING)
    await harness.tick()
    assert harness.column("select key from announcements order by id") == ["card", "newest"]


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        (AnnouncementKind.CARD, {"state": SENT}),
        (AnnouncementKind.EPHEMERAL, {"state": WAITING}),
        (AnnouncementKind.STEP, {"state": AnnouncementState.SENDING}),
        (AnnouncementKind.NOTICE, {"state": SENT, "sent_at": LATELY}),
        (AnnouncementKind.NOTICE, {"state": SENT, "key": f"{CLOSED_KEY}C1"}),
        (AnnouncementKind.STEP, {"state": SENT, "revision": 1}),
        (AnnouncementKind.EPHEMERAL, {"state": SENT, "created_at": LATELY}),
    ],
    ids=["card", "waits", "being posted", "posted lately", "posted only once", "out of date", "young"],
)
async def test_what_is_still_of_use_stays(harness, kind, facts):
    """Cards have buttons; pending rows are kept; a closed channel is reported once."""
    row_id = await harness.announce(**{"key": "kept", "kind": kind} | facts)
    await harness.announce("newest", AnnouncementKind.EPHEMERAL)
    await harness.tick()
    assert row_id in harness.column("select id from announcements")


async def test_a_received_faxs_file_and_details_stay(harness):
    """Their messages have a button, and the details stand under the file."""
    record = FaxRecord(direction="RX", job_id="RX1", time=1.0)
    await harness.store.write(lambda ledger: ledger.add_records([record]))
    file = await harness.announce("file", AnnouncementKind.FILE, record_id=1, state=SENT)
    await harness.announce("details", AnnouncementKind.DETAILS, record_id=1, parent_id=file, state=SENT)
    await harness.announce("newest", AnnouncementKind.EPHEMERAL)
    await harness.tick()
    assert harness.column("select key from announcements order by id") == ["file", "details", "newest"]


async def test_subscriptions_to_a_fax_end_after_the_fax(harness):
    """Those to a direction or a line stay."""
    ids = [await harness.fax(state=FaxState.ENDED, ended_at=at) for at in (LONG_AGO, LATELY)]
    for fax_id in (*ids, 0):
        row = Subscription(channel_id="C1", direction="TX", fax_id=fax_id)
        await harness.store.write(lambda ledger, row=row: ledger.add_subscription(row))
    await harness.tick()
    assert harness.column("select fax_id from subscriptions order by fax_id") == [0, ids[1]]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_much_is_forgotten_a_little_at_a_time(harness):
    """Everybody waits for a transaction: none forgets more than a batch."""
    count = 2 * AT_ONCE + 100
    asked = {"kind": RequestKind.GET, "user_id": "U1", "channel_id": "C1", "done": True, "forget_at": 1.0}
    facts_of_step = {"kind": AnnouncementKind.STEP, "channel_id": "C1", "state": SENT, "created_at": LONG_AGO}

    def fill(ledger):
        for number in range(count):
            ledger.add_request(Request(key=f"{number}", **asked))
            ledger.announce(Announcement(key=f"{number}", **facts_of_step))

    await harness.store.write(fill)
    commits, most = harness.store.counts.commits, []
    write = harness.store.write

    async def noting(work):
        before = harness.column(
            "select (select count(*) from requests) + (select count(*) from announcements)"
        )
        result = await write(work)
        after = harness.column(
            "select (select count(*) from requests) + (select count(*) from announcements)"
        )
        most.append(before[0] - after[0])
        return result

    harness.store.write = noting
    await harness.tick()
    assert harness.column("select count(*) from requests") == [1]
    assert harness.column("select count(*) from announcements") == [1]
    assert max(most) <= AT_ONCE
    assert (
        harness.store.counts.commits - commits == 9
    )  # of each kind three with rows and one without; one more


def explained(harness: ExpiryHarness, statement: str) -> str:
    with harness.engine.connect() as connection:
        rows = connection.exec_driver_sql(f"explain query plan {statement}")
        return "\n".join(str(row[3]) for row in rows)


async def test_idle_ticks_read_no_table_through(sqlite_harness, tmp_path):
    """What is due is found by an index, however much is kept."""
    statements: list[str] = []

    def note(statement):
        statements.append(statement)

    async def watch(work):
        def watched(ledger):
            connection = session_of(ledger).connection().connection.driver_connection
            connection.set_trace_callback(note)
            try:
                return work(ledger)
            finally:
                connection.set_trace_callback(None)

        return await TransactionStore.write(sqlite_harness.store, watched)

    sqlite_harness.store.write = sqlite_harness.store.read = watch
    await sqlite_harness.expiry.tick()
    await SpoolRetention(sqlite_harness.store, Clock(), tmp_path / "spool", 30.0).tick()
    asking = [each for each in statements if each.lstrip().startswith(("SELECT", "DELETE"))]
    assert len(asking) >= 9
    scans = {
        step for each in asking for step in explained(sqlite_harness, each).splitlines() if "SCAN" in step
    }
    small = (
        "SCAN subscriptions",
        "SCAN announcements USING INDEX ix_announcements_outdated",
        "SCAN documents USING INDEX ix_documents_spooled",
    )
    assert [step for step in scans if not step.startswith(small)] == []


def test_requests_that_were_done_before_the_migration_are_forgotten_as_well(tmp_path):
    """A database of the schema before gets its dates."""
    engine = open_engine(f"sqlite:///{tmp_path / 'faxbot.db'}")
    config = schema.alembic_config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        connection.exec_driver_sql(
            "insert into requests (key, kind, user_id, channel_id, body, done, created_at)"
            " values ('a', 'get', 'U', 'C', '{}', 1, 100.0), ('b', 'get', 'U', 'C', '{}', 0, 100.0)"
        )
        connection.commit()
        command.upgrade(config, "0003")
        found = connection.exec_driver_sql("select key, forget_at from requests order by key").all()
    assert found == [("a", 100.0 + KEPT_SECONDS), ("b", None)]
