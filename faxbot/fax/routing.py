"""Which channels a fax is posted in."""

from collections.abc import Iterable
from dataclasses import dataclass

from faxbot.fax.job import Direction


@dataclass(frozen=True, slots=True)
class SubscriptionFilter:
    """The faxes a channel subscribed to: one direction, and only one line or one fax if these are set."""

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
    The channels to post a fax in, each once: *first*, then those with a matching subscription.

    A fax of an unknown line (`line_id` empty) matches only subscriptions to all lines.
    """
    channels = dict.fromkeys(channel for channel in first if channel)
    for interest in interests:
        if interest.direction is not direction:
            continue
        matches = interest.fax_id == fax_id if interest.fax_id else interest.line_id in ("", line_id)
        if matches:
            channels.setdefault(interest.channel_id)
    return list(channels)
