"""The very first start: what the server has is history, read page by page, and a stop in it costs nothing."""

import gc

import pytest

from faxbot.fax.errors import AnswerLost, ServerUnreachable
from faxbot.fax.job import Direction, Job, JobState
from faxbot.services.fax_server.record_feed import RecordFeed
from faxbot.services.fax_server.record_pages import RecordPages
from faxbot.services.model.records import RecordState
from tests.support.plain_ucx import PlainUcx, StillClock
from tests.unit.test_feed import Following, Memory, a_ucx, delete, in_pages_only


class Stop(BaseException):
    """The process is killed."""


class Killed(Memory):
    """A store under which the process is killed at the transaction of that number."""

    def __init__(self, at: int | None = None) -> None:
        super().__init__()
        self.at, self.writes, self.largest = at, 0, 0

    async def write(self, work):
        self.writes += 1
        if self.writes == self.at:
            raise Stop
        return work(self)

    def add_records(self, records):
        self.largest = max(self.largest, len(records))
        return super().add_records(records)


def arrive(ucx: PlainUcx, *numbers: int):
    """A function that receives these faxes, one each time it is called."""
    left = list(numbers)
    return lambda: ucx.receive(left.pop(0))


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_a_fax_that_comes_meanwhile_is_new(order):
    """It arrives between two pages of the baseline: seen once, and none of the history with it."""
    bot = Following(a_ucx(450, order=order), Killed())
    between = arrive(bot.ucx, 451, 452)
    bot.ucx.between_calls = [lambda: None, lambda: None, lambda: None, between, lambda: None, between]
    await bot.feed.begin()
    assert bot.memory.seen == []
    for _ in range(3):
        await bot.tick(sweep=True)
    assert bot.memory.seen == ["RX451", "RX452"]
    assert bot.memory.held == {record.job_id for record in bot.ucx.records}


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_a_stop_at_any_transaction_posts_no_history_and_misses_no_fax(order):
    """Killed at each transaction in turn, with a fax that comes while the bot is down."""
    stops = 0
    while True:
        memory = Killed(at=stops + 1)
        first = Following(a_ucx(450, order=order), memory)
        try:
            await first.feed.begin()
        except Stop:
            stops += 1
        else:
            break
        begun = "baseline_RX" in memory.remembered
        first.ucx.receive(451)
        memory.at = None
        again = Following(first.ucx, memory)
        await again.feed.begin()
        for _ in range(3):
            await again.tick(sweep=True)
        assert memory.seen == (["RX451"] if begun else [])
        assert memory.held == {record.job_id for record in again.ucx.records}
    assert stops > 5


async def restarted_after_a_kill(order: str) -> Following:
    """Killed when the second page of several is written; one fax came before the next start began."""
    first = Following(a_ucx(450, order=order), Killed(at=3))
    with pytest.raises(Stop):
        await first.feed.begin()
    first.ucx.receive(451)
    first.memory.at = None
    again = Following(first.ucx, first.memory)
    await again.feed.begin()
    return again


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_a_stop_in_the_baseline_misses_no_fax(order):
    """Killed when the second page of several is written: what comes in the downtime is seen."""
    again = await restarted_after_a_kill(order)
    await again.tick()
    assert again.memory.seen == ["RX451"]


async def test_a_transaction_holds_a_page():
    """No transaction of the baseline writes more records than are on a page, whatever there is."""
    for strange in ({}, {"order": "fixed"}, {"ignores_window": True}):
        bot = Following(a_ucx(450, **strange), Killed())
        await bot.feed.begin()
        assert bot.memory.largest <= 100
        assert len(bot.memory.held) == 450


async def test_an_interrupted_baseline_goes_on_after_an_outage():
    """The fax server goes away in the middle: nothing is new by that, and ticks wait until it is complete."""
    bot = Following(a_ucx(450), Killed())

    def go_away():
        bot.ucx.away = ServerUnreachable("no route")

    bot.ucx.between_calls = [*[lambda: None] * 4, go_away]
    with pytest.raises(ServerUnreachable):
        await bot.feed.begin()
    bot.ucx.away = None
    with pytest.raises(ServerUnreachable):
        await bot.tick()
    await bot.feed.begin()
    await bot.tick()
    assert bot.memory.seen == []
    assert len(bot.memory.held) == 450


@pytest.mark.parametrize("order", ["asc", "desc", "fixed"])
async def test_the_ends_may_be_deleted_meanwhile(order):
    """All that was at the newest end goes before the baseline is complete: the rest is history."""
    bot = Following(a_ucx(450, order=order), Killed(at=2))
    with pytest.raises(Stop):
        await bot.feed.begin()
    bot.memory.at = None
    for number in range(351, 451):
        delete(bot.ucx, number)
    again = Following(bot.ucx, bot.memory)
    await again.feed.begin()
    for _ in range(3):
        await again.tick(sweep=True)
    assert again.memory.seen == []


async def test_a_list_in_no_order_that_is_too_long_for_one_answer():
    """It is read in pages then, and counts as history as a whole."""
    bot = Following(a_ucx(450, order="fixed"), Killed())
    in_pages_only(bot.ucx)
    await bot.feed.begin()
    await bot.tick()
    assert bot.memory.seen == []
    assert len(bot.memory.held) == 450


