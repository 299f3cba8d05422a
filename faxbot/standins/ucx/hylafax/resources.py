"""The resources that calls, queue and receptions of a fax system share: time, modems, records, files, log."""

import itertools
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random

from faxbot.standins.ucx.conversion.paper import UcxPaper
from faxbot.standins.ucx.hylafax.clock import SimulatedClock
from faxbot.standins.ucx.hylafax.line import COMING_READY, IDLE, Modem, SimulatedLine
from faxbot.standins.ucx.hylafax.records import RecordDatabase
from faxbot.standins.ucx.hylafax.timeline import Timeline
from faxbot.standins.ucx.hylafax.timing import Timing
from faxbot.standins.ucx.log import EventLog


class SystemResources:
    """The parts of the system that do not depend on jobs."""

    def __init__(
        self,
        directory: Path,
        lines: Iterable[SimulatedLine],
        clock: SimulatedClock,
        log: EventLog,
        *,
        timing: Timing,
        seed: int,
        paper: UcxPaper,
    ) -> None:
        self.directory = directory
        self.clock = clock
        self.log = log
        self.timing = timing
        self.paper = paper
        self.random = Random(seed)
        self.timeline = Timeline()
        self.records = RecordDatabase()
        self.modems = {line.id: Modem(line) for line in lines}
        self.on_wake: list[Callable[[], None]] = []
        """Called in order by `wake`: when a modem became free, or another change may let a job continue."""
        self._files = itertools.count(1)

    def stamp(self) -> float:
        """The fax server's own time now, in epoch seconds."""
        return self.clock.stamp(self.timeline.now)

    def new_file(self, suffix: str) -> Path:
        """A new path for a document; unlike job ids, file names never repeat after a reset."""
        return self.directory / f"{next(self._files):06d}{suffix}"

    def page_seconds(self, slowness: int = 1) -> float:
        """The duration of the next page, in simulated seconds."""
        spread = self.random.uniform(-self.timing.page_spread, self.timing.page_spread)
        return self.timing.page * slowness * (1 + spread)

    def own_line(self, destination: str) -> Modem | None:
        """The modem whose line has the number *destination*; None for another number."""
        return next((modem for modem in self.modems.values() if modem.line.reached_by(destination)), None)

    def release(self, modem: Modem, *, after: float = 0.0) -> None:
        """Set *modem* idle in *after* seconds, unless its activity changes before."""
        activity = modem.activity

        def free() -> None:
            if modem.activity == activity:
                modem.activity = IDLE
                self.wake()

        self.timeline.after(after, free)

    def reset_modem(self, modem: Modem) -> None:
        """Hang up; the modem needs its recovery time before the line is free."""
        modem.activity = COMING_READY
        self.release(modem, after=self.random.uniform(*self.timing.modem_ready))

    def wake(self) -> None:
        """Call every callback of `on_wake`."""
        for callback in self.on_wake:
            callback()
