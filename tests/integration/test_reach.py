"""The fax server gone, locked or half silent: said once, truthfully, and once when that is over."""

import asyncio
import contextlib
from datetime import timedelta

import pytest

from faxbot.fax.errors import AnswerLost, CredentialsRejected, RequestRefused, ServerUnreachable
from faxbot.services.fax_server.outages import CALM_SECONDS, SILENT_SECONDS
from faxbot.services.model.faxes import FaxState
from faxbot.services.model.messages import OutageBegan, OutageEnded, QueryFailing, QueryRecovered, Sentence
from tests.support.plain_ucx import StillClock, services_over_lists
from tests.support.services import INBOUND
from tests.support.waiting import until

AWAY = ServerUnreachable("no route")
LOCKED = CredentialsRejected("The fax server does not accept the bot's credentials.")


@pytest.fixture
async def bot(bot):
    """The bot, which has read the lines."""
    await bot.lines.lines()
    return bot


def outage_notices(slack) -> list[str]:
    """The notices about the fax server in the inbound channel, in order."""
    kinds = (OutageBegan, OutageEnded, QueryFailing, QueryRecovered)
    said = [post.message for post in slack.posts if post.channel == INBOUND]
    return [
        f"locked {type(each).__name__}" if getattr(each, "locked_out", False) else type(each).__name__
        for each in said
        if isinstance(each, kinds)
    ]


def last(slack):
    """The last message in the inbound channel."""
    return [post.message for post in slack.posts if post.channel == INBOUND][-1]


async def fail(bot, fault=AWAY, *, times: int = 1, each: float = 10.0) -> None:
    """The watch and the inbox get no answer for that many ticks."""
    for _ in range(times):
        bot.clock.let_pass(each)
        await bot.outages.failed("watch", fault)
        await bot.outages.failed("inbox", fault)
    await bot.until_posted()


async def answer(bot, *, times: int = 1, each: float = 10.0) -> None:
    for _ in range(times):
        bot.clock.let_pass(each)
        await bot.outages.answered("watch")
        await bot.outages.answered("inbox")
    await bot.until_posted()


async def test_once_and_once(bot, slack):
    """However long it takes and however often it is answered afterwards: one message each."""
    await answer(bot)
    await fail(bot, times=20)
    assert outage_notices(slack) == ["OutageBegan"]
    await answer(bot, times=20)
    assert outage_notices(slack) == ["OutageBegan", "OutageEnded"]
    assert last(slack).until - last(slack).since == timedelta(seconds=200)


async def test_one_lost_tick_is_no_outage(bot, slack):
    """A single failure, again and again between answers, is not announced."""
    for _ in range(10):
        await bot.outages.failed("watch", AWAY)
        await bot.outages.answered("inbox")
    await bot.until_posted()
    assert outage_notices(slack) == []


async def test_ticks_that_end_side_by_side(bot, slack):
    """The watch and the inbox find out at the same moment: it is announced once."""
    bot.clock.let_pass(10)
    for _ in range(2):
        await asyncio.gather(*(bot.outages.failed(name, AWAY) for name in ("watch", "inbox", "search")))
    bot.clock.let_pass(10)
    await asyncio.gather(*(bot.outages.answered(name) for name in ("watch", "inbox", "search")))
    await bot.until_posted()
    assert outage_notices(slack) == ["OutageBegan", "OutageEnded"]


