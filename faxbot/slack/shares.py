"""Where a file is shared, as files.info tells it."""

from collections.abc import Mapping
from typing import Any


def shares_in(file: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The (channel, message ts) of each message that shares *file*, newest first (`shares` of files.info)."""
    shares = file.get("shares")
    found: list[tuple[str, str]] = []
    for group in ("public", "private"):
        channels = shares.get(group) if isinstance(shares, dict) else None
        for channel, messages in channels.items() if isinstance(channels, dict) else ():
            found += [
                (str(channel), str(share["ts"]))
                for share in messages or ()
                if isinstance(share, dict) and share.get("ts")
            ]
    return sorted(found, key=lambda share: share[1], reverse=True)


def shared_in(file: Mapping[str, Any], channel_id: str) -> bool:
    """Whether *file* says that it is shared in the conversation, without naming the message."""
    return any(channel_id in (file.get(kind) or ()) for kind in ("channels", "groups", "ims"))
