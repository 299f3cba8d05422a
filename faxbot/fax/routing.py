"""Which channels hear of which fax."""

from collections.abc import Iterable
from dataclasses import dataclass

from faxbot.fax.job import Direction


@dataclass(frozen=True, slots=True)
class SubscriptionFilter:
    """A channel wants to hear of a direction; only of one line or one fax if these are set."""

    channel_id: str
    direction: Direction
    line_id: str = ""
    fax_id: int = 0


def subscribed_channels(
    interests: Iterable[SubscriptionFilter],
    direction: Direction,
    *,
    line_id: str,
    fax_id: int = 0,
    first: Iterable[str] = (),
) -> list[str]:
    """
    The channels that hear of a fax, each once: *first* the ones that hear anyway, then the interested ones.

    A fax whose line is not known (`line_id` empty) reaches only the channels that want all lines.
    """
    channels = dict.fromkeys(channel for channel in first if channel)
    for interest in interests:
        if interest.direction is not direction:
            continue
        wants = interest.fax_id == fax_id if interest.fax_id else interest.line_id in ("", line_id)
        if wants:
            channels.setdefault(interest.channel_id)
    return list(channels)
