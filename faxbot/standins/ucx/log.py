"""Everything that happened at the fax server, append-only: what tests judge promises by."""

import json
from collections.abc import Callable
from pathlib import Path

LogValue = str | int | float | bool | None | list[str] | dict[str, str]


class EventLog:
    """
    Numbered entries, in memory and on request in a JSONL file.

    Kinds: `call` (an API request and what came of it), `submission` (FileSend accepted), `dial` and `hangup`
    (a call placed, its end), `ended` (a job became a record), `reception` (a fax arrived), `control`.
    """

    def __init__(self, now: Callable[[], float], path: Path | None = None) -> None:
        self._now = now
        self._path = path
        self._entries: list[dict[str, LogValue]] = []

    def add(self, kind: str, **facts: LogValue) -> None:
        """Write one entry down; `at` is wall time in epoch seconds."""
        entry: dict[str, LogValue] = {"seq": len(self._entries) + 1, "kind": kind, "at": self._now(), **facts}
        self._entries.append(entry)
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")

    def entries(self, kind: str | None = None, since: int = 0) -> list[dict[str, LogValue]]:
        """The entries after number *since*, of one *kind* or of all."""
        return [entry for entry in self._entries[since:] if kind in (None, entry["kind"])]
