"""`faxbot serve`, a process of its own, says in one sentence which setting is not right, and exits with 2."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from faxbot.standins.slack import Workspace
from faxbot.standins.slack.model.people import INBOUND_FAX
from faxbot.standins.ucx import SimulatedUcx

ROOT = Path(__file__).parents[2]
ENDS_WITHIN = 45.0
PASSED_ON = ("PATH", "HOME", "LANG", "TZ", "TMPDIR")
SECRET = "a-wrong-secret"


@pytest.fixture
async def right(tmp_path):
    """Both stand-ins, and the settings with which the bot would start."""
    async with (
        SimulatedUcx(tmp_path / "ucx") as fax,
        Workspace(tmp_path / "workspace", manifest=ROOT / "manifest.yml") as workspace,
    ):
        yield {
            "SLACK_API_URL": workspace.api_url,
            "SLACK_BOT_TOKEN": workspace.bot_token,
            "SLACK_APP_TOKEN": workspace.app_token,
            "UCX_URL": fax.url,
            "UCX_CLIENT_ID": fax.client_id,
            "UCX_CLIENT_SECRET": fax.client_secret,
            "FAXBOT_INBOUND_CHANNEL": INBOUND_FAX,
            "FAXBOT_DATA_DIR": str(tmp_path / "data"),
        }


async def serve(folder: Path, settings: dict[str, str]) -> tuple[int | None, str, str]:
    """Run `python -m faxbot serve` with nothing but *settings*: exit code, output, errors."""
    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "faxbot", "serve"),
        cwd=folder,
        env={**passed, "PYTHONPATH": str(ROOT), **settings},
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


async def test_what_is_not_accepted_is_named(tmp_path, right):
    """The sentence names what was not accepted and nothing else, and shows no secret; the exit code is 2."""
    code, out, err = await serve(tmp_path, right | {"UCX_CLIENT_SECRET": SECRET})
    assert code == 2, out + err
    assert "faxbot cannot start." in err
    assert "The UCX does not accept UCX_CLIENT_ID and UCX_CLIENT_SECRET." in err
    assert "SLACK_" not in err
    assert "Traceback" not in err
    assert "ready" not in out
    assert SECRET not in out + err


async def test_all_that_is_missing_is_named_at_once(tmp_path):
    """Without a setting: each required one has a line of its own with where to get it; nothing is begun."""
    code, out, err = await serve(tmp_path, {"FAXBOT_INBOUND_CHANNEL": "#inbound"})
    assert code == 2, out + err
    lines = err.splitlines()
    assert lines[0] == "faxbot cannot start."
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "UCX_URL", "UCX_CLIENT_ID", "UCX_CLIENT_SECRET"):
        assert sum(line.startswith(f"{name} is missing. ") for line in lines) == 1
    assert sum(line.startswith("FAXBOT_INBOUND_CHANNEL is not right") for line in lines) == 1
    assert len(lines) == 7
    assert not (tmp_path / "data").exists()


async def test_a_database_that_does_not_answer_is_named(tmp_path, right):
    """The exit code is one after which systemd starts it again, and the password is not shown."""
    url = f"postgresql://faxbot:{SECRET}@127.0.0.1:1/faxbot"
    code, out, err = await serve(tmp_path, right | {"DATABASE_URL": url})
    assert code == 1, out + err
    assert err.startswith("faxbot cannot start.\nThe PostgreSQL server of DATABASE_URL does not answer (")
    assert "Traceback" not in err
    assert SECRET not in out + err
