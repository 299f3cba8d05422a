"""A clock on which a whole bot and both stand-ins live many times faster than the wall clock."""

import asyncio
import time
from datetime import UTC, datetime


class FastClock:
    """
    The bot's Clock; with `time` and `sleep` also the clock of a FaxServer and of a Workspace.

    Timeouts of the wire stay in real seconds: the work behind them is real.
    """

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self._start, self._begun = time.time(), time.monotonic()

    def time(self) -> float:
        """Epoch seconds."""
        return self._start + (time.monotonic() - self._begun) * self.speed

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time(), UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(self.on_the_wall(seconds))

    def on_the_wall(self, seconds: float) -> float:
        return seconds / self.speed
