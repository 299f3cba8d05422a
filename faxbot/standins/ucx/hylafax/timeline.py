"""The event queue of the simulation, in simulated seconds; nothing here waits or sleeps."""

import heapq
import itertools
from collections.abc import Callable, Iterator


class ScheduledEvent:
    """An action at a simulated second, unless it is canceled first."""

    __slots__ = ("_action", "canceled")

    def __init__(self, action: Callable[[], None]) -> None:
        self._action = action
        self.canceled = False

    def cancel(self) -> None:
        """Skip the action."""
        self.canceled = True

    def run(self) -> None:
        """Run the action."""
        self._action()


class RunningScript:
    """A generator run along the timeline: each value that it yields is the seconds until its next step."""

    def __init__(self, timeline: "Timeline", script: Iterator[float]) -> None:
        self._timeline = timeline
        self._script = script
        self._next: ScheduledEvent | None = None
        self._step()

    def stop(self) -> None:
        """Cancel the rest of the script."""
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _step(self) -> None:
        self._next = None
        pause = next(self._script, None)
        if pause is not None:
            self._next = self._timeline.after(pause, self._step)


class Timeline:
    """Scheduled events by time, then by order of scheduling: the same inputs give the same run."""

    def __init__(self) -> None:
        self.now = 0.0
        self._events: list[tuple[float, int, ScheduledEvent]] = []
        self._serials = itertools.count()

    @property
    def next_due(self) -> float | None:
        """The simulated second of the next event; None when none is scheduled."""
        while self._events and self._events[0][2].canceled:
            heapq.heappop(self._events)
        return self._events[0][0] if self._events else None

    def after(self, seconds: float, action: Callable[[], None]) -> ScheduledEvent:
        """Schedule *action* in *seconds*."""
        event = ScheduledEvent(action)
        heapq.heappush(self._events, (self.now + seconds, next(self._serials), event))
        return event

    def start(self, script: Iterator[float]) -> RunningScript:
        """Start *script* now."""
        return RunningScript(self, script)

    def advance(self, to: float) -> None:
        """Run every event due up to and including the simulated second *to*."""
        while (due := self.next_due) is not None and due <= to:
            self.now = max(self.now, due)
            heapq.heappop(self._events)[2].run()
        self.now = max(self.now, to)

    def clear(self) -> None:
        """Drop every event; the time stays."""
        self._events.clear()
