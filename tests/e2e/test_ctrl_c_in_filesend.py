"""Ctrl-C while FileSend hangs: `faxbot serve` ends at once, and the next start finds the fax."""

from pathlib import Path

import pytest

from faxbot.demo.person import Person, SeenState
from faxbot.standins.slack import Workspace
from faxbot.standins.slack.model.people import CLAIMS, DANA
from faxbot.standins.ucx import SimulatedUcx
from tests.support.processes import ROOT, BotProcess, settings_for
from tests.support.services import make_pdf, submissions
from tests.support.waiting import until

WITHIN = 30.0
HUNG = 120.0
SETTLE = 3
UNKNOWN, FOUND = "Looking whether it took the fax", "Found on the fax server as TX1"


@pytest.fixture
async def fax(tmp_path: Path):
    async with SimulatedUcx(tmp_path / "ucx", speed=100) as running:
        yield running


@pytest.fixture
async def workspace(tmp_path: Path):
    async with Workspace(tmp_path / "workspace", manifest=ROOT / "manifest.yml") as running:
        yield running


def announced(sight: SeenState, words: str) -> float:
    """When a message with *words* was posted in #claims or a thread of it; 0 if none was."""
    texts = {float(message["ts"]): str(message["text"]) for message in sight.in_channel(CLAIMS)}
    return next((ts for ts, text in texts.items() if words in text), 0.0)


async def test_ctrl_c_in_a_hung_filesend(tmp_path, fax, workspace):
    """It ends within 2 s; the next start looks for the fax after the settle window, and dials nothing."""
    fax.faults.plan(fault="latency", method="filesend", when="after", seconds=HUNG)
    settings = settings_for(tmp_path, fax, workspace) | {"FAXBOT_SETTLE_SECONDS": str(SETTLE)}
    bot = BotProcess(tmp_path, settings)
    async with Person(workspace.url, DANA) as dana:
        try:
            await bot.start()
            files = await dana.upload(make_pdf(tmp_path / "referral.pdf"))
            await dana.post(CLAIMS, "", files=files)
            await dana.command(CLAIMS, "/fax send 469 555 0101")
            await until(lambda: submissions(fax), WITHIN)
            code, seconds = await bot.interrupt()
            assert (code, seconds < 2.0) == (0, True), (seconds, bot.said)
            await bot.start()
            lost = await dana.until("the lost answer", lambda sight: announced(sight, UNKNOWN), within=WITHIN)
            found = await dana.until("the job", lambda sight: announced(sight, FOUND), within=WITHIN)
            assert found - lost > SETTLE / 3
            await dana.until("the delivery", lambda sight: announced(sight, "Delivered"), within=WITHIN)
        finally:
            await bot.stop()
    assert "Traceback" not in bot.said
    assert len(submissions(fax)) == len(fax.log.entries("dial")) == 1
