"""Blocking calls (name lookups, disk access) in a daemon thread that does not delay the program's exit."""

import asyncio
import concurrent.futures
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def run_in_thread(work: Callable[[], T]) -> T:
    """
    Run *work* in a daemon thread; return its result or raise its exception.

    `asyncio.to_thread` does not fit: its threads are joined at exit, and a call to a name server or a network
    drive may never return.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def run() -> None:
        done: concurrent.futures.Future[T] = concurrent.futures.Future()
        try:
            done.set_result(work())
        except Exception as exc:  # noqa: BLE001 - it is raised in the coroutine that awaits
            done.set_exception(exc)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nothing awaits the result
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
