"""Files that people shared in Slack: finding and downloading them."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from faxbot.fax.document import Part
from faxbot.fax.errors import BadDocument, SlackRefused
from faxbot.slack.adapters.download import FileDownload
from faxbot.slack.payloads import shares_in
from faxbot.slack.web_api.connections import may_carry_token
from faxbot.slack.web_api.web_api import WebApi

log = logging.getLogger(__name__)

_MEGABYTE = 1024 * 1024
_DELETED = {"file_deleted", "file_not_found"}
_HIDDEN = {"access_denied", "not_visible", "template_not_visible"}
_NO_HISTORY = {"channel_not_found", "not_in_channel", "channel_is_limited_access"}
_WRITTEN_IN_SLACK = {"space", "quip", "post", "list"}
"""File modes of canvases, posts and lists, which have no document to download."""

_NO_SCOPE = (
    "Slack did not hand over the file: I lack the scope files:read. "
    "Ask an admin to reinstall me with that scope."
)


class SlackAttachments:
    """
    The Attachments port (services/model/ports.py).

    A conversation that the bot cannot read (missing method or scope, not a member) has no files; this is
    logged and raises nothing.
    """

    def __init__(self, api: WebApi, *, max_bytes: int) -> None:
        """*max_bytes*: maximum size of a downloaded file."""
        self._api = api
        self._max_bytes = max_bytes

    async def recent(
        self, channel_id: str, user_id: str, before: float, seconds: float
    ) -> list[dict[str, str]]:
        """
        The files (`{"id", "name"}`) of the newest message with files by *user_id*.

        Only messages in the *seconds* before *before* (epoch seconds) count. Deleted files are left out.
        Files that cannot be downloaded are included: `fetch` raises the reason, while an older file in their
        place could be the wrong one to fax.

        Source: conversations.history.
        """

        def theirs(message: dict[str, Any]) -> bool:
            return message.get("user") == user_id and bool(_usable(message))

        message = await self._first_message(channel_id, theirs, oldest=before - seconds, latest=before)
        return await self._named(_usable(message)) if message else []

    async def of_message(self, channel_id: str, ts: str, thread_ts: str | None) -> list[dict[str, str]]:
        """The files (`{"id", "name"}`) of one message, in order; empty if the message does not exist."""
        message = await self._message(channel_id, ts, thread_ts)
        return await self._named(_usable(message)) if message else []

    async def shares_of(self, file_id: str) -> list[tuple[str, str]]:
        """The (channel, ts) of each message that shares the file, newest first (files.info)."""
        try:
            file = await self._api.file(file_id)
        except SlackRefused as exc:
            if exc.error in _DELETED | _HIDDEN:
                return []
            raise
        return shares_in(file or {})

    async def message_text(self, channel_id: str, ts: str) -> tuple[str, str, str | None]:
        """(user, text, thread ts) of one message; ("", "", None) if it does not exist."""
        message = await self._message(channel_id, ts, None) or {}
        return str(message.get("user") or ""), str(message.get("text") or ""), message.get("thread_ts")

    async def fetch(self, file_id: str, into: Path) -> Part:
        """
        Download a file to *into*, completely or not at all.

        Raises:
            BadDocument: Slack does not provide the file; the text says why and what to do.
            SlackFault: Slack did not answer.
            OSError: Writing to the disk failed.

        Source: files.info for its current state; `url_private_download` with the bot token.
        """
        try:
            file = await self._api.file(file_id)
        except SlackRefused as exc:
            _raise_bad_document(exc)
        if file is None:
            raise BadDocument(_NO_SCOPE)
        name = _name(file, file_id)
        _check_state(file, name)
        size = file.get("size")
        if isinstance(size, int) and size > self._max_bytes:
            raise BadDocument(self._too_large(name, size))
        url = str(file.get("url_private_download") or file.get("url_private") or "")
        if not may_carry_token(url, self._api.client.base_url):
            log.warning("file %s is not on a Slack host; the token was not sent there", file_id)
            raise BadDocument(
                f'"{name}" is not kept at Slack itself, so I can\'t fetch it. Download it and share it here.'
            )
        download = FileDownload(self._api, file, name, self._max_bytes, self._too_large(name, None))
        await self._api.repeat(lambda: download.save(url, into))
        return Part(into, name)

    def _too_large(self, name: str, size: int | None) -> str:
        most = f"{self._max_bytes / _MEGABYTE:.4g} MB"
        is_size = f"is {size / _MEGABYTE:.1f} MB" if size else "is too large"
        return f'"{name}" {is_size}; I take files up to {most}. Make it smaller, or send it in parts.'

    async def _named(self, files: list[dict[str, Any]]) -> list[dict[str, str]]:
        return [{"id": file["id"], "name": await self._name_of(file)} for file in files]

    async def _name_of(self, file: dict[str, Any]) -> str:
        if file.get("name") or file.get("title"):
            return _name(file, file["id"])
        try:
            return _name(await self._api.file(file["id"]) or {}, file["id"])
        except SlackRefused:
            return str(file["id"])  # `fetch` raises the reason

    async def _message(self, channel_id: str, ts: str, thread_ts: str | None) -> dict[str, Any] | None:
        """One message by its ts: from the history, or as a reply from its thread."""

        def is_it(message: dict[str, Any]) -> bool:
            return message.get("ts") == ts

        if thread_ts is None or thread_ts == ts:
            message = await self._first_message(channel_id, is_it, oldest=ts, latest=ts)
            if message:
                return message
        # conversations.history has no replies; conversations.replies accepts a reply's own ts.
        return await self._first_message(channel_id, is_it, oldest=ts, latest=ts, thread_ts=thread_ts or ts)

    async def _first_message(
        self,
        channel_id: str,
        wanted: Callable[[dict[str, Any]], bool],
        *,
        oldest: float | str,
        latest: float | str,
        thread_ts: str | None = None,
    ) -> dict[str, Any] | None:
        """The first message that *wanted* accepts; None where the bot cannot read the conversation."""
        try:
            _, found = await self._api.first_message(
                channel_id, wanted, oldest=oldest, latest=latest, thread_ts=thread_ts
            )
        except SlackRefused as exc:
            if exc.error not in _NO_HISTORY:
                raise
            log.info("Slack answers %s for the messages of %s", exc.error, channel_id)
            return None
        return found


def _usable(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The file objects of *message* that are not deleted."""
    files = message.get("files")
    return [
        file
        for file in (files if isinstance(files, list) else [])
        if isinstance(file, dict) and isinstance(file.get("id"), str) and file.get("mode") != "tombstone"
    ]


