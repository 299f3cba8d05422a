"""
A storm: people send, cancel, delete and fetch, faxes come in, and meanwhile everything fails at random.

All that is random comes from the seed. What the processes make of it depends on the machine as well: a seed
brings back the same storm, not the same microseconds. In the end the weather clears, and then everything
that was asked for has to come right.
"""

import asyncio
import hashlib
import random
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp

from faxbot.demo.person import NotThereError
from faxbot.standins.slack.model.people import CLAIMS, DANA, GENERAL, INBOUND_FAX, PRIYA
from faxbot.standins.ucx.faults import FaultKind
from tests.chaos.people import Playing, button, make_pdf
from tests.chaos.story import LAST, Arrival, Fetching, Sending, digits, headline
from tests.chaos.world import StuckError, World

Item = dict[str, Any]

STORM_SECONDS = 10.0
CLEAR_SECONDS = 60.0
"""Seconds after the storm within which everything must be done and announced."""
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
        self._deeds: list[Callable[[], Awaitable[object]]] = [
            self._command,
            self._share,
            self._arrive,
            self._stop,
        ]

    async def perform(self, quiet: float) -> None:
        """The storm, and the time after it; before every other one the fax server is reset."""
        await self.priya.command(GENERAL, lambda _: "/fax subscribe rx")
        await self.world.until("subscribed", lambda: self.sights.saw_ephemeral(PRIYA, "received faxes"))
        if self._dice.random() < 0.5:
            await self._use_ids_again(quiet)
        else:
            self._deeds += [self._delete, self._fetch]
        self.world.span = lambda: self._dice.choice((0, 1, 1)) * self._dice.randrange(5, 100)
        weather = asyncio.create_task(self._weather())
        try:
            await self._do_deeds()
        finally:
            weather.cancel()
            await asyncio.gather(weather, return_exceptions=True)
        await self._clear()
        await self._see_through(quiet)

    # -- what people do

    async def _use_ids_again(self, quiet: float) -> None:
        """Faxes go out and come in; then the fax server has forgotten them and counts from 1 again."""
        await self._command("0101")
        await self._arrive()
        await self._see_through(quiet)
        forget = {"keep_jobs": False, "keep_records": False, "reuse_ids": True}
        await self.world.tell_fax_server("restart", json=forget)

    async def _do_deeds(self) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + STORM_SECONDS
        async with asyncio.TaskGroup() as doing:
            while loop.time() < end:
                doing.create_task(self._surely(self._dice.choice(self._deeds)))
                await asyncio.sleep(self._dice.uniform(0.5, 2.0))

    async def _surely(self, deed: Callable[[], Awaitable[object]]) -> None:
        try:
            await deed()
        except StuckError as stuck:
            self.story.stuck = self.story.stuck or str(stuck)

    async def _command(self, ending: str = "") -> None:
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

    async def _share(self) -> None:
        sending = self._sending("0101", (self.dm,))
        path = self._pdf(1)
        await self.share(self.dm, path, f"Please fax this to +1{sending.number}")
        sending.acknowledged = True

    async def _arrive(self) -> None:
        path = self._pdf(1)
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        self.story.arrivals.append(Arrival(sha256, (INBOUND_FAX, GENERAL)))
        form = aiohttp.FormData({"line": self._dice.choice(("1", "2", "3")), "from": "12142454571"})
        form.add_field("document", path.read_bytes(), filename=path.name)
        await self.world.tell_fax_server("receive", data=form)

    async def _stop(self) -> None:
        await self._command("0200")

    async def _delete(self) -> None:
        """Press "Delete record" on a received fax; `_see_through` repeats it until its outcome is posted."""
        cards = [each for each in self.sights.messages(INBOUND_FAX) if button(each, "Delete record")]
        if cards:
            card = self._dice.choice(cards)
            job_id = re.search(r"\bRX\d+", card["text"])
            self.story.deletions.append(job_id[0] if job_id else "")
            await self._press(card, "Delete record")

    async def _fetch(self) -> None:
        """Press "Download" on a fax that has ended."""
        cards = [each for each in self.sights.messages(CLAIMS) if button(each, "Download")]
        if not cards:
            return
        card = self._dice.choice(cards)
        number = headline(card)
        sha256 = next(
            str(each["sha256"])
            for each in self.world.fax.log.entries("submission")
            if digits(str(each["destination"])) == number
        )
        fetching = next((each for each in self.story.fetchings if each.sha256 == sha256), None)
        if fetching is None:
            fetching = Fetching(sha256, CLAIMS)
            self.story.fetchings.append(fetching)
        fetching.attempts += 1
        fetching.acknowledged += await self._press(card, "Download")

    async def _press(self, card: Item, label: str) -> bool:
        try:
            return await self.dana.press(card, label)
        except NotThereError:
            return False  # it changed meanwhile

    def _sending(self, ending: str, channels: tuple[str, ...]) -> Sending:
        self._count += 1
        sending = Sending(f"469{600 + self._count}{ending}", channels, dials=None)
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
            await asyncio.sleep(self._dice.uniform(0.1, 0.7))
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
            self.world.slack.installation.faults.add(
                {**fault, "method": method, "times": self._dice.choice((1, 1, 4))}
            )

    async def _outage(self) -> None:
        await self.world.tell_fax_server("outage", json={"seconds": self._dice.uniform(1.0, 15.0)})

    async def _restart(self) -> None:
        if len(self.world.fax.log.entries("reception")) < len(self.story.arrivals):
            return  # a fax that is coming in would be cut, and would never come whole
        await self.world.tell_fax_server("restart", json={"seconds": self._dice.uniform(1.0, 15.0)})

    async def _new_token(self) -> None:
        await self.world.tell_fax_server("token/revoke")

    async def _order(self) -> None:
        await self.world.tell_fax_server(
            "records", json={"order": self._dice.choice(("asc", "desc", "shuffled"))}
        )

    async def _sockets(self) -> None:
        socket = self.world.slack.installation.socket
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
        self.world.span = lambda: 0
        self.world.fax.faults.clear()
        await self.world.tell_fax_server("outage", json={"on": False})
        slack.installation.faults.clear()
        slack.settings.rate_limits = False
        slack.installation.socket.refuse_handshakes = slack.installation.socket.ignore_acks = 0

    # -- until all is announced

    async def _see_through(self, quiet: float) -> None:
        deadline = asyncio.get_running_loop().time() + CLEAR_SECONDS
        while True:
            await self._bring_to_an_end(deadline)
            await self.world.quiet(quiet, within=CLEAR_SECONDS)
            if not self._missing():  # what waits longest may have turned up meanwhile
                return

    async def _bring_to_an_end(self, deadline: float) -> None:
        while missing := self._missing():
            if asyncio.get_running_loop().time() > deadline:
                raise StuckError(f"{len(missing)} matters, the first: {missing[0][0]}")
            for _, card, label in missing:
                if card is not None and button(card, label):
                    await self._press(card, label)
                    await asyncio.sleep(0.5)
            await asyncio.sleep(0.1)

    def _missing(self) -> list[tuple[str, Item | None, str]]:
        """What is still to come: its name, and what to press for it, if anything."""
        sent = [
            (
                f"the end of …{each.number[-8:]}",
                self.card(each),
                "Cancel fax" if each.number.endswith("0200") else "",
            )
            for each in self.story.sendings
            if not self._done(each)
        ]
        deleted = [
            (f"{job_id} deleted", card, "Delete record")
            for job_id in self.story.deletions
            for card in self.sights.messages(INBOUND_FAX)
            if f"· {job_id}" in card["text"].split("\n")[0] and button(card, "Delete record")
        ]
        return [*sent, *deleted]

    def _done(self, sending: Sending) -> bool:
        """Its end is announced; or it was not accepted, and has no effect."""
        card = self.card(sending)
        if card is None:
            refused = self.sights.refusals(DANA) > 0
            return not self.submissions(sending) and (refused or not sending.acknowledged)
        return "*Refused by" in card["text"] or any(line.startswith(LAST) for line in self.sights.steps(card))
