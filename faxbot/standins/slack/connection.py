"""One Socket Mode connection of the app, as Slack's side holds it."""

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
    leaving: bool = False
    """Whether it is about to be closed: it gets no more envelopes."""
    frozen: bool = False
    """Whether nothing that the app sends is read: no acknowledgement, no ping."""
    waiting: dict[str, tuple[Envelope, float]] = field(default_factory=dict)
    """Envelopes not yet acknowledged, and when they were sent (loop time)."""

    @property
    def open(self) -> bool:
        """Whether it is given envelopes."""
        return not self.leaving and not self.socket.closed

    def as_dict(self) -> dict[str, Any]:
        """As the control API shows it."""
        return {
            "id": self.id,
            "leaving": self.leaving,
            "frozen": self.frozen,
            "unacknowledged": len(self.waiting),
        }

    async def say(self, message: dict[str, Any]) -> bool:
        """Send a message; False when the connection has gone."""
        try:
            await self.socket.send_str(json.dumps(message))
        except ConnectionError:
            return False
        return True

    async def tell_to_go(self, reason: str) -> None:
        """Send `disconnect`."""
        await self.say({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-stand-in"}})

    def freeze(self, *, frozen: bool) -> None:
        """Stop reading what the app sends, or go on."""
        self.frozen = frozen
        if frozen:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def cut(self) -> None:
        """End the TCP connection at once, without a closing handshake."""
        self.leaving = True
        self.transport.abort()

    async def close(self) -> None:
        """End it with a closing handshake."""
        self.leaving = True
        if self.frozen:
            self.freeze(frozen=False)
        await self.socket.close(code=WSCloseCode.GOING_AWAY)

    async def acknowledged(self, seconds: float) -> None:
        """Return when nothing is unacknowledged, or after *seconds*."""
        if answers := [envelope.answer for envelope, _ in self.waiting.values()]:
            await asyncio.wait(answers, timeout=seconds)

    def lose(self) -> None:
        """What was not acknowledged is lost with the connection."""
        for envelope, _ in self.waiting.values():
            if not envelope.answer.done():
                envelope.answer.set_exception(UndeliveredError(shown="operation_timeout"))
                envelope.answer.exception()
        self.waiting.clear()
