"""The journal of calls, envelopes and transfers; tests check a bot's behavior against it."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Journal:
    """Append-only entries, in memory and optionally in a JSONL file."""

    def __init__(self, path: Path | None = None, clock: Callable[[], float] = time.time) -> None:
        self.entries: list[dict[str, Any]] = []
        self._clock = clock
        self._lines = path.open("a", encoding="utf-8") if path else None

    def note(self, kind: str, **facts: object) -> None:
        """Append an entry; *facts* contain neither file bytes nor tokens."""
        entry = {"n": len(self.entries) + 1, "at": self._clock(), "kind": kind, **facts}
        self.entries.append(entry)
        if self._lines:
            self._lines.write(json.dumps(entry, default=str) + "\n")
            self._lines.flush()

    def of(self, kind: str, **facts: object) -> list[dict[str, Any]]:
        """The entries of this kind with these facts, oldest first."""
        return [
            entry
            for entry in self.entries
            if entry["kind"] == kind and all(entry.get(name) == value for name, value in facts.items())
        ]

    def close(self) -> None:
        """Close the file."""
        if self._lines:
            self._lines.close()
            self._lines = None
