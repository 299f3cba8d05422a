"""One instance on PostgreSQL: migrations, the store, and states that are changed from one session only."""

import asyncio
import builtins
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from alembic import command
from alembic.util import CommandError
from sqlalchemy import Engine, inspect
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import Session

from faxbot.backup import BackupProblem, back_up
from faxbot.doctor.finding import Finding, Severity
from faxbot.doctor.machine import MachineChecks
from faxbot.services.model.faxes import Fax, FaxState, Outcome
from faxbot.services.model.ledger import Ledger, Touched
from faxbot.services.model.records import FaxRecord
from faxbot.services.model.requests import Request, RequestKind
from faxbot.store.engine import DriverMissing, TransactionStore, open_engine, open_to_read
from faxbot.store.queries import SqlLedger
from faxbot.store.schema import migrate, newest_revision, revision
from tests.support.migrations import alembic
from tests.support.postgresql import new_database, run
from tests.support.processes import settings_of
from tests.support.services import receive, services_over, submissions
from tests.support.waiting import until


@pytest.fixture
def url(postgresql: str) -> Iterator[str]:
    """An empty database, without a schema."""
    with new_database(postgresql) as url:
        yield url


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """The engine of the empty database."""
    engine = open_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def migrated(postgresql_url: str) -> Iterator[Engine]:
    """The engine of a database with the newest schema."""
    engine = open_engine(postgresql_url)
    yield engine
    engine.dispose()


@pytest.fixture
def store(migrated: Engine) -> Iterator[TransactionStore]:
    """A store with the newest schema."""
    store = TransactionStore(migrated)
    yield store
    store.close()


def remember(name: str, value: object) -> Callable[[Ledger], None]:
    return lambda ledger: ledger.remember(name, value)


def recall(name: str) -> Callable[[Ledger], object]:
    return lambda ledger: ledger.recall(name)


def test_the_migrations_go_up_and_down_and_up(engine: Engine):
    """They make what store/tables.py says, and can be undone while there is no data."""
    assert migrate(engine) == (None, newest_revision())
    alembic(engine, command.check)
    alembic(engine, command.downgrade, "base")
    assert inspect(engine).get_table_names() == ["alembic_version"]
    assert revision(engine) is None
    assert migrate(engine)[1] == newest_revision()
    alembic(engine, command.check)


def test_the_check_would_find_a_difference(engine: Engine, url: str):
    """A table that lost a column does not pass."""
    migrate(engine)
    run(url, "ALTER TABLE subscriptions DROP COLUMN created_by")
    with pytest.raises(CommandError, match="created_by"):
        alembic(engine, command.check)


def test_data_is_not_migrated_down(engine: Engine, url: str):
    """A downgrade raises while there is data, and changes nothing."""
    migrate(engine)
    run(url, "INSERT INTO memory (name, value) VALUES ('a', '1')")
    with pytest.raises(RuntimeError, match="backup"):
        alembic(engine, command.downgrade, "base")
    assert revision(engine) == newest_revision()


async def test_values_come_back_as_they_were(store: TransactionStore):
    """Moments to the microsecond, JSON, and words; a record is known by its time."""
    now = datetime.now(UTC).timestamp()
    fax = Fax(files=[{"id": "F1"}], outcome=Outcome.DELIVERED, created_at=now, ended_at=now)
    fax_id = (await store.write(lambda ledger: ledger.add_fax(fax))).id
    found = await store.read(lambda ledger: ledger.fax(fax_id))
    assert (found.files, found.outcome, found.state) == (fax.files, Outcome.DELIVERED, FaxState.FETCHING)
    assert (found.created_at, found.ended_at, found.lookup_at) == (now, now, None)
    record = FaxRecord(direction="RX", job_id="7", time=now, line_id="1", line_name="Claims", seen_at=now)
    assert [await store.write(lambda ledger: ledger.add_records([record])) for _ in range(2)] == [1, 0]
    known = await store.read(lambda ledger: ledger.known_records("RX", [("7", now)]))
    assert list(known) == [("7", now)]
    assert await store.read(lambda ledger: ledger.count_known("RX")) == 1


