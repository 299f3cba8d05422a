"""Reading Slack payloads: who acted where, files in messages, and shares of files."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Origin:
    """
    The person and conversation behind a payload; fields that the payload lacks are empty.

    *message_ts*: the message with the pressed button, unless it is ephemeral. *view_id*: the view, for forms.
    """

    user_id: str
    channel_id: str = ""
    thread_ts: str | None = None
    response_url: str | None = None
    trigger_id: str = ""
    message_ts: str | None = None
    view_id: str = ""

    @property
    def interaction_id(self) -> str:
        """Identifies the interaction: trigger id, response_url, or a random id where there is neither."""
        return self.trigger_id or self.response_url or uuid.uuid4().hex


def origin_of(body: Mapping[str, Any]) -> Origin:
    """
    The origin of a command, button press, shortcut, form or event.

    Source: "Slash commands", "Interaction payloads" and "Events API", Slack.
    """
    event, container, message = (_part(body, name) for name in ("event", "container", "message"))
    seen_by_all = not container.get("is_ephemeral")
    return Origin(
        user_id=_first(body.get("user_id"), _part(body, "user").get("id"), event.get("user"))
        or _first(event.get("user_id")),
        channel_id=_first(body.get("channel_id"), _part(body, "channel").get("id"), event.get("channel"))
        or _first(event.get("channel_id"), container.get("channel_id")),
        thread_ts=_first(container.get("thread_ts"), message.get("thread_ts"), event.get("thread_ts"))
        or None,
        response_url=_first(body.get("response_url")) or None,
        trigger_id=_first(body.get("trigger_id")),
        message_ts=(_first(container.get("message_ts")) or None) if seen_by_all else None,
        view_id=_first(_part(body, "view").get("id"), container.get("view_id")),
    )


def _part(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = body.get(name)
    return part if isinstance(part, Mapping) else {}


def _first(*values: object) -> str:
    """The first non-empty string of *values*, or ""."""
    return next((value for value in values if isinstance(value, str) and value), "")


def files_in(message: Mapping[str, Any]) -> list[dict[str, str]]:
    """The files of a message as `{"id", "name"}`, in their order; deleted ones are left out."""
    files = message.get("files")
    return [
        {"id": file["id"], "name": _first(file.get("name"), file.get("title"))}
        for file in (files if isinstance(files, list) else [])
        if isinstance(file, Mapping) and isinstance(file.get("id"), str) and file.get("mode") != "tombstone"
    ]


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
    """Whether the lists `channels`, `groups` or `ims` of *file* name the conversation."""
    return any(channel_id in (file.get(kind) or ()) for kind in ("channels", "groups", "ims"))
