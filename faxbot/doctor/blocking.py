"""Calls that block, in a thread that nobody waits for: a name server or a network drive may never answer."""

import asyncio
import concurrent.futures
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def run_in_thread(work: Callable[[], T]) -> T:
    """
    What *work* returns or raises.

    The event loop's own threads are joined when the program ends; this one is left behind if need be.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def run() -> None:
        done: concurrent.futures.Future[T] = concurrent.futures.Future()
        try:
            done.set_result(work())
        except Exception as exc:  # noqa: BLE001 - it is handed to whoever waits
            done.set_exception(exc)
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits any more
            loop.call_soon_threadsafe(settle, done)

    def settle(done: concurrent.futures.Future[T]) -> None:
        if future.cancelled():
            return
        if error := done.exception():
            future.set_exception(error)
        else:
            future.set_result(done.result())

    threading.Thread(target=run, name="faxbot-doctor", daemon=True).start()
    return await future
