"""The ticks: never twice at once, slower after a fault, at once when woken, and they never die."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from faxbot.adapters import SystemClock
from faxbot.fax.errors import Fault, ServerUnreachable
from faxbot.scheduler import LONGEST_BACKOFF_SECONDS, Ticks
from tests.support.waiting import until

NEVER = 3600.0


class RecordingClock(SystemClock):
    """Records the seconds of each pause before a tick."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def on_the_wall(self, seconds: float) -> float:
        self.pauses.append(seconds)
        return seconds


@dataclass
class Harness:
    """Ticks, with the calls of their callbacks."""

    answers: int = 0
    faults: list[Fault] = field(default_factory=list)
    clock: RecordingClock = field(default_factory=RecordingClock)
    ticks: Ticks = field(init=False)

    def __post_init__(self) -> None:
        self.ticks = Ticks(self.clock, answered=self._answered, failed=self._failed)

    async def _answered(self, name: str) -> None:
        self.answers += 1

    async def _failed(self, name: str, fault: Fault) -> None:
        self.faults.append(fault)


@contextlib.asynccontextmanager
async def running(tick: Callable[[], Awaitable[None]], pace: float = NEVER) -> AsyncIterator[Harness]:
    """One tick called "look", started and stopped."""
    harness = Harness()
    harness.ticks.add("look", tick, lambda: pace)
    harness.ticks.start()
    try:
        yield harness
    finally:
        harness.ticks.stop()


class Look:
    """A tick that waits until it is let go, and counts how many of it run."""

    def __init__(self) -> None:
        self.begun = self.ended = self.at_once = self.most_at_once = 0
        self.go = asyncio.Event()

    async def __call__(self) -> None:
        self.begun += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.go.wait()
        finally:
            self.at_once -= 1
        self.ended += 1


async def test_the_first_run_is_at_once_and_the_next_after_the_pace():
    """A tick runs at the start; its pace says when it is due again."""
    look = Look()
    look.go.set()
    async with running(look, pace=NEVER) as harness:
        await until(lambda: look.ended == 1 and len(harness.clock.pauses) == 2)
        assert harness.clock.pauses == [0.0, NEVER]
        assert harness.answers == 1


async def test_a_tick_never_runs_twice_at_once():
    """A tick that is due while it still runs does not begin beside itself."""
    look = Look()
    async with running(look) as harness:
        await until(lambda: look.begun == 1)
        again = [asyncio.create_task(harness.ticks.run("look")) for _ in range(2)]
        await asyncio.sleep(0)
        assert look.begun == 1
        await asyncio.gather(*again)
        look.go.set()
        await until(lambda: harness.clock.pauses[-1] == NEVER)
        assert look.most_at_once == 1


async def test_two_ticks_run_side_by_side():
    """A slow tick does not keep another one waiting."""
    slow, quick = Look(), Look()
    quick.go.set()
    harness = Harness()
    harness.ticks.add("slow", slow, lambda: NEVER)
    harness.ticks.add("quick", quick, lambda: NEVER)
    harness.ticks.start()
    try:
        await until(lambda: quick.ended == 1)
        assert slow.begun == 1
        assert slow.ended == 0
    finally:
        slow.go.set()
        harness.ticks.stop()


async def test_a_wake_runs_a_waiting_tick_now():
    """A woken tick runs at once, whatever its interval is."""
    look = Look()
    look.go.set()
    async with running(look) as harness:
        await until(lambda: harness.clock.pauses == [0.0, NEVER])
        harness.ticks.wake("look")
        await until(lambda: look.ended == 2)


async def test_wakes_during_a_run_make_one_more_run():
    """What came up during a run is looked at once more right after it, and once only."""
    look = Look()
    async with running(look) as harness:
        await until(lambda: look.begun == 1)
        for _ in range(3):
            harness.ticks.wake("look")
        look.go.set()
        await until(lambda: look.ended == 2 and len(harness.clock.pauses) == 3)
        assert harness.clock.pauses == [0.0, 0.0, NEVER]
        assert look.most_at_once == 1


