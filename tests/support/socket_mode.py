"""The bot's connections and its real Bolt app against the Slack stand-in, with fakes behind the listeners."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from slack_bolt.async_app import AsyncApp

from faxbot.adapters import SystemClock
from faxbot.slack.action_ids import Action
from faxbot.slack.bolt_app import build_bolt_app
from faxbot.slack.inbound.socket_mode import ReconnectBackoff, SocketMode
from faxbot.slack.listeners import ListenerContext
from faxbot.slack.views import BotProfile
from faxbot.slack.web_api.client import build_client
from faxbot.slack.web_api.connections import Connections
from faxbot.slack.web_api.rate_limits import SlackRateLimits
from faxbot.slack.web_api.web_api import BotIdentity
from faxbot.standins.slack import Workspace
from tests.support.listeners import FakeForms, FakeQueries, FakeReplies, FakeRunner
from tests.support.slack_standin import BOT, CLAIMS, DANA, RawClient, running
from tests.support.waiting import until

MANIFEST = Path(__file__).parents[2] / "manifest.yml"
QUICK = ReconnectBackoff(
    ping=0.1, hello=1.0, grace=5.0, first_pause=0.02, longest_pause=0.1, switched_off=0.1
)


class CountedClock(SystemClock):
    """A clock that records each pause and ends it at once."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=sum(self.pauses))

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)


@dataclass
class Bot:
    """The Slack stand-in, the bot's connections and the fakes behind its listeners."""

    raw: RawClient
    sockets: SocketMode
    runner: FakeRunner
    replies: FakeReplies
    connections: Connections
    app: AsyncApp
    _card: str = ""
    _turns: Any = field(default_factory=itertools.count)

    async def connect(self, seconds: float = 10.0) -> None:
        """Connect, within a deadline."""
        async with asyncio.timeout(seconds):
            await self.sockets.open()

    @property
    def workspace(self) -> Workspace:
        return self.raw.workspace

    @property
    def addresses(self) -> int:
        """Number of apps.connections.open calls of the bot."""
        return len(self.workspace.journal.of("api", method="apps.connections.open"))

    def of(self, kind: str, **facts: Any) -> list[dict[str, Any]]:
        return self.workspace.journal.of(kind, **facts)

    async def control(self, **body: Any) -> dict[str, Any]:
        return await self.raw.control("socket", **body)

    async def command(self, text: str = "/fax cancel TX82") -> dict[str, Any]:
        return await self.raw.person("command", user=DANA, channel=CLAIMS, text=text)

    async def click(self) -> dict[str, Any]:
        """Press the button of a card."""
        if not self._card:
            button = {
                "type": "button",
                "action_id": Action.CANCEL.value,
                "value": "fax:12",
                "text": {"type": "plain_text", "text": "Cancel"},
            }
            blocks = [{"type": "actions", "block_id": "card", "elements": [button]}]
            answer = await self.raw.json("chat.postMessage", channel=CLAIMS, text="A fax", blocks=blocks)
            self._card = answer["ts"]
        pressed = {"channel": CLAIMS, "ts": self._card, "block_id": "card", "action_id": Action.CANCEL.value}
        return await self.raw.person("press", user=DANA, **pressed)

    @asynccontextmanager
    async def busy(self, people: int = 4) -> AsyncIterator[list[dict[str, Any]]]:
        """Commands and clicks without a break for the length of the block; what each of them came to."""
        came: list[dict[str, Any]] = []
        await self.click()
        stop = asyncio.Event()

        async def person() -> None:
            while not stop.is_set():
                came.append(await (self.command() if next(self._turns) % 2 else self.click()))

        crowd = [asyncio.create_task(person()) for _ in range(people)]
        try:
            await until(lambda: len(came) >= people)
            yield came
        finally:
            stop.set()
            await asyncio.gather(*crowd)


@asynccontextmanager
async def bot_at(
    raw: RawClient, *, backoff: ReconnectBackoff = QUICK, clock: Any = None, connections: int = 2
) -> AsyncIterator[Bot]:
    """A bot of this workspace, not yet connected; stopped on exit."""
    web, clock = Connections(), clock or SystemClock()
    limits = SlackRateLimits(lambda: clock.now().timestamp(), strict=False)
    client = build_client(raw.workspace.bot_token, raw.workspace.api_url, web, limits)
    runner, replies, me = FakeRunner(), FakeReplies(), BotIdentity(BOT, "B02FAXBOT1", "faxbot")
    board = ListenerContext(
        runner, FakeQueries(), FakeForms(), replies, BotProfile(), me.user_id, lambda: datetime.now(UTC)
    )
    app = build_bolt_app(client, me, board)
    sockets = SocketMode(
        app,
        raw.workspace.app_token,
        clock,
        connections=connections,
        backoff=backoff,
        jitter=lambda: 0.0,
    )
    try:
        yield Bot(raw, sockets, runner, replies, web, app)
    finally:
        await sockets.close()
        await web.close()


@asynccontextmanager
async def slack(tmp_path: Path, **dials: Any) -> AsyncIterator[RawClient]:
    """A workspace with the app of manifest.yml."""
    async with (
        running(tmp_path, MANIFEST, **dials) as workspace,
        aiohttp.ClientSession() as session,
    ):
        yield RawClient(workspace, session)
