"""The bot as a child process, which ends when the demo ends."""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path

READY_SECONDS = 60.0
"""The time limit for the bot's ready line."""
GRACE_SECONDS = 1.0
"""Between SIGTERM and SIGKILL when the bot is stopped."""
_PR_SET_PDEATHSIG = 1
_LAST_LINES = 20

PrintLine = Callable[[str], None]


class BotStoppedError(Exception):
    """The bot ended or did not become ready; *code* is the exit code for this process."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class BotProcess:
    """
    `faxbot serve` as a child process that ends with this process.

    Args:
        environment: The child's whole environment.
        folder: Its working directory; its log is written to faxbot.log here.
        print_line: Called with each line that it prints.

    """

    def __init__(self, environment: dict[str, str], folder: Path, print_line: PrintLine) -> None:
        self._environment = environment
        self._folder = folder
        self._print_line = print_line
        self._ready = asyncio.Event()
        self._log_tail: deque[str] = deque(maxlen=_LAST_LINES)
        self._process: asyncio.subprocess.Process | None = None
        self._readers: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """
        Start the bot; return when it is ready.

        Raises:
            BotStoppedError: It ended before that, or exceeded READY_SECONDS.

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
            preexec_fn=_die_with_parent(),
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
            raise BotStoppedError(f"faxbot was not ready after {READY_SECONDS:g} s.{self.log_tail()}", 1)
        code = _exit_code(code)
        raise BotStoppedError(f"faxbot ended with {code} before it was ready.{self.log_tail()}", code or 1)

    async def ended(self) -> int:
        """Wait until the bot ends by itself; return its exit code."""
        if self._process is None:
            return 0
        code = await self._process.wait()
        await asyncio.gather(*self._readers)
        return _exit_code(code)

    async def stop(self) -> None:
        """Stop the bot with SIGTERM, and with SIGKILL after GRACE_SECONDS."""
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

    def log_tail(self) -> str:
        """The last lines of its log, each after a line break; empty without a log."""
        return "".join(f"\n  {line}" for line in self._log_tail)

    async def _read(self, stream: asyncio.StreamReader) -> None:
        async for line in stream:
            text = line.decode(errors="replace").rstrip()
            self._print_line(text)
            if "ready" in text:
                self._ready.set()

    async def _read_log(self, stream: asyncio.StreamReader) -> None:
        with (self._folder / "faxbot.log").open("ab", buffering=0) as log:
            async for line in stream:
                log.write(line)
                self._log_tail.append(line.decode(errors="replace").rstrip())


def _exit_code(code: int) -> int:
    """The exit code as a shell reports it: 128 plus the signal's number after a signal."""
    return code if code >= 0 else 128 - code


def _die_with_parent() -> Callable[[], None] | None:
    """
    Return the child's preexec_fn: it makes the kernel stop the child when this process dies for any reason.

    Source: PR_SET_PDEATHSIG, prctl(2); Linux only.
    """
    if not sys.platform.startswith("linux"):
        return None
    library, parent = ctypes.CDLL(None), os.getpid()

    def set_death_signal() -> None:
        library.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return set_death_signal
