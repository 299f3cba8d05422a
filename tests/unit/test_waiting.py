"""`until` and `block_until` return what was waited for, and name it when it does not come."""

import pytest

from tests.support.waiting import TooLateError, block_until, until


async def test_until_returns_the_first_value_that_holds():
    """A coroutine function is awaited on each poll, and the first accepted value is returned."""
    values = iter([0, 1, 2, 3])

    async def following():
        return next(values)

    assert await until(following, holds=lambda value: value > 1, every=0) == 2


async def test_a_condition_that_never_holds_fails_by_its_name():
    """The failure contains the name of the condition, the deadline and the last value."""
    with pytest.raises(TooLateError, match=r"the card: not within 0 s; last value \[\]"):
        await until(list, 0, what="the card")


async def test_a_condition_without_a_name_fails_by_its_place():
    """Without a name, the failure contains the file and the line of the condition."""
    with pytest.raises(TooLateError, match=r"test_waiting.py:\d+: not within"):
        await until(lambda: None, 0)


def test_block_until_waits_without_an_event_loop():
    """The first true value is returned; none within the deadline is a failure."""
    values = iter([0, 7])
    assert block_until(lambda: next(values), every=0) == 7
    with pytest.raises(TooLateError, match="not within"):
        block_until(lambda: 0, 0)
