"""Several workers, each with several trials at once, fed from one list."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import TypeAdapter

from tests.chaos.trial import Outcome, Trial

ROOT = Path(__file__).parents[2]
TRIAL_SECONDS = 240.0
"""No trial takes so long; one that does has lost its worker."""

_TRIAL, _OUTCOME = TypeAdapter(Trial), TypeAdapter(Outcome)


class WorkerLostError(Exception):
    """A worker ended, or answers no more."""


class Workers:
    """*count* processes for the length of an `async with`, each with *side_by_side* trials at a time."""

    def __init__(self, count: int, side_by_side: int, keep: Path | None = None) -> None:
        self._count, self._side_by_side, self._keep = count, side_by_side, keep
        self._workers: list[_Worker] = []

    async def __aenter__(self) -> Self:
        for _ in range(self._count):
            worker = _Worker(self._keep)
            await worker.start()
            self._workers.append(worker)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(*(worker.stop() for worker in self._workers))

    async def play(self, trials: Iterable[Trial]) -> AsyncIterator[tuple[Trial, Outcome]]:
        """
        Play every one of *trials* once; each as it ends.

        Raises:
            WorkerLostError: A worker failed; the reason is on standard error.
        """
        waiting, ended = iter(trials), asyncio.Queue[tuple[Trial, Outcome] | None]()

        async def feed(worker: _Worker) -> None:
            for trial in waiting:
                await ended.put((trial, await worker.play(trial)))

        async def feed_all() -> None:
            try:
                async with asyncio.TaskGroup() as feeding:
                    for worker in self._workers:
                        for _ in range(self._side_by_side):
                            feeding.create_task(feed(worker))
            finally:
                await ended.put(None)

        feeding = asyncio.create_task(feed_all())
        try:
            while (each := await ended.get()) is not None:
                yield each
            await feeding
        finally:
            feeding.cancel()


class _Worker:
    """One process and the trials that it has under way."""

    def __init__(self, keep: Path | None) -> None:
        self._arguments = [str(keep)] if keep else []
        self._waiting: dict[int, asyncio.Future[Outcome]] = {}
        self._count = 0
        self._process: asyncio.subprocess.Process
        self._listening: asyncio.Task[None]

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.chaos.worker",
            *self._arguments,
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=1 << 24,
            start_new_session=True,  # Ctrl-C is for the parent process only
        )
        self._listening = asyncio.create_task(self._listen())

    async def play(self, trial: Trial) -> Outcome:
        stdin = self._process.stdin
        if stdin is None:
            raise WorkerLostError
        self._count += 1
        answer = self._waiting[self._count] = asyncio.get_running_loop().create_future()
        reply = {"id": self._count, "trial": _TRIAL.dump_python(trial, mode="json")}
        stdin.write((json.dumps(reply) + "\n").encode())
        async with asyncio.timeout(TRIAL_SECONDS):
            return await answer

    async def stop(self) -> None:
        """End it, and with it everything that it started."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self._waiting:  # given up in the middle
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        await self._listening

    async def _listen(self) -> None:
        async for line in self._lines():
            reply = json.loads(line)
            self._waiting.pop(reply["id"]).set_result(_OUTCOME.validate_python(reply["outcome"]))
        code = await self._process.wait()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(WorkerLostError(f"a worker ended with {code}"))

    async def _lines(self) -> AsyncIterator[bytes]:
        if self._process.stdout is not None:
            async for line in self._process.stdout:
                yield line
