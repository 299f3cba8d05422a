"""The parts of the demo: the simulated fax server, the stand-in for Slack, and the bot as a child process."""

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

from faxbot.demo.bot_process import BotProcess, BotStoppedError, PrintLine
from faxbot.standins.slack import Workspace
from faxbot.standins.slack.model.people import INBOUND_FAX, PRIYA
from faxbot.standins.ucx import SimulatedUcx

PACKAGE = Path(__file__).parent.parent
SAMPLES = Path(__file__).parent / "samples"

STOP_SECONDS = 1.3
"""The time limit for stopping, so that an open page does not delay it."""
POLLS = {
    "FAXBOT_POLL_ACTIVE_SECONDS": "0.5",
    "FAXBOT_POLL_IDLE_SECONDS": "1",
    "FAXBOT_INBOX_SECONDS": "1",
}
"""Polling intervals shorter than the defaults: the simulated fax server is fast and has no other client."""
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")


class DemoStack:
    """
    Both stand-ins and the bot between them, for the length of an `async with`.

    Args:
        folder: An empty folder for all files.
        speed: Simulated seconds per second of wall time.
        port: Of the page; 0 picks a free one.
        print_line: Called with each line of progress.
        settings: Settings of the bot that differ from the demo's.
        http: Whether to use HTTP mode instead of Socket Mode.

    Raises:
        OSError: The port is in use.
        BotStoppedError: The bot did not become ready.

    """

    def __init__(
        self,
        folder: Path,
        *,
        speed: float,
        port: int,
        print_line: PrintLine,
        settings: dict[str, str] | None = None,
        http: bool = False,
    ) -> None:
        self._folder = folder
        self._speed = speed
        self._port = port
        self._print_line = print_line
        self._settings = settings or {}
        self._http_port = _free_port() if http else 0
        self._exit_stack = contextlib.AsyncExitStack()
        self.workspace: Workspace
        self.bot: BotProcess

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            self._print_line("Starting the simulated fax server …")
            fax_server = await stack.enter_async_context(
                SimulatedUcx(self._folder / "fax-server", speed=self._speed)
            )
            self._print_line("Starting the stand-in for Slack …")
            self.workspace = await stack.enter_async_context(
                Workspace(
                    self._folder / "workspace",
                    manifest=_manifest(),
                    port=self._port,
                    fax_control=fax_server.control_url.removesuffix("/control"),
                )
            )
            self._print_line("Starting faxbot …")
            bot_folder = self._folder / "faxbot"
            bot_folder.mkdir()
            self.bot = BotProcess(self._environment(fax_server, bot_folder), bot_folder, self._print_line)
            stack.push_async_callback(self.bot.stop)
            await self.bot.start()
            if self._http_port:
                await self.workspace.installation.use_request_url(
                    f"http://127.0.0.1:{self._http_port}/slack/events"
                )
            self._exit_stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await self._exit_stack.aclose()

    def _environment(self, fax_server: SimulatedUcx, folder: Path) -> dict[str, str]:
        """The bot's whole environment; a real Slack's or UCX's settings are not inherited."""
        return {
            **{name: os.environ[name] for name in INHERITED if name in os.environ},
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
        """The settings of HTTP mode (signing secret, no app-level token), or of Socket Mode."""
        if not self._http_port:
            return {"SLACK_APP_TOKEN": self.workspace.app_token}
        return {
            "SLACK_SIGNING_SECRET": self.workspace.signing_secret,
            "FAXBOT_HTTP_PORT": str(self._http_port),
        }


async def run_demo(port: int, speed: float, data: Path | None, *, http: bool = False) -> int:
    """
    Run the demo until it is interrupted or the bot ends; return the exit code.

    Each start uses a new folder: under *data*, which is kept, or a temporary one, which is deleted.
    """
    console = Console()
    with fresh_folder(data) as folder:
        try:
            async with DemoStack(
                folder, speed=speed, port=port, print_line=progress(console), http=http
            ) as stack:
                _welcome(console, stack.workspace.url, speed)
                code = await stack.bot.ended()
                console.print(
                    f"\nfaxbot ended with {code}.{stack.bot.log_tail()}", markup=False, soft_wrap=True
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


def progress(console: Console) -> PrintLine:
    """A function that prints lines of progress."""
    return lambda line: console.print(f"  {line}", style="dim", markup=False, highlight=False)


@contextlib.contextmanager
def fresh_folder(data: Path | None) -> Iterator[Path]:
    """A new empty folder: under *data*, or a temporary one that is deleted afterwards."""
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
    """The app's manifest: next to the package in a checkout, inside the installed package."""
    installed = PACKAGE / "manifest.yml"
    return installed if installed.is_file() else PACKAGE.parent / "manifest.yml"
