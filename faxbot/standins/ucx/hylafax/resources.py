"""What every call, queue and reception of one fax system shares: time, lines, records, files and the log."""

import itertools
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random

from faxbot.standins.ucx.hylafax.clock import SimulatedClock
from faxbot.standins.ucx.hylafax.line import COMING_READY, IDLE, Modem, SimulatedLine
from faxbot.standins.ucx.hylafax.records import RecordDatabase
from faxbot.standins.ucx.hylafax.timeline import Timeline
from faxbot.standins.ucx.hylafax.timing import Timing
from faxbot.standins.ucx.log import EventLog


class SystemResources:
    """The parts of the system that know nothing of jobs."""

    def __init__(
        self,
        directory: Path,
        lines: Iterable[SimulatedLine],
        clock: SimulatedClock,
        log: EventLog,
        *,
        timing: Timing,
        seed: int,
    ) -> None:
        self.directory = directory
        self.clock = clock
        self.log = log
        self.timing = timing
        self.random = Random(seed)
        self.timeline = Timeline()
        self.records = RecordDatabase()
        self.modems = {line.id: Modem(line) for line in lines}
        self.when_free: list[Callable[[], None]] = []
        """Asked in order whenever a modem became free, or anything else may let a job go on."""
        self._files = itertools.count(1)

    def stamp(self) -> float:
        """The fax server's own time now, in epoch seconds."""
        return self.clock.stamp(self.timeline.now)

    def new_file(self, suffix: str) -> Path:
        """A fresh place for a document; job ids come back after a reset, file names never do."""
        return self.directory / f"{next(self._files):06d}{suffix}"

    def page_seconds(self, slowness: int = 1) -> float:
        """How long the next page takes."""
        spread = self.random.uniform(-self.timing.page_spread, self.timing.page_spread)
        return self.timing.page * slowness * (1 + spread)

    def own_line(self, destination: str) -> Modem | None:
        """The modem that rings when *destination* is dialled; None when the number is somebody else's."""
        return next((modem for modem in self.modems.values() if modem.line.reached_by(destination)), None)

    def release(self, modem: Modem, *, after: float = 0.0) -> None:
        """Let *modem* be free in *after* seconds; until then it shows what it shows."""
        held = modem.doing

        def free() -> None:
            if modem.doing == held:
                modem.doing = IDLE
                self.wake()

        self.timeline.after(after, free)

    def reset_modem(self, modem: Modem) -> None:
        """Hang up: the modem has to come ready again before the line can be used."""
        modem.doing = COMING_READY
        self.release(modem, after=self.random.uniform(*self.timing.modem_ready))

    def wake(self) -> None:
        """Let everybody who waits look again."""
        for look in self.when_free:
            look()
