"""The demo under one roof: the simulated fax server, the stand-in for Slack, and the bot as a child."""

import asyncio
import contextlib
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console

from faxbot.demo.bot_process import BotProcess, BotStoppedError, Say
from faxbot.standins.slack import Workspace
from faxbot.standins.slack.model.people import INBOUND_FAX, PRIYA
from faxbot.standins.ucx import SimulatedUcx

PACKAGE = Path(__file__).parent.parent
SAMPLES = Path(__file__).parent / "samples"

LEAVING_SECONDS = 1.3
"""For everything to stop: a page that is still open does not keep anybody waiting."""
POLLS = {
    "FAXBOT_POLL_ACTIVE_SECONDS": "0.5",
    "FAXBOT_POLL_IDLE_SECONDS": "1",
    "FAXBOT_INBOX_SECONDS": "1",
}
"""The fax server of the demo is quick, and nobody else asks it."""
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")


class DemoStack:
    """
    Both stand-ins and the bot between them, for the length of an `async with`.

    Args:
        folder: Where everything is kept; empty.
        speed: Simulated seconds per second of wall time.
        port: Of the page; 0 picks one.
        say: Told what is being started.
        settings: Settings of the bot that differ from the demo's.
        http: The stand-in for Slack sends requests to the bot, instead of the bot's connecting to it.

    Raises:
        OSError: The port is taken.
        BotStoppedError: The bot did not get ready.

    """

    def __init__(
        self,
        folder: Path,
        *,
        speed: float,
        port: int,
        say: Say,
        settings: dict[str, str] | None = None,
        http: bool = False,
    ) -> None:
        self._folder = folder
        self._speed = speed
        self._port = port
        self._say = say
        self._settings = settings or {}
        self._http_port = _free_port() if http else 0
        self._stack = contextlib.AsyncExitStack()
        self.workspace: Workspace
        self.bot: BotProcess

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            self._say("Starting the simulated fax server …")
            fax_server = await stack.enter_async_context(
                SimulatedUcx(self._folder / "fax-server", speed=self._speed)
            )
            self._say("Starting the stand-in for Slack …")
            self.workspace = await stack.enter_async_context(
                Workspace(
                    self._folder / "workspace",
                    manifest=_manifest(),
                    port=self._port,
                    fax_control=fax_server.control_url.removesuffix("/control"),
                )
            )
            self._say("Starting faxbot …")
            bot_folder = self._folder / "faxbot"
            bot_folder.mkdir()
            self.bot = BotProcess(self._environment(fax_server, bot_folder), bot_folder, self._say)
            stack.push_async_callback(self.bot.stop)
            await self.bot.start()
            if self._http_port:
                await self.workspace.installation.use_request_url(
                    f"http://127.0.0.1:{self._http_port}/slack/events"
                )
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVING_SECONDS):
                await self._stack.aclose()

    def _environment(self, fax_server: SimulatedUcx, folder: Path) -> dict[str, str]:
        """The bot's whole environment: nothing of the real Slack or UCX of whoever runs this gets in."""
        return {
            **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
            "PYTHONPATH": str(PACKAGE.parent),
            "PYTHONUNBUFFERED": "1",
            "SLACK_API_URL": self.workspace.api_url,
            "SLACK_BOT_TOKEN": self.workspace.bot_token,
            **self._transport(),
            "UCX_URL": fax_server.url,
            "UCX_CLIENT_ID": fax_server.client_id,
            "UCX_CLIENT_SECRET": fax_server.client_secret,
            "FAXBOT_INBOUND_CHANNEL": INBOUND_FAX,
            "FAXBOT_ADMINS": PRIYA,
            "FAXBOT_DATA_DIR": str(folder / "data"),
            "DATABASE_URL": f"sqlite:///{folder / 'faxbot.db'}",
            **POLLS,
            **self._settings,
        }

    def _transport(self) -> dict[str, str]:
        """HTTP mode with the signing secret and no app-level token; else Socket Mode."""
        if not self._http_port:
            return {"SLACK_APP_TOKEN": self.workspace.app_token}
        return {
            "SLACK_SIGNING_SECRET": self.workspace.signing_secret,
            "FAXBOT_HTTP_PORT": str(self._http_port),
        }


async def run_demo(port: int, speed: float, data: Path | None, *, http: bool = False) -> int:
    """
    Run the demo until it is stopped or the bot ends; the exit code.

    Each start is a fresh one, in a folder of its own: under *data*, which is kept, or thrown away.
    """
    console = Console()
    with fresh_folder(data) as folder:
        try:
            async with DemoStack(folder, speed=speed, port=port, say=progress(console), http=http) as house:
                _welcome(console, house.workspace.url, speed)
                code = await house.bot.ended()
                console.print(
                    f"\nfaxbot ended with {code}.{house.bot.last_words()}", markup=False, soft_wrap=True
                )
                return code
        except BotStoppedError as stopped:
            console.print(str(stopped), markup=False, style="red", soft_wrap=True)
            return stopped.code
        except OSError as exc:
            console.print(
                f"The demo cannot start at port {port} ({exc.strerror}). Another one: --port 8485",
                markup=False,
                highlight=False,
                soft_wrap=True,
            )
            return 1
        finally:
            console.print("Stopped.", style="dim")


def progress(console: Console) -> Say:
    """Prints what is being started."""
    return lambda line: console.print(f"  {line}", style="dim", markup=False, highlight=False)


@contextlib.contextmanager
def fresh_folder(data: Path | None) -> Iterator[Path]:
    """An empty folder: a new one under *data*, or a temporary one that goes away again."""
    if data is None:
        with tempfile.TemporaryDirectory(prefix="faxbot-", ignore_cleanup_errors=True) as name:
            yield Path(name)
    else:
        data.mkdir(parents=True, exist_ok=True)
        yield Path(tempfile.mkdtemp(prefix="demo-", dir=data)).resolve()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _welcome(console: Console, url: str, speed: float) -> None:
    console.print(f"\n[bold]The workspace is at [link={url}]{url}[/link][/bold] (Ctrl-C stops everything)\n")
    console.print(
        f"Things to try, {speed:g} times faster than a real fax machine:\n"
        f"  • Drop {SAMPLES / 'referral.pdf'} into #claims, then type  /fax send 469 555 0101\n"
        "  • Send faxbot a file in a direct message, with a number in the text\n"
        "  • Fax to 469 555 0200, which is always busy, and cancel it\n"
        "  • Fax to 469 555 1112, a line of our own: it arrives in #inbound-fax\n"
        "  • Let a fax arrive with the pane on the right;  /fax help  shows the rest",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def _manifest() -> Path:
    """The app's manifest: beside the package in a checkout, inside it once installed."""
    installed = PACKAGE / "manifest.yml"
    return installed if installed.is_file() else PACKAGE.parent / "manifest.yml"
