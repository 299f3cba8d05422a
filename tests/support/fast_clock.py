"""A clock that runs many times faster than the wall clock, for the bot and both stand-ins."""

import asyncio
import time
from datetime import UTC, datetime


class FastClock:
    """
    The bot's Clock; with `time` and `sleep` also the clock of a SimulatedUcx and of a Workspace.

    Timeouts of the wire stay in real seconds: the work behind them is real. Another process keeps the same
    time with the same *speed*, *start* (epoch seconds) and *begun* (CLOCK_MONOTONIC).
    """

    def __init__(self, speed: float, start: float | None = None, begun: float | None = None) -> None:
        self.speed = speed
        self.start = time.time() if start is None else start
        self.begun = time.monotonic() if begun is None else begun

    def time(self) -> float:
        """Epoch seconds."""
        return self.start + (time.monotonic() - self.begun) * self.speed

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time(), UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(self.on_the_wall(seconds))

    def on_the_wall(self, seconds: float) -> float:
        return seconds / self.speed
