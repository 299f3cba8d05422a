"""Upload and download of file contents over HTTP."""

import asyncio
import secrets
from pathlib import Path
from typing import Any

from aiohttp import BodyPartReader, web

from .faults import WorkspaceFaults
from .http_faults import SIGN_IN, abort_connection, fault_response
from .manifest import Manifest
from .model.files import StoredFile
from .model.journal import Journal
from .model.people import TEAM_ID
from .model.state import WorkspaceState
from .settings import WorkspaceSettings
from .tokens import bearer_token


class FileTransfers:
    """
    The upload addresses and private addresses of one workspace's files.

    Source: Slack's "Working with files".
    """

    def __init__(
        self,
        state: WorkspaceState,
        manifest: Manifest,
        settings: WorkspaceSettings,
        journal: Journal,
        faults: WorkspaceFaults,
    ) -> None:
        self._state = state
        self._manifest = manifest
        self._settings = settings
        self._journal = journal
        self._faults = faults
        self._upload_tickets: dict[str, str] = {}
        """The file id of each upload address."""
        self._directory = state.directory / "files"
        self._directory.mkdir(parents=True, exist_ok=True)

    def path(self, file_id: str) -> Path:
        """The path at which the bytes of a file are stored."""
        return self._directory / file_id

    def new_upload_url(self, file_id: str) -> str:
        """A new upload_url for one file."""
        ticket = secrets.token_urlsafe(32)
        self._upload_tickets[ticket] = file_id
        return f"{self._state.base}/upload/v1/{ticket}"

    async def receive(self, request: web.Request) -> web.StreamResponse:
        """POST upload_url: the bytes, raw or as the first file of a multipart form."""
        file = self._state.files.get(self._upload_tickets.get(request.match_info["ticket"], ""))
        if file is None or file.completed:
            return web.Response(status=404, text="upload ticket not found")
        fault = self._faults.consume("upload", {"file": file.id, "filename": file.name})
        early = await fault_response(request, fault)
        if early:
            self._journal.note("upload", file=file.id, outcome=f"fault:{fault.kind if fault else ''}")
            return early
        size = await self._store(request, file)
        fits = size == file.size
        file.uploaded = file.uploaded or fits
        self._journal.note("upload", file=file.id, size=size, outcome="ok" if fits else "size_mismatch")
        if fault and fault.kind == "drop_after":
            return abort_connection(request)
        if fault and fault.kind == "slow_answer":
            await asyncio.sleep(fault.seconds())
        if not fits:
            return web.Response(status=400, text=f"expected {file.size} bytes, got {size}")
        return web.Response(text=f"OK - {size}")

    async def _store(self, request: web.Request, file: StoredFile) -> int:
        """Receive the bytes; keep them if their size is the announced one. Return their number."""
        source: Any = request.content
        if request.content_type.startswith("multipart/"):
            source = await self._first_part(request)
        size = 0
        part = file.path.with_suffix(".part")
        with part.open("wb") as target:
            while source is not None and (chunk := await _chunk(source)):
                size += len(chunk)
                target.write(chunk)
        if size == file.size:
            part.replace(file.path)
        else:
            part.unlink()
        return size

    async def _first_part(self, request: web.Request) -> BodyPartReader | None:
        """The part of a multipart form that holds the file; None if there is none."""
        reader = await request.multipart()
        async for part in reader:
            if isinstance(part, BodyPartReader) and part.name in {"file", "filename"}:
                return part
        return None

    async def download(self, request: web.Request) -> web.StreamResponse:
        """GET url_private(_download): the bytes for a token with files:read, else the sign-in page."""
        state = self._state
        team, _, ident = request.match_info["file"].partition("-")
        file = state.files.get(ident)
        fault = self._faults.consume("download", {"file": ident})
        early = await fault_response(request, fault)
        if early:
            self._journal.note("download", file=ident, outcome=f"fault:{fault.kind if fault else ''}")
            return early
        allowed = (
            bearer_token(request) == state.bot_token
            and not state.token_revoked
            and "files:read" in self._manifest.scopes
            and not (fault and fault.kind == "missing_scope")
        )
        known = file is not None and team == TEAM_ID and file.completed and state.bot_can_see(file)
        outcome = "signed_out" if not allowed else "ok" if known else "not_found"
        self._journal.note("download", file=ident, outcome=outcome)
        if not allowed:
            if self._settings.signed_out_redirect:
                return web.Response(status=302, headers={"Location": f"{state.base}/signin?redir=%2Ffiles"})
            return web.Response(text=SIGN_IN, content_type="text/html")
        if not known or file is None or file.mode not in {"hosted", "file_access"}:
            return web.Response(status=404, text="file not found")
        if fault and fault.kind == "drop_after":
            return await _send_half(request, file)
        return web.FileResponse(file.path, headers=_download_headers(request, file))

    async def sign_in(self, _request: web.Request) -> web.StreamResponse:
        """GET /signin: the page that a redirect leads to."""
        return web.Response(text=SIGN_IN, content_type="text/html")


def _download_headers(request: web.Request, file: StoredFile) -> dict[str, str]:
    headers = {"Content-Type": file.mimetype}
    if "/download/" in request.path:
        headers["Content-Disposition"] = "attachment"
    return headers


async def _send_half(request: web.Request, file: StoredFile) -> web.StreamResponse:
    """Send half of the bytes, then abort the connection."""
    headers = {**_download_headers(request, file), "Content-Length": str(file.size)}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    await response.write(file.path.read_bytes()[: file.size // 2])
    abort_connection(request)
    return response


async def _chunk(source: Any) -> bytes:  # noqa: ANN401  (a request's body or one part of it)
    if isinstance(source, BodyPartReader):
        return bytes(await source.read_chunk(65536))
    return bytes(await source.read(65536))
