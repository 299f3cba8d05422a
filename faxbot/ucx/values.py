"""
Normalizes the JSON values of the Fax API. Nothing here raises.

A value may be a string or a number, empty, absent or of an unexpected type. A value that cannot be read
becomes None or the empty string.
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta

from faxbot.fax.job import Direction

_LONGEST_TEXT = 2000
"""In characters; longer texts are truncated."""
_LARGEST = 2**31 - 1
"""The largest count; larger ones are unreadable."""
_LATEST = 1e11
"""Epoch seconds in the year 5138: a larger number is in milliseconds."""
_NUMBER = re.compile(r"[+-]?\d{1,18}(\.\d*)?")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::\d{2})?")
_CONTROL_CHARACTERS = dict.fromkeys([*range(9), *range(11, 32), 127])
"""Control characters to remove, which databases may reject; tab and newline stay."""


def text(value: object) -> str:
    """*value* as text: an array is joined by newlines; objects and booleans become the empty string."""
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
    # A lone surrogate is valid JSON, but cannot be encoded and stored.
    whole = said.encode("utf-8", "replace").decode("utf-8")
    return whole.translate(_CONTROL_CHARACTERS).strip()[:_LONGEST_TEXT]


def _line(value: object) -> str:
    return "" if isinstance(value, list | dict) else text(value)


def _digits(value: float) -> str:
    try:
        return str(value)
    except ValueError:  # an integer with more digits than the interpreter converts
        return ""


def number(value: object) -> int | None:
    """A count or a number of seconds, rounded down; None if it is absent, negative or not a number."""
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
    """An aware UTC datetime from seconds since 1970 or "YYYY-MM-DD HH:MM:SS" (UTC); None if unreadable."""
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
    The first time at or after *after* with the UTC time of day *clock* ("HH:MM"); None if it is unreadable.

    The server truncates the seconds (02:53:40 becomes "02:53"), so the minute of *after* itself counts. If
    *clock* has a date, it is parsed by `moment`.
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
    """A job id in upper case, or the empty string; a bare number gets the prefix of *direction*."""
    said = "" if isinstance(value, list) else text(value).upper()
    return f"{direction}{said}" if said.isdecimal() else said