async def test_failing_work_is_rolled_back_alone(store: TransactionStore):
    """A statement that PostgreSQL rejects aborts its savepoint, not the batch."""
    request = Request(key="k", kind=RequestKind.SEND, user_id="U", channel_id="C")
    results = await asyncio.gather(
        store.write(remember("before", 1)),
        store.write(lambda ledger: ledger.add_fax(Fax(request_id=999, number="+1 469-555-0101"))),
        *(store.write(lambda ledger: ledger.add_request(request)) for _ in range(5)),
        return_exceptions=True,
    )
    assert isinstance(results[1], IntegrityError)
    assert "555" not in str(results[1])
    assert [isinstance(each, Request) for each in results[2:]] == [True, False, False, False, False]
    assert await store.read(recall("before")) == 1


async def test_a_commit_that_fails_fails_its_writes(store: TransactionStore, postgresql_url: str):
    """A constraint that is checked at COMMIT: nothing is saved, and the next write works."""
    run(
        postgresql_url,
        "ALTER TABLE faxes ALTER CONSTRAINT faxes_request_id_fkey DEFERRABLE INITIALLY DEFERRED",
    )

    def both(ledger: Ledger) -> None:
        ledger.remember("a", 1)
        ledger.add_fax(Fax(request_id=999))

    with pytest.raises(IntegrityError):
        await store.write(both)
    await store.write(remember("b", 1))
    assert [await store.read(recall(name)) for name in "ab"] == [None, 1]


async def test_work_fails_while_no_connection_can_be_opened(migrated: Engine, postgresql: str):
    """The store's thread survives a server that accepts no connections, and goes on after it."""
    run(postgresql, f'ALTER DATABASE "{migrated.url.database}" ALLOW_CONNECTIONS false')
    store = TransactionStore(migrated)
    try:
        with pytest.raises(DBAPIError):
            await store.write(remember("a", 1))
        run(postgresql, f'ALTER DATABASE "{migrated.url.database}" ALLOW_CONNECTIONS true')
        await store.write(remember("a", 2))
        assert await store.read(recall("a")) == 2
    finally:
        store.close()


def test_of_two_sessions_one_changes_the_state(database_url: str):
    """Both read READY before either writes; exactly one moves the fax to SUBMITTING."""
    either = open_engine(database_url)
    with Session(either) as session:
        fax_id = SqlLedger(session, Touched()).add_fax(Fax(state=FaxState.READY)).id
        session.commit()
    read, results = threading.Barrier(2), []

    def submit() -> None:
        with Session(either, expire_on_commit=False) as session:
            ledger = SqlLedger(session, Touched())
            fax = ledger.fax(fax_id)
            session.commit()  # SQLite refuses a write in a transaction whose snapshot is old
            assert fax.state is FaxState.READY
            read.wait(10)
            results.append(ledger.change_state(fax, FaxState.SUBMITTING))
            session.commit()

    threads = [threading.Thread(target=submit) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(results) == [False, True]


def test_an_open_transaction_sees_the_state_that_another_committed(migrated: Engine):
    """READ COMMITTED: the conditional update checks the row as it is now, not as it was read."""
    with Session(migrated) as session:
        fax_id = SqlLedger(session, Touched()).add_fax(Fax(state=FaxState.READY)).id
        session.commit()
    with Session(migrated) as first, Session(migrated) as second:
        ledgers = [SqlLedger(session, Touched()) for session in (first, second)]
        faxes = [ledger.fax(fax_id) for ledger in ledgers]
        assert [fax.state for fax in faxes] == [FaxState.READY, FaxState.READY]
        assert ledgers[0].change_state(faxes[0], FaxState.SUBMITTING)
        first.commit()
        assert not ledgers[1].change_state(faxes[1], FaxState.SUBMITTING)
        assert faxes[1].state is FaxState.SUBMITTING


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch):
    """Without psycopg the message has the command that installs it."""
    importing = builtins.__import__

    def without_psycopg(name: str, *args, **kwargs):
        if name == "psycopg":
            raise ModuleNotFoundError(name)
        return importing(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_psycopg)
    with pytest.raises(DriverMissing, match=r"ucx-faxbot\[postgresql\]"):
        open_engine("postgresql://faxbot:secret@db.example.com/faxbot")


