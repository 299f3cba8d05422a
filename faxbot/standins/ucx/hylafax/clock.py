"""
Conversion between simulated seconds and the wall clock.

Durations are scaled, timestamps are not: at speed 10 a page of 30 simulated seconds takes 3 seconds of wall
time, and every reported time (`time`, `time_to_send`) is wall time, so that no record is in the future.
"""

import time
from collections.abc import Callable


def wall_clock() -> Callable[[], float]:
    """A clock of epoch seconds that is monotonic while the simulation runs."""
    epoch, started = time.time(), time.monotonic()
    return lambda: epoch + time.monotonic() - started


class ManualClock:
    """A wall clock for tests, which changes only in `advance`."""

    def __init__(self, start: float = 1_795_402_878.0) -> None:
        self.now = start

    def __call__(self) -> float:
        """The current wall time, in epoch seconds."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Add *seconds* of wall time."""
        self.now += seconds


class SimulatedClock:
    """Converts wall time to simulated seconds and back, across changes of speed and pauses."""

    def __init__(self, wall: Callable[[], float], speed: float = 1.0) -> None:
        self._wall = wall
        self._speed = speed
        self._paused = False
        self._anchor_wall = wall()
        self._anchor = 0.0
        self.skew = 0.0
        """Error of the fax server's own clock, in seconds; every time that it reports includes it."""

    @property
    def speed(self) -> float:
        """Simulated seconds per second of wall time."""
        return self._speed

    @property
    def paused(self) -> bool:
        """Whether simulated time is stopped."""
        return self._paused

    def simulated(self) -> float:
        """The current simulated second."""
        if self._paused:
            return self._anchor
        return self._anchor + (self._wall() - self._anchor_wall) * self._speed

    def real(self, simulated: float) -> float:
        """The wall time of the simulated second *simulated*, in epoch seconds, without skew."""
        anchor_wall = self._wall() if self._paused else self._anchor_wall
        return anchor_wall + (simulated - self._anchor) / self._speed

    def stamp(self, simulated: float) -> float:
        """The time of the fax server's own clock at the simulated second *simulated*, in epoch seconds."""
        return self.real(simulated) + self.skew

    def set_speed(self, speed: float) -> None:
        """
        Run *speed* times as fast as wall time from now on.

        Raises:
            ValueError: *speed* is not above zero; use `pause` to stop time.
        """
        if speed <= 0:
            raise ValueError("speed must be above zero")
        self._anchor_here()
        self._speed = speed

    def pause(self) -> None:
        """Stop simulated time."""
        self._anchor_here()
        self._paused = True

    def resume(self) -> None:
        """Continue simulated time where it was paused."""
        self._anchor_here()
        self._paused = False

    def _anchor_here(self) -> None:
        self._anchor = self.simulated()
        self._anchor_wall = self._wall()
