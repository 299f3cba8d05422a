"""A child process that says when it is ready, and is gone when the block around it ends."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
READY_SECONDS = 60.0
END_SECONDS = 10.0


class ChildEndedError(Exception):
    """It ended before it was ready; str() is the end of what it said."""


@dataclass(frozen=True, slots=True)
class Child:
    """A running process. *seconds* from its start to *line*, with which it said that it is ready."""

    pid: int
    line: str
    seconds: float


@asynccontextmanager
async def child(
    program: Sequence[str], settings: Mapping[str, str], folder: Path, *, ready: str
) -> AsyncIterator[Child]:
    """
    Run `python -m program` with nothing but *settings* in its environment, for the length of the block.

    Raises:
        ChildEndedError: It ended, or took too long, before it said *ready*.
    """
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - before anything is measured
    log = folder / "log"
    began = time.perf_counter()
    with log.open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            *program,
            cwd=folder,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **settings},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
        )
    reading: asyncio.Task[None] | None = None
    try:
        line = await _until_ready(process, ready)
        took = time.perf_counter() - began
        if line is None:
            raise ChildEndedError(f"{' '.join(program)}: {log.read_text(errors='replace')[-2000:]}")
        reading = asyncio.create_task(_read_on(process))
        yield Child(process.pid, line, took)
    finally:
        await _end(process)
        if reading:
            await reading


async def _until_ready(process: asyncio.subprocess.Process, ready: str) -> str | None:
    assert process.stdout  # noqa: S101 - it is a pipe
    with suppress(TimeoutError):
        async with asyncio.timeout(READY_SECONDS):
            async for line in process.stdout:
                if ready in (said := line.decode(errors="replace")):
                    return said.strip()
    return None


async def _read_on(process: asyncio.subprocess.Process) -> None:
    """What it says later is of no interest, but a full pipe would stop it."""
    assert process.stdout  # noqa: S101 - it is a pipe
    while await process.stdout.read(1 << 16):
        pass


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), END_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
