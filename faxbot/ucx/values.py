"""
One odd JSON value in, one plain value out. Nothing here raises.

The contract's values are strings or numbers as the server pleases, and may be empty, absent or of
another kind altogether; a value that cannot be read is None or the empty text.
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta

from faxbot.fax.job import Direction

_LONGEST_TEXT = 2000
_LARGEST = 2**31 - 1
_LATEST = 1e11
"""Seconds until the year 5138: a larger number counts milliseconds."""
_NUMBER = re.compile(r"[+-]?\d{1,18}(\.\d*)?")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::\d{2})?")
_UNSEEN = dict.fromkeys([*range(9), *range(11, 32), 127])
"""Control characters, which neither people nor databases want; tab and newline stay."""


def text(value: object) -> str:
    """The text of *value*; an array's lines are joined by newlines, what is no text is empty."""
    match value:
        case str():
            said = value
        case bool() | None:
            said = ""
        case float() if math.isfinite(value) and value.is_integer():
            said = f"{value:.0f}"
        case int() | float():
            said = _digits(value)
        case list():
            said = "\n".join(line for line in map(_line, value) if line)
        case _:
            said = ""
    # A lone surrogate is valid JSON but can be stored nowhere.
    whole = said.encode("utf-8", "replace").decode("utf-8")
    return whole.translate(_UNSEEN).strip()[:_LONGEST_TEXT]


def _line(value: object) -> str:
    return "" if isinstance(value, list | dict) else text(value)


def _digits(value: float) -> str:
    try:
        return str(value)
    except ValueError:  # an integer beyond the interpreter's limit of digits
        return ""


def number(value: object) -> int | None:
    """A count or a number of seconds, rounded down; None if it is absent, negative or no number."""
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value.strip()):
            return None
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LARGEST:
        return None
    return int(value)


def first_number(fields: Mapping[str, object], *names: str) -> int | None:
    """The first of the fields *names* that holds a number."""
    return next((found for name in names if (found := number(fields.get(name))) is not None), None)


def first_text(fields: Mapping[str, object], *names: str) -> str:
    """The first of the fields *names* that holds a text."""
    return next((found for name in names if (found := text(fields.get(name)))), "")


def moment(value: object) -> datetime | None:
    """A moment, aware and UTC, from seconds since 1970 or "YYYY-MM-DD HH:MM:SS" (which is UTC)."""
    said = text(value)
    try:
        if _NUMBER.fullmatch(said):
            seconds = float(said)
            if seconds > _LATEST:
                seconds /= 1000
            return datetime.fromtimestamp(seconds, UTC).replace(microsecond=0) if seconds > 0 else None
        found = datetime.fromisoformat(said)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def next_moment(clock: object, after: datetime) -> datetime | None:
    """
    The next time at or after *after* that a UTC clock shows *clock* ("HH:MM"); None if it is no clock time.

    The server drops the seconds: at 02:53:22 a job due at 02:53:40 is due at "02:53", so *after* counts
    by its minute.
    """
    found = _CLOCK.fullmatch(text(clock))
    if not found:
        return moment(clock)
    try:
        of_day = time(int(found[1]), int(found[2]), tzinfo=UTC)
        due = datetime.combine(after.astimezone(UTC).date(), of_day)
        return due if due >= after.replace(second=0, microsecond=0) else due + timedelta(days=1)
    except (ValueError, OverflowError):
        return None


def job_id(value: object, direction: Direction) -> str:
    """A job id in upper case, or empty; a bare number gets the prefix that *direction* asks for."""
    said = "" if isinstance(value, list) else text(value).upper()
    return f"{direction}{said}" if said.isdecimal() else said
