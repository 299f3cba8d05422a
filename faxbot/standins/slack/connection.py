"""One Socket Mode connection of the app, on Slack's side."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSCloseCode, web

from .delivery import Envelope, UndeliveredError
from .model.ids import new_id


@dataclass(eq=False)
class Connection:
    """One open WebSocket."""

    socket: web.WebSocketResponse
    transport: asyncio.Transport
    id: str = field(default_factory=lambda: new_id("S"))
    closing: bool = False
    """Whether it is about to be closed and receives no more envelopes."""
    frozen: bool = False
    """Whether data from the app is not read: neither acknowledgements nor pings."""
    unacknowledged: dict[str, tuple[Envelope, float]] = field(default_factory=dict)
    """The envelopes not yet acknowledged, with the loop time of sending."""

    @property
    def open(self) -> bool:
        """Whether it can receive envelopes."""
        return not self.closing and not self.socket.closed

    def as_dict(self) -> dict[str, Any]:
        """The connection in the control API's JSON; `leaving` is *closing*."""
        return {
            "id": self.id,
            "leaving": self.closing,
            "frozen": self.frozen,
            "unacknowledged": len(self.unacknowledged),
        }

    async def send(self, message: dict[str, Any]) -> bool:
        """Send a message; False when the connection is closed."""
        try:
            await self.socket.send_str(json.dumps(message))
        except ConnectionError:
            return False
        return True

    async def send_disconnect(self, reason: str) -> None:
        """Send a `disconnect` message."""
        await self.send({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-stand-in"}})

    def freeze(self, *, frozen: bool) -> None:
        """Stop or resume reading data from the app."""
        self.frozen = frozen
        if frozen:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def cut(self) -> None:
        """Abort the TCP connection without a closing handshake."""
        self.closing = True
        self.transport.abort()

    async def close(self) -> None:
        """Close the connection with a closing handshake."""
        self.closing = True
        if self.frozen:
            self.freeze(frozen=False)
        await self.socket.close(code=WSCloseCode.GOING_AWAY)

    async def wait_until_acknowledged(self, seconds: float) -> None:
        """Return when every envelope is acknowledged, or after *seconds*."""
        if answers := [envelope.answer for envelope, _ in self.unacknowledged.values()]:
            await asyncio.wait(answers, timeout=seconds)

    def fail_unacknowledged(self) -> None:
        """Fail the delivery of the unacknowledged envelopes, because the connection has closed."""
        for envelope, _ in self.unacknowledged.values():
            if not envelope.answer.done():
                envelope.answer.set_exception(UndeliveredError(client_error="operation_timeout"))
                envelope.answer.exception()  # retrieved: asyncio logs no "exception was never retrieved"
        self.unacknowledged.clear()
