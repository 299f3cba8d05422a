"""
Simulated seconds against the wall clock.

Durations are scaled, timestamps are not: at speed 10 a page of 30 simulated seconds takes 3 seconds of wall
time, and every time shown to people (`time`, `time_to_send`) is the wall clock's: nothing lies in the future.
"""

import time
from collections.abc import Callable


def wall_clock() -> Callable[[], float]:
    """Seconds since the epoch that never jump backwards while the simulation runs."""
    start, begun = time.time(), time.monotonic()
    return lambda: start + time.monotonic() - begun


class ManualClock:
    """A wall clock that moves only when a test moves it."""

    def __init__(self, start: float = 1_795_402_878.0) -> None:
        self.now = start

    def __call__(self) -> float:
        """The wall time it is now, in epoch seconds."""
        return self.now

    def tick(self, seconds: float) -> None:
        """Let *seconds* of wall time pass."""
        self.now += seconds


class SimulatedClock:
    """Maps wall time to simulated seconds and back, through changes of speed and pauses."""

    def __init__(self, wall: Callable[[], float], speed: float = 1.0) -> None:
        self._wall = wall
        self._speed = speed
        self._paused = False
        self._anchor_wall = wall()
        self._anchor = 0.0
        self.skew = 0.0
        """Seconds by which the server's clock, and so every time it reports, is wrong."""

    @property
    def speed(self) -> float:
        """Simulated seconds per second of wall time."""
        return self._speed

    @property
    def paused(self) -> bool:
        """Whether simulated time stands still."""
        return self._paused

    def simulated(self) -> float:
        """The simulated second it is now."""
        if self._paused:
            return self._anchor
        return self._anchor + (self._wall() - self._anchor_wall) * self._speed

    def real(self, simulated: float) -> float:
        """When *simulated* was or will be reached, in epoch seconds of wall time, without skew."""
        anchor_wall = self._wall() if self._paused else self._anchor_wall
        return anchor_wall + (simulated - self._anchor) / self._speed

    def stamp(self, simulated: float) -> float:
        """What the fax server's own clock says at the simulated second *simulated*, in epoch seconds."""
        return self.real(simulated) + self.skew

    def set_speed(self, speed: float) -> None:
        """
        Run *speed* times as fast from now on.

        Raises:
            ValueError: *speed* is not above zero; to stop time, pause it.
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
        """Let simulated time go on from where it was paused."""
        self._anchor_here()
        self._paused = False

    def _anchor_here(self) -> None:
        self._anchor = self.simulated()
        self._anchor_wall = self._wall()
