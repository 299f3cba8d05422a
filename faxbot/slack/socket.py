"""
Socket Mode over two connections, so that a refresh or a dropped socket loses no click.

slack_sdk repeats a failed handshake with the same address, which Slack lets be used once only; here every
handshake that fails makes the client ask for a new one (apps.connections.open).
"""

import asyncio
import logging
from typing import Any, Protocol, cast

import aiohttp
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp

log = logging.getLogger(__name__)
_QUIET = logging.getLogger("faxbot.slack.sdk.socket")
_QUIET.setLevel(logging.CRITICAL)
"""slack_sdk prints whole envelopes at DEBUG, and a traceback for every lost connection."""

CONNECTIONS = 2


class _Handshakes:
    """The session that the SDK's client asks for: a handshake that fails uses its address up."""

    def __init__(self, handler: AsyncSocketModeHandler) -> None:
        self._client = handler.client
        self._session = handler.client.aiohttp_client_session

    @property
    def closed(self) -> bool:
        return self._session.closed

    async def close(self) -> None:
        await self._session.close()

    async def ws_connect(self, *args: Any, **options: Any) -> aiohttp.ClientWebSocketResponse:  # noqa: ANN401
        try:
            socket: aiohttp.ClientWebSocketResponse = await self._session.ws_connect(*args, **options)
        except Exception:
            self._client.wss_uri = None
            log.info("a handshake failed; asking for a new address")
            raise
        return socket


class _Client(Protocol):
    """The SDK's client, whose methods have no types."""

    async def connect(self) -> None: ...

    async def close(self) -> None: ...


class Sockets:
    """The bot's connections; each envelope comes over one of them."""

    def __init__(self, app: AsyncApp, app_token: str, *, connections: int = CONNECTIONS) -> None:
        self._clients = [self._client(app, app_token) for _ in range(connections)]

    @staticmethod
    def _client(app: AsyncApp, app_token: str) -> _Client:
        handler = AsyncSocketModeHandler(app, app_token, logger=_QUIET)
        handler.client.proxy = None
        handler.client.aiohttp_client_session = cast("aiohttp.ClientSession", _Handshakes(handler))
        return cast("_Client", handler.client)

    async def connect(self) -> None:
        """Open them all; returns when they are open."""
        await asyncio.gather(*(client.connect() for client in self._clients))

    async def close(self) -> None:
        """Close them all."""
        closing = (client.close() for client in self._clients)
        await asyncio.gather(*closing, return_exceptions=True)
