"""What the people of the workspace see happen, numbered, so that a page that lost touch can catch up."""

import asyncio
from typing import Any


class Feed:
    """An append-only list of events; each is for one person, for some, or for everyone."""

    def __init__(self) -> None:
        self._events: list[tuple[frozenset[str] | None, dict[str, Any]]] = []
        self._news = asyncio.Event()

    @property
    def seq(self) -> int:
        """The number of the newest event; 0 when nothing has happened."""
        return len(self._events)

    def tell(self, kind: str, users: frozenset[str] | None = None, **facts: object) -> None:
        """Append an event for *users* (None: everyone) and wake those who wait."""
        self._events.append((users, {"seq": len(self._events) + 1, "type": kind, **facts}))
        self.wake()

    def wake(self) -> None:
        """Let everyone who waits look again."""
        self._news.set()
        self._news = asyncio.Event()

    def since(self, user: str, seq: int) -> list[dict[str, Any]]:
        """The events after number *seq* that *user* may see, oldest first."""
        return [event for users, event in self._events[max(seq, 0) :] if users is None or user in users]

    async def wait(self, user: str, seq: int, seconds: float) -> list[dict[str, Any]]:
        """The same, waiting up to *seconds* for the first one."""
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            news = self._news
            events = self.since(user, seq)
            left = deadline - asyncio.get_running_loop().time()
            if events or left <= 0:
                return events
            try:
                async with asyncio.timeout(left):  # unlike wait_for, it never swallows a cancellation
                    await news.wait()
            except TimeoutError:
                return self.since(user, seq)
