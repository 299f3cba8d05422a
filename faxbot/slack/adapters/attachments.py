"""Files that people gave to Slack: which there are, and their bytes."""

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
_UNREADABLE = {"channel_not_found", "not_in_channel", "channel_is_limited_access"}
_WRITTEN_IN_SLACK = {"space", "quip", "post", "list"}

_NO_SCOPE = (
    "Slack did not hand over the file: I lack the scope files:read. "
    "Ask an admin to reinstall me with that scope."
)


class SlackAttachments:
    """
    The Attachments of services/model/ports.py.

    Where the server or the app's scopes have no conversations.history or .replies, or the bot is not in the
    conversation, there are no files to be seen in it; that is told once in the log and is no fault.
    """

    def __init__(self, api: WebApi, *, max_bytes: int) -> None:
        """*max_bytes*: the largest file that is fetched."""
        self._api = api
        self._max_bytes = max_bytes

    async def recent(
        self, channel_id: str, user_id: str, before: float, seconds: float
    ) -> list[dict[str, str]]:
        """
        The files of the newest message with files that the person shared there in the time before *before*.

        Deleted files do not count. A file that cannot be fetched does: `fetch` says why, and an older
        file in its place could be the wrong one to fax.
        """

        def theirs(message: dict[str, Any]) -> bool:
            return message.get("user") == user_id and bool(_usable(message))

        message = await self._look(channel_id, theirs, oldest=before - seconds, latest=before)
        return await self._named(_usable(message)) if message else []

    async def of_message(self, channel_id: str, ts: str, thread_ts: str | None) -> list[dict[str, str]]:
        """The files of one message, in order; none if it is gone."""
        message = await self._message(channel_id, ts, thread_ts)
        return await self._named(_usable(message)) if message else []

    async def shares_of(self, file_id: str) -> list[tuple[str, str]]:
        """Where a file was shared: (channel, message ts), newest first (files.info)."""
        try:
            file = await self._api.file(file_id)
        except SlackRefused as exc:
            if exc.error in _DELETED | _HIDDEN:
                return []
            raise
        return shares_in(file or {})

    async def message_text(self, channel_id: str, ts: str) -> tuple[str, str, str | None]:
        """One message's (user, text, thread ts); ("", "", None) if it is gone."""
        message = await self._message(channel_id, ts, None) or {}
        return str(message.get("user") or ""), str(message.get("text") or ""), message.get("thread_ts")

    async def fetch(self, file_id: str, into: Path) -> Part:
        """
        Fetch a file's bytes to *into*, whole or not at all.

        Raises:
            BadDocument: Slack did not hand it over; the message says why.
            SlackFault: Slack did not answer.
            OSError: This machine's disk did not take it.

        Source: files.info for what it has become meanwhile; url_private_download with the bot token.
        """
        try:
            file = await self._api.file(file_id)
        except SlackRefused as exc:
            _explain(exc)
        if file is None:
            raise BadDocument(_NO_SCOPE)
        name = _name(file, file_id)
        _check_state(file, name)
        size = file.get("size")
        if isinstance(size, int) and size > self._max_bytes:
            raise BadDocument(self._too_large(name, size))
        url = str(file.get("url_private_download") or file.get("url_private") or "")
        if not may_carry_token(url, self._api.client.base_url):
            log.warning("File %s is not at Slack's own address; the token was not sent there.", file_id)
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
            return str(file["id"])  # `fetch` will say what is the matter with it

    async def _message(self, channel_id: str, ts: str, thread_ts: str | None) -> dict[str, Any] | None:
        def is_it(message: dict[str, Any]) -> bool:
            return message.get("ts") == ts

        if thread_ts is None or thread_ts == ts:
            message = await self._look(channel_id, is_it, oldest=ts, latest=ts)
            if message:
                return message
        # A reply is not in the history; its own ts names its thread as well.
        return await self._look(channel_id, is_it, oldest=ts, latest=ts, thread_ts=thread_ts or ts)

    async def _look(
        self,
        channel_id: str,
        wanted: Callable[[dict[str, Any]], bool],
        *,
        oldest: float | str,
        latest: float | str,
        thread_ts: str | None = None,
    ) -> dict[str, Any] | None:
        try:
            _, found = await self._api.first_message(
                channel_id, wanted, oldest=oldest, latest=latest, thread_ts=thread_ts
            )
        except SlackRefused as exc:
            if exc.error not in _UNREADABLE:
                raise
            log.info("Slack answers %s for the messages of %s.", exc.error, channel_id)
            return None
        return found


def _usable(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    files = message.get("files")
    return [
        file
        for file in (files if isinstance(files, list) else [])
        if isinstance(file, dict) and isinstance(file.get("id"), str) and file.get("mode") != "tombstone"
    ]


def _name(file: Mapping[str, Any], file_id: str) -> str:
    return str(file.get("name") or file.get("title") or file_id)


def _explain(refusal: SlackRefused) -> NoReturn:
    if refusal.error in _DELETED:
        raise BadDocument("Slack no longer has that file. Share it again.") from refusal
    if refusal.error in _HIDDEN:
        raise BadDocument(
            "Slack does not let me see that file. Share it in a conversation I am in."
        ) from refusal
    raise refusal


def _check_state(file: Mapping[str, Any], name: str) -> None:
    """
    Raise BadDocument where Slack has no bytes to hand over.

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
