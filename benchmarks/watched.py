"""A bot that watches jobs of the canned fax server, and the calls to Slack for their changes."""

import asyncio
from collections.abc import Sequence
from typing import Any

import httpx

from benchmarks.canned.control import CannedUcx
from faxbot.demo.person import Person
from faxbot.standins.slack import Workspace
from faxbot.standins.slack.model.people import BOT_USER, DANA
from tests.support.waiting import until

TELLING = ("chat.update", "chat.postMessage")
"""The calls that announce a change: a card's update, a reply in its thread."""
LOOK_SECONDS = 0.02
"""A moment that is short beside the pace of the ticks."""

Entry = dict[str, Any]


async def new_channels(workspace: Workspace, amount: int) -> list[str]:
    """So many channels that the bot is in."""
    async with httpx.AsyncClient(base_url=workspace.url, trust_env=False) as control:
        made = [
            await control.post("/_/control/channels", json={"name": f"ward-{number}"})
            for number in range(1, amount + 1)
        ]
        channels = [str(answer.json()["channel"]) for answer in made]
        for channel in channels:
            await control.post("/_/control/membership", json={"channel": channel, "user": BOT_USER})
    return channels


async def subscribe(workspace: Workspace, wishes: Sequence[tuple[str, str]]) -> None:
    """Dana subscribes each channel to what its words say; returns when the bot has said yes to each."""
    said = len(workspace.state.ephemerals)
    async with Person(workspace.url, DANA) as dana:
        for channel, words in wishes:
            await dana.command(channel, f"/fax subscribe {words}")
    await until(
        lambda: len(workspace.state.ephemerals) >= said + len(wishes), 60, what="answers to /fax subscribe"
    )


def calls_since(workspace: Workspace, before: int) -> list[Entry]:
    """The calls that announce changes, after that many entries of the journal."""
    noted = workspace.journal.entries[before:]
    return [entry for entry in noted if entry["kind"] == "api" and entry["method"] in TELLING]


async def until_looked(ucx: CannedUcx, looks: int) -> None:
    """Wait until the bot has queried the active jobs that many more times."""
    asked = (await ucx.counts()).get("activejobs", 0)
    while (await ucx.counts()).get("activejobs", 0) < asked + looks:  # noqa: ASYNC110 - it is in another process
        await asyncio.sleep(LOOK_SECONDS)
