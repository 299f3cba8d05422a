"""What the servers hold at the end: the fax server's log and records, Slack's messages and files."""

from dataclasses import dataclass, field
from typing import Any

Item = dict[str, Any]


@dataclass(slots=True)
class Evidence:
    """Nothing of the bot's own is in it."""

    calls: list[Item] = field(default_factory=list)
    """The fax server's log, whole."""
    records: list[str] = field(default_factory=list)
    """The job ids of the records that are there."""
    messages: list[Item] = field(default_factory=list)
    """The bot's messages, each with its `channel` and the `sha256` of each of its files."""
    ephemerals: list[Item] = field(default_factory=list)
    """The ephemerals: `user`, `channel`, `text`."""
    stopped: int = 0
    """How often the bot ended by itself."""
