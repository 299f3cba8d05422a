"""The listening socket of an API; closed during an outage, so that connections are refused, not dropped."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

HOST = "127.0.0.1"


class ListeningSocket:
    """
    One aiohttp runner on one loopback port, which stays the same through outages.

    Args:
        runner: The application to serve.
        port: The port to listen on; 0 picks a free one.
        on_change: Not called here; the application calls it after it scheduled an event on the simulation's
            timeline.
        sleep: Waits for the end of a timed outage, in seconds.

    """

    def __init__(
        self,
        runner: web.AppRunner,
        port: int,
        on_change: Callable[[], None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._runner = runner
        self._site: web.TCPSite | None = None
        self._resuming: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()
        """Serializes opening and closing: outages may overlap."""
        self.port = port
        self.on_change = on_change
        self._sleep = sleep

    @property
    def open(self) -> bool:
        """Whether connections are accepted."""
        return self._site is not None

    @property
    def url(self) -> str:
        """The application's base address."""
        return f"http://{HOST}:{self.port}"

    async def start(self) -> None:
        """Listen for the first time."""
        await self._runner.setup()
        await self.resume()

    async def resume(self) -> None:
        """Accept connections; ends a timed outage early."""
        self._cancel_resuming()
        async with self._lock:
            if self._site is None:
                site = web.TCPSite(self._runner, HOST, self.port)
                await site.start()
                self._site = site
                self.port = self._runner.addresses[0][1]

    async def suspend(self, seconds: float = 0.0) -> None:
        """Refuse connections and abort the open ones, for *seconds*; 0: until `resume`."""
        self._cancel_resuming()
        async with self._lock:
            if self._site is not None:
                await self._site.stop()
                self._site = None
        if self._runner.server is not None:
            for connection in self._runner.server.connections:
                if connection.transport is not None:
                    connection.transport.abort()
        if seconds:
            self._resuming = asyncio.create_task(self._resume_after(seconds))

    async def close(self) -> None:
        """Close the socket and the application."""
        if self._resuming is not None:
            self._resuming.cancel()
            await asyncio.gather(self._resuming, return_exceptions=True)
        await self._runner.cleanup()

    async def _resume_after(self, seconds: float) -> None:
        await self._sleep(seconds)
        self._resuming = None
        await self.resume()

    def _cancel_resuming(self) -> None:
        if self._resuming is not None:
            self._resuming.cancel()
            self._resuming = None
