"""The simulation's agenda: what happens next, in simulated seconds; nothing here waits or sleeps."""

import heapq
import itertools
from collections.abc import Callable, Iterator


class ScheduledEvent:
    """Something that will happen at a simulated moment unless it is called off first."""

    __slots__ = ("_act", "called_off")

    def __init__(self, act: Callable[[], None]) -> None:
        self._act = act
        self.called_off = False

    def call_off(self) -> None:
        """Make sure that it does not happen."""
        self.called_off = True

    def happen(self) -> None:
        """Do it."""
        self._act()


class RunningScript:
    """A script that runs along the timeline: each value it yields is the seconds until its next step."""

    def __init__(self, timeline: "Timeline", script: Iterator[float]) -> None:
        self._timeline = timeline
        self._script = script
        self._next: ScheduledEvent | None = None
        self._step()

    def stop(self) -> None:
        """Drop the rest of the script."""
        if self._next is not None:
            self._next.call_off()
            self._next = None

    def _step(self) -> None:
        self._next = None
        pause = next(self._script, None)
        if pause is not None:
            self._next = self._timeline.after(pause, self._step)


class Timeline:
    """Appointments by time, and among equals by booking: the same inputs give the same run."""

    def __init__(self) -> None:
        self.now = 0.0
        self._agenda: list[tuple[float, int, ScheduledEvent]] = []
        self._bookings = itertools.count()

    @property
    def next_due(self) -> float | None:
        """The simulated second of the next appointment; None when nothing is planned."""
        while self._agenda and self._agenda[0][2].called_off:
            heapq.heappop(self._agenda)
        return self._agenda[0][0] if self._agenda else None

    def after(self, seconds: float, act: Callable[[], None]) -> ScheduledEvent:
        """Book *act* for *seconds* from now."""
        appointment = ScheduledEvent(act)
        heapq.heappush(self._agenda, (self.now + seconds, next(self._bookings), appointment))
        return appointment

    def play(self, script: Iterator[float]) -> RunningScript:
        """Start *script* now."""
        return RunningScript(self, script)

    def advance(self, to: float) -> None:
        """Let everything happen that is due up to the simulated second *to*, that second included."""
        while (due := self.next_due) is not None and due <= to:
            self.now = max(self.now, due)
            heapq.heappop(self._agenda)[2].happen()
        self.now = max(self.now, to)

    def clear(self) -> None:
        """Forget every appointment; the time stays."""
        self._agenda.clear()
