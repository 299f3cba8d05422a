"""`faxbot serve` as a child process, with its output in one file."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from faxbot.settings import Settings, load_settings
from faxbot.standins.slack import Workspace
from faxbot.standins.slack.model.people import INBOUND_FAX, PRIYA
from faxbot.standins.ucx import SimulatedUcx
from tests.support.services import put_empty_database

ROOT = Path(__file__).parents[2]
SERVE = ("-m", "faxbot", "serve")
READY = "faxbot is ready"
STARTS_WITHIN = 45.0
ENDS_WITHIN = 10.0


def settings_for(folder: Path, fax: SimulatedUcx, workspace: Workspace) -> dict[str, str]:
    """The settings of a bot between the two stand-ins, which keeps everything in *folder*."""
    return {
        "SLACK_API_URL": workspace.api_url,
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_APP_TOKEN": workspace.app_token,
        "UCX_URL": fax.url,
        "UCX_CLIENT_ID": fax.client_id,
        "UCX_CLIENT_SECRET": fax.client_secret,
        "FAXBOT_INBOUND_CHANNEL": INBOUND_FAX,
        "FAXBOT_ADMINS": PRIYA,
        "FAXBOT_DATA_DIR": str(folder / "data"),
        "FAXBOT_POLL_ACTIVE_SECONDS": "0.2",
        "FAXBOT_POLL_IDLE_SECONDS": "0.2",
        "FAXBOT_INBOX_SECONDS": "0.2",
        "FAXBOT_SETTLE_SECONDS": "0.5",
    }


def settings_of(folder: Path, database_url: str = "") -> Settings:
    """The settings of a bot that has servers only in name; by default its database is in *folder*."""
    return load_settings(
        _env_file=None,
        slack_bot_token="xoxb-1",
        slack_app_token="xapp-1",
        ucx_url="http://127.0.0.1:1",
        ucx_client_id="x",
        ucx_client_secret="x",
        faxbot_inbound_channel="C1",
        faxbot_data_dir=folder,
        database_url=database_url,
    )


class BotProcess:
    """`faxbot serve`, or *program* in its place, with nothing but *settings* in its environment."""

    def __init__(
        self,
        folder: Path,
        settings: dict[str, str],
        *,
        program: tuple[str, ...] = SERVE,
        before: Callable[[], object] | None = None,
    ) -> None:
        self.output = folder / "output"
        self._folder, self._settings, self._program, self._before = folder, settings, program, before
        self._process: asyncio.subprocess.Process | None = None

    @property
    def said(self) -> str:
        """The output of all its starts so far."""
        return self.output.read_text(errors="replace")

    async def start(self) -> None:
        """Start the process; return when it logs that it is ready."""
        put_empty_database(Path(self._settings["FAXBOT_DATA_DIR"]))
        lives = self.said.count(READY) if self.output.exists() else 0
        with self.output.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *self._program,
                cwd=self._folder,
                env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
                | self._settings,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                preexec_fn=self._before,
            )
        async with asyncio.timeout(STARTS_WITHIN):
            while self.said.count(READY) == lives:
                assert self._process.returncode is None, self.said
                await asyncio.sleep(0.02)

    async def kill(self) -> None:
        """Send SIGKILL."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """Send SIGTERM."""
        await self._end(signal.SIGTERM)

    async def interrupt(self) -> tuple[int | None, float]:
        """Press Ctrl-C; its exit code, and how many seconds it took to end."""
        began = asyncio.get_running_loop().time()
        await self._end(signal.SIGINT)
        return self._process and self._process.returncode, asyncio.get_running_loop().time() - began

    async def _end(self, how: signal.Signals) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(how)
        try:
            await asyncio.wait_for(process.wait(), ENDS_WITHIN)
        except TimeoutError:
            process.kill()
            await process.wait()
