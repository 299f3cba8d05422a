"""A document on its way in: streamed to disk, whole or not at all. Source: FileDownload, ucx-fax-api."""

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
_LARGEST_EXCUSE = 64 * 1024
"""Up to this many bytes, what came may be words about a document instead of one."""
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
    Write the document that *response* carries to *into*: a synced file is renamed there once it is whole.

    Raises:
        JobNotFound, RequestRefused: The server sent words instead of a document.
        AnswerLost: The document broke off, is empty, or is a web page.
        OSError: This machine's disk did not take it.
    """
    handle, name = await asyncio.to_thread(
        tempfile.mkstemp, dir=into.parent, prefix=f".{into.name}.", suffix=".part"
    )
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            held = bytearray()
            patiently = timeouts.patiently(response.aiter_bytes(), timeouts.document)
            async with contextlib.aclosing(patiently) as pieces:
                async for piece in pieces:
                    held += piece
                    if len(held) >= _CHUNK:
                        await asyncio.to_thread(file.write, held)
                        held.clear()
            await asyncio.to_thread(file.write, held)
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
        head = file.read(_LARGEST_EXCUSE)
    told = response.headers.get("Content-Type", "").split(";")[0].strip().lower()
    # A web server's own default type says nothing; the first bytes do.
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    reply = ApiReply(HTTPStatus.OK, head)
    if reply.is_page:
        raise wire.no_document(reply)
    if size <= _LARGEST_EXCUSE:
        fields = reply.fields
        if told == "application/json" or (fields is not None and (is_error(fields) or "result" in fields)):
            raise wire.no_document(reply)
    return told or "application/octet-stream"


def _discard(part: Path) -> None:
    part.unlink(missing_ok=True)


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _rename(part: Path, into: Path) -> None:
    part.replace(into)
    folder = os.open(into.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the name, too, must survive a power cut
    finally:
        os.close(folder)


def _name(disposition: str) -> str:
    header = Message()
    header["Content-Disposition"] = disposition
    told = re.split(r"[/\\]", text(header.get_filename() or ""))[-1]
    return told.replace("\n", " ").lstrip(".")[:_LONGEST_NAME]


def _suffix(content_type: str) -> str:
    return {"application/pdf": ".pdf", "image/tiff": ".tif", "application/postscript": ".ps"}.get(
        content_type, ""
    )
