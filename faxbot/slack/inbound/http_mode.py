"""
HTTP mode: Slack sends each envelope as a signed POST request; the HTTP response acknowledges it.

The signature covers the timestamp and the body. Headers are not signed, so only Content-Type reaches Bolt.
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
_AIOHTTP_LOG = logging.getLogger("faxbot.slack.sdk.http")
_AIOHTTP_LOG.setLevel(logging.CRITICAL)
"""aiohttp's server log; it would contain the malformed requests of port scanners."""

PATH = "/slack/events"
"""The request URL for events, commands and interactivity."""
_MAX_BODY_BYTES = 4 << 20
"""A view of 250 kB (Slack's limit) triples when form-encoded; file objects are added to that."""
_READ_SECONDS = 3.0
"""Time limit for reading a request; Slack gives up after the same three seconds."""
_STOP_SECONDS = 0.4
"""Time limit for pending acknowledgements when the bot stops."""
_TIMESTAMP, _SIGNATURE = "X-Slack-Request-Timestamp", "X-Slack-Signature"


class _VerifierClock(Clock):
    """The bot's clock as slack_sdk's signature verifier expects it."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def now(self) -> float:
        """Epoch seconds."""
        return self._now().timestamp()


class HttpEndpoint:
    """
    The HTTP server for Slack's requests; a reverse proxy in front of it provides TLS.

    A request without a valid signature of *signing_secret*, or with a timestamp more than five minutes off,
    gets 401 and is not parsed.

    Source: "Verifying requests from Slack".
    """

    def __init__(
        self, app: AsyncApp, signing_secret: str, now: Callable[[], datetime], *, host: str, port: int
    ) -> None:
        self._app = app
        self._verifier = SignatureVerifier(signing_secret, _VerifierClock(now))
        self._host, self._port = host, port
        self._runner: web.AppRunner | None = None
        self._warned = False

    @property
    def url(self) -> str:
        """The local URL of the endpoint, without the proxy."""
        port = (
            self._runner.addresses[0][1] if self._runner is not None and self.connection_count else self._port
        )
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{port}{PATH}"

    @property
    def connection_count(self) -> int:
        """1 while the server listens, else 0; it does not prove that Slack can reach it."""
        return int(self._runner is not None and bool(self._runner.addresses))

    async def open(self) -> None:
        """
        Start listening.

        Raises:
            OSError: The port is in use, or the host is not an address of this machine.
        """
        application = web.Application(client_max_size=_MAX_BODY_BYTES)
        application.router.add_post(PATH, self._receive)
        self._runner = web.AppRunner(
            application, access_log=None, logger=_AIOHTTP_LOG, shutdown_timeout=_STOP_SECONDS
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()

    async def close(self) -> None:
        """Stop listening; pending acknowledgements are sent first, for at most _STOP_SECONDS."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        """Verify one request and dispatch it; unsigned requests are refused before the body is read."""
        if _TIMESTAMP not in request.headers or _SIGNATURE not in request.headers:
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
        except Exception:  # a 500 makes Slack redeliver the envelope
            log.exception("request from Slack failed")
            return _response(HTTPStatus.INTERNAL_SERVER_ERROR)

    def _is_signed(self, request: web.Request, body: bytes) -> bool:
        try:
            return self._verifier.is_valid(body, request.headers[_TIMESTAMP], request.headers[_SIGNATURE])
        except (ValueError, TypeError):  # timestamp not numeric, signature not ASCII, or body not UTF-8
            return False

    def _warn(self) -> None:
        """Log a bad signature once, until a good request arrives: anyone can send bad ones."""
        if not self._warned:
            log.warning(
                "request refused: signature does not match SLACK_SIGNING_SECRET, or its timestamp is more "
                "than five minutes off; faxbot doctor checks both"
            )
        self._warned = True

    async def _acknowledge(self, request: web.Request, body: str) -> web.StreamResponse:
        """Dispatch to Bolt; mode "socket_mode" tells it that the request is already authenticated."""
        bolt_request = AsyncBoltRequest(
            mode="socket_mode", body=body, headers={"Content-Type": request.headers.get("Content-Type", "")}
        )
        return await to_aiohttp_response(await self._app.async_dispatch(bolt_request))


def _response(status: HTTPStatus) -> web.Response:
    return web.Response(status=status, text=status.phrase)
