"""Streams a downloaded document to disk, complete or not at all. Source: FileDownload, ucx-fax-api."""

import asyncio
import contextlib
import re
from email.message import Message
from http import HTTPStatus
from pathlib import Path

import httpx

from faxbot.atomic_file import AtomicFile
from faxbot.fax.errors import AnswerLost
from faxbot.fax.receipt import DownloadedDocument
from faxbot.ucx import wire
from faxbot.ucx.reply import ApiReply, is_error
from faxbot.ucx.transport import Timeouts
from faxbot.ucx.values import text

_CHUNK = 256 * 1024
_LARGEST_ERROR = 64 * 1024
"""In bytes: a body up to this size may be an error reply instead of a document."""
_LONGEST_NAME = 120
"""Maximum characters of a file name."""

_MAGIC = (
    (b"%PDF-", "application/pdf"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"%!", "application/postscript"),
)


async def save_document(
    response: httpx.Response, into: Path, job_id: str, timeouts: Timeouts
) -> DownloadedDocument:
    """
    Write the body of *response* to *into*, which exists only once the document is complete and on the disk.

    Raises:
        JobNotFound, RequestRefused: The server sent an error reply instead of a document.
        AnswerLost: The transfer broke off, or the document is empty or a web page.
        OSError: It could not be written to this machine's disk.
    """
    async with AtomicFile(into) as file:
        buffer, size = bytearray(), 0
        with_minimum_rate = timeouts.with_minimum_rate(response.aiter_bytes(), timeouts.document)
        async with contextlib.aclosing(with_minimum_rate) as pieces:
            async for piece in pieces:
                buffer += piece
                size += len(piece)
                if len(buffer) >= _CHUNK:
                    await file.write(buffer)
                    buffer.clear()
        await file.write(buffer)
        _check_whole(response, size)
        await file.flush()
        content_type = await asyncio.to_thread(_check_document, file.part, size, response)
    shown = _name(response.headers.get("Content-Disposition", "")) or f"{job_id}{_suffix(content_type)}"
    return DownloadedDocument(into, size, content_type, shown)


def _check_whole(response: httpx.Response, size: int) -> None:
    """Raise AnswerLost if the body of *size* bytes is shorter than its Content-Length, or empty."""
    declared = response.headers.get("Content-Length", "")
    if declared.isdecimal() and int(declared) != response.num_bytes_downloaded:
        raise AnswerLost("The document broke off on the way.")
    if not size:
        raise AnswerLost("The fax server sent an empty document.")


def _check_document(part: Path, size: int, response: httpx.Response) -> str:
    """
    The content type of the downloaded file *part*.

    Raises:
        ServerFault: It is an error reply or a web page.
    """
    with part.open("rb") as file:
        head = file.read(_LARGEST_ERROR)
    declared = response.headers.get("Content-Type", "").split(";")[0].strip().lower()
    # The header may be a web server's default, so the first bytes take precedence.
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    reply = ApiReply(HTTPStatus.OK, head)
    if reply.is_page:
        raise wire.no_document(reply)
    if size <= _LARGEST_ERROR:
        fields = reply.fields
        if declared == "application/json" or (
            fields is not None and (is_error(fields) or "result" in fields)
        ):
            raise wire.no_document(reply)
    return declared or "application/octet-stream"


def _name(disposition: str) -> str:
    """The file name in a Content-Disposition header, without folders; empty if there is none."""
    header = Message()
    header["Content-Disposition"] = disposition
    name = re.split(r"[/\\]", text(header.get_filename() or ""))[-1]
    return name.replace("\n", " ").lstrip(".")[:_LONGEST_NAME]


def _suffix(content_type: str) -> str:
    """The file name suffix of a content type; empty if it is unknown."""
    return {"application/pdf": ".pdf", "image/tiff": ".tif", "application/postscript": ".ps"}.get(
        content_type, ""
    )
