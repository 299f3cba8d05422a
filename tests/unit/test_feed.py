"""Records are found once each, at a cost of what is new, whatever the fax server does with its list."""

import asyncio
import random
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faxbot.fax.errors import AnswerLost
from faxbot.fax.job import Direction
from faxbot.services.fax_server.record_feed import RecordFeed
from faxbot.services.model.records import RecordState
from tests.support.plain_ucx import SERVER_TIME, PlainUcx, StillClock


@dataclass
class Memory:
    """A Store and its Ledger, as far as a feed needs them."""

    rows: dict[tuple[str, float], dict] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    """The job ids that were new, in their order."""
    remembered: dict[str, object] = field(default_factory=dict)

    async def read(self, work):
        return work(self)

    async def write(self, work):
        return work(self)

    def recall(self, name):
        return self.remembered.get(name)

    def remember(self, name, value):
        self.remembered[name] = value

    def known_records(self, direction, keys):
        return {key: self.rows[key]["id"] for key in keys if key in self.rows and not self.rows[key]["gone"]}

    def count_known(self, direction):
        return len(self.held_keys)

    def recount(self, direction):
        return len(self.held_keys)

    def present_records(self, direction, after, most):
        ids = sorted(self.rows[key]["id"] for key in self.held_keys)
        return [row_id for row_id in ids if row_id > after][:most]

    def add_records(self, records):
        added = 0
        for record in records:
            key = (record.job_id, record.time)
            if key not in self.rows:
                self.rows[key] = {"id": len(self.rows) + 1, "state": record.state, "gone": True}
                if record.state is RecordState.SEEN:
                    self.seen.append(record.job_id)
            added += self.rows[key]["gone"]
            self.rows[key]["gone"] = False
        return added

    def mark_gone(self, ids):
        wanted = set(ids)
        marked = [key for key in self.held_keys if self.rows[key]["id"] in wanted]
        for key in marked:
            self.rows[key]["gone"] = True
        return len(marked)

    def delete(self, number: int) -> None:
        """A person deleted it through faxbot."""
        next(row for (job_id, _), row in self.rows.items() if job_id == f"RX{number}")["gone"] = True

    @property
    def held_keys(self) -> list[tuple[str, float]]:
        return [key for key, row in self.rows.items() if not row["gone"]]

    @property
    def held(self) -> set[str]:
        return {job_id for (job_id, _), row in self.rows.items() if not row["gone"]}


class Following:
    """A feed of what was received."""

    def __init__(self, ucx: PlainUcx, memory: Memory | None = None) -> None:
        self.ucx, self.memory, self.clock = ucx, memory or Memory(), StillClock()
        self.feed = RecordFeed(Direction.RX, ucx, self.memory, self.clock, RecordState.SEEN)

    async def tick(self, seconds: float = 10.0, *, sweep: bool = False) -> bool:
        self.clock.let_pass(seconds)
        return await self.feed.catch_up(sweep=sweep)

    async def asked(self, *, sweep: bool = False) -> int:
        """How many requests one tick makes."""
        self.ucx.calls.clear()
        await self.tick(sweep=sweep)
        return len(self.ucx.calls)


def a_ucx(records: int, **strange: object) -> PlainUcx:
    ucx = PlainUcx(**strange)
    for number in range(1, records + 1):
        ucx.receive(number)
    return ucx


async def following(records: int, **strange: object) -> Following:
    started = Following(a_ucx(records, **strange))
    await started.feed.begin()
    await started.tick()
    assert started.memory.seen == []
    return started


def delete(ucx: PlainUcx, number: int) -> None:
    ucx.records = [record for record in ucx.records if record.job_id != f"RX{number}"]


def in_pages_only(ucx: PlainUcx) -> None:
    """The whole list is too large for one answer."""
    fetch = ucx.fetch_records

    async def fetch_a_page(direction, limit=None, offset=None):
        if limit is None:
            raise AnswerLost("The fax server's answer has no end.")
        return await fetch(direction, limit, offset)

    ucx.fetch_records = fetch_a_page


