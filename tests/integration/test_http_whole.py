"""The whole bot in HTTP mode between both stand-ins: everything that people do, over signed requests."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from faxbot.app import serve
from faxbot.demo.person import NotAllowedError, Person, SeenState
from faxbot.settings import Settings, SettingsProblem
from faxbot.standins.slack import Workspace
from faxbot.standins.slack.model.people import CLAIMS, DANA, INBOUND_FAX
from faxbot.standins.ucx import SimulatedUcx
from tests.support.in_process import MANIFEST, running_bot, settings_for
from tests.support.services import make_pdf
from tests.support.waiting import until

SUPPORT, BLOCKED = "+1 469 555 1112", "469 555 0800"
SOON = 30.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def in_http_mode(fax: SimulatedUcx, workspace: Workspace, folder: Path, **more: Any) -> Settings:
    """Settings with the signing secret and without an app-level token."""
    given: dict[str, Any] = {
        "slack_app_token": "",
        "slack_signing_secret": workspace.signing_secret,
        "faxbot_http_port": free_port(),
        "faxbot_poll_active_seconds": 0.2,
        "faxbot_poll_idle_seconds": 0.2,
        "faxbot_inbox_seconds": 0.2,
        "faxbot_settle_seconds": 0.5,
    }
    return settings_for(fax, workspace, folder, **(given | more))


@dataclass
class Town:
    """Both stand-ins, the bot between them, and Dana."""

    fax: SimulatedUcx
    workspace: Workspace
    dana: Person
    folder: Path

    async def until_text(self, *words: str, channel: str = CLAIMS) -> dict[str, Any]:
        """The first message of *channel* that says all of *words*."""

        def look(sight: SeenState) -> dict[str, Any] | None:
            return next((m for m in sight.in_channel(channel) if all(w in str(m) for w in words)), None)

        return await self.dana.until(" ".join(words), look, within=SOON, channel=channel)

    def submissions(self) -> list[dict[str, Any]]:
        return list(self.fax.log.entries("submission"))


@contextlib.asynccontextmanager
async def town_in(folder: Path, **dials: Any) -> AsyncIterator[Town]:
    fax = SimulatedUcx(folder / "ucx", speed=300)
    workspace = Workspace(folder / "ws", manifest=MANIFEST)
    workspace.settings.change({"share_delay": 0.0, **dials})
    async with fax, workspace:
        settings = in_http_mode(fax, workspace, folder)
        async with running_bot(settings):
            await workspace.installation.use_request_url(
                f"http://127.0.0.1:{settings.faxbot_http_port}/slack/events"
            )
            async with Person(workspace.url, DANA) as dana:
                yield Town(fax, workspace, dana, folder)


async def test_a_morning_in_http_mode(tmp_path):
    """A command, a received fax, a form, a button and a shared file: all of it without a socket."""
    async with town_in(tmp_path) as town:
        dana = town.dana
        pdf = make_pdf(tmp_path / "referral.pdf")
        # out by command, and in on a line of our own
        await dana.post(CLAIMS, "", files=await dana.upload(pdf))
        await dana.command(CLAIMS, f"/fax send {SUPPORT}")
        await town.until_text("Delivered")
        arrived = await dana.until(
            "the received file",
            lambda sight: next((m for m in sight.in_channel(INBOUND_FAX) if m.get("files")), None),
            within=SOON,
            channel=INBOUND_FAX,
        )
        assert await dana.download(arrived["files"][0]) == pdf.read_bytes()
        # out by the form, stopped by a button
        await dana.command(CLAIMS, "/fax send")
        view = await dana.until("the form", lambda sight: next(iter(sight.views.values()), None), within=SOON)
        values = {
            "number": {"number": {"value": BLOCKED}},
            "files": {"files": {"files": await dana.upload(pdf)}},
        }
        with pytest.raises(NotAllowedError, match="has letters"):
            await dana.submit(view, values | {"number": {"number": {"value": "hello"}}})
        await dana.submit(view, values)
        card = await town.until_text("469-555-0800", "Cancel fax")
        await dana.press(card, "Cancel fax")
        await town.until_text("Stopped by")
        # out by sharing it with the bot
        dm = next(c.id for c in town.workspace.state.channels.values() if c.partner == DANA)
        await dana.post(dm, "469 555 0101", files=await dana.upload(pdf))
        await town.until_text("Delivered", channel=dm)
        assert len(town.submissions()) == 3
        assert town.workspace.journal.of("socket_open") == []
        kinds = {each["type"] for each in town.workspace.journal.of("envelope_sent")}
        assert kinds == {"slash_commands", "interactive", "events_api"}


async def test_lost_answers_and_duplicates_fax_once(tmp_path):
    """Every event twice, and the first answers lost: one share, one fax."""
    async with town_in(tmp_path, duplicate_events=True) as town:
        dm = next(c.id for c in town.workspace.state.channels.values() if c.partner == DANA)
        town.workspace.installation.request_url.lose_answers = 2
        files = await town.dana.upload(make_pdf(tmp_path / "referral.pdf"))
        await town.dana.post(dm, "469 555 0101", files=files)
        await town.until_text("Delivered", channel=dm)
        journal = town.workspace.journal
        await until(
            lambda: len(journal.of("ack_ignored")) == 2 and len(journal.of("envelope_acked")) >= 4, SOON
        )
        assert {each["reason"] for each in journal.of("envelope_sent")} >= {"", "connection_failed"}
        assert len(town.submissions()) == 1
        cards = [m for m in town.dana.seen.in_channel(dm) if "Delivered" in str(m) and not m.get("thread_ts")]
        assert len(cards) <= 1


async def test_a_bot_that_was_down_gets_the_missed_events(tmp_path):
    """An unanswered event is redelivered, and carried out once when the bot is back."""
    fax = SimulatedUcx(tmp_path / "ucx", speed=300)
    workspace = Workspace(tmp_path / "ws", manifest=MANIFEST)
    workspace.settings.change({"share_delay": 0.0, "retry_after_second": 0.5, "retry_after_third": 4.0})
    async with fax, workspace:
        settings = in_http_mode(fax, workspace, tmp_path)
        async with running_bot(settings):
            await workspace.installation.use_request_url(
                f"http://127.0.0.1:{settings.faxbot_http_port}/slack/events"
            )
        async with Person(workspace.url, DANA) as dana:
            dm = next(c.id for c in workspace.state.channels.values() if c.partner == DANA)
            await dana.post(dm, "469 555 0101", files=await dana.upload(make_pdf(tmp_path / "a.pdf")))
            sent = workspace.journal.of
            await until(lambda: any(each["attempt"] == 1 for each in sent("envelope_sent")), SOON)
            async with running_bot(settings):
                await until(lambda: fax.log.entries("submission"), SOON)
                await until(lambda: sent("envelope_acked"), SOON)
        assert len(fax.log.entries("submission")) == 1


async def ended(work: Awaitable[None]) -> str:
    """The settings' problem that *work* ends in."""
    before = os.umask(0o077)
    try:
        with pytest.raises(SettingsProblem) as caught:
            await asyncio.wait_for(work, SOON)
    finally:
        os.umask(before)
    return str(caught.value)


