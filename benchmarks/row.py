"""What each row runs with: a new folder and the canned fax server."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.canned.control import CannedUcx
from benchmarks.findings import Findings


@dataclass(frozen=True, slots=True)
class RowContext:
    """*smoke*: as little of everything as the counts need. *say* gets a line now and then."""

    folder: Path
    ucx: CannedUcx
    smoke: bool
    say: Callable[[str], None]

    def new_folder(self, name: str) -> Path:
        """A new folder in it."""
        made = self.folder / name
        made.mkdir(parents=True)
        return made


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table. *counts*: it has some, so that the tests run it."""

    name: str
    title: str
    measure: Callable[[RowContext], Awaitable[Findings]]
    counts: bool = True