class TestComingAndGoing:
    @pytest.mark.parametrize(("gone", "there"), [(1, 1), (3, 1), (1, 6), (20, 20)])
    async def test_is_not_announced_each_time(self, bot, slack, gone, there):
        """An hour of answers and no answers, in whatever rhythm, is a few messages, and they pair up."""
        rounds = 360 // (gone + there)
        for _ in range(rounds):
            await fail(bot, times=gone)
            await answer(bot, times=there)
        said = outage_notices(slack)
        assert said == ["OutageBegan", "OutageEnded"] * (len(said) // 2)
        assert 2 <= len(said) <= 12

    async def test_a_long_outage_after_a_short_one_is_announced(self, bot, slack):
        """A second outage is announced when it lasts, with its true start time."""
        await fail(bot, times=3)
        await answer(bot)
        await fail(bot, times=3)
        assert outage_notices(slack) == ["OutageBegan", "OutageEnded"]
        began = bot.clock.now() - timedelta(seconds=20)
        await fail(bot, times=10)
        assert outage_notices(slack) == ["OutageBegan", "OutageEnded", "OutageBegan"]
        assert last(slack).since == began

    async def test_after_a_calm_time_it_is_announced_at_once(self, bot, slack):
        """Half an hour without an outage: the next one is announced like the first."""
        await fail(bot, times=3)
        await answer(bot, times=200)
        await fail(bot, times=2)
        assert outage_notices(slack) == ["OutageBegan", "OutageEnded", "OutageBegan"]


class TestLockedOut:
    async def test_is_announced_with_its_name(self, bot, slack):
        """Rejected credentials are announced once, and once when they are accepted again."""
        await answer(bot)
        await fail(bot, LOCKED, times=20)
        assert outage_notices(slack) == ["locked OutageBegan"]
        await answer(bot)
        assert outage_notices(slack) == ["locked OutageBegan", "locked OutageEnded"]

    async def test_after_an_outage(self, bot, slack):
        """Back without its license: the outage is announced, with the remedy, and its end."""
        await fail(bot, times=5)
        await fail(bot, LOCKED, times=5)
        await fail(bot, times=5)
        await answer(bot)
        assert outage_notices(slack) == ["OutageBegan", "locked OutageBegan", "locked OutageEnded"]

    async def test_faxes_are_kept_and_go_out(self, bot, ucx, slack):
        """The license expires while the bot runs: a fax is kept and says why; renewed, it goes out once."""
        ucx.away = LOCKED
        await bot.send()
        await until(lambda: "locked_out" in slack.steps())
        await fail(bot, LOCKED)
        assert slack.cards()[-1].message.outage.locked_out
        ucx.away = None
        await answer(bot)
        await bot.tick()
        await answer(bot)
        assert len(ucx.submissions) == 1
        assert outage_notices(slack) == ["locked OutageBegan", "locked OutageEnded"]

    async def test_a_waiting_request_names_the_reason(self, tmp_path, ucx, slack):
        """A request that needs the server waits; its user learns that the server does not let the bot in."""
        ucx.fail("list_lines", "before", LOCKED, times=100)
        async with services_over_lists(tmp_path, ucx, slack) as bot:
            await bot.runner.accept(bot.request("send", number="469 555 0101", line="Sales", recent=True))
            await until(lambda: slack.ephemerals)
        (_, message), *_ = slack.ephemerals
        assert message == Sentence("The fax server doesn't let me in. I keep trying.")


class TestHowManyWentOut:
    async def test_only_those_that_did(self, bot, ucx, slack):
        """Three were kept: one loses its answer, one is refused, one goes out. One went out."""
        ucx.away = AWAY
        for number in ("469 555 0101", "469 555 0102", "469 555 0103"):
            await bot.send(number)
        await until(lambda: slack.steps().count("kept") == 3)
        await fail(bot, times=2)
        ucx.away = None
        ucx.fail("submit_job", "before", AnswerLost("lost"))
        ucx.fail("submit_job", "before", RequestRefused("Invalid destination"))
        await answer(bot)
        assert outage_notices(slack) == ["OutageBegan"]
        await bot.preparation.tick()
        await answer(bot)
        assert outage_notices(slack) == ["OutageBegan", "OutageEnded"]
        assert last(slack).went_out == len(ucx.submissions) == 1

    async def test_all_of_them(self, bot, ucx, slack):
        """Two were kept, two went out: announced after they did, not before."""
        ucx.away = AWAY
        for number in ("469 555 0101", "469 555 0102"):
            await bot.send(number)
        await until(lambda: slack.steps().count("kept") == 2)
        await fail(bot, times=2)
        ucx.away = None
        await answer(bot)
        assert outage_notices(slack) == ["OutageBegan"]
        await bot.preparation.tick()
        await answer(bot)
        assert outage_notices(slack) == ["OutageBegan", "OutageEnded"]
        assert last(slack).went_out == 2
        assert len(ucx.submissions) == 2

    async def test_not_for_ever(self, bot, ucx, slack):
        """A fax that is not sent delays the end of the outage by a minute at most."""
        ucx.away = AWAY
        await bot.send()
        await until(lambda: "kept" in slack.steps())
        await fail(bot, times=2)
        await answer(bot, times=10)
        assert outage_notices(slack) == ["OutageBegan", "OutageEnded"]
        assert last(slack).went_out == 0
        assert (await bot.faxes())[0].state is FaxState.READY

    async def test_over_a_restart(self, tmp_path, ucx, slack):
        """The bot stops between the end of the outage and its notice: the next run posts it once."""
        clock = StillClock()
        async with services_over_lists(tmp_path, ucx, slack, clock) as bot:
            await bot.lines.lines()
            ucx.away = AWAY
            await bot.send()
            await until(lambda: "kept" in slack.steps())
            await fail(bot, times=2)
            ucx.away = None
            await answer(bot)
        async with services_over_lists(tmp_path, ucx, slack, clock) as bot:
            await bot.preparation.tick()
            await answer(bot, times=3)
        assert outage_notices(slack) == ["OutageBegan", "OutageEnded"]
        assert last(slack).went_out == 1


class TestHalfSilent:
    async def test_received_faxes_that_cannot_be_read(self, bot, slack):
        """ActiveJobs answers, the records do not: announced after five minutes, and once when they do."""
        for _ in range(60):
            bot.clock.let_pass(10)
            await bot.outages.answered("watch")
            await bot.outages.failed("inbox", AnswerLost("HTTP 500"))
        await bot.until_posted()
        assert outage_notices(slack) == ["QueryFailing"]
        assert last(slack).about == "received faxes"
        await answer(bot, times=3)
        assert outage_notices(slack) == ["QueryFailing", "QueryRecovered"]

    async def test_not_in_an_outage(self, bot, slack):
        """Without any answer only the outage is announced."""
        await fail(bot, times=100)
        assert outage_notices(slack) == ["OutageBegan"]

    async def test_over_a_restart(self, tmp_path, ucx, slack):
        """Announced before a restart, it is not announced again after it, and its end is."""
        clock = StillClock()
        for _ in range(2):
            async with services_over_lists(tmp_path, ucx, slack, clock) as bot:
                for _ in range(60):
                    clock.let_pass(10)
                    await bot.outages.answered("watch")
                    await bot.outages.failed("inbox", AnswerLost("HTTP 500"))
                await bot.until_posted()
        async with services_over_lists(tmp_path, ucx, slack, clock) as bot:
            await answer(bot)
        assert outage_notices(slack) == ["QueryFailing", "QueryRecovered"]


async def test_cards_show_when_the_server_last_replied(bot, ucx, slack):
    """A job that did not change for long: the card shows the last answer, not the last change."""
    await bot.send()
    await until(lambda: ucx.submissions)
    await bot.tick()
    await answer(bot, times=60)
    heard = bot.clock.now()
    await fail(bot, times=2)
    await bot.until_posted()
    assert slack.cards()[-1].message.outage.heard == heard
    await answer(bot)
    assert slack.cards()[-1].message.outage is None


async def test_an_outage_over_a_restart(tmp_path, ucx, slack):
    """Begun before a restart and ended after it: announced once each, with its full length."""
    clock = StillClock()
    async with services_over_lists(tmp_path, ucx, slack, clock) as bot:
        await answer(bot)
        await fail(bot, times=3)
    async with services_over_lists(tmp_path, ucx, slack, clock) as bot:
        await fail(bot, times=3)
        await answer(bot)
    assert outage_notices(slack) == ["OutageBegan", "OutageEnded"]
    assert last(slack).until - last(slack).since == timedelta(seconds=60)


class TestWhatCouldNotBeWritten:
    """The disk is full for a moment: what could not be written down is said as soon as it can be."""

    @pytest.fixture
    def full(self, bot, monkeypatch):
        """Until the first write has failed."""

        def fill():
            async def refuse(_work):
                monkeypatch.undo()
                raise OSError("disk full")

            monkeypatch.setattr(bot.running.store, "write", refuse)

        return fill

    async def test_an_outage_right_after_an_outage(self, bot, ucx, slack, full):
        """The end of the first was pending, and is posted."""
        ucx.away = AWAY
        await bot.send()
        await until(lambda: "kept" in slack.steps())
        await fail(bot, times=2)
        await answer(bot)
        bot.clock.let_pass(CALM_SECONDS)
        await bot.outages.failed("watch", AWAY)
        full()
        with pytest.raises(OSError, match="full"):
            await bot.outages.failed("watch", AWAY)
        await fail(bot)
        assert outage_notices(slack) == ["OutageBegan", "OutageEnded", "OutageBegan"]

    async def test_a_silence_and_its_end(self, bot, slack, full):
        """Each is announced by the next tick."""
        for _ in range(int(SILENT_SECONDS / 10)):
            bot.clock.let_pass(10)
            await bot.outages.answered("watch")
            await bot.outages.failed("inbox", AnswerLost("HTTP 500"))
        bot.clock.let_pass(10)
        full()
        for _ in range(2):
            await bot.outages.answered("watch")
            with contextlib.suppress(OSError):
                await bot.outages.failed("inbox", AnswerLost("HTTP 500"))
        full()
        for _ in range(2):
            with contextlib.suppress(OSError):
                await bot.outages.answered("inbox")
        await bot.until_posted()
        assert outage_notices(slack) == ["QueryFailing", "QueryRecovered"]
