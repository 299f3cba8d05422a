"""New ids and timestamps in Slack's formats."""

import secrets
import string
from collections.abc import Callable

_ALPHABET = string.ascii_uppercase + string.digits


def new_id(prefix: str) -> str:
    """An id such as F07Q2M9XK4T: *prefix*, usually one letter for the type, and ten characters."""
    return prefix + "0" + "".join(secrets.choice(_ALPHABET) for _ in range(9))


class Timestamps:
    """Message timestamps: seconds.microseconds, strictly increasing."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last = 0

    def next(self) -> str:
        """The next unused timestamp."""
        self._last = max(int(self._clock() * 1_000_000), self._last + 1)
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"
