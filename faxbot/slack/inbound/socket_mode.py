"""
Socket Mode over two WebSockets, each replaced before Slack closes it, so that no envelope is lost.

slack_sdk's client closes a WebSocket before it opens the next one, and repeats a failed handshake with the
same URL although each URL is valid once. Here every WebSocket has its own URL.

Source: "Using Socket Mode"; apps.connections.open.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from random import SystemRandom
from typing import Any, cast

import aiohttp
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from faxbot.fax.errors import SlackBusy, SlackFault, SlackRefused, SlackUnclear
from faxbot.services.model.ports import Clock
from faxbot.slack.inbound.websocket import DisconnectReason, Pings, SlackWebSocket
from faxbot.slack.web_api.connections import CALL_ERRORS, CONNECT_SECONDS, no_redirects, slack_fault

log = logging.getLogger(__name__)

_random = SystemRandom().random

CONNECTIONS = 2
"""Number of WebSockets that are kept open."""
_STOP_SECONDS = 0.4
"""Time limit for pending acknowledgements when the bot stops."""
_SWITCHED_OFF = (
    "Socket Mode is off for this app, so faxbot receives nothing. "
    "Turn it on: api.slack.com/apps, your app, Socket Mode. faxbot retries by itself."
)
_REFUSED = (
    "Slack does not open a connection ({}), so faxbot receives nothing. Check SLACK_APP_TOKEN (scope "
    "connections:write) at api.slack.com/apps, your app, Basic Information. faxbot retries by itself."
)


@dataclass(frozen=True, slots=True)
class ReconnectBackoff:
    """Timeouts and pauses of the WebSockets, in seconds."""

    ping: float = 5.0
    """Between two pings, and the time limit for sending one."""
    hello: float = 3.0
    """Time limit for Slack's first message; a WebSocket without one counts as open."""
    grace: float = 30.0
    """Before the bot closes a replaced WebSocket itself; Slack closes it after 10 s."""
    settled: float = 60.0
    """Lifetime after which the count of consecutive failures starts again."""
    first_pause: float = 0.5
    """Before the second retry; doubled for each further failure."""
    longest_pause: float = 30.0
    """Maximum of the doubled pauses."""
    switched_off: float = 60.0
    """Between two tries when Slack refuses connections (Socket Mode off, token rejected)."""
    crowded: float = 300.0
    """Before the next try after `too_many_websockets` while another WebSocket is open."""


class _RejectedAtHello(Exception):
    """Slack accepted the handshake and sent `disconnect` instead of `hello`."""

    def __init__(self, reason: DisconnectReason | None) -> None:
        super().__init__(reason)
        self.reason = reason


