"""What a row of the table found: figures beside their floors, and counts that must be right."""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. *met* is None where nothing must be reached."""

    what: str
    measured: str
    floor: str = ""
    result: str = ""
    target: str = ""
    met: bool | None = None

    @property
    def verdict(self) -> str:
        """One word."""
        return "" if self.met is None else "met" if self.met else "missed"


@dataclass(slots=True)
class Findings:
    """The figures of one row, and a sentence for each count that is wrong. Times are never wrong."""

    figures: list[Figure] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def time(self, what: str, seconds: float, floor: float, *, at_most: float | None = None) -> None:
        """A time beside its floor; *at_most* so many times the floor."""
        ratio = seconds / floor if floor else math.inf
        self.figures.append(
            Figure(
                what,
                duration(seconds),
                duration(floor),
                f"{ratio:.2f} x",
                f"<= {at_most:g} x" if at_most else "",
                None if at_most is None else ratio <= at_most,
            )
        )

    def growth(
        self, what: str, measured: Mapping[int, float], shown: Callable[[float], str], *, at_most: float
    ) -> None:
        """A figure by the number of rows; from the fewest to the most it grows by *at_most* that factor."""
        values = list(measured.values())
        factor = values[-1] / values[0] if values[0] else math.inf
        listed = ", ".join(f"{shown(value)} at {size:,}" for size, value in measured.items())
        self.figures.append(
            Figure(what, listed, "", f"{factor:.2f} x", f"<= {at_most:g} x", factor <= at_most)
        )

    def limit(self, what: str, measured: str, target: str, *, met: bool, floor: str = "") -> None:
        """A figure that is compared with a limit."""
        self.figures.append(Figure(what, measured, floor, "", target, met))

    def note(self, what: str, measured: str, floor: str = "") -> None:
        """A figure that only explains others."""
        self.figures.append(Figure(what, measured, floor))

    def count(self, what: str, counted: Sequence[int], *, exactly: int) -> None:
        """A count that was taken several times; each has to be *exactly* that."""
        good = bool(counted) and all(each == exactly for each in counted)
        self._counted(what, counted, f"exactly {exactly}", good=good)

    def count_at_most(self, what: str, counted: Sequence[int], *, at_most: int) -> None:
        """A count that was taken several times; none may be more than that."""
        self._counted(
            what, counted, f"<= {at_most}", good=bool(counted) and all(n <= at_most for n in counted)
        )

    def expect(self, what: str, counts: Mapping[str, int], expected: Mapping[str, int]) -> None:
        """Counts by name that all have to be as expected, and none beside them; no line of their own."""
        if dict(counts) != dict(expected):
            self.wrong.append(f"{what}: {dict(counts)}, not {dict(expected)}")

    def _counted(self, what: str, counted: Sequence[int], target: str, *, good: bool) -> None:
        shown = ", ".join(map(str, sorted(set(counted)))) or "none"
        self.figures.append(Figure(what, shown, "", "", target, good))
        if not good:
            self.wrong.append(f"{what}: {shown}, not {target}")


def duration(seconds: float) -> str:
    """In the unit that reads best."""
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1e3:.2f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.0f} µs"


def median(values: Sequence[float]) -> float:
    """The p50."""
    return statistics.median(values)


def percentile(values: Sequence[float], of_hundred: int) -> float:
    """The smallest value that so many in a hundred do not exceed."""
    return sorted(values)[max(0, math.ceil(len(values) * of_hundred / 100) - 1)]
