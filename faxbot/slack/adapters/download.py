"""Download of one file from Slack to disk: streamed, checked, complete or not at all."""

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp

from faxbot.atomic_file import AtomicFile
from faxbot.fax.errors import BadDocument, Fault
from faxbot.slack.web_api.connections import TRANSFER, WIRE_ERRORS, answer_fault, slack_fault
from faxbot.slack.web_api.web_api import WebApi

_CHUNK = 256 * 1024
_HEAD = 1024
"""Bytes that are kept to recognize an HTML page."""
_NOT_THERE = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}


class FileDownload:
    """
    Downloads *file* (the file object of files.info). *too_large*: text of the error about its size.

    Without the scope files:read Slack answers with its sign-in page, or with a redirect to it.
    """

    def __init__(
        self, api: WebApi, file: Mapping[str, Any], name: str, max_bytes: int, too_large: str
    ) -> None:
        self._api = api
        self._file = file
        self._name = name
        self._max_bytes = max_bytes
        self._too_large = too_large

    async def save(self, url: str, into: Path) -> None:
        """
        Download *url* to *into*: written to a temporary file, synced, then renamed.

        The bot token is sent to *url*; check it with `may_carry_token` first.

        Raises:
            BadDocument: It does not exist, is not the file, or is too large.
            SlackUnclear: The transfer was interrupted, or Slack did not answer.
            SlackBusy: Slack sent Retry-After.
            OSError: Writing to the disk failed.
        """
        headers = {"Authorization": f"Bearer {self._api.client.token}"}
        try:
            async with self._api.connections.request(
                "GET", url, headers=headers, timeout=TRANSFER
            ) as response:
                if response.status != HTTPStatus.OK:
                    raise self._no_file(response)
                await self._write(response, into)
        except WIRE_ERRORS as exc:
            raise slack_fault(exc) from exc

    def _no_file(self, response: aiohttp.ClientResponse) -> Fault:
        status = response.status
        if status in _NOT_THERE:
            return BadDocument("Slack no longer has that file. Share it again.")
        if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return answer_fault(status, response.headers, None)
        return self._signed_out()

    def _signed_out(self) -> BadDocument:
        return BadDocument(
            f'Slack did not hand over "{self._name}": it asked me to sign in. '
            "Ask an admin whether the app has the scope files:read."
        )

    async def _write(self, response: aiohttp.ClientResponse, into: Path) -> None:
        async with AtomicFile(into) as target:
            head, size = b"", 0
            async for chunk in response.content.iter_chunked(_CHUNK):
                head += chunk[: max(0, _HEAD - len(head))]
                size += len(chunk)
                self._check_size(size)
                await target.write(chunk)
            self._check(response.content_type, head, size)

    def _check_size(self, size: int) -> None:
        if size > self._max_bytes:
            raise BadDocument(self._too_large)

    def _check(self, content_type: str, head: bytes, size: int) -> None:
        """Raise BadDocument unless the content is the file; *head*: its start, *size*: its bytes."""
        declared = self._file.get("size")
        short = (
            self._file.get("mode", "hosted") == "hosted" and isinstance(declared, int) and declared != size
        )
        page = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:15].lower()
        is_page = content_type == "text/html" or page.startswith((b"<!doctype html", b"<html"))
        if is_page and (short or not str(self._file.get("mimetype") or "").startswith("text/")):
            raise self._signed_out()
        if short or not size:
            raise BadDocument(f'"{self._name}" did not come whole from Slack. Share it again.')
