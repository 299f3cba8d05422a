"""
Which numbers may be dialed, and what the fax server is given to dial.

Emergency and public service numbers are refused, both as written and as dialed with prefixes. Other numbers
follow the plan's blocked and allowed lists.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat

from faxbot.fax.errors import BadNumber

_DIALABLE = re.compile(r"[0-9*#,]*")
_EMERGENCY_ANYWHERE = frozenset({"000", "112", "911", "999"})
_OUTSIDE_LINE_DIGITS = "90"  # digits that telephone systems commonly require before an outside call
_NORTH_AMERICA = 1
_SERVICE_CODE_DIGITS = 3
_QUOTED_CHARS = 40


@dataclass(frozen=True, slots=True)
class DialPlan:
    """
    The region of the fax lines, the prefixes to dial, and the numbers that may be dialed.

    *region* is the ISO 3166 code of the country of numbers written without a country code. A pattern with a
    plus sign (`+1900`, `+44*`) matches outside numbers, one without (`59?`) extensions. `*` and `?` are
    wildcards; an outside pattern also matches every number that begins with it. A *blocked* pattern without a
    plus sign matches both kinds, so that `1900*` blocks outside numbers, too. If *allowed* is not empty, only
    numbers that it matches may be dialed. *blocked* takes precedence.

    Raises:
        ValueError: The region is unknown, or a prefix has characters other than digits, `*`, `#` and `,`.
    """

    region: str = "US"
    international_prefix: str = ""
    dial_prefix: str = ""
    blocked: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.region not in phonenumbers.SUPPORTED_REGIONS:
            raise ValueError(f"{self.region!r} is not a region such as US, CA or GB.")
        for prefix in (self.international_prefix, self.dial_prefix):
            if not _DIALABLE.fullmatch(prefix):
                raise ValueError(f"{prefix!r}: a dial prefix has only digits, *, # and commas.")

    @property
    def country_code(self) -> int:
        """The region's country calling code."""
        return phonenumbers.country_code_for_region(self.region)

    @property
    def example(self) -> str:
        """A valid number of the region in international format, for messages."""
        return _example(self.region)


@dataclass(frozen=True, slots=True)
class Destination:
    """A number to fax to: *dial* is the string for the fax server; *e164* is None for an extension."""

    dial: str
    e164: str | None
    number: str
    """The extension's digits, or *e164*."""

    @property
    def extension(self) -> bool:
        """Whether it is an extension of the same telephone system."""
        return self.e164 is None

    @property
    def pretty(self) -> str:
        """The display format: `+1 469-555-0101`, `ext. 598`. `number.parse` reads it back."""
        if self.e164 is None:
            return f"ext. {self.number}"
        return phonenumbers.format_number(phonenumbers.parse(self.e164), PhoneNumberFormat.INTERNATIONAL)


def to_outside(number: PhoneNumber, written: str, plan: DialPlan) -> Destination:
    """
    The destination for an outside *number*; *written* is what the person typed, for messages.

    Raises:
        BadNumber: As dialed it would reach the emergency services (without an international prefix,
            `+91 11…` in Delhi begins with 911), or the plan does not permit it.
    """
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    foreign = number.country_code != plan.country_code
    called = (plan.international_prefix if foreign else "") + e164[1:]
    destination = Destination(plan.dial_prefix + called, e164, e164)
    dialed = {only_digits(destination.dial), only_digits(called), _after_trunk_one(number)} - {""}
    if any(phonenumbers.connects_to_emergency_number(digits, plan.region) for digits in dialed):
        hint = (
            " Ask an admin to set the international prefix." if foreign else f" Write it like {plan.example}."
        )
        raise BadNumber(f"{quote(written)} begins like an emergency call when it is dialed here.{hint}")
    return _permitted(destination, plan)


def to_extension(digits: str, plan: DialPlan) -> Destination:
    """
    The destination for an extension with these *digits*.

    Raises:
        BadNumber: It is an emergency or public service number, or the plan does not permit it.
    """
    destination = Destination(plan.dial_prefix + digits, None, digits)
    dialed = {digits, only_digits(destination.dial)}
    outside = {after for called in dialed for after in _behind_outside_line(called)}
    if any(d in _EMERGENCY_ANYWHERE or _is_emergency(d, plan.region) for d in dialed) or any(
        _is_emergency(d, plan.region) for d in outside
    ):
        raise BadNumber(
            f"{quote(digits)} reaches the emergency services, and a fax never goes there."
            f" Write a fax number like {plan.example}."
        )
    if any(_is_service_code(d, plan) for d in dialed):
        raise BadNumber(
            f"{quote(digits)} is a public service number, and no fax machine answers it."
            f" Write a fax number like {plan.example}."
        )
    return _permitted(destination, plan)


def _behind_outside_line(called: str) -> Iterator[str]:
    """The numbers that may remain when one or two telephone systems strip digits for an outside line."""
    for stripped in range(1, len(called)):
        if called[stripped - 1] not in _OUTSIDE_LINE_DIGITS:
            return
        if stripped == 1 or len(called) - stripped >= _SERVICE_CODE_DIGITS:
            yield called[stripped:]


def _is_emergency(digits: str, region: str) -> bool:
    return bool(phonenumbers.is_emergency_number(digits, region))


def _is_service_code(digits: str, plan: DialPlan) -> bool:
    """Whether it is a North American service code such as 411, 811 or 988; elsewhere those are extensions."""
    if plan.country_code != _NORTH_AMERICA or len(digits) != _SERVICE_CODE_DIGITS:
        return False
    short = PhoneNumber(country_code=_NORTH_AMERICA, national_number=int(digits))
    return digits[0] != "0" and phonenumbers.is_valid_short_number_for_region(short, plan.region)


def _after_trunk_one(number: PhoneNumber) -> str:
    """A North American number without its leading 1, which a telephone system may strip."""
    return str(number.national_number) if number.country_code == _NORTH_AMERICA else ""


def _permitted(destination: Destination, plan: DialPlan) -> Destination:
    for pattern in plan.blocked:
        if _covers(pattern, destination) or _covers(f"+{pattern}", destination):
            raise BadNumber(
                f"{destination.pretty} may not be dialed here (blocked: {pattern}). Ask an admin."
            )
    if plan.allowed and not any(_covers(pattern, destination) for pattern in plan.allowed):
        raise BadNumber(
            f"{destination.pretty} is not among the numbers that may be dialed here. Ask an admin."
        )
    return destination


def _covers(pattern: str, destination: Destination) -> bool:
    pattern = re.sub(r"[^0-9+*?]", "", pattern)
    if destination.e164 is None:
        return fnmatchcase(destination.number, pattern)
    return pattern.startswith("+") and pattern != "+" and fnmatchcase(destination.e164, f"{pattern}*")


@lru_cache
def _example(region: str) -> str:
    number = phonenumbers.example_number(region)
    if number is None:
        return "+1 201-555-0123"
    return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)


def only_digits(text: str) -> str:
    """*text* without any character but the ten ASCII digits."""
    return re.sub(r"[^0-9]", "", text)


def quote(written: str) -> str:
    """*written* in quotation marks, on one line, shortened to 40 characters."""
    written = " ".join(written.split())
    short = written if len(written) <= _QUOTED_CHARS else f"{written[: _QUOTED_CHARS - 1]}…"
    return f'"{short}"'
