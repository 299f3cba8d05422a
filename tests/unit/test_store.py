"""The store: what was written is on the disk, whatever was written beside it."""

import asyncio
import contextlib
import os
import sqlite3
import stat
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Engine, inspect, update
from sqlalchemy.exc import IntegrityError, OperationalError

from faxbot.services.model.faxes import Fax, FaxState
from faxbot.services.model.ledger import Ledger, Touched
from faxbot.services.model.request_bodies import RequestKind
from faxbot.services.model.requests import Request
from faxbot.services.outbox.announcements import open_card
from faxbot.store import schema
from faxbot.store.engine import TransactionStore, open_engine, open_to_read
from faxbot.store.queries import SqlLedger
from faxbot.store.schema import NewerDatabaseError, migrate, newest_revision, revision
from faxbot.store.tables import FaxRow
from tests.support.migrations import alembic
from tests.support.services import session_of
from tests.support.waiting import until


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "faxbot.db"


@pytest.fixture
def engine(file: Path) -> Iterator[Engine]:
    """An empty database, without a schema."""
    engine = open_engine(f"sqlite:///{file}")
    yield engine
    engine.dispose()


@pytest.fixture
def store(database_url: str) -> Iterator[TransactionStore]:
    """A store with the newest schema, on either database."""
    store = TransactionStore(open_engine(database_url))
    yield store
    store.close()


@pytest.fixture
def file_store(engine: Engine) -> Iterator[TransactionStore]:
    """A store on SQLite with the newest schema."""
    migrate(engine)
    store = TransactionStore(engine)
    yield store
    store.close()


def remember(name: str, value: object) -> Callable[[Ledger], None]:
    return lambda ledger: ledger.remember(name, value)


def recall(name: str) -> Callable[[Ledger], object]:
    return lambda ledger: ledger.recall(name)


@contextlib.asynccontextmanager
async def together(store: TransactionStore, count: int) -> AsyncIterator[None]:
    """Hold the store's thread until *count* pieces of work wait, so that they are one batch."""
    begun, go = threading.Event(), threading.Event()

    def hold(_: Ledger) -> None:
        begun.set()
        assert go.wait(5), "nobody let the store go on"

    held = asyncio.create_task(store.read(hold))
    try:
        await until(begun.is_set)
        yield
        await until(lambda: store.waiting == count)
    finally:
        go.set()
        await held


async def test_a_written_fact_is_in_the_file(file_store: TransactionStore, file: Path):
    """When `write` returns, another connection sees it."""
    await file_store.write(remember("answer", "yes"))
    with contextlib.closing(sqlite3.connect(file)) as other:
        assert other.execute("SELECT name, value FROM memory").fetchall() == [("answer", '"yes"')]


async def test_writes_that_arrive_together_share_a_commit(store: TransactionStore):
    """Fifty concurrent writes cost one commit, and all of them are kept."""
    before = store.counts.commits
    async with together(store, 50):
        tasks = [asyncio.create_task(store.write(remember(f"n{n}", n))) for n in range(50)]
    await asyncio.gather(*tasks)
    assert store.counts.writes == 50
    assert store.counts.commits - before == 1
    assert [await store.read(recall(f"n{n}")) for n in range(50)] == list(range(50))


async def test_one_failing_work_takes_no_other_with_it(file_store: TransactionStore, file: Path):
    """In one batch a work that fails halfway leaves nothing, and its neighbors are saved."""

    def fail(ledger: Ledger) -> None:
        ledger.add_fax(Fax())
        raise ZeroDivisionError

    async with together(file_store, 3):
        tasks = [
            asyncio.create_task(file_store.write(work))
            for work in (remember("before", 1), fail, remember("after", 2))
        ]
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(each) for each in results] == [type(None), ZeroDivisionError, type(None)]
    with contextlib.closing(sqlite3.connect(file)) as other:
        names = other.execute("SELECT name FROM memory ORDER BY name").fetchall()
        faxes = other.execute("SELECT id FROM faxes").fetchall()
    assert (names, faxes) == ([("after",), ("before",)], [])


async def test_a_broken_rule_of_the_database_stays_with_its_work(store: TransactionStore):
    """A fax of a request that is not there is refused; the request in the same batch is kept."""
    request = Request(key="k", kind=RequestKind.SEND, user_id="U", channel_id="C")
    async with together(store, 2):
        bad = asyncio.create_task(store.write(lambda ledger: ledger.add_fax(Fax(request_id=999))))
        good = asyncio.create_task(store.write(lambda ledger: ledger.add_request(request)))
    refused, kept = await asyncio.gather(bad, good, return_exceptions=True)
    assert isinstance(refused, IntegrityError)
    assert isinstance(kept, Request)
    assert [each.key for each in await store.read(lambda ledger: ledger.open_requests())] == ["k"]


