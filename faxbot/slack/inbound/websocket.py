"""One WebSocket of Socket Mode: envelopes in, acknowledgements out, pings, and how it ends."""

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
QUIET = logging.getLogger("faxbot.slack.sdk.socket")
QUIET.setLevel(logging.CRITICAL)
"""What Bolt's adapter would write of an answer: its whole text."""

LOST_PINGS = 2
"""So many pings in a row without an answer, and the connection is not relied on any longer."""
LAST_ACKS_SECONDS = 3.0
"""How long acknowledgements that are being made may hold up an end; Slack waits no longer for them."""
_CLOSE_SECONDS = 0.3


class DisconnectReason(StrEnum):
    """Why a connection has to be replaced: Slack's own words (`disconnect.reason`), then what is noticed."""

    WARNING = "warning"
    REFRESH = "refresh_requested"
    DISABLED = "link_disabled"
    TOO_MANY = "too_many_websockets"
    CLOSED = "closed"
    SILENT = "silent"


@dataclass(slots=True)
class Pings:
    """How often to ping, in seconds, and whether the other side has ever answered one, on any connection."""

    every: float
    answered: bool = False


class SlackWebSocket:
    """
    One WebSocket, for its whole life.

    `must_replace` is set when it has to be replaced (`reason` says why), `ended` when nothing comes any more.
    Until then it receives and acknowledges, whatever it was told.
    """

    logger = QUIET

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
        """Whether envelopes may come by it."""
        return self._accepted and not self.ended.is_set()

    async def wait_for_hello(self, seconds: float) -> bool:
        """
        Whether Slack wants this connection: its first word was not that it has to go.

        Who says nothing at all for *seconds*, not even hello, is taken to be ready.

        Source: `hello`, "Using Socket Mode".
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._first_message.wait()
        self._accepted = not self.must_replace.is_set()
        return self._accepted

    async def send_socket_mode_response(self, response: SocketModeResponse) -> None:
        """
        Acknowledge an envelope that came by this WebSocket.

        Raises:
            ConnectionError: It has closed.
        """
        await self._socket.send_str(json.dumps(response.to_dict()))

    async def close(self, seconds: float = LAST_ACKS_SECONDS) -> None:
        """End it, when the acknowledgements that are being made are out, or after *seconds*."""
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

    # -- what comes

    async def _read(self) -> None:
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
            pass  # a pong that could not be sent: it is over
        except Exception:  # who reads no more must be replaced, whatever it was
            log.exception("a connection could not be read")
        finally:
            self._disconnect(DisconnectReason.CLOSED)
            self.ended.set()
            self._pinger.cancel()
        await self._finish(LAST_ACKS_SECONDS)

    def _receive(self, text: str) -> None:
        try:
            message = json.loads(text)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            log.info("Slack sent what is no message")
            return
        if message.get("type") == "disconnect":
            self._disconnect(_disconnect_reason(message.get("reason")))
            return
        self._first_message.set()
        if not isinstance(message.get("payload"), dict):
            return  # hello, and what is no envelope
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
            log.info("a connection closed before an acknowledgement", extra=facts)
        except Exception:  # one envelope that fails must not take the others along
            log.exception("an envelope was not answered", extra=facts)

    # -- whether anything can come

    async def _ping(self) -> None:
        """
        Ping, and judge by the answers, where answers are given at all.

        They are counted and not timed: a loop that was held up says nothing about the connection.
        """
        while not (self._pings.answered and self._unanswered >= LOST_PINGS):
            self._unanswered += 1
            with contextlib.suppress(ConnectionError, TimeoutError):  # a ping that was not answered, then
                async with asyncio.timeout(self._pings.every):
                    await self._socket.ping()
            await asyncio.sleep(self._pings.every)
        self._disconnect(DisconnectReason.SILENT)


def _disconnect_reason(reason: object) -> DisconnectReason:
    """An unknown reason asks for what the known ones ask for: another connection."""
    known = (
        DisconnectReason.WARNING,
        DisconnectReason.REFRESH,
        DisconnectReason.DISABLED,
        DisconnectReason.TOO_MANY,
    )
    return next((each for each in known if each == reason), DisconnectReason.REFRESH)