async def test_a_fault_makes_the_pauses_longer_up_to_a_limit():
    """Each fault doubles the pause, with jitter between half and all of it, never above the limit."""
    asked: list[int] = []

    async def look() -> None:
        asked.append(1)
        if len(asked) <= 12:
            raise ServerUnreachable("no route")

    async with running(look, pace=10.0) as harness:
        await until(lambda: len(harness.clock.pauses) == 2)
        for _ in range(12):
            await harness.ticks.run("look")
        for count, pause in enumerate(harness.clock.pauses[1:13]):
            longest = min(LONGEST_BACKOFF_SECONDS, 10.0 * 2 ** min(count, 6))
            assert max(10.0, longest / 2) <= pause <= longest
        assert len(harness.faults) == 12
        assert harness.clock.pauses[13] == 10.0
        assert harness.answers == 1


async def test_a_backing_off_tick_keeps_its_own_pace_at_least():
    """A tick that is rarer than the longest pause stays as rare."""

    async def look() -> None:
        raise ServerUnreachable("no route")

    async with running(look, pace=NEVER) as harness:
        await until(lambda: harness.clock.pauses == [0.0, NEVER])


async def test_a_backing_off_tick_is_not_woken():
    """A server that does not answer is not asked more often because people ask for more."""

    async def look() -> None:
        raise ServerUnreachable("no route")

    async with running(look) as harness:
        await until(lambda: len(harness.clock.pauses) == 2)
        harness.ticks.wake("look")
        assert len(harness.clock.pauses) == 2
        assert len(harness.faults) == 1


async def test_an_unknown_exception_is_logged_and_the_tick_goes_on(caplog: pytest.LogCaptureFixture):
    """A mistake of ours in one run does not end the runs; the log has the traceback and the tick's name."""

    async def look() -> None:
        raise ZeroDivisionError

    with caplog.at_level(logging.ERROR, logger="faxbot.scheduler"):
        async with running(look) as harness:
            await until(lambda: harness.clock.pauses == [0.0, NEVER])
            harness.ticks.wake("look")
            await until(lambda: harness.clock.pauses == [0.0, NEVER, 0.0, NEVER])
            assert (harness.answers, harness.faults) == (0, [])
    stumbles = [record for record in caplog.records if record.name == "faxbot.scheduler"]
    assert len(stumbles) == 2
    assert all(record.exc_info and vars(record)["tick"] == "look" for record in stumbles)


async def test_a_tick_continues_when_its_report_fails():
    """A disk that is full for a moment, when an outage or its end is written down, ends no tick."""
    pauses: list[float] = []

    async def broken(*_: object) -> None:
        raise OSError("disk full")

    async def look() -> None:
        pauses.append(1.0)

    clock = RecordingClock()
    ticks = Ticks(clock, answered=broken, failed=broken)
    ticks.add("look", look, lambda: NEVER)
    ticks.start()
    try:
        await until(lambda: pauses)
        with contextlib.suppress(OSError):
            await ticks.run("look")
        assert clock.pauses[-1] == NEVER
    finally:
        ticks.stop()


async def test_a_stopped_tick_stays_stopped():
    """Neither a run that ends after the stop nor a wake brings it back."""
    look = Look()
    harness = Harness()
    harness.ticks.add("look", look, lambda: 0.0)
    harness.ticks.start()
    await until(lambda: look.begun == 1)
    harness.ticks.stop()
    look.go.set()
    await until(lambda: look.at_once == 0)
    harness.ticks.wake("look")
    assert harness.clock.pauses == [0.0]
    harness.ticks.stop()


async def test_a_stop_in_mid_tick_logs_no_fault(caplog):
    """Ctrl-C during a call to the fax server: the tick ends, and no traceback is printed."""
    begun, ended = asyncio.Event(), asyncio.Event()

    async def hang() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with running(hang):
        await asyncio.wait_for(begun.wait(), 5)
    await asyncio.wait_for(ended.wait(), 5)
    await asyncio.sleep(0)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