STRANGE = {
    "as documented": {},
    "newest first": {"order": "desc"},
    "in no order": {"order": "fixed"},
    "in another order each time": {"order": "shuffled"},
    "at most 50 a page": {"page_cap": 50},
    "at most 7 a page, newest first": {"page_cap": 7, "order": "desc"},
    "without limit and offset": {"ignores_window": True},
    "a count that is one too high": {"count_off_by": 1},
    "a count that is two too low": {"count_off_by": -2},
}


@pytest.mark.parametrize("strange", STRANGE.values(), ids=STRANGE)
@pytest.mark.parametrize("before", [0, 3, 99, 100, 101, 260])
async def test_what_comes_is_found_once_and_what_was_there_is_history(before, strange):
    """Two, then a hundred and fifty new faxes: each is seen once, however the server lists."""
    bot = await following(before, **strange)
    for number in range(before + 1, before + 3):
        bot.ucx.receive(number)
    for _ in range(12):
        await bot.tick(sweep=True)
    for number in range(before + 3, before + 153):
        bot.ucx.receive(number)
    for _ in range(12):
        await bot.tick(sweep=True)
    expected = [f"RX{number}" for number in range(before + 1, before + 153)]
    assert sorted(bot.memory.seen) == sorted(expected)
    assert bot.memory.held == {record.job_id for record in bot.ucx.records}


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_in_the_order_in_which_they_came(order):
    """Two hundred and fifty faxes from while the bot was away are seen in their order."""
    first = await following(120, order=order)
    for number in range(121, 371):
        first.ucx.receive(number)
    again = Following(first.ucx, first.memory)
    await again.feed.begin()
    await again.tick()
    assert again.memory.seen == [f"RX{number}" for number in range(121, 371)]


async def test_equal_times_are_distinguished_by_their_ids():
    """Faxes of the very same second, listed newest first, are seen in the order of their ids."""
    bot = await following(3, order="desc")
    for number in (9, 10, 11):
        bot.ucx.receive(number, at=999)
    await bot.tick()
    assert bot.memory.seen == ["RX9", "RX10", "RX11"]