def break_at_commit(ledger: Ledger) -> None:
    assert isinstance(ledger, SqlLedger)
    session_of(ledger).connection().exec_driver_sql("PRAGMA defer_foreign_keys=ON")
    ledger.add_fax(Fax(request_id=999))


async def test_a_failing_commit_raises_in_each_write_of_its_batch(file_store: TransactionStore):
    """Nothing was saved, so each write raises; the next write works."""
    async with together(file_store, 2):
        tasks = [asyncio.create_task(file_store.write(work)) for work in (remember("a", 1), break_at_commit)]
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert ["FOREIGN KEY" in str(each) for each in results] == [True, True]
    await file_store.write(remember("b", 1))
    assert [await file_store.read(recall(name)) for name in "ab"] == [None, 1]


async def test_a_read_only_connection_can_change_nothing(file_store: TransactionStore, file: Path):
    """A database that is opened to be read refuses to be written, beside the bot that uses it."""
    await file_store.write(remember("a", 1))
    looking = open_to_read(f"sqlite:///{file}")
    with looking.connect() as connection:
        assert connection.exec_driver_sql("SELECT name FROM memory").all() == [("a",)]
        with pytest.raises(OperationalError, match="readonly"):
            connection.exec_driver_sql("DELETE FROM memory")
    looking.dispose()


async def test_a_failed_commit_leaves_no_visible_changes(file_store: TransactionStore):
    """What is read together with writes that fail in the end is read again without them."""
    async with together(file_store, 3):
        written = asyncio.create_task(file_store.write(remember("a", 1)))
        broken = asyncio.create_task(file_store.write(break_at_commit))
        read = asyncio.create_task(file_store.read(recall("a")))
    results = await asyncio.gather(written, broken, read, return_exceptions=True)
    assert ["FOREIGN KEY" in str(each) for each in results[:2]] == [True, True]
    assert results[2] is None


async def test_an_error_of_the_database_holds_no_values(store: TransactionStore):
    """The log gets such errors, and numbers and names have no place there."""
    with pytest.raises(IntegrityError) as caught:
        await store.write(lambda ledger: ledger.add_fax(Fax(request_id=999, number="+1 469-555-0101")))
    assert "555" not in str(caught.value)


async def test_concurrent_deliveries_are_one_request(store: TransactionStore):
    """Of twenty envelopes with the same request exactly one is accepted."""
    request = Request(key="share:C1:7.0", kind=RequestKind.SHARE, user_id="U", channel_id="C1")
    added = await asyncio.gather(
        *(store.write(lambda ledger: ledger.add_request(request)) for _ in range(20))
    )
    assert len([each for each in added if each is not None]) == 1


async def test_what_is_returned_is_a_snapshot(store: TransactionStore):
    """A detached row and the database do not change each other."""
    fax = await store.write(lambda ledger: ledger.add_fax(Fax(number="+1 469-555-0101")))
    fax_id = fax.id
    fax.state = FaxState.ENDED
    assert (await store.read(lambda ledger: ledger.fax(fax_id))).state is FaxState.FETCHING

    def hand_over(ledger: Ledger) -> None:
        ledger.change_state(ledger.fax(fax_id), FaxState.SUBMITTING)

    await store.write(hand_over)
    assert fax.state is FaxState.ENDED
    assert (await store.read(lambda ledger: ledger.fax(fax_id))).state is FaxState.SUBMITTING


async def test_a_read_commits_nothing(store: TransactionStore):
    """A read that changes something by mistake leaves the file as it was."""
    before = store.counts.commits
    await store.read(remember("slip", 1))
    assert await store.read(recall("slip")) is None
    assert store.counts.commits == before
    assert store.counts.reads == 2


async def test_closing_finishes_pending_writes(engine: Engine, file: Path):
    """Writes submitted before the close are saved; later ones are refused."""
    migrate(engine)
    store = TransactionStore(engine)
    last = asyncio.create_task(store.write(remember("last", "words")))
    await asyncio.sleep(0)
    await asyncio.to_thread(store.close)
    await last
    with pytest.raises(RuntimeError, match="closed"):
        await store.write(remember("late", 1))
    with contextlib.closing(sqlite3.connect(file)) as other:
        assert other.execute("SELECT name FROM memory").fetchall() == [("last",)]


async def test_the_durable_pragmas_are_on(file_store: TransactionStore):
    """The connection that writes uses a WAL, waits for the disk at each commit, and checks foreign keys."""

    def ask(ledger: Ledger) -> list[object]:
        assert isinstance(ledger, SqlLedger)
        connection = session_of(ledger).connection()
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]

    assert await file_store.read(ask) == ["wal", 2, 1]


