"""Streams a downloaded document to disk, complete or not at all. Source: FileDownload, ucx-fax-api."""

import asyncio
import contextlib
import os
import re
import tempfile
from email.message import Message
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO

import httpx

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
    Write the body of *response* to a temporary file, fsync it, and rename it to *into* once it is complete.

    Raises:
        JobNotFound, RequestRefused: The server sent an error reply instead of a document.
        AnswerLost: The transfer broke off, or the document is empty or a web page.
        OSError: It could not be written to this machine's disk.
    """
    handle, name = await asyncio.to_thread(
        tempfile.mkstemp, dir=into.parent, prefix=f".{into.name}.", suffix=".part"
    )
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            buffer = bytearray()
            with_minimum_rate = timeouts.with_minimum_rate(response.aiter_bytes(), timeouts.document)
            async with contextlib.aclosing(with_minimum_rate) as pieces:
                async for piece in pieces:
                    buffer += piece
                    if len(buffer) >= _CHUNK:
                        await asyncio.to_thread(file.write, buffer)
                        buffer.clear()
            await asyncio.to_thread(file.write, buffer)
            size = file.tell()
            _check_whole(response, size)
            await asyncio.to_thread(_sync, file)
        content_type = await asyncio.to_thread(_check_document, part, size, response)
        await asyncio.to_thread(_rename, part, into)
    except BaseException:
        _discard(part)
        raise
    shown = _name(response.headers.get("Content-Disposition", "")) or f"{job_id}{_suffix(content_type)}"
    return DownloadedDocument(into, size, content_type, shown)


def _check_whole(response: httpx.Response, size: int) -> None:
    declared = response.headers.get("Content-Length", "")
    if declared.isdecimal() and int(declared) != response.num_bytes_downloaded:
        raise AnswerLost("The document broke off on the way.")
    if not size:
        raise AnswerLost("The fax server sent an empty document.")


def _check_document(part: Path, size: int, response: httpx.Response) -> str:
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


def _discard(part: Path) -> None:
    part.unlink(missing_ok=True)


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _rename(part: Path, into: Path) -> None:
    part.replace(into)
    folder = os.open(into.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # so that the new name survives a power cut
    finally:
        os.close(folder)


def _name(disposition: str) -> str:
    header = Message()
    header["Content-Disposition"] = disposition
    name = re.split(r"[/\\]", text(header.get_filename() or ""))[-1]
    return name.replace("\n", " ").lstrip(".")[:_LONGEST_NAME]


def _suffix(content_type: str) -> str:
    return {"application/pdf": ".pdf", "image/tiff": ".tif", "application/postscript": ".ps"}.get(
        content_type, ""
    )
