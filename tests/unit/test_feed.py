"""The order in which a fax server tells its records, remembered over restarts."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from faxbot.adapters import SystemClock
from faxbot.fax.job import Direction
from faxbot.fax.record import Record
from faxbot.services.facts import RecordState
from faxbot.services.feed import RecordFeed
from faxbot.store.engine import TransactionStore, open_engine
from faxbot.store.schema import migrate

BEGAN = datetime(2026, 4, 20, tzinfo=UTC)


class Listed:
    """A fax server with records and nothing else."""

    def __init__(self, *, newest_first: bool) -> None:
        self.newest_first = newest_first
        self.there: list[Record] = []
        self.asked = Counter()

    def receive(self, count: int) -> None:
        for number in range(len(self.there), len(self.there) + count):
            self.there.append(Record(f"RX{number}", BEGAN + timedelta(minutes=number)))

    async def count_records(self, direction):
        self.asked["count"] += 1
        return len(self.there)

    async def fetch_records(self, direction, limit=None, offset=None):
        self.asked["page"] += 1
        told = self.there[::-1] if self.newest_first else self.there
        return told[offset : offset + limit]


@pytest.fixture
async def store(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'faxbot.db'}")
    migrate(engine)
    store = TransactionStore(engine)
    yield store
    store.close()


async def life(server: Listed, store: TransactionStore) -> RecordFeed:
    """A feed as it is after a start."""
    feed = RecordFeed(Direction.RX, server, store, SystemClock(), RecordState.SEEN)
    await feed.begin()
    return feed


@pytest.mark.parametrize("newest_first", [False, True])
async def test_a_new_life_looks_where_new_records_come(store, newest_first):
    """After a restart, too, one new record among many costs a count and a page, in either order."""
    server = Listed(newest_first=newest_first)
    server.receive(1_000)
    await life(server, store)
    feed = await life(server, store)
    server.receive(1)
    server.asked.clear()
    assert await feed.catch_up()
    assert server.asked == {"count": 1, "page": 1}
    assert feed.newest_last is not newest_first


async def test_an_order_that_is_learned_later_is_remembered(store):
    """Begun with nothing, the feed learns the order when it first reads everything, and keeps it."""
    server = Listed(newest_first=True)
    feed = await life(server, store)
    server.receive(300)
    await feed.catch_up()
    server.receive(1)
    await feed.catch_up()
    assert (await life(server, store)).newest_last is False
