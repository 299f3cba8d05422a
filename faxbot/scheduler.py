"""Runs the ticks with APScheduler: each at its own interval, one run at a time, with back-off."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger

from faxbot.fax.errors import Fault
from faxbot.services.model.ports import Clock

log = logging.getLogger(__name__)

LONGEST_BACKOFF_SECONDS = 60.0


class Ticks:
    """
    Runs named ticks; the pace of a tick returns the seconds until its next run.

    A tick that raises a `Fault` backs off exponentially, with jitter; *failed* is called with it. *answered*
    is called after each successful tick that called the fax server.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        answered: Callable[[str], Awaitable[None]],
        failed: Callable[[str, Fault], Awaitable[None]],
    ) -> None:
        self._clock = clock
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._answered, self._failed = answered, failed
        self._running: set[str] = set()
        self._again: set[str] = set()
        self._always_ask: set[str] = set()
        self._ticks: dict[str, tuple[Callable[[], Awaitable[None]], Callable[[], float]]] = {}
        self._faults: dict[str, int] = {}
        self.last_success: dict[str, datetime] = {}
        """When each tick last succeeded."""

    def add(
        self,
        name: str,
        tick: Callable[[], Awaitable[None]],
        pace: Callable[[], float],
        *,
        always_asks: bool = True,
    ) -> None:
        """
        Run *tick* every `pace()` seconds, for the first time at the start.

        Without *always_asks* a run may not call the fax server, so its success does not count as an answer.
        """
        self._ticks[name] = (tick, pace)
        if always_asks:
            self._always_ask.add(name)

    def start(self) -> None:
        """Start the scheduler."""
        self._scheduler.start()
        for name in self._ticks:
            self._plan(name, 0.0)

    def stop(self) -> None:
        """Stop the scheduler; running ticks are canceled with the event loop."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def wake(self, name: str) -> None:
        """Run a tick now, or right after its current run; a tick that backs off is not run earlier."""
        if name in self._running:
            self._again.add(name)
        elif self._scheduler.running and not self._faults.get(name):
            self._plan(name, 0.0)

    def _plan(self, name: str, seconds: float) -> None:
        pause = timedelta(seconds=self._clock.on_the_wall(seconds))
        self._scheduler.add_job(
            self._run,
            DateTrigger(datetime.now(UTC) + pause),  # APScheduler uses the system clock only
            args=[name],
            id=name,
            replace_existing=True,
            misfire_grace_time=None,
            max_instances=len(self._ticks) + 1,  # `_run` itself prevents concurrent runs
        )

    async def _run(self, name: str) -> None:
        if name in self._running:
            self._again.add(name)
            return
        self._running.add(name)
        tick, pace = self._ticks[name]
        pause = pace()
        try:
            fault = await self._try(tick)
            if fault is None:
                self._faults.pop(name, None)
                self.last_success[name] = self._clock.now()
                pause = 0.0 if name in self._again else pace()
                if name in self._always_ask:
                    await self._answered(name)
            else:
                count = self._faults[name] = self._faults.get(name, 0) + 1
                longest = min(LONGEST_BACKOFF_SECONDS, pace() * 2 ** min(count - 1, 6))
                pause = max(pace(), longest * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
                await self._failed(name, fault)
        except asyncio.CancelledError:
            return  # by `stop`: APScheduler would log it as an error
        except Exception:
            log.exception("a tick failed", extra={"tick": name})
        finally:
            self._again.discard(name)
            self._running.discard(name)
        if self._scheduler.running:
            self._plan(name, pause)

    @staticmethod
    async def _try(tick: Callable[[], Awaitable[None]]) -> Fault | None:
        try:
            await tick()
        except Fault as fault:
            return fault
        return None
