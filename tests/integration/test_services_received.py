"""Received faxes whose file never comes, and which line a received fax was for."""

from dataclasses import asdict, dataclass

import pytest

from faxbot.services.model.request_bodies import RequestKind
from faxbot.services.receiving import inbox
from faxbot.standins.ucx import DEFAULT_LINES, SimulatedLine, SimulatedUcx
from tests.support.services import INBOUND, PRIYA, make_pdf, receive, services_over
from tests.support.waiting import until

LEGAL = "CLEGAL"
TRIES = 4


# -- a file that never comes


def downloads(fax, job_id):
    """How often a document was asked for, by the fax server's own log."""
    calls = [call for call in fax.log.entries("call") if call["method"] == "filedownload"]
    return len([call for call in calls if call["params"] == {"job_id": job_id}])


async def arrive(bot, path, count=1):
    """That many faxes arrive one by one, followed by one inbox tick."""
    before = len(bot.fax.log.entries("reception"))
    for more in range(1, count + 1):
        receive(bot.fax, path)
        await until(lambda more=more: len(bot.fax.log.entries("reception")) == before + more)
    await bot.inbox.tick()


async def test_a_fax_without_its_file_is_announced_in_order_and_once(tmp_path, slack, monkeypatch):
    """RX1 and RX2 cannot be fetched: neither delays RX3, each is announced by its card, retried rarely."""
    monkeypatch.setattr(inbox, "TRIES", TRIES)
    page = make_pdf(tmp_path / "page.pdf", 1)
    async with SimulatedUcx(tmp_path / "ucx", speed=400) as fax:
        for job_id in ("RX1", "RX2"):
            fax.faults.plan(fault="error", method="filedownload", times=None, match={"job_id": job_id})
        async with services_over(tmp_path, fax, slack) as bot:
            await arrive(bot, page)
            await arrive(bot, page, 2)
            await until(slack.details)
            assert [p.message.record.job_id for p in slack.details()] == ["RX3"]
        async with services_over(tmp_path, fax, slack) as bot:
            await bot.tick_until(lambda: len(slack.details()) == 3)
            for _ in range(3):
                await bot.inbox.tick(sweep=True)
        async with services_over(tmp_path, fax, slack) as bot:
            await bot.inbox.tick(sweep=True)
    cards = slack.details()
    assert [p.message.record.job_id for p in cards] == ["RX3", "RX1", "RX2"]
    assert [p.thread_ts is None for p in cards] == [False, True, True]
    assert [p.channel for p in cards] == [INBOUND] * 3
    assert len(slack.received()) == 1
    sweeps = 4
    asked = [TRIES + sweeps, TRIES + sweeps, 1]
    assert [downloads(fax, job_id) for job_id in ("RX1", "RX2", "RX3")] == asked


# -- which line


@dataclass(frozen=True)
class SerialLine(SimulatedLine):
    """A line whose modem is not called as a UCX usually calls it."""

    @property
    def modem(self) -> str:
        return f"ttyS{self.id}"


@pytest.fixture
async def fax(tmp_path):
    lines = [SerialLine(**asdict(line)) for line in DEFAULT_LINES]
    async with SimulatedUcx(tmp_path / "ucx", lines=lines, speed=400) as server:
        yield server


async def hear_support(bot):
    """#legal subscribes to what Support receives."""
    new_request = bot.request(
        RequestKind.SUBSCRIBE, user=PRIYA, channel=LEGAL, direction="RX", line="Support"
    )
    answer = len(bot.slack.sentences())
    await bot.runner.accept(new_request)
    await until(lambda: len(bot.slack.sentences()) > answer)


async def heard(bot, path):
    """Which channels get the next fax to Support, each with the line that it names."""
    receive(bot.fax, path, line="2")
    before = len(bot.slack.details())
    await bot.tick_until(lambda: len(bot.slack.details()) > before)
    await bot.tick_until(lambda: bot.outbox.depth == 0)
    return {p.channel: p.message.line_name for p in bot.slack.details()[before:]}


async def send_from_support(bot):
    await bot.runner.accept(bot.request(RequestKind.SEND, number="469 555 0101", line="Support", recent=True))
    await bot.tick_until(lambda: "queued" in bot.slack.steps())


async def test_a_fax_whose_line_is_not_known_reaches_the_inbound_channel_only(tmp_path, fax, slack):
    """The line of the modem is unknown: no channel of a line gets the fax, and no line is shown."""
    async with services_over(tmp_path, fax, slack) as bot:
        await hear_support(bot)
        assert await heard(bot, make_pdf(tmp_path / "page.pdf", 1)) == {INBOUND: ""}


async def test_filesend_teaches_which_line_a_modem_serves(tmp_path, fax, slack):
    """After a fax from Support its modem is known, after a restart as well."""
    page = make_pdf(tmp_path / "page.pdf", 1)
    async with services_over(tmp_path, fax, slack) as bot:
        await hear_support(bot)
        await send_from_support(bot)
        await bot.tick_until(lambda: fax.log.entries("ended"))
        assert await heard(bot, page) == {INBOUND: "Support", LEGAL: "Support"}
    async with services_over(tmp_path, fax, slack) as bot:
        assert await heard(bot, page) == {INBOUND: "Support", LEGAL: "Support"}


async def test_a_setting_goes_before_what_filesend_taught(tmp_path, fax, slack):
    """FAXBOT_MODEMS says that the modem is Billing's: Support's channel does not get its faxes."""
    async with services_over(tmp_path, fax, slack, modems={"ttyS2": "3"}) as bot:
        await hear_support(bot)
        await send_from_support(bot)
        await bot.tick_until(lambda: fax.log.entries("ended"))
        assert await heard(bot, make_pdf(tmp_path / "page.pdf", 1)) == {INBOUND: "Billing"}