@pytest.mark.parametrize("one_answer", [True, False])
async def test_a_fax_that_comes_meanwhile_is_new_in_no_order(one_answer):
    """By the server's clock it came after the baseline began: it is no history, wherever it is listed."""
    bot = Following(a_ucx(450, order="fixed"), Killed())
    if not one_answer:
        in_pages_only(bot.ucx)
    between = arrive(bot.ucx, 451, 452)
    bot.ucx.between_calls = [lambda: None, between, lambda: None, lambda: None, between]
    await bot.feed.begin()
    for _ in range(3):
        await bot.tick(sweep=True)
    assert bot.memory.seen == ["RX451", "RX452"]
    assert bot.memory.held == {record.job_id for record in bot.ucx.records}


async def test_a_call_of_the_begin_is_new_in_no_order():
    """The record of a call that was under way is new, even if its time is when the call began."""
    ucx = a_ucx(450, order="fixed")
    ucx.arriving = [Job("RX451", JobState.ACTIVE, time=ucx.clock)]
    ucx.between_calls = [lambda: ucx.receive(451, at=450)]
    bot = Following(ucx, Killed())
    await bot.feed.begin()
    for _ in range(3):
        await bot.tick(sweep=True)
    assert bot.memory.seen == ["RX451"]


async def test_the_record_of_an_id_used_again_is_history():
    """A call that is under way has the id of a fax of last week: that one is not announced."""
    ucx = a_ucx(450, order="fixed")
    ucx.tick(7 * 86_400)
    ucx.arriving = [Job("RX3", JobState.ACTIVE, time=ucx.clock)]
    bot = Following(ucx, Killed())
    await bot.feed.begin()
    await bot.tick(sweep=True)
    assert bot.memory.seen == []


async def test_a_stop_in_no_order_misses_no_fax():
    """Killed when the second page is written: what came in the downtime is new."""
    again = await restarted_after_a_kill("fixed")
    for _ in range(3):
        await again.tick(sweep=True)
    assert again.memory.seen == ["RX451"]


async def test_without_the_servers_time_no_fax_is_missed():
    """A long list in no order, no header Date: what came meanwhile is new; some history may be, too."""
    bot = Following(a_ucx(450, order="fixed", tells_time=False), Killed())
    in_pages_only(bot.ucx)
    bot.ucx.between_calls = [*[lambda: None] * 4, arrive(bot.ucx, 451)]
    await bot.feed.begin()
    for _ in range(3):
        await bot.tick(sweep=True)
    assert "RX451" in bot.memory.seen
    assert len(bot.memory.seen) < 20


async def test_the_progress_is_reported():
    """After each page: how many records were read, of how many."""
    said = []
    bot = Following(a_ucx(250), Killed())
    await bot.feed.begin(progress=lambda read, count: said.append((read, count)))
    assert said == [(100, 250), (200, 250), (250, 250), (250, 250)]


async def test_a_backfill_takes_everything_in():
    """Asked for, the history is new, and so is what comes meanwhile."""
    bot = Following(a_ucx(250), Killed())
    bot.ucx.between_calls = [*[lambda: None] * 4, arrive(bot.ucx, 251)]
    await bot.feed.begin(backfill=True)
    await bot.tick()
    assert sorted(bot.memory.seen) == sorted(f"RX{number}" for number in range(1, 252))


async def objects_held(records: int) -> int:
    """How many objects a feed refers to, besides what it was given, after some ticks with new records."""
    ucx, memory, clock = a_ucx(records), Memory(), StillClock()
    feed = RecordFeed(Direction.RX, ucx, memory, clock, RecordState.SEEN)
    await feed.begin()
    for number in range(records + 1, records + 6):
        ucx.receive(number)
        await feed.catch_up()
    given = {id(ucx), id(memory), id(clock), id(memory.rows)}
    seen: dict[int, object] = {}
    left: list[object] = [*vars(feed).values()]
    while left:
        each = left.pop()
        if id(each) not in seen and id(each) not in given and not isinstance(each, type):
            seen[id(each)] = each
            left += [one for one in gc.get_referents(each) if type(one).__module__ != "builtins"]
            left += [one for one in gc.get_referents(each) if isinstance(one, dict | list | set | bytearray)]
    return sum(len(one) if isinstance(one, dict | list | set | bytearray) else 1 for one in seen.values())


async def test_the_feed_holds_no_records():
    """What it has in memory is the same after a hundred records and after three thousand."""
    assert await objects_held(3000) == await objects_held(110)


async def test_a_lost_answer_in_one_piece_is_no_end():
    """The single answer breaks off: the pages count."""
    bot = Following(a_ucx(150, order="shuffled"), Killed())

    async def lost(*_):
        raise AnswerLost("lost")

    pages = RecordPages(Direction.RX, bot.ucx, bot.memory)
    assert await pages.in_one_answer()
    bot.ucx.fetch_records = lost
    assert await pages.in_one_answer() is None
