"""The bot as a child process of the demo, which does not outlive it."""

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
"""How long the bot may take to say that it is ready."""
GRACE_SECONDS = 1.0
"""Between asking the bot to stop and making it."""
_PR_SET_PDEATHSIG = 1
_LAST_LINES = 20

Say = Callable[[str], None]


class BotStoppedError(Exception):
    """The bot ended or did not get ready; *code* is what this process should exit with."""

    def __init__(self, said: str, code: int) -> None:
        super().__init__(said)
        self.code = code


class BotProcess:
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
