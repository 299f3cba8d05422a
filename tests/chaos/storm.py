"""
A storm: people send, cancel, delete and fetch, faxes come in, and meanwhile everything fails at random.

All that is random comes from the seed. What the processes make of it depends on the machine as well: a seed
brings back the same storm, not the same microseconds. In the end the weather clears, and then everything
that was asked for has to come right.
"""

import asyncio
import contextlib
import hashlib
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp

from faxbot.demo.faxserver.faults import FaultKind
from faxbot.demo.person import NotAllowedError
from faxbot.demo.workspace.model.people import CLAIMS, DANA, GENERAL, INBOUND_FAX, PRIYA
from tests.chaos.people import Playing, button, make_pdf
from tests.chaos.story import LAST, Arrival, Sending
from tests.chaos.world import StuckError, World

Item = dict[str, Any]

STORM_SECONDS = 10.0
CLEAR_SECONDS = 60.0
"""So long after the storm everything has to be done and told."""
LATE_SECONDS = 1.2
"""Later than the bot's patience, and sooner than it looks for what became of its request."""
FAX_METHODS = (
    "token",
    "faxlist",
    "filesend",
    "filesend",
    "jobstatus",
    "jobcancel",
    "activejobs",
    "recordcount",
    "recordsget",
    "recorddelete",
    "filedownload",
    "*",
)
SLACK_METHODS = (
    "chat.postMessage",
    "chat.postMessage",
    "chat.update",
    "chat.postEphemeral",
    "conversations.history",
    "conversations.replies",
    "conversations.info",
    "files.info",
    "files.getUploadURLExternal",
    "files.completeUploadExternal",
    "upload",
    "download",
    "response_url",
    "apps.connections.open",
    "*",
)
SLACK_FAULTS: tuple[Item, ...] = (
    {"fault": "error", "error": "internal_error"},
    {"fault": "http", "status": 503},
    {"fault": "html"},
    {"fault": "ratelimited", "seconds": 2},
    {"fault": "drop_before"},
    {"fault": "drop_after"},
    {"fault": "latency", "seconds": LATE_SECONDS},
    {"fault": "slow_answer", "seconds": LATE_SECONDS},
)


