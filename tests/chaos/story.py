"""Requests and received faxes: the judge's list of what must have happened."""

import re
from dataclasses import dataclass, field
from typing import Any

LAST = (
    "Delivered",
    "Not delivered",
    "Stopped",
    "Refused by the fax server",
    "It went, says",
    "Given up",
    "Sent again",
    "The fax server forgot",
)
"""How the last line in a card's thread begins."""
REFUSED = (
    "nothing was sent",
    "nothing was dialed",
    "nothing more was done",
    "did not hand",
    "no file",
    "lack the scope",
    "not come whole",
)
"""Phrases of ephemerals about a refused request, which the user may repeat."""


def digits(text: str) -> str:
    """The last ten digits of a number, however it is written."""
    return re.sub(r"\D", "", text)[-10:]


def refuses(text: str) -> bool:
    """Whether *text* says that a request was refused."""
    return any(words in text.lower() for words in REFUSED)


def headline(message: dict[str, Any]) -> str:
    """The digits of the number that a card is about; empty if it is no card."""
    match = re.match(r"\*Fax to ([^*]+)\*", str(message.get("text", "")))
    return digits(match[1]) if match else ""


@dataclass(slots=True)
class Sending:
    """One attempt to send, to a number of its own; *channels* are where it must be announced."""

    number: str
    channels: tuple[str, ...]
    acknowledged: bool = False
    """Slack showed the person no error: from then on it has to be carried out."""
    dials: int | None = 1
    """How many calls it takes; None where that depends on when it is stopped."""


@dataclass(slots=True)
class Arrival:
    """A fax that came in, by its bytes."""

    sha256: str
    channels: tuple[str, ...]


@dataclass(slots=True)
class Fetching:
    """A document asked for with a button, into the thread of the message it is on."""

    sha256: str
    channel: str
    attempts: int = 0
    acknowledged: int = 0


@dataclass(slots=True)
class Story:
    """Everything that one world was asked to do."""

    sendings: list[Sending] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    fetchings: list[Fetching] = field(default_factory=list)
    deletions: list[str] = field(default_factory=list)
    """Job ids whose records somebody asked to delete."""
    stuck: str = ""
    """What never came about in time; empty if all did."""
