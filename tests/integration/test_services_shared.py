"""Files shared with the bot: one fax for each share, for any events and redeliveries."""

import asyncio
from dataclasses import replace

from faxbot.adapters import SystemClock
from faxbot.services.model.request_bodies import RequestKind
from faxbot.services.requests import runner
from faxbot.services.sending import new_faxes
from faxbot.slack.bolt_app import build_bolt_app
from tests.support.listeners import ME, ListenerHarness, event
from tests.support.services import CLAIMS, DANA, PlainSlack, services_over, submissions
from tests.support.waiting import until


class SlowToName(PlainSlack):
    """Names the message that shares a file only after that many queries."""

    unnamed = 0

    async def shares_of(self, file_id):
        self.calls.append("shares_of")
        self.unnamed -= 1
        return [] if self.unnamed >= 0 else await super().shares_of(file_id)


async def done(bot):
    """Every request is carried out."""
    async with asyncio.timeout(10):
        while await bot.store.read(lambda ledger: ledger.open_requests()):
            await asyncio.sleep(0.01)


async def test_a_file_event_before_its_message_is_faxed_once_slack_names_it(
    tmp_path, fax, slack, monkeypatch
):
    """`file_shared` overtakes its message: it is asked again until Slack names that, also after a stop."""
    monkeypatch.setattr(runner, "FIRST_PAUSE", 0.02)
    early = SlowToName(files=slack.files)
    early.unnamed = 10**9
    async with services_over(tmp_path, fax, early) as bot:
        await bot.runner.accept(bot.request(RequestKind.SHARED_FILE, file_id="F0"))
        await until(lambda: early.calls.count("shares_of") >= 2)
        assert await bot.faxes() == []
    early.unnamed = 2
    async with services_over(tmp_path, fax, early) as bot:
        await bot.tick_until(lambda: "delivered" in early.steps())
        await done(bot)
        assert [each.channel_id for each in await bot.faxes()] == [CLAIMS]
    assert len(submissions(fax)) == 1


async def test_a_file_whose_message_slack_never_names_is_left(tmp_path, fax, slack, monkeypatch):
    """After a minute nothing is expected any more: no fax, and no further query."""
    monkeypatch.setattr(runner, "FIRST_PAUSE", 0.02)
    monkeypatch.setattr(new_faxes, "NAMED_SECONDS", 0.3)
    never = SlowToName(files=slack.files)
    never.unnamed = 10**9
    async with services_over(tmp_path, fax, never) as bot:
        await bot.runner.accept(bot.request(RequestKind.SHARED_FILE, file_id="F0"))
        await done(bot)
        assert await bot.faxes() == []
    assert never.calls.count("shares_of") >= 2
    assert submissions(fax) == []


def told_again(bot):
    """A Bolt app in front of these services, and the events of one share, each of them twice."""
    harness = ListenerHarness()
    harness.app = build_bolt_app(
        harness.client, ME, replace(harness.board, runner=bot.runner, now=SystemClock().now)
    )
    said = {"user": DANA, "channel": CLAIMS, "ts": bot.slack.share_ts[0], "text": "<@UBOT> 469 555 0101"}
    shared = {"type": "file_shared", "file_id": "F0", "user_id": DANA, "channel_id": CLAIMS}
    bodies = [event(type="app_mention", **said) | {"event_id": "Ev1"}, event(**shared) | {"event_id": "Ev2"}]
    again = {"x_slack_retry_num": "1", "x_slack_retry_reason": "timeout"}
    return harness, [(body, headers) for body in bodies for headers in ({}, again)]


async def test_a_redelivered_share_is_one_fax(tmp_path, fax, slack):
    """Mention and file_shared, each delivered again, at once and after a restart: acknowledged, one fax."""
    for _ in range(2):
        async with services_over(tmp_path, fax, slack) as bot:
            harness, envelopes = told_again(bot)
            answers = await asyncio.gather(*(harness.send(body, **headers) for body, headers in envelopes))
            assert [answer.status for answer in answers] == [200] * 4
            await bot.tick_until(lambda: "delivered" in slack.steps())
            await done(bot)
            assert len(await bot.faxes()) == 1
    assert len(submissions(fax)) == len(slack.cards()) == 1
