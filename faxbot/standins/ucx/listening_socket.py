"""The API's listening socket, which can be shut: then connections are refused, not merely dropped."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

HOST = "127.0.0.1"


class ListeningSocket:
    """
    One aiohttp runner on one loopback port that stays the same through outages.

    Args:
        runner: The application behind it.
        port: The port to listen on; 0 picks one.
        moved: Called when something was booked on the simulation's timeline.
        sleep: Waits out an outage.

    """

    def __init__(
        self,
        runner: web.AppRunner,
        port: int,
        moved: Callable[[], None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._runner = runner
        self._site: web.TCPSite | None = None
        self._reopening: asyncio.Task[None] | None = None
        self._turning = asyncio.Lock()
        """Outages may overlap; opening and closing take turns."""
        self.port = port
        self.moved = moved
        self._sleep = sleep

    @property
    def open(self) -> bool:
        """Whether connections are accepted."""
        return self._site is not None

    @property
    def url(self) -> str:
        """Where the application answers."""
        return f"http://{HOST}:{self.port}"

    async def start(self) -> None:
        """Listen for the first time."""
        await self._runner.setup()
        await self.unlock()

    async def unlock(self) -> None:
        """Accept connections."""
        self._call_off()
        async with self._turning:
            if self._site is None:
                site = web.TCPSite(self._runner, HOST, self.port)
                await site.start()
                self._site = site
                self.port = self._runner.addresses[0][1]

    async def shut(self, seconds: float = 0.0) -> None:
        """Refuse connections and drop those that are open; for *seconds*, or until unlocked."""
        self._call_off()
        async with self._turning:
            if self._site is not None:
                await self._site.stop()
                self._site = None
        if self._runner.server is not None:
            for connection in self._runner.server.connections:
                if connection.transport is not None:
                    connection.transport.abort()
        if seconds:
            self._reopening = asyncio.create_task(self._reopen(seconds))

    async def close(self) -> None:
        """Stop for good."""
        if self._reopening is not None:
            self._reopening.cancel()
            await asyncio.gather(self._reopening, return_exceptions=True)
        await self._runner.cleanup()

    async def _reopen(self, seconds: float) -> None:
        await self._sleep(seconds)
        self._reopening = None
        await self.unlock()

    def _call_off(self) -> None:
        if self._reopening is not None:
            self._reopening.cancel()
            self._reopening = None
