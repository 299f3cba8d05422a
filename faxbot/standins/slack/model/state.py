"""The state of the workspace; changes are published to the people who can see them."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from .feed import Feed
from .files import StoredFile
from .ids import Timestamps, new_id
from .interaction_ids import InteractionIds
from .messages import Ephemeral, Messages
from .people import APP_ID, BOT_ID, BOT_USER, TEAM_ID, Channel, first_channels, first_users
from .views import OpenView, Views


class WorkspaceState:
    """One workspace with one app installed. Not thread-safe: for use on one event loop."""

    def __init__(
        self,
        directory: Path,
        bot_name: str,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.clock = clock
        self.sleep = sleep
        self.directory = directory
        self.base = ""
        """The base address of the server, set when it listens."""
        self.bot_name = bot_name
        self.feed = Feed()
        self.reset()
        self.bot_token = f"xoxb-{secrets.randbelow(10**12)}-{secrets.token_hex(12)}"
        self.app_token = f"xapp-1-{APP_ID}-{secrets.randbelow(10**13)}-{secrets.token_hex(32)}"
        self.signing_secret = secrets.token_hex(16)
        self.verification_token = secrets.token_hex(12)
        self.token_revoked = False

    def reset(self) -> None:
        """Restore the initial people and channels; tokens, address and the feed's numbers are kept."""
        self.team = {
            "id": TEAM_ID,
            "name": "Harbor Clinic",
            "domain": "harbor-clinic",
            "email_domain": "",
            "icon": {"image_default": True},
        }
        self.users = first_users(self.bot_name)
        self.channels = first_channels()
        self.messages = Messages()
        self.ephemerals: dict[str, Ephemeral] = {}
        self.files: dict[str, StoredFile] = {}
        self.views = Views(self.clock)
        self.interaction_ids = InteractionIds(self.clock)
        self.timestamps = Timestamps(self.clock)
        self.token_revoked = False

    # -- visibility

    def audience(self, channel: Channel) -> frozenset[str] | None:
        """The people who see a conversation: None (everyone) for a public channel, else its members."""
        return frozenset(channel.members) if channel.is_im or channel.is_private else None

    def im_with(self, user: str) -> Channel | None:
        """The direct message between this person and the bot."""
        return next((c for c in self.channels.values() if c.partner == user), None)

    def bot_in(self, channel: Channel) -> bool:
        """Whether the bot is a member."""
        return BOT_USER in channel.members

    def bot_can_see(self, file: StoredFile) -> bool:
        """Whether the bot may see a file: its own, shared in its conversations, or given to the app."""
        return (
            file.user == BOT_USER
            or file.given_to_app
            or any(self.bot_in(self.channels[channel]) for channel in file.shares)
        )

    # -- messages

    def bot_message(self, text: str, **more: object) -> dict[str, Any]:
        """A new message by the bot, with a timestamp, not yet added to a conversation."""
        return {
            "type": "message",
            "user": BOT_USER,
            "bot_id": BOT_ID,
            "app_id": APP_ID,
            "team": TEAM_ID,
            "ts": self.timestamps.next(),
            "text": text,
            "bot_profile": {
                "id": BOT_ID,
                "app_id": APP_ID,
                "user_id": BOT_USER,
                "name": self.bot_name,
                "icons": {},
                "deleted": False,
                "updated": self.users[BOT_USER]["updated"],
                "team_id": TEAM_ID,
            },
            **more,
        }

    def user_message(self, user: str, text: str, **more: object) -> dict[str, Any]:
        """A new message by a person, with a timestamp, not yet added to a conversation."""
        return {
            "type": "message",
            "user": user,
            "team": TEAM_ID,
            "ts": self.timestamps.next(),
            "text": text,
            **more,
        }

    def add_message(self, channel: Channel, message: dict[str, Any]) -> None:
        """Add a new message to a conversation, or to its thread."""
        parent = self.messages.get(channel.id, message.get("thread_ts") or "")
        if parent and parent is not message:
            message["parent_user_id"] = parent["user"]
        self.messages.put(channel.id, message)
        self.publish_message(channel, message)
        if parent and parent is not message:
            self.publish_message(channel, parent)

    def publish_message(self, channel: Channel, message: dict[str, Any]) -> None:
        """Publish a new or changed message to the people of its conversation."""
        self.feed.publish(
            "message", self.audience(channel), message=self.message_for_person(channel, message)
        )

    def message_for_person(self, channel: Channel, message: dict[str, Any]) -> dict[str, Any]:
        """A message in the person API's JSON."""
        return {**message, "channel": channel.id}

    def delete_message(self, channel: Channel, ts: str) -> dict[str, Any] | None:
        """
        Delete a message and return it; None when it does not exist.

        A parent with replies is replaced by a tombstone, as in Slack.
        """
        message = self.messages.get(channel.id, ts)
        if message is None:
            return None
        if message.get("reply_count"):
            kept = {k: v for k, v in message.items() if k.startswith(("reply_", "thread_", "latest_"))}
            tombstone = {
                "type": "message",
                "subtype": "tombstone",
                "user": "USLACKBOT",
                "text": "This message was deleted.",
                "ts": ts,
                "hidden": True,
                **kept,
            }
            self.messages.by_channel[channel.id][ts] = tombstone
            self.publish_message(channel, tombstone)
            return message
        self.messages.remove(channel.id, ts)
        self.feed.publish("message_deleted", self.audience(channel), channel=channel.id, ts=ts)
        parent = self.messages.get(channel.id, message.get("thread_ts") or "")
        if parent:
            self.publish_message(channel, parent)
        return message

    def post_ephemeral(self, channel: str, user: str, content: dict[str, Any]) -> Ephemeral:
        """Post an ephemeral message to one person."""
        ephemeral = Ephemeral(new_id("E"), channel, user, self.timestamps.next(), content)
        self.ephemerals[ephemeral.id] = ephemeral
        self.publish_ephemeral(ephemeral)
        return ephemeral

    def publish_ephemeral(self, ephemeral: Ephemeral) -> None:
        """Publish a new or replaced ephemeral message to its person."""
        self.feed.publish("ephemeral", frozenset({ephemeral.user}), ephemeral=ephemeral.as_dict())

    def delete_ephemeral(self, ident: str) -> None:
        """Delete an ephemeral message."""
        ephemeral = self.ephemerals.pop(ident, None)
        if ephemeral:
            self.feed.publish("ephemeral_deleted", frozenset({ephemeral.user}), id=ident)

    # -- files, channels, views

    def file_object(self, file: StoredFile, *, with_shares: bool = False) -> dict[str, Any]:
        """Slack's file object."""
        return file.as_dict(self.base, self.channels, with_shares=with_shares)

    def file_in_message(self, file: StoredFile) -> dict[str, Any]:
        """The file object, or its stub, as messages and events contain it."""
        return file.stub() or self.file_object(file)

    def file_for_person(self, file: StoredFile) -> dict[str, Any]:
        """A file in the person API's JSON."""
        shown = self.file_object(file, with_shares=True)
        if file.mode == "tombstone":
            shown["mode"] = "tombstone"
        return {**shown, "page_url": f"/_/file/{file.id}"}

    def add_file(self, file: StoredFile) -> None:
        """Add a file that a person has uploaded; only its owner can share it."""
        file.uploaded = file.completed = True
        self.files[file.id] = file
        self.publish_file(file)

    def publish_file(self, file: StoredFile) -> None:
        """Publish a new, shared or deleted file to everyone."""
        self.feed.publish("file", None, file=self.file_for_person(file))

    def channel_for_person(self, channel: Channel) -> dict[str, Any]:
        """A conversation in the person API's JSON."""
        return {
            "id": channel.id,
            "name": channel.name,
            "is_im": channel.is_im,
            "user": channel.partner,
            "is_private": channel.is_private,
            "is_archived": channel.is_archived,
            "members": channel.members,
            "topic": channel.topic,
        }

    def publish_channel(self, channel: Channel) -> None:
        """Publish a changed conversation to the people who see it."""
        self.feed.publish("channel", self.audience(channel), channel=self.channel_for_person(channel))

    def publish_view(self, view: OpenView) -> None:
        """Publish a new version of a modal or Home tab to its person."""
        kind = "view" if view.id in self.views.open else "home"
        self.feed.publish(kind, frozenset({view.user}), view=view.for_person())

    def close_view(self, view: OpenView) -> None:
        """Remove one modal from its person's stack."""
        if self.views.open.pop(view.id, None):
            self.feed.publish("view_closed", frozenset({view.user}), id=view.id)
