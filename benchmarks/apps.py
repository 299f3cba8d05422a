"""The bot between the stand-in for Slack and the canned fax server, and the bare app beside it."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks import bare_bolt
from benchmarks.canned.control import CannedUcx
from benchmarks.child import ROOT, Child, child
from faxbot.app import serve
from faxbot.services.model.ports import Clock
from faxbot.settings import load_settings
from faxbot.slack.inbound.socket_mode import CONNECTIONS
from faxbot.standins.slack import Workspace
from faxbot.standins.slack.model.people import INBOUND_FAX, PRIYA
from tests.support.fast_clock import FastClock
from tests.support.services import put_empty_database

MANIFEST = ROOT / "manifest.yml"
READY = "faxbot is ready"
READY_SECONDS = 60.0


def workspace_in(folder: Path, clock: FastClock | None = None) -> Workspace:
    """A Slack with nothing but its first people and channels, on the wall's clock or another."""
    if clock is None:
        return Workspace(folder, manifest=MANIFEST)
    return Workspace(folder, manifest=MANIFEST, clock=clock.time, sleep=clock.sleep)


def settings_for(folder: Path, ucx: CannedUcx, workspace: Workspace) -> dict[str, str]:
    """What a bot needs to know; everything else is as it is by default."""
    return {
        "SLACK_API_URL": workspace.api_url,
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_APP_TOKEN": workspace.app_token,
        "UCX_URL": ucx.url,
        "UCX_CLIENT_ID": ucx.client_id,
        "UCX_CLIENT_SECRET": ucx.client_secret,
        "FAXBOT_INBOUND_CHANNEL": INBOUND_FAX,
        "FAXBOT_ADMINS": PRIYA,
        "FAXBOT_DATA_DIR": str(folder / "data"),
    }


@asynccontextmanager
async def bot_process(
    folder: Path, ucx: CannedUcx, workspace: Workspace, settings: Mapping[str, str] | None = None
) -> AsyncIterator[Child]:
    """`faxbot serve` as people run it, for the length of the block."""
    wanted = settings_for(folder, ucx, workspace) | dict(settings or {})
    async with child(["faxbot", "serve"], wanted, folder, ready=READY) as process:
        yield process


@asynccontextmanager
async def bot_task(
    folder: Path,
    ucx: CannedUcx,
    workspace: Workspace,
    settings: Mapping[str, str] | None = None,
    *,
    clock: Clock | None = None,
) -> AsyncIterator[None]:
    """
    The same bot inside this process, where only counts are taken or a *clock* of its own is wanted.

    Raises:
        RuntimeError: It ended before it was ready.
    """
    wanted = settings_for(folder, ucx, workspace) | dict(settings or {})
    said: list[str] = []
    umask = os.umask(0o077)  # `serve` closes it for the whole process, which is this one
    loaded = load_settings(_env_file=None, **{name.lower(): value for name, value in wanted.items()})
    put_empty_database(loaded.faxbot_data_dir)
    bot = asyncio.create_task(serve(loaded, said.append, clock))
    try:
        async with asyncio.timeout(READY_SECONDS):
            while READY not in said:
                if bot.done():
                    raise RuntimeError(f"The bot ended: {said}") from bot.exception()
                await asyncio.sleep(0.01)
        yield
    finally:
        bot.cancel()
        await asyncio.gather(bot, return_exceptions=True)
        os.umask(umask)


@asynccontextmanager
async def bare_process(
    folder: Path, workspace: Workspace, *, connections: int = CONNECTIONS
) -> AsyncIterator[Child]:
    """The bare app, by default with as many connections as the bot has."""
    settings = {
        "SLACK_API_URL": workspace.api_url,
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_APP_TOKEN": workspace.app_token,
        "CONNECTIONS": str(connections),
    }
    async with child(["benchmarks.bare_bolt"], settings, folder, ready=bare_bolt.READY) as process:
        yield process