def _name(file: Mapping[str, Any], file_id: str) -> str:
    return str(file.get("name") or file.get("title") or file_id)


def _raise_bad_document(refusal: SlackRefused) -> NoReturn:
    """Raise BadDocument for a deleted or invisible file, else *refusal* itself."""
    if refusal.error in _DELETED:
        raise BadDocument("Slack no longer has that file. Share it again.") from refusal
    if refusal.error in _HIDDEN:
        raise BadDocument(
            "Slack does not let me see that file. Share it in a conversation I am in."
        ) from refusal
    raise refusal


def _check_state(file: Mapping[str, Any], name: str) -> None:
    """
    Raise BadDocument if Slack has no content to download for *file*.

    Source: the file object's `mode` and `file_access`.
    """
    mode, access = file.get("mode"), file.get("file_access")
    if mode == "tombstone":
        raise BadDocument("Slack no longer has that file. Share it again.")
    if mode == "hidden_by_limit":
        raise BadDocument("Slack hides that file: the workspace is over its limit. Share it again.")
    if mode == "file_access" or access == "check_file_info":
        raise BadDocument(
            f'"{name}" belongs to another workspace, which keeps it. Download it and share it here.'
        )
    if access in {"access_denied", "file_not_found", "slack_file_not_found"}:
        raise BadDocument(f'Slack does not let me see "{name}". Share it in a conversation I am in.')
    if mode == "external" or file.get("is_external") is True:
        raise BadDocument(
            f'"{name}" is kept outside Slack, so I can\'t fetch it. Download it and share it here.'
        )
    if mode in _WRITTEN_IN_SLACK:
        raise BadDocument(
            f'"{name}" was written in Slack and is no document yet. Export it as PDF and share that.'
        )
