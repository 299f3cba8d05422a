"""
HTTP mode: Slack sends each envelope as a signed request, and the answer is its acknowledgement.

The signature covers time and body, not the headers: of those only the content type is passed on.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import Clock, SignatureVerifier

log = logging.getLogger(__name__)
_QUIET = logging.getLogger("faxbot.slack.sdk.http")
_QUIET.setLevel(logging.CRITICAL)
"""aiohttp would write down what a port scanner sends."""

PATH = "/slack/events"
"""For events, commands and interactivity alike."""
_LARGEST = 4 << 20
"""A form of 250 kB takes thrice as much as a form-encoded body, and its files' descriptions come on top."""
_READ_SECONDS = 3.0
"""Slack has given up by then."""
_STOP_SECONDS = 0.4
"""How long acknowledgements that are being made may hold up a stop."""
_STAMP, _SIGNATURE = "X-Slack-Request-Timestamp", "X-Slack-Signature"


class _BotsClock(Clock):
    """The bot's clock, as slack_sdk asks for the time."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def now(self) -> float:
        """Epoch seconds."""
        return self._now().timestamp()


class HttpEndpoint:
    """
    The address that Slack sends its requests to; behind a proxy that adds TLS.

    What carries no signature of *signing_secret*, or one that is more than five minutes old, is answered
    with 401 and not looked at.

    Source: "Verifying requests from Slack".
    """

    def __init__(
        self, app: AsyncApp, signing_secret: str, now: Callable[[], datetime], *, host: str, port: int
    ) -> None:
        self._app = app
        self._verifier = SignatureVerifier(signing_secret, _BotsClock(now))
        self._host, self._port = host, port
        self._runner: web.AppRunner | None = None
        self._warned = False

    @property
    def url(self) -> str:
        """Where requests are taken, without a proxy's help."""
        port = (
            self._runner.addresses[0][1] if self._runner is not None and self.connection_count else self._port
        )
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{port}{PATH}"

    @property
    def connection_count(self) -> int:
        """1 while requests are taken; whether Slack finds the way here, only Slack knows."""
        return int(self._runner is not None and bool(self._runner.addresses))

    async def open(self) -> None:
        """
        Take requests from now on.

        Raises:
            OSError: The port is taken, or there is no such host here.
        """
        application = web.Application(client_max_size=_LARGEST)
        application.router.add_post(PATH, self._receive)
        self._runner = web.AppRunner(
            application, access_log=None, logger=_QUIET, shutdown_timeout=_STOP_SECONDS
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()

    async def close(self) -> None:
        """Take no more; acknowledgements that are being made go out before."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        if _STAMP not in request.headers or _SIGNATURE not in request.headers:
            return _response(HTTPStatus.UNAUTHORIZED)
        try:
            async with asyncio.timeout(_READ_SECONDS):
                body = await request.read()
        except TimeoutError:
            return _response(HTTPStatus.REQUEST_TIMEOUT)
        if not self._is_signed(request, body):
            self._warn()
            return _response(HTTPStatus.UNAUTHORIZED)
        self._warned = False
        try:
            return await self._acknowledge(request, body.decode())
        except Exception:  # Slack must hear that nobody has taken this
            log.exception("A request of Slack's could not be answered.")
            return _response(HTTPStatus.INTERNAL_SERVER_ERROR)

    def _is_signed(self, request: web.Request, body: bytes) -> bool:
        try:
            return self._verifier.is_valid(body, request.headers[_STAMP], request.headers[_SIGNATURE])
        except (ValueError, TypeError):  # the time is no number, or the letters are not ASCII, or not UTF-8
            return False

    def _warn(self) -> None:
        """Once, until a request is good again: anybody may send any number of bad ones."""
        if not self._warned:
            log.warning(
                "A request was refused: its signature does not fit SLACK_SIGNING_SECRET, or its time is more "
                "than five minutes off. faxbot doctor looks at both."
            )
        self._warned = True

    async def _acknowledge(self, request: web.Request, body: str) -> web.StreamResponse:
        """Let Bolt answer; "socket_mode" is its name for what has been authenticated before."""
        bolt_request = AsyncBoltRequest(
            mode="socket_mode", body=body, headers={"Content-Type": request.headers.get("Content-Type", "")}
        )
        return await to_aiohttp_response(await self._app.async_dispatch(bolt_request))


def _response(status: HTTPStatus) -> web.Response:
    return web.Response(status=status, text=status.phrase)
