"""
The correlation id: one per Slack envelope, in every log line that the envelope leads to.

It is created when the envelope arrives and stored with the rows that are committed. Tasks, ticks and the
outbox set it again when they continue that work, also after a restart.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_CURRENT: ContextVar[str] = ContextVar("correlation_id", default="")


def current() -> str:
    """The correlation id of the current context; empty outside of any request."""
    return _CURRENT.get()


def new() -> str:
    """A new correlation id: eight hexadecimal digits, short enough to read out on the phone."""
    return secrets.token_hex(4)


@contextmanager
def under(correlation_id: str) -> Iterator[None]:
    """Set *correlation_id* for the block and for the tasks that are started in it."""
    token = _CURRENT.set(correlation_id)
    try:
        yield
    finally:
        _CURRENT.reset(token)
