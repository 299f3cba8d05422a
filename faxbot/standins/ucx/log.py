"""The append-only event log of the fax server; tests check the bot's promises against it."""

import json
from collections.abc import Callable
from pathlib import Path

LogValue = str | int | float | bool | None | list[str] | dict[str, str]


class EventLog:
    """
    Numbered entries, in memory and optionally in a JSONL file.

    Kinds: `call` (an API request and its outcome), `submission` (FileSend accepted), `dial` and `hangup`
    (start and end of an outgoing call), `ended` (a job became a record), `reception` (a fax was received),
    `control` (a control call).
    """

    def __init__(self, now: Callable[[], float], path: Path | None = None) -> None:
        self._now = now
        self._path = path
        self._entries: list[dict[str, LogValue]] = []

    def add(self, kind: str, **facts: LogValue) -> None:
        """Append one entry; `at` is wall time in epoch seconds."""
        entry: dict[str, LogValue] = {"seq": len(self._entries) + 1, "kind": kind, "at": self._now(), **facts}
        self._entries.append(entry)
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")

    def entries(self, kind: str | None = None, since: int = 0) -> list[dict[str, LogValue]]:
        """The entries after number *since*, of one *kind* or of every kind."""
        return [entry for entry in self._entries[since:] if kind in (None, entry["kind"])]
