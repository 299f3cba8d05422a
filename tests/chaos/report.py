"""The table that a run ends with: on the terminal, and between two markers in docs/reliability.md."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Column, Table

from tests.chaos.judge import HARM
from tests.chaos.trial import Outcome, Trial
from tests.support.reliability_page import put, table


@dataclass(slots=True)
class Row:
    """One kind of trials, counted."""

    name: str
    trials: int = 0
    reached: int = 0
    """Trials in which the trouble came about."""
    deaths: int = 0
    faults: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    cpu: float = 0.0
    missed: list[Trial] = field(default_factory=list)
    harmed: list[tuple[Trial, list[str]]] = field(default_factory=list)

    def add(self, trial: Trial, outcome: Outcome, *, reached: bool) -> bool:
        """Count one more; whether there was harm."""
        self.trials += 1
        self.reached += reached
        self.counts.update(outcome.counts)
        self.deaths += outcome.deaths
        self.faults += outcome.faults
        self.cpu += outcome.cpu
        if not reached:
            self.missed.append(trial)
        harm = any(outcome.counts.get(column) for column in HARM)
        if harm:
            self.harmed.append((trial, outcome.notes))
        return harm

    @property
    def cells(self) -> list[str]:
        """As in LINES."""
        judged = (self.counts[column] for column in ("faxes", "asked", *HARM))
        counted = [self.trials, self.reached, self.deaths, self.faults, *judged]
        return [str(number) for number in counted]


LINES = ("trials", "reached", "times killed", "calls with a fault", "faxes", "asked", *HARM)


def show(console: Console, rows: Sequence[Row]) -> None:
    """The table, then every boundary that was not reached, by name."""
    grid = Table("", *(Column(row.name, justify="right") for row in rows))
    for line, cells in zip(LINES, zip(*(row.cells for row in rows), strict=True), strict=True):
        grid.add_row(line, *cells)
    console.print(grid)
    for row in rows:
        for trial in row.missed:
            console.print(f"not reached: {trial}", markup=False, highlight=False)


def tell(console: Console, trial: Trial, outcome: Outcome) -> None:
    """One trial in which there was harm."""
    console.print(f"harm: {trial}", style="red", markup=False)
    for note in outcome.notes:
        console.print(f"  {note}", markup=False, highlight=False)


def write(section: str, rows: Sequence[Row], made_by: str) -> None:
    """Put the table into docs/reliability.md, in place of that of the run before."""
    cells = zip(LINES, *(row.cells for row in rows), strict=True)
    lines = table(["", *(f"{row.name}:" for row in rows)], list(cells))
    missed = [f"- not reached: {trial}" for row in rows for trial in row.missed]
    put(section, "\n".join([made_by, "", lines, *(["", *missed] if missed else [])]))
