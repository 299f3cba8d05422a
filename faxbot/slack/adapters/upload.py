"""Upload of a file's bytes to Slack."""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path

import aiohttp

from faxbot.fax.errors import SlackBusy, SlackFault, SlackRefused
from faxbot.slack.web_api.connections import TRANSFER, WIRE_ERRORS, Connections, answer_fault, slack_fault

_CHUNK = 256 * 1024


async def put_bytes(connections: Connections, address: str, path: Path) -> None:
    """
    POST the file at *path* to the upload URL *address*, without the token: the URL is the credential.

    Raises:
        SlackRefused: `upload_refused`; start again with a new upload URL.
        SlackUnclear: The bytes may have arrived.
        OSError: The file cannot be read.

    Source: "Working with files" (`upload_url`: raw bytes).
    """
    size = (await asyncio.to_thread(path.stat)).st_size
    headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
    try:
        async with connections.request(
            "POST", address, data=_chunks(path), headers=headers, timeout=TRANSFER
        ) as response:
            head = (await response.content.read(1024)).lstrip()[:1]
    except WIRE_ERRORS as exc:
        raise slack_fault(exc) from exc
    if response.status != HTTPStatus.OK or head == b"<":
        raise _upload_fault(response)


def _upload_fault(response: aiohttp.ClientResponse) -> SlackFault:
    fault = answer_fault(response.status, response.headers, None)
    refused = HTTPStatus.BAD_REQUEST <= response.status < HTTPStatus.INTERNAL_SERVER_ERROR
    if refused and not isinstance(fault, SlackBusy):
        return SlackRefused("upload_refused", f"HTTP {response.status}")
    return fault


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(path.open, "rb") as file:
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            yield chunk
