"""Requests to the Fax API: methods, parameters and encodings that the contract allows."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from aiohttp import BodyPartReader, web

GET, PUT, POST = "GET", "PUT", "POST"
PREFIX = "/restv1/efax/"
CHUNK = 1 << 16


class RequestRefusedError(Exception):
    """The request does not reach its method; it is answered with this HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True)
class FaxApiMethod:
    """One method of the contract."""

    name: str
    http: str
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


METHODS = {
    PREFIX + method.name: method
    for method in (
        FaxApiMethod("token", GET),
        FaxApiMethod("faxlist", GET),
        FaxApiMethod("faxusage", GET, optional=("fax_id",)),
        FaxApiMethod("filesend", POST, required=("fax_id", "destination")),
        FaxApiMethod("jobstatus", GET, required=("job_id",)),
        FaxApiMethod("jobcancel", PUT, required=("job_id",)),
        FaxApiMethod("activejobs", GET, required=("type",)),
        FaxApiMethod("recordcount", GET, required=("type",)),
        FaxApiMethod("recordsget", GET, required=("type",), optional=("limit", "offset")),
        FaxApiMethod("recorddelete", PUT, required=("job_id",)),
        FaxApiMethod("filedownload", GET, required=("job_id",)),
    )
}


@dataclass(frozen=True)
class ReceivedAttachment:
    """FileSend's attachment, stored on disk."""

    path: Path
    name: str
    sha256: str


async def read(
    request: web.Request, method: FaxApiMethod, path: Path
) -> tuple[dict[str, str], ReceivedAttachment | None]:
    """
    Read the parameters of *request*; an attachment is streamed to *path*.

    Raises:
        RequestRefusedError: The request violates the contract: 400.

    """
    attachment: ReceivedAttachment | None = None
    if method.http == GET:
        pairs = list(request.query.items())
    elif method.http == PUT:
        pairs = await _read_json(request)
    else:
        pairs, attachment = await _read_multipart(request, path)
    params = dict(pairs)
    allowed = {*method.required, *method.optional}
    if len(params) < len(pairs) or params.keys() - allowed or (method.http != GET and request.query):
        raise RequestRefusedError(400, "Invalid parameters")
    if missing := [name for name in method.required if not params.get(name)]:
        raise RequestRefusedError(400, f"Missing parameter: {missing[0]}")
    if method.http == POST and attachment is None:
        raise RequestRefusedError(400, "Missing parameter: attachment")
    return params, attachment


async def _read_json(request: web.Request) -> list[tuple[str, str]]:
    if request.content_type != "application/json":
        raise RequestRefusedError(400, "Content-Type must be application/json")
    try:
        body = json.loads(await request.read())
    except ValueError as exc:
        raise RequestRefusedError(400, "Invalid JSON") from exc
    if not isinstance(body, dict) or not all(isinstance(value, str) for value in body.values()):
        raise RequestRefusedError(400, "Invalid parameters")
    return list(body.items())


async def _read_multipart(
    request: web.Request, path: Path
) -> tuple[list[tuple[str, str]], ReceivedAttachment | None]:
    if request.content_type != "multipart/form-data":
        raise RequestRefusedError(400, "Content-Type must be multipart/form-data")
    pairs: list[tuple[str, str]] = []
    attachment: ReceivedAttachment | None = None
    try:
        reader = await request.multipart()
        while (part := await reader.next()) is not None:
            if not isinstance(part, BodyPartReader) or part.name is None:
                raise RequestRefusedError(400, "Invalid parameters")
            if part.name != "attachment":
                pairs.append((part.name, await part.text()))
            elif attachment is not None or not part.filename:
                raise RequestRefusedError(400, "Invalid attachment")
            else:
                attachment = await _store(part, part.filename, path)
    except (ValueError, web.RequestPayloadError, ConnectionError) as exc:
        raise RequestRefusedError(400, "Invalid multipart data") from exc
    return pairs, attachment


async def _store(part: BodyPartReader, name: str, path: Path) -> ReceivedAttachment:
    digest = hashlib.sha256()
    with path.open("wb") as file:
        while chunk := await part.read_chunk(CHUNK):
            digest.update(chunk)
            file.write(chunk)
    return ReceivedAttachment(path, name, digest.hexdigest())
