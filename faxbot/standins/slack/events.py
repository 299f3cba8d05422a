"""The Events API: the events that the app receives, and their contents."""

import copy
from typing import Any

from .delivery import EnvelopeDelivery
from .manifest import Manifest
from .model.files import StoredFile
from .model.ids import new_id
from .model.people import APP_ID, BOT_USER, TEAM_ID, Channel
from .model.state import WorkspaceState
from .settings import WorkspaceSettings

_MESSAGE_EVENTS = {"channel": "message.channels", "group": "message.groups", "im": "message.im"}

SENT = (
    "app_home_opened",
    "app_mention",
    "file_deleted",
    "file_shared",
    "member_joined_channel",
    "message.channels",
    "message.groups",
    "message.im",
    "tokens_revoked",
)
"""The subscriptions of a manifest that have an effect."""


class Events:
    """
    Sends an event when the manifest subscribes to it, its scope is granted and the bot is a member.

    Source: Slack's Events API reference.
    """

    def __init__(
        self,
        state: WorkspaceState,
        manifest: Manifest,
        settings: WorkspaceSettings,
        delivery: EnvelopeDelivery,
    ) -> None:
        self._state = state
        self._manifest = manifest
        self._settings = settings
        self._delivery = delivery

    def _subscribed(self, subscription: str, scope: str = "") -> bool:
        return subscription in self._manifest.bot_events and (not scope or scope in self._manifest.scopes)

    def _publish(self, event: dict[str, Any], ts: str | None = None) -> None:
        self._delivery.deliver_event(
            {
                "token": self._state.verification_token,
                "team_id": TEAM_ID,
                "context_team_id": TEAM_ID,
                "context_enterprise_id": None,
                "api_app_id": APP_ID,
                "event": {**copy.deepcopy(event), "event_ts": ts or self._state.timestamps.next()},
                "type": "event_callback",
                "event_id": new_id("Ev"),
                "event_time": int(self._state.clock()),
                "authorizations": [
                    {
                        "enterprise_id": None,
                        "team_id": TEAM_ID,
                        "user_id": BOT_USER,
                        "is_bot": True,
                        "is_enterprise_install": False,
                    }
                ],
                "is_ext_shared_channel": False,
                "event_context": f"4-{new_id('E')}",
            }
        )

    def message(
        self, channel: Channel, message: dict[str, Any], files: list[StoredFile], style: str | None = None
    ) -> None:
        """
        Send the events of a posted message: message, and app_mention and file_shared where they apply.

        *style* overrides the app_mention of a message with files: "with_files", "without_files" or "none".
        """
        if not self._state.bot_in(channel):
            return
        settings = self._settings
        if files and settings.file_shared_first:
            self._file_shared(channel, message, files)
        if settings.message_for_file_shares or not files:
            self._message(channel, message)
        self._mention(channel, message, style)
        if files and not settings.file_shared_first:
            self._file_shared(channel, message, files)

    def _message(self, channel: Channel, message: dict[str, Any]) -> None:
        if self._subscribed(_MESSAGE_EVENTS[channel.kind], f"{channel.scope}:history"):
            self._publish(
                {**_without_metadata(message), "channel": channel.id, "channel_type": channel.kind},
                message["ts"],
            )

    def _mention(self, channel: Channel, message: dict[str, Any], style: str | None) -> None:
        from_person = not message.get("bot_id") and message.get("subtype") != "channel_join"
        mentioned = f"<@{BOT_USER}>" in message.get("text", "") and from_person
        if channel.is_im or not mentioned or not self._subscribed("app_mention", "app_mentions:read"):
            return
        settings = self._settings
        if message.get("files"):
            default = "with_files" if settings.mention_with_files else "without_files"
            style = style or (default if settings.mention_for_file_shares else "none")
            if style == "none":
                return
        kept = ("user", "text", "ts", "team", "thread_ts", "parent_user_id", "blocks", "client_msg_id")
        event = {name: message[name] for name in kept if name in message}
        if message.get("files") and style == "with_files":
            event |= {"files": message["files"], "upload": False, "display_as_bot": False}
        self._publish({"type": "app_mention", **event, "channel": channel.id}, message["ts"])

    def _file_shared(self, channel: Channel, message: dict[str, Any], files: list[StoredFile]) -> None:
        if not self._settings.file_shared_events or not self._subscribed("file_shared", "files:read"):
            return
        for file in files:
            self._publish(
                {
                    "type": "file_shared",
                    "file_id": file.id,
                    "user_id": message["user"],
                    "file": {"id": file.id},
                    "channel_id": channel.id,
                }
            )

    def changed(self, channel: Channel, message: dict[str, Any], previous: dict[str, Any]) -> None:
        """Send the event of an edited message."""
        self._hidden(
            channel,
            {
                "subtype": "message_changed",
                "message": _without_metadata(message),
                "previous_message": _without_metadata(previous),
            },
        )

    def deleted(self, channel: Channel, previous: dict[str, Any]) -> None:
        """Send the event of a deleted message."""
        self._hidden(
            channel,
            {
                "subtype": "message_deleted",
                "previous_message": _without_metadata(previous),
                "deleted_ts": previous["ts"],
            },
        )

    def _hidden(self, channel: Channel, facts: dict[str, Any]) -> None:
        if self._state.bot_in(channel) and self._subscribed(
            _MESSAGE_EVENTS[channel.kind], f"{channel.scope}:history"
        ):
            ts = self._state.timestamps.next()
            place = {"channel": channel.id, "channel_type": channel.kind}
            self._publish({"type": "message", **facts, **place, "hidden": True, "ts": ts}, ts)

    def file_deleted(self, file: StoredFile) -> None:
        """Send the event of a deleted file, if the bot could see it."""
        if self._subscribed("file_deleted", "files:read") and self._state.bot_can_see(file):
            self._publish(
                {"type": "file_deleted", "file_id": file.id, "channel_ids": list(file.shares)},
            )

    def joined(self, channel: Channel, user: str, inviter: str) -> None:
        """Send the event of a new member, perhaps the bot itself, in a channel of the bot."""
        if self._state.bot_in(channel) and self._subscribed("member_joined_channel", f"{channel.scope}:read"):
            event = {
                "type": "member_joined_channel",
                "user": user,
                "channel": channel.id,
                "channel_type": "G" if channel.is_private else "C",
                "team": TEAM_ID,
            }
            self._publish(event | ({"inviter": inviter} if inviter else {}))

    def home_opened(self, user: str, channel: Channel, tab: str) -> None:
        """Send the event of a person opening the app's Home or Messages tab."""
        if self._subscribed("app_home_opened"):
            event: dict[str, Any] = {
                "type": "app_home_opened",
                "user": user,
                "channel": channel.id,
                "tab": tab,
            }
            home = self._state.views.homes.get(user)
            if tab == "home" and home:
                event["view"] = home.as_dict()
            self._publish(event)

    def tokens_revoked(self) -> None:
        """Send the event of the bot's token being revoked."""
        if self._subscribed("tokens_revoked"):
            self._publish({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [BOT_USER]}})


def _without_metadata(message: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in message.items() if name != "metadata"}
