"""Files on the wire: bytes coming in, bytes going out, and sharing that takes its time."""

import asyncio
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import BodyPartReader, web

from .faults import WorkspaceFault
from .http_faults import SIGN_IN, cut, trouble
from .model.files import StoredFile
from .model.people import TEAM_ID, Channel
from .tokens import bearer_token

if TYPE_CHECKING:
    from .installation import Installation


class Uploads:
    """
    The upload addresses, the private addresses and the sharing of one workspace's files.

    Source: Slack's "Working with files".
    """

    def __init__(self, site: "Installation") -> None:
        self._site = site
        self._addresses: dict[str, str] = {}

    # -- in

    def new_address(self, file_id: str) -> str:
        """An upload_url for one file."""
        ticket = secrets.token_urlsafe(32)
        self._addresses[ticket] = file_id
        return f"{self._site.state.base}/upload/v1/{ticket}"

    async def receive(self, request: web.Request) -> web.StreamResponse:
        """POST upload_url: the bytes, raw or as the first file of a multipart form."""
        site = self._site
        file = site.state.files.get(self._addresses.get(request.match_info["ticket"], ""))
        if file is None or file.completed:
            return web.Response(status=404, text="upload ticket not found")
        fault = site.faults.strike("upload", {"file": file.id, "filename": file.name})
        early = await trouble(request, fault)
        if early:
            site.journal.note("upload", file=file.id, outcome=f"fault:{fault.kind if fault else ''}")
            return early
        size = await self._store(request, file)
        fits = size == file.size
        file.uploaded = file.uploaded or fits
        site.journal.note("upload", file=file.id, size=size, outcome="ok" if fits else "size_mismatch")
        if fault and fault.kind == "drop_after":
            return cut(request)
        if fault and fault.kind == "slow_answer":
            await asyncio.sleep(fault.seconds())
        if not fits:
            return web.Response(status=400, text=f"expected {file.size} bytes, got {size}")
        return web.Response(text=f"OK - {size}")

    async def _store(self, request: web.Request, file: StoredFile) -> int:
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
        reader = await request.multipart()
        async for part in reader:
            if isinstance(part, BodyPartReader) and part.name in {"file", "filename"}:
                return part
        return None

    # -- out

    async def download(self, request: web.Request) -> web.StreamResponse:
        """GET url_private(_download): the bytes for a token with files:read, else the sign-in page."""
        site = self._site
        team, _, ident = request.match_info["file"].partition("-")
        file = site.state.files.get(ident)
        fault = site.faults.strike("download", {"file": ident})
        early = await trouble(request, fault)
        if early:
            site.journal.note("download", file=ident, outcome=f"fault:{fault.kind if fault else ''}")
            return early
        allowed = (
            bearer_token(request) == site.state.bot_token
            and not site.state.token_revoked
            and "files:read" in site.manifest.scopes
            and not (fault and fault.kind == "missing_scope")
        )
        known = file is not None and team == TEAM_ID and file.completed and site.state.bot_can_see(file)
        site.journal.note("download", file=ident, outcome="ok" if allowed and known else "signed_out")
        if not allowed:
            if site.settings.signed_out_redirect:
                return web.Response(
                    status=302, headers={"Location": f"{site.state.base}/signin?redir=%2Ffiles"}
                )
            return web.Response(text=SIGN_IN, content_type="text/html")
        if not known or file is None or file.mode not in {"hosted", "file_access"}:
            return web.Response(status=404, text="file not found")
        if fault and fault.kind == "drop_after":
            return await _half(request, file)
        return web.FileResponse(file.path, headers=_download_headers(request, file))

    async def sign_in(self, _request: web.Request) -> web.StreamResponse:
        """GET /signin: the page that a redirect leads to."""
        return web.Response(text=SIGN_IN, content_type="text/html")

    # -- sharing

    def share_later(
        self,
        files: list[StoredFile],
        channel: Channel,
        comment: str,
        blocks: list[dict[str, Any]] | None,
        *,
        thread_ts: str,
        fault: WorkspaceFault | None,
    ) -> None:
        """Share the bot's files after the usual delay, unless this time it does not happen."""
        site = self._site
        if not site.settings.share_happens or (fault and fault.kind == "share_never"):
            site.journal.note("share_never", files=[file.id for file in files], channel=channel.id)
            return
        late = fault is not None and fault.kind == "share_late"
        delay = fault.seconds(5.0) if fault and late else site.settings.share_delay

        async def work() -> None:
            await site.state.sleep(delay)
            message = site.state.bot_message(comment, **({"blocks": blocks} if blocks else {}))
            if thread_ts and site.state.messages.get(channel.id, thread_ts):
                message["thread_ts"] = thread_ts
            self.share(files, channel, message)

        site.delivery.in_background(work())

    def share(
        self, files: list[StoredFile], channel: Channel, message: dict[str, Any], style: str | None = None
    ) -> None:
        """Place a message that shares *files*, and send its events."""
        site, state = self._site, self._site.state
        for file in files:
            share: dict[str, Any] = {
                "ts": message["ts"],
                "team_id": TEAM_ID,
                "share_user_id": message["user"],
                "source": "UPLOAD",
                "reply_users": [],
                "reply_users_count": 0,
                "reply_count": 0,
            }
            if channel.name:
                share["channel_name"] = channel.name
            if message.get("thread_ts"):
                share["thread_ts"] = message["thread_ts"]
            file.shares.setdefault(channel.id, []).append(share)
        shown = [state.file_in_message(file) for file in files]
        message |= {"subtype": "file_share", "files": shown, "upload": True, "display_as_bot": False}
        state.place(channel, message)
        for file in files:
            state.show_file(file)
        site.journal.note("share", files=[f.id for f in files], channel=channel.id, ts=message["ts"])
        site.events.message(channel, message, files, style)

    def delete(self, file: StoredFile) -> None:
        """Delete a file: its bytes go, and the messages that shared it show a tombstone."""
        state = self._site.state
        self._site.events.file_deleted(file)
        file.mode = "tombstone"
        file.path.unlink(missing_ok=True)
        state.show_file(file)
        self.repaint(file)

    def repaint(self, file: StoredFile) -> None:
        """Show what a file has become in the messages that share it."""
        state = self._site.state
        for channel_id, shares in file.shares.items():
            for share in shares:
                message = state.messages.get(channel_id, share["ts"])
                if message and "files" in message:
                    shown = state.file_in_message(file)
                    message["files"] = [shown if f["id"] == file.id else f for f in message["files"]]
                    state.show(state.channels[channel_id], message)

    def add_from_person(self, file: StoredFile) -> None:
        """A person's upload is complete; it is theirs alone until it is shared."""
        file.uploaded = file.completed = True
        self._site.state.files[file.id] = file
        self._site.state.show_file(file)

    def path(self, ident: str) -> Path:
        """Where the bytes of a file are kept."""
        return self._site.upload_directory / ident


def _download_headers(request: web.Request, file: StoredFile) -> dict[str, str]:
    headers = {"Content-Type": file.mimetype}
    if "/download/" in request.path:
        headers["Content-Disposition"] = "attachment"
    return headers


async def _half(request: web.Request, file: StoredFile) -> web.StreamResponse:
    """Half of a file's bytes, then the end of the connection."""
    headers = {**_download_headers(request, file), "Content-Length": str(file.size)}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    await response.write(file.path.read_bytes()[: file.size // 2])
    cut(request)
    return response


async def _chunk(source: Any) -> bytes:  # noqa: ANN401  (a request's body or one part of it)
    if isinstance(source, BodyPartReader):
        return bytes(await source.read_chunk(65536))
    return bytes(await source.read(65536))
