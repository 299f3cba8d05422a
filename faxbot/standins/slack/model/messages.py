"""The messages and ephemeral messages of all conversations."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Ephemeral:
    """A message that only one person sees; the Web API does not return it."""

    id: str
    channel: str
    user: str
    ts: str
    content: dict[str, Any]
    """text, blocks, thread_ts: as posted."""

    def as_dict(self) -> dict[str, Any]:
        """The message in the person API's JSON."""
        return {"id": self.id, "channel": self.channel, "user": self.user, "ts": self.ts, **self.content}


@dataclass
class Messages:
    """Messages by conversation and timestamp; replies refer to their parent by thread_ts."""

    by_channel: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)

    def get(self, channel: str, ts: str) -> dict[str, Any] | None:
        """The message; None when it does not exist or was deleted."""
        return self.by_channel.get(channel, {}).get(ts)

    def in_order(self, channel: str) -> list[dict[str, Any]]:
        """Every message of the conversation, replies included, oldest first."""
        return [message for _, message in sorted(self.by_channel.get(channel, {}).items())]

    def thread(self, channel: str, ts: str) -> list[dict[str, Any]]:
        """The replies to the message *ts*, oldest first."""
        return [m for m in self.in_order(channel) if m.get("thread_ts") == ts and m["ts"] != ts]

    def put(self, channel: str, message: dict[str, Any]) -> None:
        """Add a message; update the reply count of its parent."""
        self.by_channel.setdefault(channel, {})[message["ts"]] = message
        self.recount(channel, message.get("thread_ts"))

    def remove(self, channel: str, ts: str) -> dict[str, Any] | None:
        """Remove a message; update the reply count of its parent."""
        message = self.by_channel.get(channel, {}).pop(ts, None)
        if message:
            self.recount(channel, message.get("thread_ts"))
        return message

    def recount(self, channel: str, thread_ts: str | None) -> None:
        """Update a parent's reply_count, reply_users and latest_reply."""
        parent = self.get(channel, thread_ts) if thread_ts else None
        if parent is None:
            return
        replies = self.thread(channel, parent["ts"])
        if not replies:
            for name in (
                "thread_ts",
                "reply_count",
                "reply_users",
                "reply_users_count",
                "latest_reply",
                "is_locked",
                "subscribed",
            ):
                parent.pop(name, None)
            return
        users = list(dict.fromkeys(reply["user"] for reply in replies))
        parent |= {
            "thread_ts": parent["ts"],
            "reply_count": len(replies),
            "reply_users": users,
            "reply_users_count": len(users),
            "latest_reply": replies[-1]["ts"],
            "is_locked": False,
            "subscribed": False,
        }
