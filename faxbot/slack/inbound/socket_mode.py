"""
Socket Mode over two connections, each replaced before it goes, so that no click and no command is lost.

slack_sdk's client closes a connection before it opens the next one, and repeats a failed handshake with the
same address, which Slack lets be used once only. Here a connection lives for one WebSocket, at an address of
its own.
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
_STOP_SECONDS = 0.4
"""How long acknowledgements that are being made may hold up a stop."""
_SWITCHED_OFF = (
    "Slack has switched Socket Mode off for this app, so nobody reaches faxbot. "
    "Switch it on: api.slack.com/apps, your app, Socket Mode. faxbot looks again by itself."
)
_REFUSED = (
    "Slack does not open a connection ({}), so nobody reaches faxbot. Check SLACK_APP_TOKEN (scope "
    "connections:write) at api.slack.com/apps, your app, Basic Information. faxbot looks again by itself."
)


@dataclass(frozen=True, slots=True)
class ReconnectBackoff:
    """How patient the bot is with its connections, in seconds."""

    ping: float = 5.0
    hello: float = 3.0
    grace: float = 30.0
    """How long a replaced connection may go on before the bot closes it; Slack does so after 10 s."""
    settled: float = 60.0
    """A connection that lived so long was none of a row of failures."""
    first_pause: float = 0.5
    longest_pause: float = 30.0
    switched_off: float = 60.0
    """Between two tries when Slack does not want the app to connect at all."""
    crowded: float = 300.0
    """Before asking for another connection when Slack says there are too many, and one is open."""


class _RejectedAtHello(Exception):
    """Slack took the handshake, and its first word was that the connection has to go."""

    def __init__(self, reason: DisconnectReason | None) -> None:
        super().__init__(reason)
        self.reason = reason


class SocketMode:
    """The bot's connections; each envelope comes over one of them and is acknowledged there."""

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
        self._reached = asyncio.Event()
        self._websockets: set[SlackWebSocket] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._retiring: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None
        self._last_error = ""

    @property
    def connection_count(self) -> int:
        """By how many connections Slack can reach the bot now."""
        return len(self.open_since)

    @property
    def open_since(self) -> tuple[datetime, ...]:
        """Since when each connection that is open now has been open, oldest first."""
        return tuple(sorted(websocket.since for websocket in self._websockets if websocket.open))

    async def open(self) -> None:
        """Open them; returns when one is open and the others have been tried. From then on they are kept."""
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
        """Close them all, within a second; acknowledgements that are being made go out before."""
        tasks = (*self._tasks, *self._retiring)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(websocket.close(_STOP_SECONDS) for websocket in self._websockets))
        self._websockets.clear()
        if self._session is not None:
            await self._session.close()

    # -- one connection after the other

    async def _maintain(self, tried: asyncio.Event) -> None:
        """Have one connection open, always: the next one is open before the last one is let go."""
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
                if not isinstance(exc, SlackFault):  # this task must not die: the bot would be deaf
                    log.exception("a connection to Slack could not be opened")
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
        A new connection, at a new address, that Slack has greeted.

        Raises:
            SlackFault: There is none.
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
        """Let Bolt answer an envelope; what it does not answer with 200 is not acknowledged."""
        began = time.time()
        response = await run_async_bolt_app(self._app, request)
        await send_async_response(cast("AsyncBaseSocketModeClient", websocket), request, response, began)

    async def _retire(self, websocket: SlackWebSocket) -> None:
        """Let *websocket* take what still comes, until Slack ends it; close what is silent at once."""
        if websocket.reason is not DisconnectReason.SILENT and not websocket.ended.is_set():
            await _sooner(websocket.ended.wait(), self._clock.sleep(self._backoff.grace))
        await websocket.close()
        self._websockets.discard(websocket)

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="socket farewell")
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    # -- how fast to try again

    def _pause(self, reason: DisconnectReason | Exception | None, failures: int) -> float:
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
        """The first replacement is made at once; each further trouble in a row doubles the pause."""
        if failures <= 1:
            return 0.0
        return min(self._backoff.first_pause * 2.0 ** min(failures - 2, 30), self._backoff.longest_pause)

    async def _wait(self, pause: float, room: asyncio.Event | None) -> None:
        """Wait, but no longer than until the connection ends that a new one had no room beside."""
        if room is None or room.is_set():
            await self._clock.sleep(pause)
        else:
            await _sooner(room.wait(), self._clock.sleep(pause))

    # -- what to say of it

    def _report_open(self) -> None:
        self._reached.set()
        self._last_error = ""
        log.info("a connection to Slack is open", extra={"open": len(self.open_since)})

    def _report(self, reason: DisconnectReason | Exception | None) -> None:
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
        log.log(level, "a connection to Slack has to be replaced", extra={"reason": cause, "open": there})


async def _sooner(*waits: Coroutine[Any, Any, Any]) -> None:
    """Return when the first of *waits* returns; cancel the others."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
