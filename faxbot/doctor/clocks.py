"""Compares this machine's clock with a server's, by the Date header of a response."""

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

from faxbot.doctor.finding import Finding, green, red, yellow

YELLOW_SECONDS = 60
RED_SECONDS = 300
"""Slack rejects signatures older than this, and lookups of lost messages compare times of both clocks."""


def clock_skew(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that this machine is ahead of the server that sent *headers*; None without a usable Date."""
    date = next((value for name, value in headers.items() if name.lower() == "date"), "")
    try:
        return (now - parsedate_to_datetime(date)).total_seconds()
    except (TypeError, ValueError):
        return None


def clock_finding(skew: float | None, *, whose: str) -> Finding:
    """The finding for a clock difference of *skew* seconds; *whose* names the server in the sentences."""
    if skew is None:
        return yellow(
            f"{whose} did not say what time it has.".capitalize(),
            "Compare its clock with this machine's by hand: a minute's difference does no harm.",
        )
    if abs(skew) <= YELLOW_SECONDS:
        return green(f"Less than a minute beside {whose}.")
    ahead = "ahead of" if skew > 0 else "behind"
    found = f"This machine's clock is {_span(abs(skew))} {ahead} that of {whose}."
    remedy = (
        "Let both keep the time from the network: on this machine, timedatectl set-ntp true. timedatectl "
        f"then shows whether this machine is right; if it is, have the clock of {whose} set."
    )
    return red(found, remedy) if abs(skew) > RED_SECONDS else yellow(found, remedy)


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"  # noqa: PLR2004 - two minutes
