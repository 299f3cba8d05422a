"""Socket Mode: up to ten WebSocket connections, each envelope to exactly one of them."""

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


class SocketMode:
    """
    The transport of Socket Mode.

    Source: Slack's "Using Socket Mode".
    """

    late = "timeout"

    def __init__(self, state: WorkspaceState, settings: WorkspaceSettings, journal: Journal) -> None:
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
        self.disabled = False
        """Whether Socket Mode is switched off for the app."""

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
        socket = web.WebSocketResponse(autoping=False, heartbeat=30)
        await socket.prepare(request)
        connection = Connection(socket, cast("asyncio.Transport", request.transport))
        if why := self._unwanted():
            self._journal.note("socket_sent_away", reason=why)
            await connection.tell_to_go(why)
            await socket.close()
            return socket
        self._connections.append(connection)
        try:
            await self._greet(connection)
            await self._listen(connection)
        finally:
            self._drop(connection)
        return socket

    def _unwanted(self) -> str:
        if self.disabled:
            return "link_disabled"
        return "too_many_websockets" if len(self._open()) >= self._settings.max_connections else ""

    async def _greet(self, connection: Connection) -> None:
        await connection.say(
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
        self._came.set()
        self._state.feed.tell("connected", None, connected=True)

    async def _listen(self, connection: Connection) -> None:
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
        connection.lose()
        if not self._open():
            self._came.clear()
            self._state.feed.tell("connected", None, connected=False)

    # -- Transport

    def _open(self) -> list[Connection]:
        return [each for each in self._connections if each.open]

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
        if not await connection.say(envelope.as_dict()):
            self._drop(connection)
        return True

    def forget(self, envelope: Envelope) -> None:
        """Stop waiting for an envelope's acknowledgement."""
        for connection in self._connections:
            connection.waiting.pop(envelope.id, None)

    # -- faults

    def those(self, ident: str = "") -> list[Connection]:
        """Every connection, or the one of this id."""
        return [each for each in self._connections if ident in {"", each.id}]

    async def refresh(self, connections: Iterable[Connection]) -> None:
        """Replace connections: a warning, then refresh_requested and no more envelopes, then the end."""
        there = [each for each in connections if each.open]
        await self.disconnect(there, "warning")
        await self._state.sleep(self._settings.disconnect_notice)
        await self.disconnect(there, "refresh_requested")

    async def disconnect(self, connections: Iterable[Connection], reason: str) -> None:
        """Tell connections to go; unless that is a warning, end each when its envelopes are acknowledged."""
        there = [each for each in connections if not each.socket.closed]
        for each in there:
            each.leaving = reason != "warning"
            self._journal.note("socket_told", connection=each.id, reason=reason)
            await each.tell_to_go(reason)
        if reason == "warning":
            return
        await asyncio.gather(*(each.acknowledged(self._settings.ack_deadline) for each in there))
        await self.close(there)

    async def switch(self, *, on: bool) -> None:
        """Socket Mode is switched on or off for the app; off, every connection is told link_disabled."""
        self.disabled = not on
        if self.disabled:
            await self.disconnect(self.those(), "link_disabled")

    async def close(self, connections: Iterable[Connection]) -> None:
        """End connections without a word."""
        there = list(connections)
        await asyncio.gather(*(each.close() for each in there), return_exceptions=True)
        for each in there:
            self._drop(each)
