"""Prompt acknowledgement: work after an acknowledgement waits until no other one is pending."""

import asyncio
import contextlib
from collections.abc import Awaitable
from typing import Any

from slack_bolt.async_app import AsyncAck
from slack_bolt.response import BoltResponse

MAX_WAIT_SECONDS = 1.0
"""Maximum time that a listener waits for pending acknowledgements."""


class Unacknowledged:
    """Counts the envelopes whose acknowledgement is pending."""

    def __init__(self) -> None:
        self._waiting = 0
        self._none = asyncio.Event()
        self._none.set()

    def add(self) -> None:
        """An envelope arrived."""
        self._waiting += 1
        self._none.clear()

    def remove(self) -> None:
        """Its acknowledgement is ready to be sent, or it failed."""
        self._waiting -= 1
        if not self._waiting:
            self._none.set()

    async def idle(self) -> None:
        """Wait until no acknowledgement is pending, at most MAX_WAIT_SECONDS."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(MAX_WAIT_SECONDS):
                await self._none.wait()


class PromptAck(AsyncAck):
    """
    Bolt's `ack`, extended by a future (`made`) that resolves as soon as the listener calls it.

    Bolt itself polls for the acknowledgement every 10 ms, and resets it when the listener fails afterwards.
    Here it is sent immediately and kept.
    """

    def __init__(self, unacknowledged: Unacknowledged) -> None:
        self._unacknowledged = unacknowledged
        self.made: asyncio.Future[BoltResponse] = asyncio.get_running_loop().create_future()
        super().__init__()  # type: ignore[no-untyped-call] # Bolt has no types here

    async def __call__(self, *args: Any, **options: Any) -> BoltResponse:  # noqa: ANN401  (Bolt's own)
        """Acknowledge; returns when no acknowledgement is pending, or after MAX_WAIT_SECONDS."""
        response = await super().__call__(*args, **options)
        await self._unacknowledged.idle()
        return response

    def __setattr__(self, name: str, value: object) -> None:
        if name == "response":
            if value is None and getattr(self, "response", None) is not None:
                return
            if isinstance(value, BoltResponse) and not self.made.done():
                self.made.set_result(value)
        super().__setattr__(name, value)


async def first_response(
    dispatching: Awaitable[BoltResponse], made: "asyncio.Future[BoltResponse]"
) -> BoltResponse:
    """The listener's acknowledgement as soon as it is *made*; otherwise the response that Bolt returns."""
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
    """Mark the exception as retrieved; `app.error` has reported it."""
    if not task.cancelled():
        task.exception()
