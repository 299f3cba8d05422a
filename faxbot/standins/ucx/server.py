"""The simulated UCX as a server: the Fax API on one port, the control API on another, and the clock task."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from email.utils import formatdate
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from faxbot.standins.ucx.control import PREFIX, Control
from faxbot.standins.ucx.conversion.paper import UcxPaper
from faxbot.standins.ucx.credentials import ApiCredentials
from faxbot.standins.ucx.endpoint import FaxApiEndpoint
from faxbot.standins.ucx.faults import FaultPlan
from faxbot.standins.ucx.hylafax.clock import ManualClock, SimulatedClock, wall_clock
from faxbot.standins.ucx.hylafax.line import DEFAULT_LINES, SimulatedLine
from faxbot.standins.ucx.hylafax.model import HylaFax
from faxbot.standins.ucx.hylafax.timing import Timing
from faxbot.standins.ucx.listening_socket import ListeningSocket
from faxbot.standins.ucx.log import EventLog

SHUTDOWN_SECONDS = 0.1


class SimulatedUcx:
    """
    A fax server on loopback, for the length of an `async with`.

    Args:
        directory: Where documents are kept.
        lines: Its virtual faxes.
        speed: Simulated seconds per second of wall time; durations are scaled, timestamps are not.
        port: Of the Fax API; 0 picks a free one.
        control_port: Of the control API; 0 picks a free one.
        clock: Wall time in epoch seconds. With a clock and no *sleep* the simulation runs only in `advance`.
        sleep: Waits seconds of *clock*; the simulation then runs by itself on that clock.
        timing: Durations and retry limits.
        seed: Of the random generator.
        paper: The size of every fax page; nothing is fitted to it.
        client_id: For the Token method.
        client_secret: For the Token method.
        log_file: Also append the log to this file, as JSONL.

    """

    def __init__(
        self,
        directory: Path,
        *,
        lines: Iterable[SimulatedLine] = DEFAULT_LINES,
        speed: float = 1.0,
        port: int = 0,
        control_port: int = 0,
        clock: Callable[[], float] | None = None,
        sleep: Callable[[float], Awaitable[None]] | None = None,
        timing: Timing | None = None,
        seed: int = 0,
        paper: UcxPaper = UcxPaper.LETTER,
        client_id: str = "faxbot",
        client_secret: str = "not-a-secret",  # noqa: S107  # of a simulator on loopback
        log_file: Path | None = None,
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._clock = clock
        self._sleep = asyncio.sleep if clock is None else sleep
        wall = clock or wall_clock()
        self.log = EventLog(wall, log_file)
        self.credentials = ApiCredentials(client_id, client_secret)
        self.faults = FaultPlan()
        self.model = HylaFax(
            directory, lines, SimulatedClock(wall, speed), self.log, timing=timing, seed=seed, paper=paper
        )
        self._changed = asyncio.Event()
        self._clock_task: asyncio.Task[None] | None = None
        endpoint = FaxApiEndpoint(self.model, self.credentials, self.faults, self.wake)
        api = web.Application()
        api.router.add_route("*", "/{path:.*}", partial(self._serve_if_open, endpoint))
        api.on_response_prepare.append(self._set_date)
        outage_sleep = self._sleep or asyncio.sleep
        self._api_socket = ListeningSocket(_runner(api), port, self.wake, outage_sleep)
        control = Control(self.model, self.credentials, self.faults, self._api_socket)
        self._control_socket = ListeningSocket(
            _runner(control.application()), control_port, self.wake, outage_sleep
        )

    @property
    def url(self) -> str:
        """The UCX's address: the Fax API is under /restv1/efax/."""
        return self._api_socket.url

    @property
    def control_url(self) -> str:
        """The control API's address, /control included."""
        return self._control_socket.url + PREFIX

    @property
    def client_id(self) -> str:
        """The user name for the Token method."""
        return self.credentials.client_id

    @property
    def client_secret(self) -> str:
        """The password for the Token method."""
        return self.credentials.client_secret

    async def __aenter__(self) -> Self:
        await self._api_socket.start()
        await self._control_socket.start()
        if self._sleep is not None:
            self._clock_task = asyncio.create_task(self._run_clock(self._sleep))
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._clock_task is not None:
            self._clock_task.cancel()
            await asyncio.gather(self._clock_task, return_exceptions=True)
        self.model.queue.drop_jobs()
        await self._control_socket.close()
        await self._api_socket.close()

    def wake(self) -> None:
        """Make the clock task look for the next event again; call it after a change of the model."""
        self._changed.set()

    async def advance(self, seconds: float) -> None:
        """
        Advance a ManualClock by *seconds* of wall time and run the events that are due.

        Raises:
            TypeError: The server's clock is no ManualClock.

        """
        if not isinstance(self._clock, ManualClock):
            raise TypeError("only a ManualClock can be advanced")
        self._clock.advance(seconds)
        self.model.catch_up()
        await asyncio.sleep(0)

    async def start_outage(self, seconds: float = 0.0) -> None:
        """Refuse connections to the Fax API for *seconds* of wall time; 0: until `end_outage`."""
        await self._api_socket.suspend(seconds)

    async def end_outage(self) -> None:
        """Accept connections to the Fax API again."""
        await self._api_socket.resume()

    async def _serve_if_open(self, endpoint: FaxApiEndpoint, request: web.Request) -> web.StreamResponse:
        """Serve *request*; abort a connection that was accepted while the socket was being closed."""
        if not self._api_socket.open and request.transport is not None:
            request.transport.abort()
            return web.Response()
        return await endpoint.serve(request)

    async def _set_date(self, _request: web.Request, response: web.StreamResponse) -> None:
        """Set the Date header by the fax server's own clock, skew included."""
        clock = self.model.clock
        response.headers["Date"] = formatdate(clock.stamp(clock.simulated()), usegmt=True)

    async def _run_clock(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        """Run events when they are due, so that dials are logged and cancels answered in time."""
        model = self.model
        while True:
            self._changed.clear()
            model.catch_up()
            due = model.resources.timeline.next_due
            if due is None or model.clock.paused:
                await self._changed.wait()
                continue
            wait = max(0.0, (due - model.clock.simulated()) / model.clock.speed)
            timer = asyncio.ensure_future(self._wake_after(sleep, wait))
            try:
                await self._changed.wait()
            finally:
                timer.cancel()

    async def _wake_after(self, sleep: Callable[[float], Awaitable[None]], seconds: float) -> None:
        await sleep(seconds)
        self.wake()


def _runner(application: web.Application) -> web.AppRunner:
    return web.AppRunner(application, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
