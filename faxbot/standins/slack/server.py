"""The workspace as a server on this machine: one aiohttp application on 127.0.0.1."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from . import control
from .api.dispatch import handle
from .http_mode import RequestUrlError
from .installation import Installation
from .manifest import read_manifest
from .model.journal import Journal
from .model.state import WorkspaceState
from .person import routes as person
from .responses import MessageResponses
from .settings import WorkspaceSettings

_PAGE = Path(__file__).parent / "page"
_MOST_BYTES = 1024**3
_VERIFY_SECONDS = 0.5
"""Between two challenges to a request URL that does not answer yet."""


class Workspace:
    """
    A local Slack with one app installed: `async with Workspace(directory, manifest=path) as ws`.

    *directory* keeps the files' bytes; *journal* is a file that gets the record of calls and envelopes;
    *fax_control* is the address of the simulated fax server, for the page's second pane. With a *request_url*
    everything is delivered there as soon as it answers the challenge; until then, and without one, over
    Socket Mode. *clock* tells epoch seconds and *sleep* waits such seconds: Slack's timestamps, rate limits,
    lifetimes and pauses go by them. How long an acknowledgement may take, and faults of `latency`, are real
    seconds: the app's work is real.

    Raises:
        ManifestError: The manifest is none.

    """

    def __init__(
        self,
        directory: Path,
        *,
        manifest: Path,
        port: int = 0,
        fax_control: str = "",
        journal: Path | None = None,
        request_url: str = "",
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        settings: WorkspaceSettings | None = None,
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        installed = read_manifest(manifest)
        state = WorkspaceState(directory, installed.bot_name, clock, sleep)
        self.site = Installation(state, installed, settings or WorkspaceSettings(), Journal(journal, clock))
        self.site.fax_control = fax_control
        self._port = port
        self._request_url = request_url
        self._runner: web.AppRunner | None = None

    # -- what a client needs to know

    @property
    def url(self) -> str:
        """Where people look: http://127.0.0.1:<port>."""
        return self.site.state.base

    @property
    def api_url(self) -> str:
        """Where the Web API is, with its slash at the end: the SLACK_API_URL of a bot."""
        return f"{self.url}/api/"

    @property
    def bot_token(self) -> str:
        """The token of the installed bot."""
        return self.site.state.bot_token

    @property
    def app_token(self) -> str:
        """The app-level token for Socket Mode."""
        return self.site.state.app_token

    @property
    def signing_secret(self) -> str:
        """What requests to a request URL would be signed with."""
        return self.site.state.signing_secret

    @property
    def state(self) -> WorkspaceState:
        """The workspace's facts."""
        return self.site.state

    @property
    def settings(self) -> WorkspaceSettings:
        """The workspace's dials."""
        return self.site.settings

    @property
    def journal(self) -> Journal:
        """The record of everything that crossed the wire."""
        return self.site.journal

    # -- life

    async def start(self) -> None:
        """
        Listen.

        Raises:
            OSError: The port is taken.

        """
        self._runner = web.AppRunner(self.application(), access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        server = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await server.start()
        host, port = self._runner.addresses[0][:2]
        self.site.state.base = f"http://{host}:{port}"
        if self._request_url:
            self.site.delivery.in_background(self._verify(self._request_url))

    async def _verify(self, url: str) -> None:
        """An app that is told of this workspace's address answers only when it runs: ask until then."""
        while True:
            try:
                await self.site.use_request_url(url)
            except RequestUrlError:
                await asyncio.sleep(_VERIFY_SECONDS)
            else:
                return

    async def stop(self) -> None:
        """Close every connection and end what is under way."""
        self.site.stopping = True
        self.site.state.feed.wake()
        await self.site.socket.close(self.site.socket.those())
        await self.site.delivery.stop()
        await self.site.request_url.close()
        watchers = [task for task in self.site.watchers if task]
        for task in watchers:
            task.cancel()
        await asyncio.gather(*watchers, return_exceptions=True)
        if self._runner:
            await self._runner.cleanup()
        self.site.journal.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def application(self) -> web.Application:
        """Every route."""
        site = self.site
        app = web.Application(client_max_size=_MOST_BYTES, middlewares=[_local_pages_only])
        app.on_response_prepare.append(partial(_stamp, clock=site.state.clock))
        app.router.add_route("*", "/api/{method}", partial(handle, site=site))
        app.router.add_get("/link/", site.socket.link)
        app.router.add_post("/upload/v1/{ticket}", site.uploads.receive)
        app.router.add_get("/files-pri/{file}/{name}", site.uploads.download)
        app.router.add_get("/files-pri/{file}/download/{name}", site.uploads.download)
        app.router.add_get("/signin", site.uploads.sign_in)
        replies = MessageResponses(site)
        for kind in ("commands", "actions", "app"):
            app.router.add_post(f"/{kind}/{{team}}/{{number}}/{{secret}}", replies.respond)
        app.router.add_get("/archives/{channel}/{message}", _to_page)
        app.router.add_get("/files/{user}/{file}/{name}", _to_file)
        person.add_routes(app, site)
        control.add_routes(app, site)
        app.router.add_get("/", _index)
        app.router.add_static("/page/", _PAGE)
        return app


@web.middleware
async def _local_pages_only(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Other web pages in a person's browser may not act here: only this page's own origin passes."""
    origin = request.headers.get("Origin")
    if request.path.startswith("/_/") and origin not in {None, f"http://{request.host}"}:
        raise web.HTTPForbidden
    return await handler(request)


async def _stamp(_request: web.Request, response: web.StreamResponse, *, clock: Callable[[], float]) -> None:
    """The Date of an answer is by the workspace's clock, as its timestamps are."""
    response.headers["Date"] = formatdate(clock(), usegmt=True)


async def _index(_request: web.Request) -> web.StreamResponse:
    return web.FileResponse(_PAGE / "index.html")


async def _to_page(request: web.Request) -> web.StreamResponse:
    found = request.match_info
    raise web.HTTPFound(f"/?channel={found['channel']}&message={found['message']}")


async def _to_file(request: web.Request) -> web.StreamResponse:
    raise web.HTTPFound(f"/_/file/{request.match_info['file']}")