class SocketMode:
    """
    The bot's WebSockets; each envelope is acknowledged on the one that delivered it.

    *app_token* has the scope connections:write. *jitter* returns a number from 0 to 1.
    """

    def __init__(
        self,
        app: AsyncApp,
        app_token: str,
        clock: Clock,
        *,
        connections: int = CONNECTIONS,
        backoff: ReconnectBackoff | None = None,
        jitter: Callable[[], float] = _random,
    ) -> None:
        self._app, self._app_token, self._clock, self._jitter = app, app_token, clock, jitter
        self._backoff = backoff or ReconnectBackoff()
        self._pings = Pings(self._backoff.ping)
        self._tried = [asyncio.Event() for _ in range(connections)]
        """One per WebSocket: set after its first attempt, successful or not."""
        self._reached = asyncio.Event()
        """Set once any WebSocket was opened."""
        self._websockets: set[SlackWebSocket] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._retiring: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None
        self._last_error = ""
        """The last text for the admin that was logged; the same one is not logged again."""

    @property
    def connection_count(self) -> int:
        """Number of WebSockets over which envelopes can arrive now."""
        return len(self.open_since)

    @property
    def open_since(self) -> tuple[datetime, ...]:
        """When each open WebSocket was opened, oldest first."""
        return tuple(sorted(websocket.since for websocket in self._websockets if websocket.open))

    async def open(self) -> None:
        """Open the WebSockets and keep them open; returns when one is open and each has been tried."""
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
            trust_env=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            trace_configs=[no_redirects()],
        )
        self._tasks = [asyncio.create_task(self._maintain(tried), name="socket") for tried in self._tried]
        for event in (*self._tried, self._reached):
            await event.wait()

    async def close(self) -> None:
        """Close all WebSockets within a second; pending acknowledgements are sent first."""
        tasks = (*self._tasks, *self._retiring)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(websocket.close(_STOP_SECONDS) for websocket in self._websockets))
        self._websockets.clear()
        if self._session is not None:
            await self._session.close()

    # -- keep one WebSocket open

    async def _maintain(self, tried: asyncio.Event) -> None:
        """Keep one WebSocket open: its successor is opened before it is retired."""
        last: SlackWebSocket | None = None
        failures = 0
        while True:
            began = self._clock.now()
            reason: DisconnectReason | Exception | None
            try:
                websocket = await self._open()
            except _RejectedAtHello as rejected:
                reason = rejected.reason
                room = None if last is None else last.ended
            except Exception as exc:
                reason, room = exc, None
                if not isinstance(exc, SlackFault):  # caught, since without this task the bot is cut off
                    log.exception("opening a connection to Slack failed")
            else:
                if last is not None:
                    self._in_background(self._retire(last))
                last = websocket
                tried.set()
                self._report_open()
                await websocket.must_replace.wait()
                reason, room = websocket.reason, None
            tried.set()
            lived = (self._clock.now() - began).total_seconds()
            failures = 0 if lived >= self._backoff.settled else failures + 1
            self._report(reason)
            await self._wait(self._pause(reason, failures), room)

    async def _open(self) -> SlackWebSocket:
        """
        Open a new WebSocket at a new URL and wait for Slack's `hello`.

        Raises:
            SlackFault: It could not be opened.
            _RejectedAtHello: Slack sent `disconnect` instead of `hello`.

        Source: apps.connections.open, "Using Socket Mode".
        """
        if self._session is None:
            raise SlackUnclear("The connections are closed.")
        try:
            answer = await self._app.client.apps_connections_open(app_token=self._app_token)
            async with asyncio.timeout(CONNECT_SECONDS):
                socket = await self._session.ws_connect(str(answer["url"]), autoping=False, autoclose=False)
        except CALL_ERRORS as exc:
            raise slack_fault(exc) from exc
        websocket = SlackWebSocket(socket, self._handle, self._pings, self._clock.now())
        self._websockets.add(websocket)
        if not await websocket.wait_for_hello(self._backoff.hello):
            self._in_background(self._retire(websocket))
            raise _RejectedAtHello(websocket.reason)
        return websocket

    async def _handle(self, websocket: SlackWebSocket, request: SocketModeRequest) -> None:
        """Dispatch an envelope to Bolt; only a response with status 200 acknowledges it."""
        began = time.time()
        response = await run_async_bolt_app(self._app, request)
        await send_async_response(cast("AsyncBaseSocketModeClient", websocket), request, response, began)

    async def _retire(self, websocket: SlackWebSocket) -> None:
        """Receive until Slack closes *websocket*, at most `grace` seconds; close a silent one at once."""
        if websocket.reason is not DisconnectReason.SILENT and not websocket.ended.is_set():
            await _sooner(websocket.ended.wait(), self._clock.sleep(self._backoff.grace))
        await websocket.close()
        self._websockets.discard(websocket)

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="socket retirement")
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    # -- pauses

    def _pause(self, reason: DisconnectReason | Exception | None, failures: int) -> float:
        """Seconds until the next try, with up to 50% jitter."""
        backoff = self._backoff
        match reason:
            case DisconnectReason.DISABLED | SlackRefused():
                pause = backoff.switched_off
            case DisconnectReason.TOO_MANY if self.open_since:
                pause = backoff.crowded
            case DisconnectReason.TOO_MANY:
                pause = self._delay(failures + 2)
            case SlackBusy(retry_after=asked):
                pause = max(asked, self._delay(failures))
            case _:
                pause = self._delay(failures)
        return pause * (1 + self._jitter() / 2)

    def _delay(self, failures: int) -> float:
        """No pause after the first failure; each further consecutive one doubles it."""
        if failures <= 1:
            return 0.0
        return min(self._backoff.first_pause * 2.0 ** min(failures - 2, 30), self._backoff.longest_pause)

    async def _wait(self, pause: float, room: asyncio.Event | None) -> None:
        """Wait *pause* seconds, or until the old WebSocket ends and leaves room for a new one (*room*)."""
        if room is None or room.is_set():
            await self._clock.sleep(pause)
        else:
            await _sooner(room.wait(), self._clock.sleep(pause))

    # -- log

    def _report_open(self) -> None:
        self._reached.set()
        self._last_error = ""
        log.info("connection to Slack is open", extra={"open": len(self.open_since)})

    def _report(self, reason: DisconnectReason | Exception | None) -> None:
        """Log why a WebSocket is replaced; log what an admin must change once, until it is open again."""
        match reason:
            case DisconnectReason.DISABLED:
                error_text = _SWITCHED_OFF
            case SlackRefused(error=error):
                error_text = _REFUSED.format(error)
            case _:
                error_text = ""
        if error_text and error_text != self._last_error:
            log.error(error_text)
            self._last_error = error_text
        there = len(self.open_since)
        cause = reason.value if isinstance(reason, DisconnectReason) else type(reason).__name__
        level = logging.INFO if there else logging.WARNING
        log.log(level, "connection to Slack must be replaced", extra={"reason": cause, "open": there})


async def _sooner(*waits: Coroutine[Any, Any, Any]) -> None:
    """Return when the first of *waits* returns; cancel the others."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
