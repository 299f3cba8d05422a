"""The simulated UCX on sockets: the Fax API on one port, the control API on another, and time moving on."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from email.utils import formatdate
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from faxbot.standins.ucx.access import Access
from faxbot.standins.ucx.control import PREFIX, Control
from faxbot.standins.ucx.faults import FaultPlan
from faxbot.standins.ucx.handler import Door
from faxbot.standins.ucx.hylafax.clock import ManualClock, SimulatedClock, wall_clock
from faxbot.standins.ucx.hylafax.line import DEFAULT_LINES, FaxLine
from faxbot.standins.ucx.hylafax.model import HylaFax
from faxbot.standins.ucx.hylafax.timing import Timing
from faxbot.standins.ucx.listening_socket import Doorway
from faxbot.standins.ucx.log import CallLog

SHUTDOWN_SECONDS = 0.1


class FaxServer:
    """
    A fax server on loopback, for the length of an `async with`.

    Args:
        directory: Where documents are kept.
        lines: The virtual faxes it has.
        speed: Simulated seconds per second of wall time; durations are scaled, timestamps are not.
        port: Of the Fax API; 0 picks one.
        control_port: Of the control API; 0 picks one.
        clock: Wall time in epoch seconds. Given one without *sleep*, nothing moves by itself: move it, then
            `catch_up`.
        sleep: Waits seconds of *clock*, which moves by itself then.
        timing: How long things take.
        seed: Of everything random.
        client_id: For the Token method.
        client_secret: For the Token method.
        log_file: Also write the log here, as JSONL.

    """

    def __init__(
        self,
        directory: Path,
        *,
        lines: Iterable[FaxLine] = DEFAULT_LINES,
        speed: float = 1.0,
        port: int = 0,
        control_port: int = 0,
        clock: Callable[[], float] | None = None,
        sleep: Callable[[float], Awaitable[None]] | None = None,
        timing: Timing | None = None,
        seed: int = 0,
        client_id: str = "faxbot",
        client_secret: str = "not-a-secret",  # noqa: S107  # of a simulator on loopback
        log_file: Path | None = None,
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._clock = clock
        self._sleep = asyncio.sleep if clock is None else sleep
        wall = clock or wall_clock()
        self.log = CallLog(wall, log_file)
        self.access = Access(client_id, client_secret)
        self.faults = FaultPlan()
        self.model = HylaFax(
            directory, lines, SimulatedClock(wall, speed), self.log, timing=timing, seed=seed
        )
        self._moved = asyncio.Event()
        self._mover: asyncio.Task[None] | None = None
        door = Door(self.model, self.access, self.faults, self._moved.set)
        api = web.Application()
        api.router.add_route("*", "/{path:.*}", partial(self._admit, door))
        api.on_response_prepare.append(self._stamp)
        nap = self._sleep or asyncio.sleep
        self._doorway = Doorway(_runner(api), port, self._moved.set, nap)
        control = Control(self.model, self.access, self.faults, self._doorway)
        self._control = Doorway(_runner(control.application()), control_port, self._moved.set, nap)

    @property
    def url(self) -> str:
        """The UCX's address: the Fax API is under /restv1/efax/."""
        return self._doorway.url

    @property
    def control_url(self) -> str:
        """The control API's address, /control included."""
        return self._control.url + PREFIX

    @property
    def client_id(self) -> str:
        """The user name for the Token method."""
        return self.access.client_id

    @property
    def client_secret(self) -> str:
        """The password for the Token method."""
        return self.access.client_secret

    async def _stamp(self, _request: web.Request, response: web.StreamResponse) -> None:
        """The Date of an answer is by the server's own clock, as wrong as that is."""
        clock = self.model.clock
        response.headers["Date"] = formatdate(clock.stamp(clock.simulated()), usegmt=True)

    async def __aenter__(self) -> Self:
        await self._doorway.start()
        await self._control.start()
        if self._sleep is not None:
            self._mover = asyncio.create_task(self._move(self._sleep))
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._mover is not None:
            self._mover.cancel()
            await asyncio.gather(self._mover, return_exceptions=True)
        self.model.queue.forget()
        await self._control.close()
        await self._doorway.close()

    async def tick(self, seconds: float) -> None:
        """
        Move a ManualClock by *seconds* of wall time and let the model catch up.

        Raises:
            TypeError: The server was given no ManualClock.

        """
        if not isinstance(self._clock, ManualClock):
            raise TypeError("only a ManualClock can be moved")
        self._clock.tick(seconds)
        self.model.catch_up()
        await asyncio.sleep(0)

    def wake(self) -> None:
        """Carry out what is due now, after a change to the model."""
        self._moved.set()

    async def shut(self, seconds: float = 0.0) -> None:
        """Refuse connections to the Fax API for *seconds* of wall time, or until `unlock`."""
        await self._doorway.shut(seconds)

    async def unlock(self) -> None:
        """End an outage."""
        await self._doorway.unlock()

    async def _admit(self, door: Door, request: web.Request) -> web.StreamResponse:
        """Serve what comes in while the doorway is open; a connection may have slipped in as it was shut."""
        if not self._doorway.open and request.transport is not None:
            request.transport.abort()
            return web.Response()
        return await door.serve(request)

    async def _move(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        """Let things happen when they are due, so that dials are logged and cancels answered in time."""
        model = self.model
        while True:
            self._moved.clear()
            model.catch_up()
            due = model.board.timeline.next_due
            if due is None or model.clock.paused:
                await self._moved.wait()
                continue
            wait = max(0.0, (due - model.clock.simulated()) / model.clock.speed)
            alarm = asyncio.ensure_future(self._ring(sleep, wait))
            try:
                await self._moved.wait()
            finally:
                alarm.cancel()

    async def _ring(self, sleep: Callable[[float], Awaitable[None]], seconds: float) -> None:
        await sleep(seconds)
        self._moved.set()


def _runner(application: web.Application) -> web.AppRunner:
    return web.AppRunner(application, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