async def test_a_port_in_use_is_named(tmp_path):
    """The start ends with the setting that has to be changed."""
    async with (
        SimulatedUcx(tmp_path / "ucx") as fax,
        Workspace(tmp_path / "ws", manifest=MANIFEST) as workspace,
    ):
        settings = in_http_mode(fax, workspace, tmp_path)
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", settings.faxbot_http_port))
            taken.listen()
            said = await ended(serve(settings, lambda _: None))
    assert said.startswith(f"FAXBOT_HTTP_PORT {settings.faxbot_http_port} can't be used at 127.0.0.1")


async def test_with_both_socket_mode_wins_and_says_so(tmp_path):
    """Nothing listens then."""
    said: list[str] = []
    async with (
        SimulatedUcx(tmp_path / "ucx") as fax,
        Workspace(tmp_path / "ws", manifest=MANIFEST) as workspace,
    ):
        settings = in_http_mode(fax, workspace, tmp_path, slack_app_token=workspace.app_token)
        before = os.umask(0o077)
        bot = asyncio.create_task(serve(settings, said.append))
        try:
            await until(lambda: bot.done() or "faxbot is ready" in said, SOON)
            assert any("Socket Mode" in line and "SLACK_SIGNING_SECRET" in line for line in said)
            assert workspace.installation.socket.connected
            with socket.socket() as probe:
                assert probe.connect_ex(("127.0.0.1", settings.faxbot_http_port)) != 0
        finally:
            bot.cancel()
            await asyncio.gather(bot, return_exceptions=True)
            os.umask(before)
