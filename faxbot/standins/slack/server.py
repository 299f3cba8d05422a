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
from .api.dispatch import dispatch
from .http_mode import RequestUrlError
from .installation import Installation
from .manifest import read_manifest
from .model.journal import Journal
from .model.state import WorkspaceState
from .person import routes as person
from .responses import MessageResponses
from .settings import WorkspaceSettings

_PAGE = Path(__file__).parent / "page"
_MAX_BYTES = 1024**3
_VERIFY_SECONDS = 0.5
"""The interval between challenges to a request URL that does not answer yet."""


class Workspace:
    """
    A local Slack with one app installed: `async with Workspace(directory, manifest=path) as ws`.

    Args:
        directory: Where the bytes of files are stored.
        manifest: The manifest of the app to install.
        port: The port to listen on; 0 picks a free one.
        fax_control: The base address of the simulated fax server, for the page's second pane.
        journal: Also append the journal to this file.
        request_url: Deliver to this URL as soon as it answers the challenge; until then over Socket Mode.
        clock: Epoch seconds, for timestamps, rate limits and lifetimes. The acknowledgement deadline and
            faults of `latency` are real seconds.
        sleep: Waits seconds of *clock*, for delays and redeliveries.
        settings: The initial settings.

    Raises:
        ManifestError: The manifest is invalid.

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
        self.installation = Installation(
            state, installed, settings or WorkspaceSettings(), Journal(journal, clock)
        )
        self.installation.fax_control = fax_control
        self._port = port
        self._request_url = request_url
        self._runner: web.AppRunner | None = None

    # -- addresses and credentials

    @property
    def url(self) -> str:
        """The address of the web page: http://127.0.0.1:<port>."""
        return self.installation.state.base

    @property
    def api_url(self) -> str:
        """The base address of the Web API, with a trailing slash: a bot's SLACK_API_URL."""
        return f"{self.url}/api/"

    @property
    def bot_token(self) -> str:
        """The bot token of the installed app."""
        return self.installation.state.bot_token

    @property
    def app_token(self) -> str:
        """The app-level token for Socket Mode."""
        return self.installation.state.app_token

    @property
    def signing_secret(self) -> str:
        """The secret that signs requests to a request URL."""
        return self.installation.state.signing_secret

    @property
    def state(self) -> WorkspaceState:
        """The state of the workspace."""
        return self.installation.state

    @property
    def settings(self) -> WorkspaceSettings:
        """The settings of the stand-in."""
        return self.installation.settings

    @property
    def journal(self) -> Journal:
        """The journal of calls, envelopes and transfers."""
        return self.installation.journal

    # -- start and stop

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
        self.installation.state.base = f"http://{host}:{port}"
        if self._request_url:
            self.installation.delivery.run_in_background(self._verify(self._request_url))

    async def _verify(self, url: str) -> None:
        """Send the challenge until the app, which starts after this server, answers it."""
        while True:
            try:
                await self.installation.use_request_url(url)
            except RequestUrlError:
                await asyncio.sleep(_VERIFY_SECONDS)
            else:
                return

    async def stop(self) -> None:
        """Close every connection and cancel every background task."""
        self.installation.stopping = True
        self.installation.state.feed.wake()
        await self.installation.socket.close(self.installation.socket.connections())
        await self.installation.delivery.stop()
        await self.installation.request_url.close()
        event_streams = [task for task in self.installation.event_streams if task]
        for task in event_streams:
            task.cancel()
        await asyncio.gather(*event_streams, return_exceptions=True)
        if self._runner:
            await self._runner.cleanup()
        self.installation.journal.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def application(self) -> web.Application:
        """The aiohttp application with every route."""
        installation = self.installation
        app = web.Application(client_max_size=_MAX_BYTES, middlewares=[_local_pages_only])
        app.on_response_prepare.append(partial(_set_date, clock=installation.state.clock))
        app.router.add_route("*", "/api/{method}", partial(dispatch, installation=installation))
        app.router.add_get("/link/", installation.socket.connect)
        app.router.add_post("/upload/v1/{ticket}", installation.transfers.receive)
        app.router.add_get("/files-pri/{file}/{name}", installation.transfers.download)
        app.router.add_get("/files-pri/{file}/download/{name}", installation.transfers.download)
        app.router.add_get("/signin", installation.transfers.sign_in)
        responses = MessageResponses(installation)
        for kind in ("commands", "actions", "app"):
            app.router.add_post(f"/{kind}/{{team}}/{{number}}/{{secret}}", responses.respond)
        app.router.add_get("/archives/{channel}/{message}", _to_page)
        app.router.add_get("/files/{user}/{file}/{name}", _to_file)
        person.add_routes(app, installation)
        control.add_routes(app, installation)
        app.router.add_get("/", _index)
        app.router.add_static("/page/", _PAGE)
        return app


@web.middleware
async def _local_pages_only(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse the person and control APIs to other web pages in the browser, by their Origin."""
    origin = request.headers.get("Origin")
    if request.path.startswith("/_/") and origin not in {None, f"http://{request.host}"}:
        raise web.HTTPForbidden
    return await handler(request)


async def _set_date(
    _request: web.Request, response: web.StreamResponse, *, clock: Callable[[], float]
) -> None:
    """Set the Date header by the workspace's clock, like its timestamps."""
    response.headers["Date"] = formatdate(clock(), usegmt=True)


async def _index(_request: web.Request) -> web.StreamResponse:
    return web.FileResponse(_PAGE / "index.html")


async def _to_page(request: web.Request) -> web.StreamResponse:
    found = request.match_info
    raise web.HTTPFound(f"/?channel={found['channel']}&message={found['message']}")


async def _to_file(request: web.Request) -> web.StreamResponse:
    raise web.HTTPFound(f"/_/file/{request.match_info['file']}")
