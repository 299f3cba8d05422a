"""One bot writes to a PostgreSQL database, and it learns what became of a COMMIT whose reply was lost."""

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from faxbot.services.model.faxes import Fax, FaxState
from faxbot.services.model.ledger import Ledger, Touched
from faxbot.store import schema
from faxbot.store.connection import DatabaseInUse
from faxbot.store.engine import TransactionStore, open_engine
from faxbot.store.schema import migrate, newest_revision
from tests.support.cut_connection import commit_proxy
from tests.support.postgresql import run
from tests.support.waiting import until

TERMINATE = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def remember(name: str, value: object) -> Callable[[Ledger], None]:
    return lambda ledger: ledger.remember(name, value)


def recall(name: str) -> Callable[[Ledger], object]:
    return lambda ledger: ledger.recall(name)


@pytest.fixture
def open_store(postgresql_url):
    """Opens stores on one database."""
    opened = []

    def make(url=postgresql_url, lock_seconds=0.0):
        store = TransactionStore(open_engine(url), lock_seconds)
        opened.append(store)
        return store

    yield make
    for store in opened:
        store.close()


async def test_a_second_store_cannot_write(open_store):
    """Nor read, as long as the first is open; afterwards it can."""
    first, second = open_store(), open_store()
    await first.write(remember("a", 1))
    for use in (second.write(remember("a", 2)), second.read(recall("a"))):
        with pytest.raises(DatabaseInUse, match="Another faxbot uses this database"):
            await use
    assert await first.read(recall("a")) == 1
    await asyncio.to_thread(first.close)
    await second.write(remember("a", 3))


async def test_a_store_waits_for_the_one_before_it(open_store):
    """A bot that is started while the one before it stops gets the database."""
    first, second = open_store(), open_store(lock_seconds=20)
    await first.write(remember("a", 1))
    waiting = asyncio.create_task(second.write(remember("a", 2)))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    await asyncio.to_thread(first.close)
    await waiting


async def test_a_new_connection_takes_the_lock_again(open_store, postgresql_url):
    """A session that the server ended while it was idle is replaced before it is used."""
    first, second = open_store(), open_store()
    await first.write(remember("a", 1))
    run(postgresql_url, TERMINATE)
    await first.write(remember("b", 1))
    with pytest.raises(DatabaseInUse):
        await second.write(remember("c", 1))
    assert [await first.read(recall(name)) for name in "abc"] == [1, 1, None]


async def test_the_lock_that_another_store_took_is_not_taken_back(open_store, postgresql_url):
    """The first store writes no more, and says so to the function that stops the bot."""
    lost: list[DatabaseInUse] = []
    first, second = open_store(), open_store()
    first.on_lost(lost.append)
    await first.write(remember("a", 1))
    run(postgresql_url, TERMINATE)
    await second.write(remember("a", 2))
    with pytest.raises(DatabaseInUse):
        await first.write(remember("a", 3))
    await until(lambda: lost)
    assert await second.read(recall("a")) == 2


async def test_work_whose_session_ends_fails(open_store, postgresql_url):
    """Nothing of it is saved, nothing is done twice, and the next work gets a new connection."""
    store, calls = open_store(), []

    def work(ledger: Ledger) -> None:
        calls.append(1)
        ledger.remember("a", 1)
        run(postgresql_url, TERMINATE)
        ledger.recall("b")

    with pytest.raises(DBAPIError):
        await store.write(work)
    await store.write(remember("c", 1))
    assert [await store.read(recall(name)) for name in "ac"] == [None, 1]
    assert len(calls) == 1


@pytest.fixture
def proxy(postgresql_url):
    """Cuts connections at COMMIT. Its folder has a short name, as Unix sockets need."""
    with (
        tempfile.TemporaryDirectory(prefix="faxbot-") as folder,
        commit_proxy(postgresql_url, Path(folder)) as it,
    ):
        yield it


async def test_a_commit_whose_reply_is_lost_has_succeeded(open_store, proxy):
    """The server says so over the next connection: the write returns its result, and mirrors are woken."""
    store, woken = open_store(proxy.url, 20.0), list[Touched]()
    store.on_commit(woken.append)
    await store.write(remember("a", 1))
    proxy.cut = "after"
    fax = await store.write(lambda ledger: ledger.add_fax(Fax(state=FaxState.READY)))
    assert proxy.cut == ""
    assert (await store.read(lambda ledger: ledger.fax(fax.id))).state is FaxState.READY
    assert [touched.faxes for touched in woken] == [{fax.id: FaxState.READY}]


async def test_a_commit_that_the_server_never_got_has_failed(open_store, proxy):
    """Nothing is saved, and the write raises."""
    store = open_store(proxy.url, 20.0)
    await store.write(remember("a", 1))
    proxy.cut = "before"
    with pytest.raises(DBAPIError):
        await store.write(remember("a", 2))
    assert proxy.cut == ""
    assert await store.read(recall("a")) == 1
    await store.write(remember("a", 3))


async def test_while_the_server_cannot_be_asked_the_write_fails(
    open_store, proxy, postgresql_url, postgresql
):
    """Nothing is assumed: the write raises, and the caller finds out by reading."""
    store = open_store(proxy.url, 0.2)
    await store.write(remember("a", 1))
    name = postgresql_url.split("?")[0].rsplit("/", 1)[1]
    run(postgresql, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    proxy.cut = "after"
    with pytest.raises(DBAPIError):
        await store.write(remember("a", 2))
    run(postgresql, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    assert await store.read(recall("a")) == 2


async def test_nothing_is_migrated_beside_a_bot(open_store, postgresql_url):
    """A newer faxbot changes no table under a running one; with nothing to migrate it says so at once."""
    store, engine = open_store(), open_engine(postgresql_url)
    await store.write(remember("a", 1))
    assert migrate(engine, 0) == (newest_revision(), newest_revision())
    run(postgresql_url, "UPDATE alembic_version SET version_num = '0005'")
    with pytest.raises(DatabaseInUse):
        migrate(engine, 0)
    assert schema.revision(engine) == "0005"
