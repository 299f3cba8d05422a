"""One WebSocket of Socket Mode: receives envelopes, sends acknowledgements and pings."""

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import aiohttp
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

log = logging.getLogger(__name__)
ADAPTER_LOG = logging.getLogger("faxbot.slack.sdk.socket")
ADAPTER_LOG.setLevel(logging.CRITICAL)
"""Log of Bolt's Socket Mode adapter, which would contain whole responses."""

MAX_LOST_PINGS = 2
"""Consecutive unanswered pings after which the WebSocket is replaced."""
LAST_ACKS_SECONDS = 3.0
"""Time limit for pending acknowledgements before a close; Slack waits no longer than that."""
_CLOSE_SECONDS = 0.3
"""Time limit for the closing handshake."""


class DisconnectReason(StrEnum):
    """
    Why a WebSocket must be replaced.

    The first four are Slack's `disconnect.reason`; CLOSED and SILENT are detected here.
    """

    WARNING = "warning"
    REFRESH = "refresh_requested"
    DISABLED = "link_disabled"
    TOO_MANY = "too_many_websockets"
    CLOSED = "closed"
    SILENT = "silent"


@dataclass(slots=True)
class Pings:
    """*interval*: seconds between pings. *answered*: Slack has answered a ping on any WebSocket."""

    interval: float
    answered: bool = False


class SlackWebSocket:
    """
    One open WebSocket.

    `must_replace` is set when a successor is needed (`reason` holds the cause), `ended` when it is closed.
    Between the two it still receives and acknowledges envelopes. *since* is when it was opened.
    """

    logger = ADAPTER_LOG

    def __init__(
        self,
        socket: aiohttp.ClientWebSocketResponse,
        handle: Callable[["SlackWebSocket", SocketModeRequest], Awaitable[None]],
        pings: Pings,
        since: datetime,
    ) -> None:
        self.since = since
        self.reason: DisconnectReason | None = None
        self.must_replace, self.ended = asyncio.Event(), asyncio.Event()
        self._first_message = asyncio.Event()
        self._accepted = False
        self._socket, self._handle, self._pings = socket, handle, pings
        self._unanswered = 0
        self._answering: set[asyncio.Task[None]] = set()
        self._reader = asyncio.create_task(self._read(), name="socket reader")
        self._pinger = asyncio.create_task(self._ping(), name="socket pings")

    @property
    def open(self) -> bool:
        """Whether envelopes can arrive on it."""
        return self._accepted and not self.ended.is_set()

    async def wait_for_hello(self, seconds: float) -> bool:
        """
        Wait for Slack's first message; False if it is `disconnect`.

        True also when nothing arrives within *seconds*: some servers send no `hello`.

        Source: `hello`, "Using Socket Mode".
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._first_message.wait()
        self._accepted = not self.must_replace.is_set()
        return self._accepted

    async def send_socket_mode_response(self, response: SocketModeResponse) -> None:
        """
        Acknowledge an envelope of this WebSocket; called by Bolt's adapter.

        Raises:
            ConnectionError: The WebSocket is closed.
        """
        await self._socket.send_str(json.dumps(response.to_dict()))

    async def close(self, seconds: float = LAST_ACKS_SECONDS) -> None:
        """Close it when pending acknowledgements are sent, at the latest after *seconds*."""
        await self._finish(seconds)
        tasks = {self._reader, self._pinger, *self._answering}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _finish(self, seconds: float) -> None:
        if self._answering:
            await asyncio.wait(self._answering, timeout=seconds)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._socket.close()

    def _disconnect(self, reason: DisconnectReason) -> None:
        if not self.must_replace.is_set():
            self.reason = reason
            self.must_replace.set()
            self._first_message.set()

    # -- receive

    async def _read(self) -> None:
        """Read frames until the WebSocket is closed, then let pending acknowledgements finish."""
        try:
            async for message in self._socket:
                match message.type:
                    case aiohttp.WSMsgType.TEXT:
                        self._receive(message.data)
                    case aiohttp.WSMsgType.PING:
                        await self._socket.pong(message.data)
                    case aiohttp.WSMsgType.PONG:
                        self._unanswered, self._pings.answered = 0, True
        except ConnectionError:
            pass  # a pong could not be sent: the WebSocket is closed
        except Exception:  # the WebSocket must be replaced after any failure
            log.exception("reading from Slack failed")
        finally:
            self._disconnect(DisconnectReason.CLOSED)
            self.ended.set()
            self._pinger.cancel()
        await self._finish(LAST_ACKS_SECONDS)

    def _receive(self, text: str) -> None:
        """Handle one text frame: `disconnect`, `hello`, or an envelope, which is answered in a task."""
        try:
            message = json.loads(text)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            log.info("Slack sent a frame that is not a JSON object")
            return
        if message.get("type") == "disconnect":
            self._disconnect(_disconnect_reason(message.get("reason")))
            return
        self._first_message.set()
        if not isinstance(message.get("payload"), dict):
            return  # `hello` and other messages without an envelope
        request = SocketModeRequest.from_dict(message)
        if request is None:
            return
        task = asyncio.create_task(self._answer(request), name="envelope")
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _answer(self, request: SocketModeRequest) -> None:
        facts = {"envelope": request.envelope_id, "type": request.type}
        try:
            await self._handle(self, request)
        except ConnectionError:
            log.info("connection closed before the acknowledgement was sent", extra=facts)
        except Exception:  # a failing envelope must not end the WebSocket
            log.exception("envelope failed", extra=facts)

    # -- pings

    async def _ping(self) -> None:
        """
        Send pings; too many unanswered ones mean the connection is SILENT.

        Servers that never answer pings are exempt. Pongs are counted, not timed: a delay of this event loop
        does not count against the connection.
        """
        while not (self._pings.answered and self._unanswered >= MAX_LOST_PINGS):
            self._unanswered += 1
            with contextlib.suppress(ConnectionError, TimeoutError):  # counts as an unanswered ping
                async with asyncio.timeout(self._pings.interval):
                    await self._socket.ping()
            await asyncio.sleep(self._pings.interval)
        self._disconnect(DisconnectReason.SILENT)


def _disconnect_reason(reason: object) -> DisconnectReason:
    """Slack's `reason` as a member; an unknown one counts as `refresh_requested`."""
    known = (
        DisconnectReason.WARNING,
        DisconnectReason.REFRESH,
        DisconnectReason.DISABLED,
        DisconnectReason.TOO_MANY,
    )
    return next((each for each in known if each == reason), DisconnectReason.REFRESH)
