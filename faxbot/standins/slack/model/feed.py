"""The numbered events that people's pages receive; a page that lost its connection continues by number."""

import asyncio
from typing import Any


class Feed:
    """An append-only list of events, each for some people or for everyone."""

    def __init__(self) -> None:
        self._events: list[tuple[frozenset[str] | None, dict[str, Any]]] = []
        self._appended = asyncio.Event()

    @property
    def seq(self) -> int:
        """The number of the newest event; 0 when there is none."""
        return len(self._events)

    def publish(self, kind: str, users: frozenset[str] | None = None, **facts: object) -> None:
        """Append an event for *users* (None: everyone) and wake the waiters."""
        self._events.append((users, {"seq": len(self._events) + 1, "type": kind, **facts}))
        self.wake()

    def wake(self) -> None:
        """Wake every waiter."""
        self._appended.set()
        self._appended = asyncio.Event()

    def since(self, user: str, seq: int) -> list[dict[str, Any]]:
        """The events after number *seq* that *user* may see, oldest first."""
        return [event for users, event in self._events[max(seq, 0) :] if users is None or user in users]

    async def wait(self, user: str, seq: int, seconds: float) -> list[dict[str, Any]]:
        """Like since(), but wait up to *seconds* for the first event."""
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            appended = self._appended
            events = self.since(user, seq)
            left = deadline - asyncio.get_running_loop().time()
            if events or left <= 0:
                return events
            try:
                async with asyncio.timeout(left):  # unlike wait_for, it never swallows a cancellation
                    await appended.wait()
            except TimeoutError:
                return self.since(user, seq)
