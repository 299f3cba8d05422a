"""One world: a simulated fax server, a stand-in for Slack, and the bot between them, run after run."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp

from faxbot.standins.slack import Workspace
from faxbot.standins.slack.faults import WorkspaceFault
from faxbot.standins.slack.model.people import INBOUND_FAX, PRIYA
from faxbot.standins.slack.settings import WorkspaceSettings
from faxbot.standins.ucx import SimulatedUcx
from faxbot.standins.ucx.hylafax.clock import ManualClock
from tests.chaos.boundary import Boundary, crossed
from tests.chaos.zygote import Life, Order, Zygote
from tests.support.fast_clock import FastClock
from tests.support.waiting import TooLateError, until

MANIFEST = Path(__file__).parents[2] / "manifest.yml"
KILLED = -9
SPEED = 10.0
LOOK_SECONDS = 0.02
STOPS = 3
"""The number of exits after which the bot is not started again."""

Found = TypeVar("Found")


class StuckError(Exception):
    """What was waited for did not happen in time."""


class World:
    """
    For the length of an `async with`; *kills* are where the bot's first runs are killed, one each.

    The bot and Slack live SPEED times faster than the wall clock; *patience* and *settle* are seconds on
    the wall. The fax server's time stands still until `fax.tick`, or runs *speed* times faster than theirs.
    """

    def __init__(
        self,
        folder: Path,
        zygote: Zygote,
        *,
        kills: Sequence[Boundary] = (),
        speed: float = 0.0,
        patience: float = 10.0,
        settle: float = 0.3,
        slack: WorkspaceSettings | None = None,
        database_url: str = "",
    ) -> None:
        self._database_url = database_url
        self.folder, self._zygote, self._kills = folder, zygote, list(kills)
        self._patience, self._settle = patience, settle
        self._clock = clock = FastClock(SPEED)
        if speed:
            self.fax = SimulatedUcx(folder / "fax-server", speed=speed, clock=clock.time, sleep=clock.sleep)
        else:
            self.fax = SimulatedUcx(folder / "fax-server", clock=ManualClock(time.time()))
        self.slack = Workspace(
            folder / "slack",
            manifest=MANIFEST,
            clock=clock.time,
            sleep=clock.sleep,
            settings=slack or WorkspaceSettings(retry_after_second=5.0, retry_after_third=10.0),
        )
        self.slack_faults = 0
        """How many calls met a fault of Slack."""
        self._count_slack_faults()
        self.lives: list[int | None] = []
        """How each run ended; None while it lasts."""
        self.span: Callable[[], int] = lambda: 0
        """How many boundaries the next run crosses before it is killed; 0: it is not killed."""
        self._life: Life | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(self.fax)
            await stack.enter_async_context(self.slack)
            self._keeper = asyncio.create_task(self._keep())
            stack.push_async_callback(self._end)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    def _count_slack_faults(self) -> None:
        faults = self.slack.installation.faults
        consume = faults.consume

        def counted(method: str, args: dict[str, Any]) -> WorkspaceFault | None:
            fault = consume(method, args)
            self.slack_faults += fault is not None
            return fault

        faults.consume = counted

    def trace(self, life: int) -> list[Boundary]:
        """The boundaries that a run (from 0) crossed."""
        return crossed(self.folder / f"trace{life}")

    @property
    def stopped_by_itself(self) -> int:
        """How many runs ended otherwise than by SIGKILL."""
        return sum(code not in (None, KILLED) for code in self.lives)

    @property
    def connected(self) -> bool:
        """Whether the bot has a socket to Slack."""
        return self.slack.installation.socket.connected

    async def kill(self) -> None:
        """End the bot's present run; the next begins at once."""
        if self._life is not None:
            await self._life.kill()

    async def tell_fax_server(self, path: str, **request: Any) -> None:
        """Ask something of the fax server's control API; it must not refuse."""
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.fax.control_url}/{path}", **request) as answer,
        ):
            answer.raise_for_status()

    async def until(self, what: str, look: Callable[[], Found | None], seconds: float = 20.0) -> Found:
        """
        Wait until *look* returns a true value.

        Raises:
            StuckError: It did not in time, or the bot will not run any more.
        """

        def found() -> Found | None:
            if not (seen := look()) and (self._keeper is None or self._keeper.done()):
                raise StuckError(what)
            return seen

        try:
            return await until(found, seconds, what=what, every=LOOK_SECONDS)
        except TooLateError as late:
            raise StuckError(what) from late

    async def quiet(self, seconds: float, within: float = 15.0) -> None:
        """Wait until the bot has written nothing anywhere for *seconds*. Raises StuckError."""
        deadline = time.monotonic() + within
        count, since = self._writes(), time.monotonic()
        while time.monotonic() - since < seconds:
            if time.monotonic() > deadline:
                raise StuckError("quiet")
            await asyncio.sleep(LOOK_SECONDS)
            if (now := self._writes()) != count:
                count, since = now, time.monotonic()

    def _writes(self) -> int:
        reply = self.slack.journal
        slack = sum(
            each["method"].startswith(("chat.", "files.get", "files.complete")) for each in reply.of("api")
        )
        fax = sum(each["http_method"] != "GET" for each in self.fax.log.entries("call"))
        return slack + fax + len(reply.of("share"))

    async def _keep(self) -> None:
        while self.stopped_by_itself < STOPS:
            number = len(self.lives)
            self.lives.append(None)
            kill = self._kills[number : number + 1]
            self._life = await self._zygote.bear(self._order(number, tuple(kill)))
            self.lives[number] = await asyncio.shield(self._life.ended)

    async def _end(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._life is not None:
            await self._life.kill()

    def _order(self, number: int, kills: tuple[Boundary, ...]) -> Order:
        clock = self._clock
        return Order(
            settings=self._settings(),
            log=self.folder / "log",
            trace=self.folder / f"trace{number}",
            kills=kills,
            span=self.span(),
            patience=self._patience,
            clock=(clock.speed, clock.start, clock.begun),
        )

    def _settings(self) -> dict[str, Any]:
        return {
            "slack_api_url": self.slack.api_url,
            "slack_bot_token": self.slack.bot_token,
            "slack_app_token": self.slack.app_token,
            "ucx_url": self.fax.url,
            "ucx_client_id": self.fax.client_id,
            "ucx_client_secret": self.fax.client_secret,
            "faxbot_inbound_channel": INBOUND_FAX,
            "faxbot_admins": PRIYA,
            "faxbot_data_dir": str(self.folder / "data"),
            "database_url": self._database_url,
            "faxbot_poll_active_seconds": 0.25 * SPEED,
            "faxbot_poll_idle_seconds": 0.5 * SPEED,
            "faxbot_inbox_seconds": 0.3 * SPEED,
            "faxbot_inbox_sweep_seconds": 2.0 * SPEED,
            "faxbot_settle_seconds": self._settle * SPEED,
        }
