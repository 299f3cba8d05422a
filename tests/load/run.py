"""One load: the whole bot and both stand-ins in this process, on a clock that runs faster than the wall."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from faxbot.demo.person import Person
from faxbot.standins.slack import Workspace
from faxbot.standins.slack.model.people import DANA
from faxbot.standins.slack.settings import WorkspaceSettings
from faxbot.standins.ucx import SimulatedUcx
from tests.load.judge import Findings, judge
from tests.support.fast_clock import FastClock
from tests.support.in_process import MANIFEST, running_bot, settings_for
from tests.support.services import make_pdf

LINES_BUSY = 30.0
"""How many times faster than the clock the fax machines are: the faxes are to end close together."""


@dataclass(frozen=True, slots=True)
class Load:
    """So many faxes over so many channels; *limits* as FAXBOT_SLACK_LIMITS; *speed* of the clock."""

    faxes: int = 200
    channels: int = 20
    limits: str = "tiers"
    speed: float = 10.0
    deadline: float = 540.0
    """Seconds of the wall."""
    faults: Sequence[Mapping[str, Any]] = ()
    """Of the workspace, besides its rate limits (docs/stand-in.md)."""


Tell = Callable[[int, float], None]
"""Called with the number of announced ends and the seconds of the clock."""


async def run(load: Load, folder: Path, tell: Tell = lambda _ends, _seconds: None) -> Findings:
    """
    Fax, wait until every end is announced, and judge.

    Raises:
        TimeoutError: Not all of them were, by the deadline.
    """
    clock = FastClock(load.speed)
    dials = WorkspaceSettings()
    dials.change(
        {"rate_limits": True, "ack_deadline": 3.0 * load.speed, "trigger_lifetime": 3.0 * load.speed}
    )
    fax = SimulatedUcx(folder / "ucx", clock=clock.time, sleep=clock.sleep, speed=LINES_BUSY)
    workspace = Workspace(
        folder / "ws", manifest=MANIFEST, clock=clock.time, sleep=clock.sleep, settings=dials
    )
    async with fax, workspace:
        settings = settings_for(fax, workspace, folder, faxbot_slack_limits=load.limits)
        async with running_bot(settings, clock):
            places = await _fax_all(load, workspace, folder)
            begun = clock.time()
            async with asyncio.timeout(load.deadline):
                while (ends := _announced(workspace, places)) < len(places):
                    tell(ends, clock.time() - begun)
                    await asyncio.sleep(0.2)
            tell(ends, clock.time() - begun)
    return judge(places, _messages(workspace, places), workspace.journal.entries, grace=0.2 * load.speed)


def _announced(workspace: Workspace, places: dict[str, str]) -> int:
    """How many faxes have their end on the card and in its thread."""
    found = judge(places, _messages(workspace, places), (), grace=0.0)
    return len(places) - len(found.wrong)


def _messages(workspace: Workspace, places: dict[str, str]) -> dict[str, list[Any]]:
    shown = workspace.installation.state.messages
    return {channel: shown.in_order(channel) for channel in set(places.values())}


async def _fax_all(load: Load, workspace: Workspace, folder: Path) -> dict[str, str]:
    """Dana shares a letter in each channel and faxes it to as many numbers as fall to it."""
    letter = make_pdf(folder / "letter.pdf", 1)
    places: dict[str, str] = {}
    async with Person(workspace.url, DANA) as dana, httpx.AsyncClient(base_url=workspace.url) as control:
        made = [
            await control.post("/_/control/channels", json={"name": f"ward-{i}"})
            for i in range(load.channels)
        ]
        channels = [str(answer.json()["channel"]) for answer in made]
        for channel in channels:
            await control.post("/_/control/membership", json={"channel": channel})
            await dana.post(channel, "", files=await dana.upload(letter))
        for fault in load.faults:
            await control.post("/_/control/faults", json=dict(fault))
        for i in range(load.faxes):
            number = f"+1 469-{200 + i // 100:03}-{i % 100:02}99"
            places[number] = channels[i % load.channels]
            await dana.command(places[number], f"/fax send {number}")
    return places
