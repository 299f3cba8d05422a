"""`faxbot doctor` as people run it: a command of its own, beside a bot that is at work."""

import asyncio
import json
import os
import sys
from pathlib import Path

from faxbot.demo.person import Person
from faxbot.standins.slack import Workspace
from faxbot.standins.slack.model.people import CLAIMS, DANA
from faxbot.standins.ucx import SimulatedUcx
from tests.support.processes import ROOT, BotProcess, settings_for
from tests.support.waiting import until

ENDS_WITHIN = 60.0
SECRET = "a-wrong-secret"


async def doctor(folder: Path, settings: dict[str, str], *options: str) -> tuple[int | None, str, str]:
    """Run `python -m faxbot doctor` with nothing but *settings*: exit code, output, errors."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "faxbot", "doctor", *options),
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **settings},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(ENDS_WITHIN):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode, out.decode(), err.decode()


async def test_the_doctor_beside_a_bot_at_work(tmp_path):
    """Nothing red, exit code 0; no message and no fax comes of it, and the bot goes on answering."""
    async with (
        SimulatedUcx(tmp_path / "ucx", speed=200) as fax,
        Workspace(tmp_path / "ws", manifest=ROOT / "manifest.yml") as workspace,
    ):
        settings = settings_for(tmp_path, fax, workspace)
        bot = BotProcess(tmp_path, settings)
        await bot.start()
        try:
            before = len(workspace.journal.entries)
            code, out, err = await doctor(tmp_path, settings, "--json")
            reply = json.loads(out)
            assert (code, err) == (0, ""), out + err
            assert reply["ok"] is True
            assert {each["light"] for each in reply["checks"]} <= {"green", "yellow"}
            shown = {each["check"]: each["found"] for each in reply["checks"]}
            assert "the newest" in shown["Database"]
            since = workspace.journal.entries[before:]
            assert not any(entry.get("method", "").startswith(("chat.", "files.")) for entry in since)
            assert fax.log.entries("submission") == []
            await until(lambda: len(workspace.installation.socket.connections()) == 2)
            async with Person(workspace.url, DANA) as dana:
                await dana.command(CLAIMS, "/fax lines")
                await dana.until(
                    "an answer",
                    lambda sight: any("Sales" in str(each) for each in sight.ephemerals.values()),
                    within=20,
                )
        finally:
            await bot.stop()


async def test_exit_codes_and_the_table(tmp_path):
    """1 and the remedy when something is red, 2 and the settings by name when they are missing; no secret."""
    async with (
        SimulatedUcx(tmp_path / "ucx") as fax,
        Workspace(tmp_path / "ws", manifest=ROOT / "manifest.yml") as workspace,
    ):
        settings = settings_for(tmp_path, fax, workspace)
        broken, missing = await asyncio.gather(
            doctor(tmp_path, settings | {"UCX_CLIENT_SECRET": SECRET}), doctor(tmp_path, {})
        )
    code, out, err = broken
    assert (code, err) == (1, ""), out + err
    words = " ".join(out.split())
    assert "red UCX credentials" in words
    assert "→ Open System, Licenses on the UCX." in words
    assert "1 red: begin with the first." in words
    assert SECRET not in out
    code, out, err = missing
    assert (code, err) == (2, ""), out + err
    assert "UCX_URL is missing." in " ".join(out.split())
