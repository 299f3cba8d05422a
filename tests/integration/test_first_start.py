"""The very first start: commands are answered while a long list of records is read."""

import asyncio
import os

import pytest

from faxbot import app
from faxbot.app import ASKING, serve
from faxbot.demo.person import Person
from faxbot.settings import SettingsProblem
from faxbot.standins.slack import Workspace
from faxbot.standins.slack.model.people import CLAIMS, DANA
from faxbot.standins.ucx import SimulatedUcx
from tests.support.in_process import MANIFEST, settings_for
from tests.support.waiting import until

SOON = 20.0


@pytest.fixture
async def workspace(tmp_path):
    async with Workspace(tmp_path / "ws", manifest=MANIFEST) as running:
        yield running


async def test_commands_are_answered_while_the_baseline_is_taken(tmp_path, workspace, monkeypatch):
    """The list is slow in coming: the socket is open, /fax help is answered, progress is said, then ready."""
    monkeypatch.setattr(app, "PROGRESS_SECONDS", 0.0)
    said: list[str] = []
    go_on = asyncio.Event()
    async with SimulatedUcx(tmp_path / "ucx") as fax:
        fetch = app.UcxClient.fetch_records

        async def slow(self, *window):
            await go_on.wait()
            return await fetch(self, *window)

        monkeypatch.setattr(app.UcxClient, "fetch_records", slow)
        before = os.umask(0o077)
        bot = asyncio.create_task(serve(settings_for(fax, workspace, tmp_path), said.append))
        try:
            await until(lambda: bot.done() or workspace.installation.socket.connected, SOON)
            async with Person(workspace.url, DANA) as dana:
                await dana.command(CLAIMS, "/fax help")
            await until(lambda: workspace.journal.of("response_url"), SOON)
            assert "faxbot is ready" not in said
            go_on.set()
            await until(lambda: bot.done() or "faxbot is ready" in said, SOON)
        finally:
            bot.cancel()
            await asyncio.gather(bot, return_exceptions=True)
            os.umask(before)
    assert [line for line in said if line.startswith(ASKING)][1:]
    assert said[-1] == "faxbot is ready"


async def test_credentials_that_the_ucx_rejects_end_the_first_start(tmp_path, workspace):
    """Before a baseline there is nothing to wait for: the settings have to be put right."""
    async with SimulatedUcx(tmp_path / "ucx") as fax:
        settings = settings_for(fax, workspace, tmp_path, ucx_client_secret="another")
        before = os.umask(0o077)
        try:
            with pytest.raises(SettingsProblem, match="UCX_CLIENT_SECRET"):
                await asyncio.wait_for(serve(settings, lambda _: None), SOON)
        finally:
            os.umask(before)


@pytest.mark.parametrize("name", ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"])
async def test_a_token_that_slack_rejects_ends_the_start(tmp_path, workspace, name, caplog):
    """The sentence names the token and nothing of the UCX; neither it nor the log contains the token."""
    token = f"{'xoxb' if name == 'SLACK_BOT_TOKEN' else 'xapp'}-a-wrong-secret"
    said: list[str] = []
    async with SimulatedUcx(tmp_path / "ucx") as fax:
        settings = settings_for(fax, workspace, tmp_path, **{name.lower(): token})
        before = os.umask(0o077)
        try:
            with caplog.at_level("DEBUG"), pytest.raises(SettingsProblem) as problem:
                await asyncio.wait_for(serve(settings, said.append), SOON)
        finally:
            os.umask(before)
    sentence = str(problem.value)
    assert sentence.startswith(f"Slack does not accept {name} (invalid_auth).")
    assert "UCX" not in sentence
    assert token not in sentence + caplog.text + "".join(said)
    assert "faxbot is ready" not in said
