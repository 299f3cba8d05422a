"""
One reference for all that comes of one envelope: it stands in each line of the log on the way.

It is drawn when the envelope comes in, written with what is committed, and taken up again by whatever goes
on with it later: another task, a tick, the outbox, the next life of the bot.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_CURRENT: ContextVar[str] = ContextVar("reference", default="")


def current() -> str:
    """The reference of what is being done; empty for what nobody asked for."""
    return _CURRENT.get()


def new() -> str:
    """A reference that is short enough to be read out on the phone."""
    return secrets.token_hex(4)


@contextmanager
def under(reference: str) -> Iterator[None]:
    """What happens in the block, and the tasks that are begun in it, belong to *reference*."""
    token = _CURRENT.set(reference)
    try:
        yield
    finally:
        _CURRENT.reset(token)
