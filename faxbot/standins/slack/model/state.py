"""Everything the workspace knows, and the changes that happen to it, told to the people who can see them."""

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
    """One workspace with one app installed. Not thread-safe; lives on one event loop."""

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
        """The address of the server, set when it listens."""
        self.bot_name = bot_name
        self.feed = Feed()
        self.reset()
        self.bot_token = f"xoxb-{secrets.randbelow(10**12)}-{secrets.token_hex(12)}"
        self.app_token = f"xapp-1-{APP_ID}-{secrets.randbelow(10**13)}-{secrets.token_hex(32)}"
        self.signing_secret = secrets.token_hex(16)
        self.verification_token = secrets.token_hex(12)
        self.token_revoked = False

    def reset(self) -> None:
        """Begin anew with the first people and channels; tokens, addresses and the feed's numbers stay."""
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
        self.passes = InteractionIds(self.clock)
        self.timestamps = Timestamps(self.clock)
        self.token_revoked = False

    # -- who sees what

    def audience(self, channel: Channel) -> frozenset[str] | None:
        """Who sees what happens in a conversation: everyone in a public channel (None), else its members."""
        return frozenset(channel.members) if channel.is_im or channel.is_private else None

    def im_with(self, user: str) -> Channel | None:
        """The direct message of this person with the bot."""
        return next((c for c in self.channels.values() if c.partner == user), None)

    def bot_in(self, channel: Channel) -> bool:
        """Whether the bot is a member."""
        return BOT_USER in channel.members

    def bot_can_see(self, file: StoredFile) -> bool:
        """Whether a bot token may know of a file: its own, shared where it is, or handed to the app."""
        return (
            file.user == BOT_USER
            or file.given_to_app
            or any(self.bot_in(self.channels[channel]) for channel in file.shares)
        )

    # -- messages

    def bot_message(self, text: str, **more: object) -> dict[str, Any]:
        """A message by the bot, with a new timestamp, not yet anywhere."""
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
        """A message by a person, with a new timestamp, not yet anywhere."""
        return {
            "type": "message",
            "user": user,
            "team": TEAM_ID,
            "ts": self.timestamps.next(),
            "text": text,
            **more,
        }

    def place(self, channel: Channel, message: dict[str, Any]) -> None:
        """Put a new message in a conversation, beside the parent it replies to."""
        parent = self.messages.get(channel.id, message.get("thread_ts") or "")
        if parent and parent is not message:
            message["parent_user_id"] = parent["user"]
        self.messages.put(channel.id, message)
        self.show(channel, message)
        if parent and parent is not message:
            self.show(channel, parent)

    def show(self, channel: Channel, message: dict[str, Any]) -> None:
        """Tell the people of a conversation of a new or changed message."""
        self.feed.tell("message", self.audience(channel), message=self.for_person(channel, message))

    def for_person(self, channel: Channel, message: dict[str, Any]) -> dict[str, Any]:
        """The shape of the person API: the message as it is now, and where."""
        return {**message, "channel": channel.id}

    def take_away(self, channel: Channel, ts: str) -> dict[str, Any] | None:
        """
        Delete a message; return what it was.

        A parent with replies leaves a tombstone, as in Slack.
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
            self.show(channel, tombstone)
            return message
        self.messages.remove(channel.id, ts)
        self.feed.tell("message_deleted", self.audience(channel), channel=channel.id, ts=ts)
        parent = self.messages.get(channel.id, message.get("thread_ts") or "")
        if parent:
            self.show(channel, parent)
        return message

    def whisper(self, channel: str, user: str, content: dict[str, Any]) -> Ephemeral:
        """Show a message to one person only."""
        ephemeral = Ephemeral(new_id("E"), channel, user, self.timestamps.next(), content)
        self.ephemerals[ephemeral.id] = ephemeral
        self.show_ephemeral(ephemeral)
        return ephemeral

    def show_ephemeral(self, ephemeral: Ephemeral) -> None:
        """Tell the one who sees it of a new or replaced ephemeral message."""
        self.feed.tell("ephemeral", frozenset({ephemeral.user}), ephemeral=ephemeral.as_dict())

    def unwhisper(self, ident: str) -> None:
        """Take an ephemeral message away."""
        ephemeral = self.ephemerals.pop(ident, None)
        if ephemeral:
            self.feed.tell("ephemeral_deleted", frozenset({ephemeral.user}), id=ident)

    # -- files, channels, views, as people see them

    def file_object(self, file: StoredFile, *, with_shares: bool = False) -> dict[str, Any]:
        """Slack's object of a file."""
        return file.as_dict(self.base, self.channels, with_shares=with_shares)

    def file_in_message(self, file: StoredFile) -> dict[str, Any]:
        """What a message or event carries of a file: its object, or a stub."""
        return file.stub() or self.file_object(file)

    def file_for_person(self, file: StoredFile) -> dict[str, Any]:
        """The shape of the person API."""
        shown = self.file_object(file, with_shares=True)
        if file.mode == "tombstone":
            shown["mode"] = "tombstone"
        return {**shown, "page_url": f"/_/file/{file.id}"}

    def show_file(self, file: StoredFile) -> None:
        """Tell everyone of a file that appeared, was shared or was deleted."""
        self.feed.tell("file", None, file=self.file_for_person(file))

    def channel_for_person(self, channel: Channel) -> dict[str, Any]:
        """The shape of the person API."""
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

    def show_channel(self, channel: Channel) -> None:
        """Tell everyone who sees a conversation that it changed."""
        self.feed.tell("channel", self.audience(channel), channel=self.channel_for_person(channel))

    def show_view(self, view: OpenView) -> None:
        """Tell a person of a new version of a modal or Home tab."""
        kind = "view" if view.id in self.views.open else "home"
        self.feed.tell(kind, frozenset({view.user}), view=view.for_person())

    def close_view(self, view: OpenView) -> None:
        """Take one modal off a person's stack."""
        if self.views.open.pop(view.id, None):
            self.feed.tell("view_closed", frozenset({view.user}), id=view.id)
