"""The whole bot in this process, between both stand-ins."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

from faxbot.app import serve
from faxbot.services.model.ports import Clock
from faxbot.settings import Settings, load_settings
from faxbot.standins.slack import Workspace
from faxbot.standins.slack.model.people import INBOUND_FAX
from faxbot.standins.ucx import SimulatedUcx
from tests.support.services import put_empty_database
from tests.support.waiting import until

MANIFEST = Path(__file__).parents[2] / "manifest.yml"


def settings_for(fax: SimulatedUcx, workspace: Workspace, folder: Path, **more: object) -> Settings:
    """What the bot needs to find both stand-ins; it looks often."""
    given: dict[str, object] = {
        "slack_bot_token": workspace.bot_token,
        "slack_app_token": workspace.app_token,
        "slack_api_url": workspace.api_url,
        "ucx_url": fax.url,
        "ucx_client_id": fax.client_id,
        "ucx_client_secret": fax.client_secret,
        "faxbot_inbound_channel": INBOUND_FAX,
        "faxbot_data_dir": folder / "data",
    }
    return load_settings(_env_file=None, **(given | more))


@contextlib.asynccontextmanager
async def running_bot(settings: Settings, clock: Clock | None = None) -> AsyncIterator[None]:
    """The bot, ready, for the length of the block. `serve` closes the umask of its process: this one."""
    put_empty_database(settings.faxbot_data_dir)
    ready = asyncio.Event()
    before = os.umask(0o077)
    bot = asyncio.create_task(serve(settings, lambda _: None, clock, ready=ready.set))
    try:
        await until(lambda: bot.done() or ready.is_set(), 30)
        if bot.done():
            await bot
        yield
    finally:
        bot.cancel()
        await asyncio.gather(bot, return_exceptions=True)
        os.umask(before)
