"""Messages and files on their way to Slack."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from faxbot.fax.errors import SlackRefused, SlackUnclear
from faxbot.services.model.messages import FetchedFile, Message, ReceivedFax
from faxbot.slack.adapters.response_url import post_to_response_url
from faxbot.slack.adapters.upload import put_bytes
from faxbot.slack.payloads import shared_in, shares_in
from faxbot.slack.web_api.web_api import WebApi

EVENT_TYPE = "faxbot_announcement"
_LONGEST_BLOCK_ID = 255
_CLOCKS_APART = 300.0
"""Seconds by which our clock may be ahead of Slack's: a message of ours is still found by its time."""
_PEOPLE = ("U", "W")
"""What the ids of people begin with."""
_GONE = {"channel_not_found", "not_in_channel", "is_archived"}


class PostableMessage(Protocol):
    """How a message reads: Block Kit, and the text for notifications and screen readers."""

    @property
    def text(self) -> str:
        """Escaped mrkdwn."""
        ...

    @property
    def blocks(self) -> Sequence[Mapping[str, Any]]:
        """Block Kit as JSON data; may be empty."""
        ...


class SlackMessenger:
    """
    The Messenger of services/model/ports.py: each write is sent once.

    What is not to be had (unknown_method, missing_scope) is done without, with one warning in the log:
    conversations.history and .replies (nothing is found then), files.info (shares are looked for in the
    history then).
    """

    def __init__(
        self,
        api: WebApi,
        render: Callable[[Message], PostableMessage],
        comment: Callable[[ReceivedFax | FetchedFile], str],
    ) -> None:
        """*render* and *comment* say how a message, and the text beside a file, reads (slack/views)."""
        self._api = api
        self._render = render
        self._comment = comment
        self._direct: dict[str, str] = {}

    async def post(self, channel_id: str, message: Message, *, key: str, thread_ts: str | None) -> str:
        """
        Post *message*; its ts. *key* goes along twice: as metadata, and as the id of a block.

        Source: chat.postMessage.
        """
        shown = self._render(message)
        answer = await self._api.write(
            self._api.client.chat_postMessage(
                channel=await self._conversation(channel_id),
                text=shown.text,
                blocks=_keyed(shown.blocks, key) or None,
                metadata=_metadata(key),
                thread_ts=thread_ts,
                parse="none",
                unfurl_links=False,
                unfurl_media=False,
            )
        )
        ts = answer.get("ts")
        if not isinstance(ts, str) or not ts:
            raise SlackUnclear("chat.postMessage answered without a ts.")
        return ts

    async def update(self, channel_id: str, ts: str, message: Message, *, key: str) -> None:
        """
        Edit the message *ts* in place.

        Source: chat.update, which reads names and links into a text unless told not to.
        """
        shown = self._render(message)
        await self._api.write(
            self._api.client.chat_update(
                channel=channel_id,
                ts=ts,
                text=shown.text,
                blocks=_keyed(shown.blocks, key),
                metadata=_metadata(key),
                parse="none",
            )
        )

    async def find(self, channel_id: str, *, key: str, since: float, thread_ts: str | None) -> str | None:
        """
        The ts of the bot's own message with *key*, posted after *since* or shortly before.

        None is a proof of absence: the messages are read to the end, or SlackUnclear says that they are too
        many. It is none only where Slack lets the app read no history, which the log tells.

        Source: conversations.history, conversations.replies.
        """
        me = await self._api.me()
        _, message = await self._api.first_message(
            await self._conversation(channel_id),
            lambda each: me.wrote(each) and _carries(each, key),
            oldest=since - _CLOCKS_APART,
            thread_ts=thread_ts,
        )
        return str(message["ts"]) if message else None

    async def post_ephemeral(
        self,
        channel_id: str,
        user_id: str,
        message: Message,
        *,
        response_url: str | None,
        thread_ts: str | None,
    ) -> None:
        """
        Post for one person only, at most once: by *response_url*, else by chat.postEphemeral.

        Source: "Handling user interaction"; chat.postEphemeral.
        """
        shown = self._render(message)
        blocks = [dict(block) for block in shown.blocks] or None
        if response_url and await post_to_response_url(
            self._api.connections, response_url, shown.text, blocks, thread_ts=thread_ts
        ):
            return
        await self._api.write(
            self._api.client.chat_postEphemeral(
                channel=channel_id,
                user=user_id,
                text=shown.text,
                blocks=blocks,
                thread_ts=thread_ts,
                parse="none",
            )
        )

    async def begin_upload(self, path: Path, name: str) -> tuple[str, str]:
        """
        A new file's (id, upload address).

        Source: files.getUploadURLExternal, which takes a form and no JSON; in the query, where slack_sdk
        would put it, the name would be in the logs of everything on the way.
        """
        size = (await asyncio.to_thread(path.stat)).st_size
        answer = await self._api.write(
            self._api.client.api_call(
                "files.getUploadURLExternal", data={"filename": name, "length": str(size)}
            )
        )
        file_id, address = answer.get("file_id"), answer.get("upload_url")
        if not isinstance(file_id, str) or not isinstance(address, str) or not file_id or not address:
            raise SlackUnclear("files.getUploadURLExternal answered without an address.")
        return file_id, address

    async def put_bytes(self, address: str, path: Path) -> None:
        """
        Stream the file at *path* to the upload address.

        Raises:
            SlackRefused: `upload_refused`; begin anew.
        """
        await put_bytes(self._api.connections, address, path)

    async def share_file(
        self, channel_id: str, file_id: str, title: str, message: Message, *, thread_ts: str | None
    ) -> None:
        """
        Share an uploaded file with *message*'s text beside it; with a text Slack ignores blocks.

        Source: files.completeUploadExternal.
        """
        form = {
            "files": json.dumps([{"id": file_id, "title": title}]),
            "channel_id": channel_id,
            "initial_comment": self._beside(message),
        }
        if thread_ts:
            form["thread_ts"] = thread_ts
        await self._api.write(self._api.client.api_call("files.completeUploadExternal", data=form))

    async def _conversation(self, channel_id: str) -> str:
        """The conversation to post in; with a person it is the direct one (conversations.open)."""
        if channel_id[:1] not in _PEOPLE:
            return channel_id
        if channel_id not in self._direct:
            answer = await self._api.read(lambda: self._api.client.conversations_open(users=channel_id))
            self._direct[channel_id] = str((answer.get("channel") or {}).get("id") or channel_id)
        return self._direct[channel_id]

    def _beside(self, message: Message) -> str:
        if isinstance(message, (ReceivedFax, FetchedFile)):
            return self._comment(message)
        return self._render(message).text

    async def shared_ts(
        self, channel_id: str, file_id: str, since: float, *, thorough: bool
    ) -> tuple[bool, str | None, str]:
        """
        What Slack knows of a file of ours: (was it shared there, the ts of the message that shows it, its
        permalink).

        That files.info knows a file proves nothing: it may before the share is carried out. Shared is what
        a message or the file's own list of conversations shows, and what was deleted since. Where neither
        files.info nor the history can tell, it counts as shared. The history is read only when *thorough*,
        or where files.info does not list messages.

        Source: files.info, then conversations.history.
        """
        try:
            file = await self._api.file(file_id)
        except SlackRefused as exc:
            if exc.error == "file_not_found":
                return False, None, ""
            if exc.error == "file_deleted":
                return True, None, ""
            raise
        permalink = str((file or {}).get("permalink") or "")
        found = sorted(ts for channel, ts in shares_in(file or {}) if channel == channel_id)
        if found:
            return True, found[0], permalink
        lists_messages = isinstance((file or {}).get("shares"), dict)
        if lists_messages and not thorough:
            return shared_in(file or {}, channel_id), None, permalink
        readable, message = await self._showing(channel_id, file_id, since)
        if message is None:
            can_tell = readable or lists_messages
            return shared_in(file or {}, channel_id) or not can_tell, None, permalink
        shown = next(each for each in message["files"] if each.get("id") == file_id)
        return True, str(message["ts"]), permalink or str(shown.get("permalink") or "")

    async def _showing(
        self, channel_id: str, file_id: str, since: float
    ) -> tuple[bool, dict[str, Any] | None]:
        me = await self._api.me()

        def shows(message: dict[str, Any]) -> bool:
            files = message.get("files") or []
            return me.wrote(message) and any(each.get("id") == file_id for each in files)

        try:
            return await self._api.first_message(channel_id, shows, oldest=since - _CLOCKS_APART)
        except SlackRefused as exc:
            if exc.error in _GONE:
                return False, None
            raise


def _metadata(key: str) -> dict[str, Any]:
    return {"event_type": EVENT_TYPE, "event_payload": {"key": key}}


def _block_id(key: str) -> str:
    whole = f"k-{key}"
    return whole if len(whole) <= _LONGEST_BLOCK_ID else f"k-{hashlib.sha256(key.encode()).hexdigest()}"


def _keyed(blocks: Sequence[Mapping[str, Any]], key: str) -> list[dict[str, Any]]:
    """*blocks* with the key as the id of the first that has none of its own."""
    keyed = [dict(block) for block in blocks]
    free = next((block for block in keyed if "block_id" not in block), None)
    if free is not None:
        free["block_id"] = _block_id(key)
    return keyed


def _carries(message: Mapping[str, Any], key: str) -> bool:
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") == EVENT_TYPE and (metadata.get("event_payload") or {}).get("key") == key:
        return True
    return any(block.get("block_id") == _block_id(key) for block in message.get("blocks") or [])
