"""Socket Mode: up to ten WebSocket connections, each envelope to exactly one of them."""

import asyncio
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from .delivery import ConnectionLostError, Envelope
from .model.ids import new_id
from .model.journal import Journal
from .model.people import APP_ID
from .model.state import State
from .settings import Settings


@dataclass(eq=False)
class Connection:
    """One open WebSocket of the app."""

    socket: web.WebSocketResponse
    id: str = field(default_factory=lambda: new_id("S"))
    leaving: bool = False
    """Whether it was told to go: it gets no more envelopes."""
    waiting: dict[str, tuple[Envelope, float]] = field(default_factory=dict)
    """Envelopes not yet acknowledged, and when they were sent (loop time)."""


class SocketMode:
    """
    The transport of Socket Mode.

    Source: Slack's "Using Socket Mode".
    """

    def __init__(self, state: State, settings: Settings, journal: Journal) -> None:
        self._state = state
        self._settings = settings
        self._journal = journal
        self._tickets: dict[str, float] = {}
        self._connections: list[Connection] = []
        self._turn = 0
        self._came = asyncio.Event()
        self.refuse_handshakes = 0
        """How many of the next handshakes to refuse, their tickets spent."""
        self.ignore_acks = 0
        """How many of the next acknowledgements to treat as lost."""

    # -- the address

    def new_address(self) -> str:
        """A WebSocket address that works once, for a while (apps.connections.open)."""
        ticket = secrets.token_hex(16)
        self._tickets[ticket] = self._state.clock()
        host = self._state.base.removeprefix("http")
        return f"ws{host}/link/?ticket={ticket}&app_id={APP_ID}"

    def _spend(self, ticket: str) -> bool:
        issued = self._tickets.pop(ticket, None)
        if self.refuse_handshakes > 0:
            self.refuse_handshakes -= 1
            return False
        return issued is not None and self._state.clock() - issued <= self._settings.ticket_lifetime

    async def link(self, request: web.Request) -> web.StreamResponse:
        """GET /link/: the handshake, then the connection until it closes."""
        if not self._spend(request.query.get("ticket", "")):
            self._journal.note("handshake_refused")
            return web.Response(status=408, text="ticket expired or already used")
        socket = web.WebSocketResponse(heartbeat=30)
        await socket.prepare(request)
        connection = Connection(socket)
        if len(self._open()) >= self._settings.max_connections:
            await self._say(connection, {"type": "disconnect", "reason": "too_many_websockets"})
            await socket.close()
            return socket
        self._connections.append(connection)
        try:
            await self._greet(connection)
            await self._listen(connection)
        finally:
            self._drop(connection)
        return socket

    async def _greet(self, connection: Connection) -> None:
        await self._say(
            connection,
            {
                "type": "hello",
                "num_connections": len(self._open()),
                "debug_info": {
                    "host": "applink-stand-in",
                    "build_number": 1,
                    "approximate_connection_time": 18060,
                },
                "connection_info": {"app_id": APP_ID},
            },
        )
        self._journal.note("socket_open", connection=connection.id, connections=len(self._open()))
        self._came.set()
        self._state.feed.tell("connected", None, connected=True)

    async def _listen(self, connection: Connection) -> None:
        async for message in connection.socket:
            if message.type is WSMsgType.TEXT:
                self._acknowledge(connection, message.data)

    def _acknowledge(self, connection: Connection, text: str) -> None:
        try:
            ack = json.loads(text)
        except ValueError:
            ack = None
        if not isinstance(ack, dict) or not isinstance(ack.get("envelope_id"), str):
            self._journal.note("socket_nonsense", connection=connection.id)
            return
        if self.ignore_acks > 0:
            self.ignore_acks -= 1
            self._journal.note("ack_ignored", envelope_id=ack["envelope_id"])
            return
        envelope, sent = connection.waiting.pop(ack["envelope_id"], (None, 0.0))
        if envelope is None:
            self._journal.note("ack_late_or_unknown", envelope_id=ack["envelope_id"])
            return
        payload = ack.get("payload")
        self._journal.note(
            "envelope_acked",
            envelope_id=envelope.id,
            connection=connection.id,
            seconds=asyncio.get_running_loop().time() - sent,
            payload=payload,
        )
        if not envelope.answer.done():
            taken = payload if isinstance(payload, dict) and envelope.accepts_response_payload else {}
            envelope.answer.set_result(taken)

    def _drop(self, connection: Connection) -> None:
        if connection not in self._connections:
            return
        self._connections.remove(connection)
        self._journal.note("socket_closed", connection=connection.id, unacknowledged=len(connection.waiting))
        for envelope, _ in connection.waiting.values():
            if not envelope.answer.done():
                envelope.answer.set_exception(ConnectionLostError())
                envelope.answer.exception()
        connection.waiting.clear()
        if not self._open():
            self._came.clear()
            self._state.feed.tell("connected", None, connected=False)

    # -- Transport

    def _open(self) -> list[Connection]:
        return [c for c in self._connections if not c.leaving and not c.socket.closed]

    @property
    def connected(self) -> bool:
        """Whether the app has a connection open."""
        return bool(self._open())

    async def until_connected(self) -> None:
        """Return when the app has a connection open."""
        await self._came.wait()

    async def send(self, envelope: Envelope) -> bool:
        """Send an envelope to the connection whose turn it is."""
        candidates = self._open()
        if not candidates:
            return False
        connection = candidates[self._turn % len(candidates)]
        self._turn += 1
        connection.waiting[envelope.id] = (envelope, asyncio.get_running_loop().time())
        self._journal.note(
            "envelope_sent",
            envelope_id=envelope.id,
            connection=connection.id,
            type=envelope.kind,
            attempt=envelope.attempt,
            reason=envelope.reason,
            payload=envelope.payload,
        )
        if not await self._say(connection, envelope.as_dict()):
            self._drop(connection)
        return True

    def forget(self, envelope: Envelope) -> None:
        """Stop waiting for an envelope's acknowledgement."""
        for connection in self._connections:
            connection.waiting.pop(envelope.id, None)

    async def _say(self, connection: Connection, message: dict[str, Any]) -> bool:
        try:
            await connection.socket.send_str(json.dumps(message))
        except ConnectionError:
            return False
        return True

    # -- faults

    async def refresh(self) -> None:
        """Ask every connection to be replaced: a warning, then refresh_requested, then the end."""
        connections = self._open()
        await self._tell_all(connections, "warning")
        await self._state.sleep(self._settings.disconnect_notice)
        for connection in connections:
            connection.leaving = True
        await self._tell_all(connections, "refresh_requested")
        await self._close(connections)

    async def disable_link(self) -> None:
        """Socket Mode was switched off for the app: link_disabled, then the end of every connection."""
        connections = self._open()
        await self._tell_all(connections, "link_disabled")
        await self._close(connections)

    async def close_all(self) -> None:
        """End every connection without a word."""
        await self._close(list(self._connections))

    async def _tell_all(self, connections: list[Connection], reason: str) -> None:
        for connection in connections:
            await self._say(
                connection,
                {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-stand-in"}},
            )

    async def _close(self, connections: list[Connection]) -> None:
        for connection in connections:
            connection.leaving = True
        await asyncio.gather(
            *(c.socket.close(code=WSCloseCode.GOING_AWAY) for c in connections), return_exceptions=True
        )
        for connection in connections:
            self._drop(connection)
