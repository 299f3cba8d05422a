"""Envelopes that wait for their acknowledgement, and what waits until there are none."""

import asyncio
import contextlib
from collections.abc import Awaitable
from typing import Any

from slack_bolt.async_app import AsyncAck
from slack_bolt.response import BoltResponse

PATIENCE_SECONDS = 1.0
"""Work is held up no longer than that by acknowledgements that do not come."""


class Unacknowledged:
    """How many envelopes wait. What follows an acknowledgement lets those of the others go first."""

    def __init__(self) -> None:
        self._waiting = 0
        self._none = asyncio.Event()
        self._none.set()

    def add(self) -> None:
        """An envelope has come."""
        self._waiting += 1
        self._none.clear()

    def remove(self) -> None:
        """Its acknowledgement goes out now."""
        self._waiting -= 1
        if not self._waiting:
            self._none.set()

    async def none_left(self) -> None:
        """Return when none waits, or after a moment."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._none.wait()


class PromptAck(AsyncAck):
    """
    An acknowledgement that goes out when the listener makes it; Bolt looks every 10 ms whether it did.

    It is not taken back either: Bolt forgets it when the listener fails soon after, and waits for another.
    """

    def __init__(self, unacknowledged: Unacknowledged) -> None:
        self._unacknowledged = unacknowledged
        self.made: asyncio.Future[BoltResponse] = asyncio.get_running_loop().create_future()
        super().__init__()  # type: ignore[no-untyped-call] # Bolt leaves it without types

    async def __call__(self, *args: Any, **options: Any) -> BoltResponse:  # noqa: ANN401  (Bolt's own)
        """Acknowledge; returns when nobody else waits for an acknowledgement, or after a moment."""
        response = await super().__call__(*args, **options)
        await self._unacknowledged.none_left()
        return response

    def __setattr__(self, name: str, value: object) -> None:
        if name == "response":
            if value is None and getattr(self, "response", None) is not None:
                return
            if isinstance(value, BoltResponse) and not self.made.done():
                self.made.set_result(value)
        super().__setattr__(name, value)


async def first_of(
    dispatching: Awaitable[BoltResponse], made: "asyncio.Future[BoltResponse]"
) -> BoltResponse:
    """What the listener acknowledged with, as soon as it did; Bolt's own answer if it did not."""
    task = asyncio.ensure_future(dispatching)
    try:
        await asyncio.wait({task, made}, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        task.cancel()
        raise
    if made.done():
        task.add_done_callback(_retrieve)
        return made.result()
    return task.result()


def _retrieve(task: "asyncio.Future[BoltResponse]") -> None:
    if not task.cancelled():
        task.exception()
