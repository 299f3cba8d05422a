"""Names for new things, shaped like Slack's."""

import secrets
import string
from collections.abc import Callable

_ALPHABET = string.ascii_uppercase + string.digits


def new_id(prefix: str) -> str:
    """An id such as F07Q2M9XK4T: a letter for the kind of thing and ten characters."""
    return prefix + "0" + "".join(secrets.choice(_ALPHABET) for _ in range(9))


class Timestamps:
    """Message timestamps: seconds.microseconds, each later than the one before."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last = 0

    def next(self) -> str:
        """The next unused timestamp."""
        self._last = max(int(self._clock() * 1_000_000), self._last + 1)
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"
