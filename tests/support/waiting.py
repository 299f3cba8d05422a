"""Waiting for a condition, with a deadline: the only polling loops of the tests and the benchmarks."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any


class TooLateError(AssertionError):
    """A condition did not hold within its deadline."""


async def until(
    condition: Callable[[], Any | Awaitable[Any]],
    seconds: float = 10.0,
    *,
    what: str = "",
    holds: Callable[[Any], object] = bool,
    every: float = 0.005,
) -> Any:
    """
    Poll *condition*, a function or a coroutine function, until *holds* accepts its value; return it.

    The poll interval is *every* seconds. *what* names the condition in the failure.

    Raises:
        TooLateError: It did not hold within *seconds*.
    """
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if inspect.isawaitable(value):
            value = await value
        if holds(value):
            return value
        if time.monotonic() >= deadline:
            raise _too_late(condition, what, seconds, value)
        await asyncio.sleep(every)


def block_until(
    condition: Callable[[], Any], seconds: float = 10.0, *, what: str = "", every: float = 0.05
) -> Any:
    """
    Poll *condition* without an event loop until its value is true; return that value.

    Raises:
        TooLateError: It did not hold within *seconds*.
    """
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() >= deadline:
            raise _too_late(condition, what, seconds, value)
        time.sleep(every)
    return value


def _too_late(condition: Callable[[], Any], what: str, seconds: float, value: object) -> TooLateError:
    code = getattr(condition, "__code__", None)
    where = f"{code.co_filename}:{code.co_firstlineno}" if code else repr(condition)
    return TooLateError(f"{what or where}: not within {seconds:g} s; last value {value!r}")
