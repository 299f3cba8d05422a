"""Boundaries: the moments right before and right after the bot does something that is seen outside of it."""

import json
from dataclasses import dataclass
from pathlib import Path

BEFORE, AFTER = "before", "after"


@dataclass(frozen=True, slots=True, order=True)
class Boundary:
    """The *n*th time (from 1, in one run of the bot) that it crosses *site*: `before` or `after`."""

    site: str
    n: int
    when: str

    def __str__(self) -> str:
        return f"{self.when} {self.site} #{self.n}"


def crossed(trace: Path) -> list[Boundary]:
    """
    The boundaries that one run crossed, in order, each moment once.

    A commit may save several things at once; it goes by the first of their names.
    """
    if not trace.exists():
        return []
    moments = [json.loads(line) for line in trace.read_text(encoding="utf-8").splitlines()]
    return [Boundary(sites[0][0], sites[0][1], when) for when, sites in moments]