class TestCosts:
    @pytest.mark.parametrize("order", ["asc", "desc"])
    @pytest.mark.parametrize("new", [1, 5, 150])
    async def test_what_is_new(self, order, new):
        """One count, and a page for each hundred that are new, and one in which something known comes up."""
        bot = await following(1000, order=order)
        assert await bot.asked() == 1
        for number in range(1001, 1001 + new):
            bot.ucx.receive(number)
        assert await bot.asked() <= 2 + -(-new // 100)
        assert len(bot.memory.seen) == new
        assert await bot.asked() == 1

    async def test_a_cap_is_learnt(self):
        """A server that gives fifty at a time is asked for fifty from then on."""
        bot = await following(600, page_cap=50)
        bot.ucx.receive(601)
        assert await bot.asked() == 2

    async def test_an_end_is_learnt(self):
        """Where the list turned round, the new end is found with a page more, and then costs nothing."""
        bot = await following(1000)
        bot.ucx.order = "desc"
        bot.ucx.receive(1001)
        assert await bot.asked() == 4
        bot.ucx.receive(1002)
        assert await bot.asked() == 2

    @pytest.mark.parametrize("order", ["asc", "desc"])
    async def test_a_new_life_looks_where_new_records_come(self, order):
        """After a restart, too, one new record among many costs a count and a page, in either order."""
        first = await following(1000, order=order)
        again = Following(first.ucx, first.memory)
        await again.feed.begin()
        first.ucx.receive(1001)
        assert await again.asked() == 2
        assert again.feed.newest_last is (order == "asc")

    async def test_an_order_that_is_learnt_later_is_remembered(self):
        """Begun with nothing, the feed learns the order when one comes at the other end, and keeps it."""
        bot = await following(0, order="desc")
        for number in range(1, 301):
            bot.ucx.receive(number)
        await bot.tick()
        bot.ucx.receive(301)
        await bot.tick()
        again = Following(bot.ucx, bot.memory)
        await again.feed.begin()
        assert again.feed.newest_last is False

    async def test_what_a_person_deletes_through_faxbot(self):
        """A record that faxbot itself deleted costs no reading of the whole list."""
        bot = await following(1000)
        delete(bot.ucx, 500)
        bot.memory.delete(500)
        assert await bot.asked() == 2
        assert await bot.asked() == 1

    @pytest.mark.parametrize("off_by", [1, -1])
    async def test_a_count_that_never_agrees(self, off_by):
        """A count that is always wrong by one is believed after a while: a quiet tick is one request."""
        bot = await following(1000, count_off_by=off_by)
        asked = [await bot.asked() for _ in range(30)]
        assert asked[-1] == 1
        assert sum(asked) < 400

    async def test_nothing_is_read_for_ever(self):
        """A list that ignores limit and offset, or changes all the time, is read to an end."""
        async with asyncio.timeout(5):
            bot = await following(1000, ignores_window=True)
            bot.ucx.order, bot.ucx.ignores_window = "shuffled", False
            bot.ucx.receive(1001)
            for _ in range(5):
                await bot.tick()

    async def test_a_list_too_large_for_one_answer(self):
        """Where the whole list cannot be had in one piece, what the pages held counts."""
        bot = await following(300, order="fixed")
        bot.ucx.receive(301)
        in_pages_only(bot.ucx)
        bot.ucx.count_off_by = 1
        await bot.tick()
        assert bot.memory.seen == ["RX301"]

    async def test_what_cannot_be_cleared_up_is_tried_more_and_more_rarely(self):
        """Counts that never add up: everything is read a few times in five minutes."""
        bot = await following(600)
        in_pages_only(bot.ucx)
        bot.ucx.count_off_by = 1
        asked = [await bot.asked() for _ in range(30)]
        assert sum(each > 10 for each in asked) <= 6


class TestLateLists:
    async def test_a_count_that_runs_ahead(self):
        """The count moves some ticks before the list: the fax is seen as soon as it is listed."""
        bot = await following(40)
        bot.ucx.count_off_by = 1
        for _ in range(3):
            await bot.tick()
        bot.ucx.count_off_by = 0
        bot.ucx.receive(41)
        await bot.tick()
        assert bot.memory.seen == ["RX41"]

    async def test_a_list_that_runs_ahead(self):
        """The list has the fax before the count moves: it is seen by the sweep, and once."""
        bot = await following(40)
        bot.ucx.count_off_by = -1
        bot.ucx.receive(41)
        await bot.tick(sweep=True)
        bot.ucx.count_off_by = 0
        await bot.tick()
        assert bot.memory.seen == ["RX41"]

    async def test_a_long_count_ahead_of_a_long_list(self):
        """Among many records a count that runs ahead for a tick costs no reading of them all."""
        bot = await following(5000)
        bot.ucx.count_off_by = 1
        assert await bot.asked() == 3
        bot.ucx.count_off_by = 0
        bot.ucx.receive(5001)
        assert await bot.asked() == 2
        assert bot.memory.seen == ["RX5001"]

    async def test_an_empty_moment_after_a_restart(self):
        """Nothing counted, nothing listed, and then everything again: nothing is new by that."""
        bot = await following(30)
        records, bot.ucx.records = bot.ucx.records, []
        await bot.tick()
        bot.ucx.records = records
        await bot.tick()
        bot.ucx.receive(31)
        await bot.tick()
        assert bot.memory.seen == ["RX31"]


class TestDeletions:
    @pytest.mark.parametrize("order", ["asc", "desc", "fixed"])
    @pytest.mark.parametrize("gone", [1, 60, 130, 229])
    async def test_while_the_pages_are_read(self, order, gone):
        """A record that goes between two pages hides none of the new ones and repeats none."""
        bot = await following(230, order=order)
        bot.ucx.between_calls = [lambda: None, lambda: delete(bot.ucx, gone)]
        for number in range(231, 401):
            bot.ucx.receive(number)
        for _ in range(6):
            await bot.tick(sweep=True)
        assert sorted(bot.memory.seen) == sorted(f"RX{number}" for number in range(231, 401))
        assert bot.memory.held == {record.job_id for record in bot.ucx.records}

    async def test_one_goes_and_one_comes(self):
        """A deletion and an arrival that cancel out in the count are found by the sweep."""
        bot = await following(30)
        delete(bot.ucx, 3)
        bot.ucx.receive(31)
        await bot.tick()
        assert bot.memory.seen == []
        await bot.tick(sweep=True)
        assert bot.memory.seen == ["RX31"]

    async def test_a_reset(self):
        """Ids that start again at RX1 are new faxes."""
        bot = await following(5)
        bot.ucx.reset()
        bot.ucx.tick(3600)
        bot.ucx.receive(1)
        await bot.tick()
        assert bot.memory.seen == ["RX1"]

    @pytest.mark.parametrize("hours", [-30, 30])
    async def test_a_reset_that_puts_the_clock_right(self, hours):
        """The new RX1 is seen although the server's clock jumped, to whichever side."""
        bot = await following(5)
        bot.ucx.reset()
        bot.ucx.clock += timedelta(hours=hours)
        bot.ucx.receive(1)
        await bot.tick()
        assert bot.memory.seen == ["RX1"]


class Chances:
    """What may happen between two ticks, drawn by a seed."""

    def __init__(self, bot: Following, before: int, seed: int) -> None:
        self.bot, self.number, self.new = bot, before, set()
        self.chance = random.Random(seed)  # noqa: S311 - no secret

    async def receive(self) -> None:
        for _ in range(self.chance.choice([1, 2, 60])):
            self.number += 1
            self.bot.ucx.receive(self.number)
            self.new.add(f"RX{self.number}")

    async def delete(self) -> None:
        seen, ucx = self.bot.memory.seen, self.bot.ucx
        if known := [each for each in ucx.records if each.job_id not in self.new or each.job_id in seen]:
            ucx.records.remove(self.chance.choice(known))

    async def tick(self) -> None:
        await self.bot.tick()

    async def sweep(self) -> None:
        await self.bot.tick(sweep=True)

    async def restart(self) -> None:
        self.bot = Following(self.bot.ucx, self.bot.memory)
        await self.bot.feed.begin()

    async def lag(self) -> None:
        self.bot.ucx.count_off_by = self.chance.choice([-1, 0, 1, 2])

    async def empty(self) -> None:
        ucx = self.bot.ucx
        records, ucx.records = ucx.records, []
        await self.bot.tick()
        ucx.records = records


STEPS = st.lists(
    st.sampled_from(["receive", "receive", "delete", "tick", "tick", "sweep", "restart", "lag", "empty"]),
    max_size=25,
)


@settings(max_examples=40, deadline=None)
@given(
    steps=STEPS,
    before=st.integers(0, 140),
    order=st.sampled_from(["asc", "desc", "fixed"]),
    cap=st.sampled_from([10**9, 50, 7]),
    seed=st.integers(0, 10**6),
)
def test_whatever_happens_each_fax_is_seen_once(steps, before, order, cap, seed):
    """Arrivals, deletions, sweeps, restarts, lagging counts, empty moments: all and only the new ones."""

    async def live() -> None:
        chances = Chances(await following(before, order=order, page_cap=cap), before, seed)
        for step in steps:
            await getattr(chances, step)()
        bot = chances.bot
        bot.ucx.count_off_by = 0
        for _ in range(40):
            await bot.tick(60, sweep=True)
        assert sorted(bot.memory.seen) == sorted(chances.new)
        assert bot.memory.held == {record.job_id for record in bot.ucx.records}
        assert await bot.asked() == 1

    asyncio.run(live())


def test_the_servers_time_is_far_from_ours():
    """These tests would find a comparison of the two clocks."""
    assert abs((StillClock().now() - SERVER_TIME).days) > 100
