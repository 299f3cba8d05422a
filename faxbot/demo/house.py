"""The demo under one roof: the simulated fax server, the stand-in for Slack, and the bot as a child."""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console

from faxbot.demo.faxserver import FaxServer
from faxbot.demo.workspace import Workspace
from faxbot.demo.workspace.model.people import INBOUND_FAX, PRIYA

PACKAGE = Path(__file__).parent.parent
SAMPLES = Path(__file__).parent / "samples"

READY_SECONDS = 60.0
"""How long the bot may take to say that it is ready."""
GRACE_SECONDS = 1.0
"""Between asking the bot to stop and making it."""
LEAVING_SECONDS = 1.3
"""For everything to stop: a page that is still open does not keep anybody waiting."""
POLLS = {
    "FAXBOT_POLL_ACTIVE_SECONDS": "0.5",
    "FAXBOT_POLL_IDLE_SECONDS": "1",
    "FAXBOT_INBOX_SECONDS": "1",
}
"""The fax server of the demo is quick, and nobody else asks it."""
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")
_PR_SET_PDEATHSIG = 1
_LAST_LINES = 20

Say = Callable[[str], None]


class BotStoppedError(Exception):
    """The bot ended or did not get ready; *code* is what this process should exit with."""

    def __init__(self, said: str, code: int) -> None:
        super().__init__(said)
        self.code = code


class Bot:
    """`faxbot serve` as a child process that does not outlive this one."""

    def __init__(self, environment: dict[str, str], folder: Path, say: Say) -> None:
        self._environment = environment
        self._folder = folder
        self._say = say
        self._ready = asyncio.Event()
        self._logged: deque[str] = deque(maxlen=_LAST_LINES)
        self._process: asyncio.subprocess.Process | None = None
        self._readers: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """
        Start it; returns when it says that it is ready.

        Raises:
            BotStoppedError: It ended before that, or took too long.

        """
        self._process = process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "faxbot",
            "serve",
            cwd=self._folder,
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            preexec_fn=_dies_with_parent(),
        )
        if process.stdout is None or process.stderr is None:
            raise BotStoppedError("faxbot has no output.", 1)
        self._readers = [
            asyncio.create_task(self._read(process.stdout)),
            asyncio.create_task(self._read_log(process.stderr)),
        ]
        ready, ended = asyncio.create_task(self._ready.wait()), asyncio.create_task(process.wait())
        try:
            await asyncio.wait({ready, ended}, timeout=READY_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
            ended.cancel()
        if self._ready.is_set():
            return
        code = process.returncode
        await self.stop()
        if code is None:
            raise BotStoppedError(f"faxbot was not ready after {READY_SECONDS:g} s.{self.last_words()}", 1)
        code = _exit_code(code)
        raise BotStoppedError(f"faxbot ended with {code} before it was ready.{self.last_words()}", code or 1)

    async def ended(self) -> int:
        """Wait until it ends by itself; its exit code."""
        if self._process is None:
            return 0
        code = await self._process.wait()
        await asyncio.gather(*self._readers)
        return _exit_code(code)

    async def stop(self) -> None:
        """Ask it to stop, and make it if it does not."""
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), GRACE_SECONDS)
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        await asyncio.gather(*self._readers)

    def last_words(self) -> str:
        """The end of its log, below a line of its own; empty if it wrote none."""
        return "".join(f"\n  {line}" for line in self._logged)

    async def _read(self, stream: asyncio.StreamReader) -> None:
        async for line in stream:
            said = line.decode(errors="replace").rstrip()
            self._say(said)
            if "ready" in said:
                self._ready.set()

    async def _read_log(self, stream: asyncio.StreamReader) -> None:
        with (self._folder / "faxbot.log").open("ab", buffering=0) as log:
            async for line in stream:
                log.write(line)
                self._logged.append(line.decode(errors="replace").rstrip())


class House:
    """
    Both stand-ins and the bot between them, for the length of an `async with`.

    Args:
        folder: Where everything is kept; empty.
        speed: Simulated seconds per second of wall time.
        port: Of the page; 0 picks one.
        say: Told what is being started.
        settings: Settings of the bot that differ from the demo's.

    Raises:
        OSError: The port is taken.
        BotStoppedError: The bot did not get ready.

    """

    def __init__(
        self, folder: Path, *, speed: float, port: int, say: Say, settings: dict[str, str] | None = None
    ) -> None:
        self._folder = folder
        self._speed = speed
        self._port = port
        self._say = say
        self._settings = settings or {}
        self._stack = contextlib.AsyncExitStack()
        self.workspace: Workspace
        self.bot: Bot

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            self._say("Starting the simulated fax server …")
            fax_server = await stack.enter_async_context(
                FaxServer(self._folder / "fax-server", speed=self._speed)
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
            self.bot = Bot(self._environment(fax_server, bot_folder), bot_folder, self._say)
            stack.push_async_callback(self.bot.stop)
            await self.bot.start()
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVING_SECONDS):
                await self._stack.aclose()

    def _environment(self, fax_server: FaxServer, folder: Path) -> dict[str, str]:
        """The bot's whole environment: nothing of the real Slack or UCX of whoever runs this gets in."""
        return {
            **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
            "PYTHONPATH": str(PACKAGE.parent),
            "PYTHONUNBUFFERED": "1",
            "SLACK_API_URL": self.workspace.api_url,
            "SLACK_BOT_TOKEN": self.workspace.bot_token,
            "SLACK_APP_TOKEN": self.workspace.app_token,
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


async def run_demo(port: int, speed: float, data: Path | None) -> int:
    """
    Run the demo until it is stopped or the bot ends; the exit code.

    Each start is a fresh one, in a folder of its own: under *data*, which is kept, or thrown away.
    """
    console = Console()
    with fresh_folder(data) as folder:
        try:
            async with House(folder, speed=speed, port=port, say=progress(console)) as house:
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


def _exit_code(code: int) -> int:
    """What a shell calls it: 128 and the signal's number for a process that a signal ended."""
    return code if code >= 0 else 128 - code


def _dies_with_parent() -> Callable[[], None] | None:
    """
    What the child does first, so that the kernel stops it when this process is gone, however it went.

    Source: PR_SET_PDEATHSIG, prctl(2); Linux only.
    """
    if not sys.platform.startswith("linux"):
        return None
    library, parent = ctypes.CDLL(None), os.getpid()

    def ask_kernel() -> None:
        library.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return ask_kernel
