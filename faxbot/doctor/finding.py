"""A check, its finding, and the finding's severity."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """The color of a row in the table."""

    GREEN = "green"
    YELLOW = "yellow"
    """It works, but needs attention."""
    RED = "red"
    SKIPPED = "skipped"
    """Not run, since a check that it needs is red or skipped."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check: *found* states the fact, *remedy* the next step for the operator."""

    severity: Severity
    found: str
    remedy: str = ""


def green(found: str) -> Finding:
    """A finding that needs no action."""
    return Finding(Severity.GREEN, found)


def yellow(found: str, remedy: str) -> Finding:
    """A finding that works but needs attention."""
    return Finding(Severity.YELLOW, found, remedy)


def red(found: str, remedy: str) -> Finding:
    """A finding that keeps the bot from working."""
    return Finding(Severity.RED, found, remedy)


class CheckFailed(Exception):
    """Ends a check early, with the *finding* for its row."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.found)
        self.finding = finding


@dataclass(frozen=True, slots=True)
class Check:
    """
    One row of the table; *run* makes its finding.

    It is skipped if the check named *needs* is red or skipped. It starts after the check named *after*,
    whatever that one finds. Both must precede it in the list. *late* is the remedy if the check times out.
    """

    name: str
    run: Callable[[], Awaitable[Finding]]
    needs: str = ""
    after: str = ""
    late: str = ""
