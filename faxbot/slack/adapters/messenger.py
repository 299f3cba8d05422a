"""Posts, updates and looks up messages and files in Slack."""

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
"""`event_type` of the metadata that carries an announcement's key."""
_LONGEST_BLOCK_ID = 255
_MAX_CLOCK_SKEW = 300.0
"""Seconds by which the bot's clock may be ahead of Slack's when a message is looked up by time."""
_USER_ID_PREFIXES = ("U", "W")
"""First letters of user ids; a message to a user goes to their direct messages."""
_NO_HISTORY = {"channel_not_found", "not_in_channel", "is_archived"}
"""Error codes of conversations.history where the bot cannot read it."""


class PostableMessage(Protocol):
    """A rendered message: blocks, and text for notifications and screen readers."""

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
    The Messenger port (services/model/ports.py); each write is sent once.

    Methods that are not available (unknown_method, missing_scope) are logged once. Without
    conversations.history and .replies no message is found; without files.info shares are looked up in the
    history.
    """

    def __init__(
        self,
        api: WebApi,
        render: Callable[[Message], PostableMessage],
        comment: Callable[[ReceivedFax | FetchedFile], str],
    ) -> None:
        """*render* turns a message into blocks; *comment* gives the text beside a file (slack/views)."""
        self._api = api
        self._render = render
        self._comment = comment
        self._dm_ids: dict[str, str] = {}

    async def post(self, channel_id: str, message: Message, *, key: str, thread_ts: str | None) -> str:
        """
        Post *message*; return its ts. *key* is stored in its metadata and as a block id, for `find`.

        Source: chat.postMessage.
        """
        shown = self._render(message)
        answer = await self._api.write(
            self._api.client.chat_postMessage(
                channel=await self._conversation(channel_id),
                text=shown.text,
                blocks=_with_block_id(shown.blocks, key) or None,
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

        Source: chat.update; parse="none" because its default turns names and URLs into links.
        """
        shown = self._render(message)
        await self._api.write(
            self._api.client.chat_update(
                channel=channel_id,
                ts=ts,
                text=shown.text,
                blocks=_with_block_id(shown.blocks, key),
                metadata=_metadata(key),
                parse="none",
            )
        )

    async def find(self, channel_id: str, *, key: str, since: float, thread_ts: str | None) -> str | None:
        """
        The ts of the bot's own message with *key*, posted since *since* (epoch seconds), or None.

        None proves absence, because all messages are read. The exception is an app that cannot read the
        history at all, which is logged.

        Raises:
            SlackUnclear: There are too many messages to search.

        Source: conversations.history, conversations.replies.
        """
        me = await self._api.me()
        _, message = await self._api.first_message(
            await self._conversation(channel_id),
            lambda each: me.wrote(each) and _has_key(each, key),
            oldest=since - _MAX_CLOCK_SKEW,
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
        Post to one person, at most once: through *response_url*, or chat.postEphemeral if it is not usable.

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
        Create a file; return (file id, upload URL).

        Source: files.getUploadURLExternal. Arguments go in a form: slack_sdk would put the file name in the
        query string, where proxies log it.
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
        Upload the file at *path* to the upload URL *address*.

        Raises:
            SlackRefused: `upload_refused`; start again with `begin_upload`.
            SlackUnclear: The bytes may have arrived.
            OSError: The file cannot be read.
        """
        await put_bytes(self._api.connections, address, path)

    async def share_file(
        self, channel_id: str, file_id: str, title: str, message: Message, *, thread_ts: str | None
    ) -> None:
        """
        Share an uploaded file with *message* as its text; Slack ignores blocks beside a text.

        Source: files.completeUploadExternal.
        """
        form = {
            "files": json.dumps([{"id": file_id, "title": title}]),
            "channel_id": channel_id,
            "initial_comment": self._comment_text(message),
        }
        if thread_ts:
            form["thread_ts"] = thread_ts
        await self._api.write(self._api.client.api_call("files.completeUploadExternal", data=form))

    async def _conversation(self, channel_id: str) -> str:
        """*channel_id*; for a user id, the id of their direct messages (conversations.open)."""
        if channel_id[:1] not in _USER_ID_PREFIXES:
            return channel_id
        if channel_id not in self._dm_ids:
            answer = await self._api.read(lambda: self._api.client.conversations_open(users=channel_id))
            self._dm_ids[channel_id] = str((answer.get("channel") or {}).get("id") or channel_id)
        return self._dm_ids[channel_id]

    def _comment_text(self, message: Message) -> str:
        if isinstance(message, (ReceivedFax, FetchedFile)):
            return self._comment(message)
        return self._render(message).text

    async def shared_ts(
        self, channel_id: str, file_id: str, since: float, *, thorough: bool
    ) -> tuple[bool, str | None, str]:
        """
        Look up the share of an uploaded file: (whether it is shared, ts of its message, permalink).

        A file is shared if a message contains it, if its own lists name the conversation, or if it has been
        deleted. The file's existence proves nothing: it exists before the share. If neither files.info nor
        the history is available, it counts as shared. The history is read only when *thorough*, or when
        files.info lists no messages. *since* is in epoch seconds.

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
        readable, message = await self._message_with_file(channel_id, file_id, since)
        if message is None:
            can_tell = readable or lists_messages
            return shared_in(file or {}, channel_id) or not can_tell, None, permalink
        shown = next(each for each in message["files"] if each.get("id") == file_id)
        return True, str(message["ts"]), permalink or str(shown.get("permalink") or "")

    async def _message_with_file(
        self, channel_id: str, file_id: str, since: float
    ) -> tuple[bool, dict[str, Any] | None]:
        """(Whether the history is readable, the bot's message with the file)."""
        me = await self._api.me()

        def shows(message: dict[str, Any]) -> bool:
            files = message.get("files") or []
            return me.wrote(message) and any(each.get("id") == file_id for each in files)

        try:
            return await self._api.first_message(channel_id, shows, oldest=since - _MAX_CLOCK_SKEW)
        except SlackRefused as exc:
            if exc.error in _NO_HISTORY:
                return False, None
            raise


def _metadata(key: str) -> dict[str, Any]:
    return {"event_type": EVENT_TYPE, "event_payload": {"key": key}}


def _block_id(key: str) -> str:
    """*key* as a block id; hashed if it is too long for one."""
    whole = f"k-{key}"
    return whole if len(whole) <= _LONGEST_BLOCK_ID else f"k-{hashlib.sha256(key.encode()).hexdigest()}"


def _with_block_id(blocks: Sequence[Mapping[str, Any]], key: str) -> list[dict[str, Any]]:
    """*blocks* with *key* as the id of the first block without one."""
    keyed = [dict(block) for block in blocks]
    free = next((block for block in keyed if "block_id" not in block), None)
    if free is not None:
        free["block_id"] = _block_id(key)
    return keyed


def _has_key(message: Mapping[str, Any], key: str) -> bool:
    """Whether *message* was posted with *key*; the block id serves where Slack returns no metadata."""
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") == EVENT_TYPE and (metadata.get("event_payload") or {}).get("key") == key:
        return True
    return any(block.get("block_id") == _block_id(key) for block in message.get("blocks") or [])
