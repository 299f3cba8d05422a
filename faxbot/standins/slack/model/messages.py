"""Messages and ephemeral messages of every conversation."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Ephemeral:
    """A message that one person sees until their page is reloaded; Slack keeps none of it."""

    id: str
    channel: str
    user: str
    ts: str
    content: dict[str, Any]
    """text, blocks, thread_ts: as posted."""

    def as_dict(self) -> dict[str, Any]:
        """The shape of the person API."""
        return {"id": self.id, "channel": self.channel, "user": self.user, "ts": self.ts, **self.content}


@dataclass
class Messages:
    """By conversation and timestamp; threads are found through thread_ts."""

    by_channel: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)

    def get(self, channel: str, ts: str) -> dict[str, Any] | None:
        """The message, unless it was deleted or never was."""
        return self.by_channel.get(channel, {}).get(ts)

    def in_order(self, channel: str) -> list[dict[str, Any]]:
        """Everything in the conversation, replies included, oldest first."""
        return [message for _, message in sorted(self.by_channel.get(channel, {}).items())]

    def thread(self, channel: str, ts: str) -> list[dict[str, Any]]:
        """The replies to the message *ts*, oldest first, without it."""
        return [m for m in self.in_order(channel) if m.get("thread_ts") == ts and m["ts"] != ts]

    def put(self, channel: str, message: dict[str, Any]) -> None:
        """Add a message, and count it in its parent when it is a reply."""
        self.by_channel.setdefault(channel, {})[message["ts"]] = message
        self.recount(channel, message.get("thread_ts"))

    def remove(self, channel: str, ts: str) -> dict[str, Any] | None:
        """Take a message out, and out of its parent's count."""
        message = self.by_channel.get(channel, {}).pop(ts, None)
        if message:
            self.recount(channel, message.get("thread_ts"))
        return message

    def recount(self, channel: str, thread_ts: str | None) -> None:
        """Write a parent's reply_count, reply_users and latest_reply."""
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
