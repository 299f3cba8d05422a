"""
Where the bot's process can be seen from outside, wrapped so that it can be killed there.

Installed in the bot's process by the launcher, around the libraries and not around the bot's own names:
SQLAlchemy's commit, aiohttp's requests and sockets, httpx's transport, fsync and rename, the converters.
"""

import asyncio
import asyncio.subprocess
import contextlib
import functools
import itertools
import json
import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import httpx
from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect

from tests.chaos.boundary import AFTER, BEFORE, Boundary
from tests.chaos.statements import telling_first, written_by

SLACK_WRITES = ("chat.", "views.", "files.getUploadURLExternal", "files.completeUploadExternal", "reactions.")
PLACES = ("in", "out", "get")
"""The folders of the spool."""


class Seams:
    """
    Writes every crossing to *trace* and kills this process at each of *kills*.

    With a *span* it dies at so many boundaries, whichever they are.
    """

    def __init__(self, trace: Path, kills: Sequence[Boundary], span: int = 0) -> None:
        self._trace = os.open(trace, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._kills = frozenset(kills)
        self._left = itertools.count(span, -1)
        self._spans = span > 0
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def crossing(self, *sites: str) -> Iterator[None]:
        """What is done within is one crossing of *sites*; after a failure there is no `after`."""
        with self._lock:
            self._counts.update(sites)
            numbered = [(site, self._counts[site]) for site in sites]
        self._at(BEFORE, numbered)
        yield
        self._at(AFTER, numbered)

    def _at(self, when: str, numbered: list[tuple[str, int]]) -> None:
        os.write(self._trace, (json.dumps([when, numbered]) + "\n").encode())
        is_last = self._spans and next(self._left) <= 1
        if is_last or any(Boundary(site, n, when) in self._kills for site, n in numbered):
            os.kill(os.getpid(), signal.SIGKILL)


def install(seams: Seams, *, patience: float) -> None:
    """Wrap every seam; requests to Slack and to the UCX wait for at most *patience* seconds."""
    _commits(seams)
    _slack(seams, patience)
    _acknowledgements(seams)
    _ucx(seams, patience)
    _disk(seams)
    _converters(seams)


def _commits(seams: Seams) -> None:
    here = threading.local()
    commit, rollback = DefaultDialect.do_commit, DefaultDialect.do_rollback

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if (what := written_by(statement, parameters)) is not None:
            here.written = [*getattr(here, "written", []), what]

    def do_commit(self: DefaultDialect, connection: Any) -> None:
        written, here.written = sorted(set(getattr(here, "written", [])), key=telling_first), []
        if not written:
            commit(self, connection)
            return
        with seams.crossing(*(f"commit {what}" for what in written)):
            commit(self, connection)

    def do_rollback(self: DefaultDialect, connection: Any) -> None:
        here.written = []
        rollback(self, connection)

    event.listen(Engine, "before_cursor_execute", note)
    DefaultDialect.do_commit = do_commit
    DefaultDialect.do_rollback = do_rollback


def _slack(seams: Seams, patience: float) -> None:
    request = aiohttp.ClientSession._request  # noqa: SLF001 - every request of aiohttp goes through it

    async def _request(self: aiohttp.ClientSession, method: str, url: Any, **options: Any) -> Any:
        if str(url).startswith("http"):  # a socket has no end
            options["timeout"] = aiohttp.ClientTimeout(total=patience)
        site = slack_site(method, str(url), options)
        if site is None:
            return await request(self, method, url, **options)
        with seams.crossing(site):
            return await request(self, method, url, **options)

    aiohttp.ClientSession._request = _request  # noqa: SLF001 - as above


def slack_site(method: str, url: str, options: dict[str, Any]) -> str | None:
    """The name of a request to Slack that writes, or that fetches a file; None for the others."""
    path = urlsplit(url).path
    if path.startswith("/api/"):
        called = path.removeprefix("/api/")
        if method != "POST" or not called.startswith(SLACK_WRITES):
            return None
        body = options.get("json") or options.get("data") or {}
        body = body if isinstance(body, dict) else {}
        place = "" if called.startswith(("views.", "files.get")) else f" {_where(body)}"
        return f"Slack {called}{place}"
    if path.startswith("/upload/"):
        return "Slack upload"
    if path.startswith(("/commands/", "/actions/", "/app/")):
        return "Slack response_url"
    return "Slack download" if path.startswith("/files-pri/") else None


def _where(body: dict[str, Any]) -> str:
    channel = str(body.get("channel") or body.get("channel_id") or "")
    return f"{channel} in a thread" if body.get("thread_ts") else channel


def _acknowledgements(seams: Seams) -> None:
    receive, send = aiohttp.ClientWebSocketResponse.receive, aiohttp.ClientWebSocketResponse.send_str
    kinds: dict[str, str] = {}

    async def receive_and_note(self: Any, *args: Any, **options: Any) -> aiohttp.WSMessage:
        message = await receive(self, *args, **options)
        if message.type is aiohttp.WSMsgType.TEXT:
            answer = json.loads(message.data)
            if "envelope_id" in answer:
                kinds[answer["envelope_id"]] = _kind_of(answer)
        return message

    async def send_str(self: Any, data: str, *args: Any, **options: Any) -> None:
        with contextlib.suppress(ValueError):
            kind = kinds.get(json.loads(data).get("envelope_id", ""))
            if kind is not None:
                with seams.crossing(f"acknowledge {kind}"):
                    await send(self, data, *args, **options)
                return
        await send(self, data, *args, **options)

    aiohttp.ClientWebSocketResponse.receive = receive_and_note
    aiohttp.ClientWebSocketResponse.send_str = send_str


def _kind_of(envelope: dict[str, Any]) -> str:
    payload = envelope.get("payload") or {}
    match envelope.get("type"):
        case "events_api":
            return f"event {(payload.get('event') or {}).get('type')}"
        case "slash_commands":
            return f"{payload.get('command')} {(payload.get('text') or '').split(' ')[0]}"
        case _:
            actions = [str(action.get("action_id")) for action in payload.get("actions") or []]
            return " ".join([str(payload.get("type")), *actions])


def _ucx(seams: Seams, patience: float) -> None:
    handle = httpx.AsyncHTTPTransport.handle_async_request

    async def handle_async_request(self: Any, request: httpx.Request) -> httpx.Response:
        request.extensions["timeout"] = dict.fromkeys(("connect", "read", "write", "pool"), patience)
        called = request.url.path.rsplit("/", 1)[-1]
        if request.method == "GET" and called != "filedownload":
            return await handle(self, request)
        with seams.crossing(f"UCX {called}"):
            return await handle(self, request)

    httpx.AsyncHTTPTransport.handle_async_request = handle_async_request


def _disk(seams: Seams) -> None:
    fsync, replace = os.fsync, Path.replace

    def sync(handle: Any) -> None:
        number = handle if isinstance(handle, int) else handle.fileno()
        path = Path(f"/proc/self/fd/{number}").readlink()
        what = "folder of " if path.is_dir() else ""
        with seams.crossing(f"fsync {what}{place_of(path)}"):
            fsync(handle)

    def rename(self: Path, target: Any) -> Path:
        with seams.crossing(f"rename {place_of(Path(target))}"):
            return replace(self, target)

    os.fsync = sync
    Path.replace = rename


def place_of(path: Path) -> str:
    """`spool/in` for everything in that folder; the plain name of what is outside of the spool."""
    found = next((part for part in path.parts[::-1] if part in PLACES), None)
    return f"spool/{found}" if found else path.name.lstrip(".").split(".")[0]


def _converters(seams: Seams) -> None:
    start, communicate = asyncio.create_subprocess_exec, asyncio.subprocess.Process.communicate

    @functools.wraps(start)
    async def create_subprocess_exec(*args: Any, **options: Any) -> asyncio.subprocess.Process:
        with seams.crossing("converter starts"):
            return await start(*args, **options)

    async def communicate_and_note(self: Any, *args: Any) -> Any:
        with seams.crossing("converter answers"):
            return await communicate(self, *args)

    asyncio.create_subprocess_exec = create_subprocess_exec
    asyncio.subprocess.Process.communicate = communicate_and_note