class Storm(Playing):
    """One storm."""

    def __init__(self, world: World, seed: str) -> None:
        super().__init__(world)
        self._dice = random.Random(seed)  # noqa: S311 - the weather is no secret
        self._count = 0

    async def perform(self, quiet: float) -> None:
        """The storm, and the time after it."""
        await self.priya.command(GENERAL, lambda _: "/fax subscribe rx")
        await self.world.until("subscribed", lambda: self.sights.whispered(PRIYA, "received faxes"))
        weather = asyncio.create_task(self._weather())
        try:
            await self._deeds()
        finally:
            weather.cancel()
            await asyncio.gather(weather, return_exceptions=True)
        await self._clear()
        await self._see_through(quiet)

    # -- what people do

    async def _deeds(self) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + STORM_SECONDS
        deeds: list[Callable[[], Awaitable[None]]] = [self._command, self._share, self._arrive, self._stop]
        async with asyncio.TaskGroup() as doing:
            while loop.time() < end:
                doing.create_task(self._surely(self._dice.choice(deeds)))
                await asyncio.sleep(self._dice.uniform(0.5, 2.0))

    async def _surely(self, deed: Callable[[], Awaitable[None]]) -> None:
        try:
            await deed()
        except StuckError as stuck:
            self.story.stuck = self.story.stuck or str(stuck)

    async def _command(self, ending: str = "") -> Sending | None:
        ending = ending or self._dice.choice(("0101", "0101", "0201", "0701"))
        path = self._pdf(2)
        await self.share(CLAIMS, path, "For them")
        made: list[Sending] = []

        def typed(_: int) -> str:
            made.append(self._sending(ending, (CLAIMS,)))
            return f"/fax send {made[-1].number}"

        tried = await self.dana.command(CLAIMS, typed)
        for sending, taken in zip(made, tried, strict=True):
            sending.acknowledged = taken
        return made[-1] if tried and tried[-1] else None

    async def _share(self) -> None:
        sending = self._sending("0101", (self.dm,))
        path = self._pdf(1)
        await self.share(self.dm, path, f"Please fax this to +1{sending.number}")
        sending.acknowledged = True

    async def _arrive(self) -> None:
        path = self._pdf(1)
        form = aiohttp.FormData({"line": self._dice.choice(("1", "2", "3")), "from": "12142454571"})
        form.add_field("document", path.read_bytes(), filename=path.name)
        await self.world.tell_fax_server("receive", data=form)
        self.story.arrivals.append(
            Arrival(hashlib.sha256(path.read_bytes()).hexdigest(), (INBOUND_FAX, GENERAL))
        )

    async def _stop(self) -> None:
        await self._command("0200")

    def _sending(self, ending: str, channels: tuple[str, ...]) -> Sending:
        self._count += 1
        sending = Sending(f"469{600 + self._count}{ending}", channels, dials=1 if ending == "0101" else None)
        self.story.sendings.append(sending)
        return sending

    def _pdf(self, pages: int) -> Path:
        self._count += 1
        return make_pdf(self.world.folder / f"document{self._count}.pdf", f"document {self._count}", pages)

    # -- what fails

    async def _weather(self) -> None:
        troubles: list[Callable[[], Awaitable[None]]] = [
            self.world.kill,
            self.world.kill,
            *[self._fax_fault] * 4,
            *[self._slack_fault] * 4,
            self._outage,
            self._restart,
            self._new_token,
            self._order,
            self._sockets,
            self._limits,
        ]
        while True:
            await asyncio.sleep(self._dice.uniform(0.2, 1.2))
            await self._dice.choice(troubles)()

    async def _fax_fault(self) -> None:
        method, kind = self._dice.choice(FAX_METHODS), self._dice.choice(list(FaultKind))
        processed = self._dice.random() < 0.5 and kind is not FaultKind.ERROR
        self.world.fax.faults.plan(
            fault=kind,
            method=method,
            times=self._dice.choice((1, 1, 4)),
            processed=processed,
            seconds=LATE_SECONDS,
            when=self._dice.choice(("before", "after")),
        )

    async def _slack_fault(self) -> None:
        fault, method = self._dice.choice(SLACK_FAULTS), self._dice.choice(SLACK_METHODS)
        if method not in ("upload", "download", "response_url") or fault["fault"] != "error":
            self.world.slack.site.faults.add(
                {**fault, "method": method, "times": self._dice.choice((1, 1, 4))}
            )

    async def _outage(self) -> None:
        await self.world.tell_fax_server("outage", json={"seconds": self._dice.uniform(1.0, 15.0)})

    async def _restart(self) -> None:
        await self.world.tell_fax_server("restart", json={"seconds": self._dice.uniform(1.0, 15.0)})

    async def _new_token(self) -> None:
        await self.world.tell_fax_server("token/revoke")

    async def _order(self) -> None:
        await self.world.tell_fax_server(
            "records", json={"order": self._dice.choice(("asc", "desc", "shuffled"))}
        )

    async def _sockets(self) -> None:
        socket = self.world.slack.site.socket
        match self._dice.choice(("close", "refresh", "refuse", "ignore")):
            case "close":
                await socket.close_all()
            case "refresh":
                await socket.refresh()
            case "refuse":
                socket.refuse_handshakes += 1
                await socket.close_all()
            case _:
                socket.ignore_acks += 1

    async def _limits(self) -> None:
        settings = self.world.slack.settings
        settings.rate_limits = not settings.rate_limits

    async def _clear(self) -> None:
        slack = self.world.slack
        self.world.fax.faults.clear()
        await self.world.tell_fax_server("outage", json={"on": False})
        slack.site.faults.clear()
        slack.settings.rate_limits = False
        slack.site.socket.refuse_handshakes = slack.site.socket.ignore_acks = 0

    # -- until all is told

    async def _see_through(self, quiet: float) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + CLEAR_SECONDS
        while unfinished := [each for each in self.story.sendings if not self._done(each)]:
            if loop.time() > deadline:
                raise StuckError(f"the end of {len(unfinished)} faxes, of …{unfinished[0].number[-8:]} first")
            for sending in unfinished:
                if sending.number.endswith("0200"):
                    await self._cancel(sending)
            await asyncio.sleep(0.1)
        await self.world.quiet(quiet, within=CLEAR_SECONDS)

    async def _cancel(self, sending: Sending) -> None:
        card = self.card(sending)
        if card is not None and button(card, "Cancel fax"):
            with contextlib.suppress(NotAllowedError):
                await self.dana.press(card, "Cancel fax")
            await asyncio.sleep(0.5)

    def _done(self, sending: Sending) -> bool:
        """It is told how it ended; or it was not taken, and nothing came of it."""
        card = self.card(sending)
        if card is None:
            return not self.submissions(sending) and (
                not sending.acknowledged or self.sights.whispered(DANA, "othing was sent")
            )
        return any(line.startswith(LAST) for line in self.sights.steps(card))