async def test_only_the_owner_reads_the_database(file: Path):
    """With a lax umask the file and its journals are still 0600."""
    lax = os.umask(0o022)
    try:
        engine = open_engine(f"sqlite:///{file}")
        migrate(engine)
        store = TransactionStore(engine)
        try:
            await store.write(remember("a", 1))
            modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in file.parent.iterdir()}
        finally:
            store.close()
    finally:
        os.umask(lax)
    assert modes == {"faxbot.db": 0o600, "faxbot.db-wal": 0o600, "faxbot.db-shm": 0o600}


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def test_a_migration_brings_the_schema_up(engine: Engine):
    """An empty database gets every table, and a second migration finds nothing to do."""
    assert migrate(engine) == (None, newest_revision())
    assert tables(engine) == {
        "announcements",
        "documents",
        "faxes",
        "jobs",
        "memory",
        "modems",
        "records",
        "requests",
        "submissions",
        "subscriptions",
    }
    assert migrate(engine) == (newest_revision(), newest_revision())


def test_the_newest_schema_is_known_without_alembic():
    """The name of the last file says what Alembic would say."""
    assert ScriptDirectory.from_config(schema.alembic_config()).get_current_head() == newest_revision()


def test_a_database_of_a_newer_faxbot_is_left_alone(engine: Engine):
    """An older faxbot would not understand it: it says so and changes nothing."""
    migrate(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(NewerDatabaseError, match="9999"):
        migrate(engine)
    assert revision(engine) == "9999"


def test_the_migrations_make_what_the_tables_say(engine: Engine):
    """`alembic check` finds no difference between the migrated database and store/tables.py."""
    migrate(engine)
    alembic(engine, command.check)


def test_the_check_would_find_a_difference(engine: Engine):
    """A table that lost a column does not pass."""
    migrate(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE subscriptions DROP COLUMN created_by")
    with pytest.raises(CommandError, match="created_by"):
        alembic(engine, command.check)


def test_the_migrations_go_down_again(engine: Engine):
    """Back at the beginning no table is left, and the way up is open again."""
    migrate(engine)
    alembic(engine, command.downgrade, "base")
    assert tables(engine) == set()
    assert revision(engine) is None
    assert migrate(engine)[1] == newest_revision()


def test_a_database_without_a_schema_says_so(engine: Engine, file: Path):
    """An empty file is not used as a database: the first query fails."""
    store = TransactionStore(engine)

    async def ask() -> None:
        with pytest.raises(OperationalError, match="no such table"):
            await store.read(recall("anything"))

    try:
        asyncio.run(ask())
    finally:
        store.close()


async def test_a_commit_wakes_what_mirrors_its_rows(store: TransactionStore):
    """A new fax and its card are reported once they are saved; a read and a failed write report nothing."""
    reported: list[Touched] = []
    store.on_commit(reported.append)

    def write(ledger: Ledger) -> int:
        fax = ledger.add_fax(Fax(channel_id="C1", state=FaxState.ACCEPTED))
        open_card(ledger, fax, "C1", datetime.now(UTC))
        return fax.id

    def fail(ledger: Ledger) -> None:
        raise RuntimeError("no")

    await store.read(lambda ledger: ledger.faxes_in(FaxState.ACCEPTED))
    with pytest.raises(RuntimeError):
        await store.write(fail)
    assert reported == []
    fax_id = await store.write(write)
    (touched,) = reported
    assert (touched.channels, touched.faxes) == ({"C1"}, {fax_id: FaxState.ACCEPTED})


async def test_a_state_that_has_moved_is_not_moved_again(store: TransactionStore):
    """The session that read an older state gets a refusal, and the row has the state of the winner."""
    fax = await store.write(lambda ledger: ledger.add_fax(Fax(state=FaxState.READY)))

    def late(ledger: Ledger) -> tuple[bool, FaxState]:
        row = ledger.fax(fax.id)
        moved = update(FaxRow).values(state=FaxState.ENDED)
        session_of(ledger).execute(moved, execution_options={"synchronize_session": False})
        return ledger.change_state(row, FaxState.SUBMITTING), row.state

    assert await store.write(late) == (False, FaxState.ENDED)


async def test_a_state_is_not_assigned(store: TransactionStore):
    """Only the conditional update changes the state of a saved row."""
    fax = await store.write(lambda ledger: ledger.add_fax(Fax(state=FaxState.READY)))

    def assign(ledger: Ledger) -> None:
        ledger.fax(fax.id).state = FaxState.ENDED

    with pytest.raises(TypeError, match="change_state"):
        await store.write(assign)
