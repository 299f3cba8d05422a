"""Requests over a restart: accepted ones are carried out, completed ones are not repeated."""

import asyncio

import pytest

from faxbot.services.model.faxes import Fax
from faxbot.services.model.request_bodies import RequestKind
from tests.support.services import CLAIMS, DANA, services_over, submissions
from tests.support.waiting import until

NUMBER = "469 555 0101"


async def accepted(bot, kind, **body):
    """A request that is committed; the stop comes before anything is done about it."""
    request = bot.request(kind, **body)
    return await bot.store.write(lambda ledger: ledger.add_request(request))


async def done(bot):
    """Wait until nothing is asked for any more."""
    async with asyncio.timeout(15):
        while await bot.store.read(lambda ledger: ledger.open_requests()):
            await bot.tick()


async def test_what_was_accepted_is_carried_out_by_the_next_life(tmp_path, fax, slack):
    """It was acknowledged, so Slack never redelivers it."""
    async with services_over(tmp_path, fax, slack) as bot:
        await accepted(bot, RequestKind.SEND, number=NUMBER, line="", recent=True)
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.tick_until(lambda: "delivered" in slack.steps())
    assert len(submissions(fax)) == len(slack.cards()) == 1


@pytest.mark.parametrize("kind", [RequestKind.SEND, RequestKind.SHARE])
async def test_a_request_that_became_a_fax_becomes_no_other(tmp_path, fax, slack, kind):
    """The stop came between the fax and the end of its request: one fax, and nothing went wrong."""
    files = [{"id": "F0", "name": "referral.pdf"}]
    async with services_over(tmp_path, fax, slack) as bot:
        new_request = {"number": NUMBER, "line": "", "files": files, "ts": "7.0", "text": f"to {NUMBER}"}
        request = await accepted(bot, kind, **new_request)
        made = Fax(
            request_id=request.id,
            user_id=DANA,
            channel_id=CLAIMS,
            number=NUMBER,
            dial="14695550101",
            files=files,
        )
        await bot.store.write(lambda ledger: ledger.add_fax(made))
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.tick_until(lambda: "delivered" in slack.steps())
        await done(bot)
        assert len(await bot.faxes()) == 1
    assert len(submissions(fax)) == 1
    assert not [text for text in slack.sentences(DANA) if "wrong" in text]


async def test_a_request_waits_for_the_fax_server_and_says_so_once(tmp_path, fax, slack):
    """Download while the server is away: "I keep trying", and then the document."""
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.send(NUMBER)
        await bot.tick_until(lambda: "delivered" in slack.steps())
        (sent,) = await bot.faxes()
        fax.faults.plan(fault="drop_before", method="filedownload", times=3)
        await bot.runner.accept(bot.request(RequestKind.GET, fax_id=sent.id))
        await until(lambda: slack.received(CLAIMS))
    assert len(slack.received(CLAIMS)) == 1
    assert len([text for text in slack.sentences(DANA) if "keep trying" in text]) == 1
