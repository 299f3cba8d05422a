"""Socket Mode: up to ten WebSocket connections; each envelope is sent to exactly one of them."""

import asyncio
import json
import secrets
from collections.abc import Iterable
from typing import cast

from aiohttp import WSMsgType, web

from .connection import Connection
from .delivery import Envelope
from .model.journal import Journal
from .model.people import APP_ID
from .model.state import WorkspaceState
from .settings import WorkspaceSettings


class SocketModeServer:
    """
    The transport of Socket Mode.

    Source: Slack's "Using Socket Mode".
    """

    timeout_reason = "timeout"

    def __init__(self, state: WorkspaceState, settings: WorkspaceSettings, journal: Journal) -> None:
        self._state = state
        self._settings = settings
        self._journal = journal
        self._tickets: dict[str, float] = {}
        self._connections: list[Connection] = []
        self._turn = 0
        self._has_connection = asyncio.Event()
        self.refuse_handshakes = 0
        """The number of next handshakes to refuse; their tickets are used up."""
        self.ignore_acks = 0
        """The number of next acknowledgements to discard."""
        self.disabled = False
        """Whether Socket Mode is disabled for the app."""

    # -- connecting

    def new_address(self) -> str:
        """A new WebSocket address, valid once and for Settings.ticket_lifetime (apps.connections.open)."""
        ticket = secrets.token_hex(16)
        self._tickets[ticket] = self._state.clock()
        host = self._state.base.removeprefix("http")
        return f"ws{host}/link/?ticket={ticket}&app_id={APP_ID}"

    def _use_ticket(self, ticket: str) -> bool:
        issued = self._tickets.pop(ticket, None)
        if self.refuse_handshakes > 0:
            self.refuse_handshakes -= 1
            return False
        return issued is not None and self._state.clock() - issued <= self._settings.ticket_lifetime

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """GET /link/: do the handshake and serve the connection until it closes."""
        if not self._use_ticket(request.query.get("ticket", "")):
            self._journal.note("handshake_refused")
            return web.Response(status=408, text="ticket expired or already used")
        socket = web.WebSocketResponse(autoping=False, heartbeat=30)
        await socket.prepare(request)
        connection = Connection(socket, cast("asyncio.Transport", request.transport))
        if reason := self._refusal_reason():
            self._journal.note("socket_sent_away", reason=reason)
            await connection.send_disconnect(reason)
            await socket.close()
            return socket
        self._connections.append(connection)
        try:
            await self._send_hello(connection)
            await self._receive(connection)
        finally:
            self._remove(connection)
        return socket

    def _refusal_reason(self) -> str:
        if self.disabled:
            return "link_disabled"
        return "too_many_websockets" if len(self._open()) >= self._settings.max_connections else ""

    async def _send_hello(self, connection: Connection) -> None:
        await connection.send(
            {
                "type": "hello",
                "num_connections": len(self._open()),
                "debug_info": {
                    "host": "applink-stand-in",
                    "build_number": 1,
                    "approximate_connection_time": 18060,
                },
                "connection_info": {"app_id": APP_ID},
            }
        )
        self._journal.note("socket_open", connection=connection.id, connections=len(self._open()))
        self._has_connection.set()
        self._state.feed.publish("connected", None, connected=True)

    async def _receive(self, connection: Connection) -> None:
        async for message in connection.socket:
            if message.type is WSMsgType.TEXT:
                self._acknowledge(connection, message.data)
            elif message.type is WSMsgType.PING and self._settings.answer_pings:
                await connection.socket.pong(message.data)

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
        envelope, sent = connection.unacknowledged.pop(ack["envelope_id"], (None, 0.0))
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
            answer = payload if isinstance(payload, dict) and envelope.accepts_response_payload else {}
            envelope.answer.set_result(answer)

    def _remove(self, connection: Connection) -> None:
        if connection not in self._connections:
            return
        self._connections.remove(connection)
        self._journal.note(
            "socket_closed", connection=connection.id, unacknowledged=len(connection.unacknowledged)
        )
        connection.fail_unacknowledged()
        if not self._open():
            self._has_connection.clear()
            self._state.feed.publish("connected", None, connected=False)

    # -- Transport

    def _open(self) -> list[Connection]:
        return [each for each in self._connections if each.open]

    @property
    def connected(self) -> bool:
        """Whether the app has an open connection."""
        return bool(self._open())

    async def until_connected(self) -> None:
        """Return when the app has an open connection."""
        await self._has_connection.wait()

    async def send(self, envelope: Envelope) -> bool:
        """Send an envelope to the next connection, round robin."""
        candidates = self._open()
        if not candidates:
            return False
        connection = candidates[self._turn % len(candidates)]
        self._turn += 1
        connection.unacknowledged[envelope.id] = (envelope, asyncio.get_running_loop().time())
        self._journal.note(
            "envelope_sent",
            envelope_id=envelope.id,
            connection=connection.id,
            type=envelope.kind,
            attempt=envelope.attempt,
            reason=envelope.reason,
            payload=envelope.payload,
        )
        if not await connection.send(envelope.as_dict()):
            self._remove(connection)
        return True

    def abandon(self, envelope: Envelope) -> None:
        """Stop waiting for the acknowledgement of an envelope."""
        for connection in self._connections:
            connection.unacknowledged.pop(envelope.id, None)

    # -- faults

    def connections(self, ident: str = "") -> list[Connection]:
        """Every connection, or only the one with this id."""
        return [each for each in self._connections if ident in {"", each.id}]

    async def refresh(self, connections: Iterable[Connection]) -> None:
        """Refresh connections: send a warning, then refresh_requested, then close them."""
        selected = [each for each in connections if each.open]
        await self.disconnect(selected, "warning")
        await self._state.sleep(self._settings.disconnect_notice)
        await self.disconnect(selected, "refresh_requested")

    async def disconnect(self, connections: Iterable[Connection], reason: str) -> None:
        """Send `disconnect`; after any reason but "warning", close when all envelopes are acknowledged."""
        selected = [each for each in connections if not each.socket.closed]
        for each in selected:
            each.closing = reason != "warning"
            self._journal.note("socket_told", connection=each.id, reason=reason)
            await each.send_disconnect(reason)
        if reason == "warning":
            return
        await asyncio.gather(
            *(each.wait_until_acknowledged(self._settings.ack_deadline) for each in selected)
        )
        await self.close(selected)

    async def set_enabled(self, *, enabled: bool) -> None:
        """Enable or disable Socket Mode; disabling disconnects everyone with link_disabled."""
        self.disabled = not enabled
        if self.disabled:
            await self.disconnect(self.connections(), "link_disabled")

    async def close(self, connections: Iterable[Connection]) -> None:
        """Close connections without a `disconnect` message."""
        selected = list(connections)
        await asyncio.gather(*(each.close() for each in selected), return_exceptions=True)
        for each in selected:
            self._remove(each)
