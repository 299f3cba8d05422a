"""What a look at one thing found, and what to do about it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How one thing stands."""

    GREEN = "green"
    YELLOW = "yellow"
    """It works, and somebody should know of it."""
    RED = "red"
    SKIPPED = "skipped"
    """Not looked at, since something that comes first is red."""


@dataclass(frozen=True, slots=True)
class Finding:
    """*found* is what is; *remedy* what to do next, in words for whoever runs the bot."""

    severity: Severity
    found: str
    remedy: str = ""


def green(found: str) -> Finding:
    """All is well."""
    return Finding(Severity.GREEN, found)


def yellow(found: str, remedy: str) -> Finding:
    """It works, and somebody should know of it."""
    return Finding(Severity.YELLOW, found, remedy)


def red(found: str, remedy: str) -> Finding:
    """It does not work."""
    return Finding(Severity.RED, found, remedy)


class CheckFailed(Exception):
    """A look that ends early, with the *finding*."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.found)
        self.finding = finding


@dataclass(frozen=True, slots=True)
class Check:
    """
    One row of the table: *look* makes its finding.

    It is skipped where the check called *needs* is red or skipped, and waits for the one called *after*,
    however that ends. Both come before it in the list. *late* is the remedy when there is no answer in time.
    """

    name: str
    look: Callable[[], Awaitable[Finding]]
    needs: str = ""
    after: str = ""
    late: str = ""