async def test_faxes_go_out_and_come_in(migrated: Engine, tmp_path, fax, slack):
    """One is sent, one whose answer is lost is found, one arrives; a restart repeats nothing."""
    async with services_over(tmp_path, fax, slack, engine=migrated) as bot:
        await bot.send()
        await bot.tick_until(lambda: "delivered" in slack.steps())
        fax.faults.plan(fault="drop_after", method="filesend", times=1)
        await bot.send("469 555 0102")
        await bot.tick_until(lambda: "adopted" in slack.steps())
        receive(fax, slack.files["F0"])
        await bot.tick_until(slack.received)
    async with services_over(tmp_path, fax, slack, engine=migrated) as bot:
        await bot.tick_until(lambda: slack.steps().count("delivered") == 2)
        await until(lambda: [card.message.fax.outcome for card in slack.cards()] == [Outcome.DELIVERED] * 2)
    assert len(submissions(fax)) == 2
    assert len(slack.received()) == 1


async def test_a_fax_in_submission_is_not_submitted_again(migrated: Engine, tmp_path, fax, slack):
    """The bot was killed while FileSend was under way: the next start finds the job."""

    def kill(ledger: Ledger) -> None:
        (row,) = ledger.faxes_in(FaxState.ACCEPTED)
        ledger.change_state(row, FaxState.SUBMITTING)
        row.job_id, row.accepted_at = None, None

    async with services_over(tmp_path, fax, slack, engine=migrated) as bot:
        await bot.send()
        async with asyncio.timeout(15):
            while not await bot.faxes(FaxState.ACCEPTED):
                await asyncio.sleep(0.02)
        await bot.store.write(kill)
    async with services_over(tmp_path, fax, slack, engine=migrated) as bot:
        await bot.tick_until(lambda: "adopted" in slack.steps())
    assert len(submissions(fax)) == 1


def test_the_doctor_examines_the_server(engine: Engine, url: str, tmp_path):
    """An empty database, one with the newest schema, one with an older one, and one that is not there."""

    def examine(database_url: str) -> Finding:
        return MachineChecks(settings_of(tmp_path, database_url)).database()

    assert "empty" in examine(url).found
    migrate(engine)
    assert examine(url).severity is Severity.GREEN
    run(url, "UPDATE alembic_version SET version_num = '0001'")
    assert examine(url).severity is Severity.RED
    elsewhere = engine.url.set(drivername="postgresql", database="elsewhere")
    missing = examine(elsewhere.render_as_string(hide_password=False))
    assert missing.severity is Severity.RED
    assert "elsewhere" in missing.found


def test_a_database_opened_to_read_is_not_changed(postgresql_url: str):
    """As on SQLite, whose file is opened read-only."""
    with open_to_read(postgresql_url).connect() as connection, pytest.raises(DBAPIError, match="read-only"):
        connection.exec_driver_sql("DELETE FROM memory")


def test_a_backup_names_pg_dump(tmp_path):
    """`faxbot backup` copies no PostgreSQL database, and makes no folder that looks like a backup."""
    with pytest.raises(BackupProblem, match="pg_dump"):
        back_up(
            settings_of(tmp_path, "postgresql://db.example.com/faxbot"), tmp_path / "to", datetime.now(UTC)
        )
    assert not (tmp_path / "to").exists()
