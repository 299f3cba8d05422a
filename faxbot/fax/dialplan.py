"""
What a line may dial, and the destination a number becomes.

Emergency and public service numbers are refused as written and as dialed, prefixes included; the rest
follows the plan's lists.
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
_OUTSIDE_LINE_DIGITS = "90"  # what telephone systems commonly ask for in front of an outside call
_NORTH_AMERICA = 1
_SERVICE_CODE_DIGITS = 3
_QUOTED_CHARS = 40


@dataclass(frozen=True, slots=True)
class DialPlan:
    """
    Where the line stands and what it may dial.

    *region* is the ISO 3166 code numbers without a country code belong to. A pattern with a plus sign
    (`+1900`, `+44*`) speaks of outside numbers, one without (`59?`) of extensions; `*` and `?` are
    wildcards, and an outside pattern also covers every number that begins with it. A *blocked* pattern
    without a plus sign covers both kinds, so that `1900*` does not block nothing. *allowed*, when not
    empty, names all that may be dialed; *blocked* wins.

    Raises:
        ValueError: No such region, or a prefix with other characters than digits, `*`, `#` and `,`.
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
        """A number of the region, written so that it is understood."""
        return _example(self.region)


@dataclass(frozen=True, slots=True)
class Destination:
    """Who is called: *dial* is what the fax server gets; *e164* is None for an extension."""

    dial: str
    e164: str | None
    number: str
    """The extension's own digits, or *e164*."""

    @property
    def extension(self) -> bool:
        """Whether it is a telephone on the same system."""
        return self.e164 is None

    @property
    def pretty(self) -> str:
        """For people: `+1 469-555-0101`, `ext. 598`. `parse` reads it back."""
        if self.e164 is None:
            return f"ext. {self.number}"
        return phonenumbers.format_number(phonenumbers.parse(self.e164), PhoneNumberFormat.INTERNATIONAL)

    @property
    def masked(self) -> str:
        """Where the number must not show: its last two digits, an extension not at all."""
        return "ext. ••" if self.e164 is None else f"••••{self.e164[-2:]}"


def to_outside(number: PhoneNumber, written: str, plan: DialPlan) -> Destination:
    """
    Make *number*, written as *written*, the destination outside.

    Raises:
        BadNumber: Dialed like this it would reach the emergency services, or it is not among what may be
            dialed. `+91 11…` (Delhi) without an international prefix begins with 911.
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
    Make *digits* the destination on the same telephone system.

    Raises:
        BadNumber: An emergency or public service number, or not among what may be dialed.
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
    """What may be left when telephone systems take digits for an outside line off; two in a row do, too."""
    for taken in range(1, len(called)):
        if called[taken - 1] not in _OUTSIDE_LINE_DIGITS:
            return
        if taken == 1 or len(called) - taken >= _SERVICE_CODE_DIGITS:
            yield called[taken:]


def _is_emergency(digits: str, region: str) -> bool:
    return bool(phonenumbers.is_emergency_number(digits, region))


def _is_service_code(digits: str, plan: DialPlan) -> bool:
    """411, 811, 988 and the like of North America; elsewhere such numbers are everyday extensions."""
    if plan.country_code != _NORTH_AMERICA or len(digits) != _SERVICE_CODE_DIGITS:
        return False
    short = PhoneNumber(country_code=_NORTH_AMERICA, national_number=int(digits))
    return digits[0] != "0" and phonenumbers.is_valid_short_number_for_region(short, plan.region)


def _after_trunk_one(number: PhoneNumber) -> str:
    """What is left of a North American number when a telephone system takes its 1 off."""
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
    """Drop everything else than the ten ASCII digits."""
    return re.sub(r"[^0-9]", "", text)


def quote(written: str) -> str:
    """Repeat what a person wrote, on one line and not at length."""
    written = " ".join(written.split())
    short = written if len(written) <= _QUOTED_CHARS else f"{written[: _QUOTED_CHARS - 1]}…"
    return f'"{short}"'
