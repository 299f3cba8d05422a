"""
The short scenario, in three acts that can be played by themselves.

In: a subscription; a fax given to the bot that goes to a line of our own and so comes in, too; its record
is deleted. Out: another subscription; a fax by command; its document is fetched. Stop: a fax by form, to a
busy number; it is canceled.

The fax server's time stands still between the steps: whatever the bot goes through, it finds the same at
each of them.
"""

import contextlib
import hashlib
import itertools
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from faxbot.demo.person import NotAllowedError
from faxbot.standins.slack.model.people import CLAIMS, DANA, GENERAL, INBOUND_FAX, PRIYA
from faxbot.standins.slack.model.views import OpenView
from tests.chaos.people import Playing, button, make_pdf
from tests.chaos.story import LAST, Arrival, Fetching, Sending, digits
from tests.chaos.world import StuckError, World

OWN_LINES = ("14695551112", "14695551113")
TRIES = 12
DIAL, CALL, BREAK = 12.0, 60.0, 40.0
"""Simulated seconds: until it is dialing, until a page is through, until the line is free again."""
WHISPER_SECONDS = 2.0
ROUNDS = 4

Item = dict[str, Any]


class Scenario(Playing):
    """One playing of these acts."""

    def __init__(self, world: World, acts: Sequence[str]) -> None:
        super().__init__(world)
        self._numbers = itertools.count(600)
        self._own_lines = itertools.cycle(OWN_LINES)
        known = {"in": self._in, "out": self._out, "stop": self._stop}
        self._acts = [known[act] for act in acts]

    async def perform(self, quiet: float) -> None:
        """The acts, and to the end of what was taken although Slack showed an error."""
        for act in self._acts:
            await act()
        await self._see_through(quiet)

    # -- the acts

    async def _in(self) -> None:
        await self._subscribe("rx", "received faxes")
        path = self._pdf("to-ourselves")
        sending = await self._send(lambda: self._give(path))
        self.story.arrivals.append(Arrival(_sha(path), (INBOUND_FAX, GENERAL)))
        await self.world.fax.advance(DIAL)
        await self._announced(sending, "Dialing")
        await self.world.fax.advance(CALL)
        await self.world.fax.advance(BREAK)
        await self._announced(sending, "Delivered")
        for channel in (INBOUND_FAX, GENERAL):
            await self.world.until(f"the received fax in {channel}", lambda c=channel: self._details(c))
        await self._delete_record()

    async def _out(self) -> None:
        await self._subscribe("tx line Billing", "sent faxes on Billing")
        await self.share(CLAIMS, self._pdf("by-command"), "For the insurer")
        sending = await self._send(self._type)
        await self._tick_until("Delivered", sending, DIAL + CALL + BREAK)
        await self._fetch(self.sights.cards(CLAIMS, sending.number)[-1])

    async def _stop(self) -> None:
        await self.share(CLAIMS, self._pdf("by-form"), "For the other insurer")
        sending = await self._send(self._fill_in)
        await self._tick_until("Busy", sending, DIAL + 8)
        await self._cancel(sending)

    # -- their steps

    async def _subscribe(self, to: str, words: str) -> None:
        await self.priya.command(GENERAL, lambda _: f"/fax subscribe {to}")
        with contextlib.suppress(StuckError):  # what only one person sees may be lost in a stop
            await self.world.until(
                "subscribed", lambda: self.sights.saw_ephemeral(PRIYA, words), WHISPER_SECONDS
            )

    async def _send(self, ask: Callable[[], Awaitable[Sending]]) -> Sending:
        """Ask until the fax is a job; a refused request is repeated, as its ephemeral advises."""
        for _ in range(TRIES):
            refusals = self.sights.refusals(DANA)
            sending = await ask()
            if await self._becomes_a_job(sending, refusals):
                return sending
        raise StuckError("a fax that is not refused")

    async def _give(self, path: Path) -> Sending:
        """Share a file with the bot; Slack redelivers the event until it is acknowledged."""
        number = next(self._own_lines)
        self.story.sendings.append(Sending(number, (self.dm,), acknowledged=True))
        await self.share(self.dm, path, f"Please fax this to +{number}")
        return self.story.sendings[-1]

    async def _type(self) -> Sending:
        """Type a command, each time with another number."""
        made: list[Sending] = []

        def typed(_: int) -> str:
            made.append(Sending(f"469{next(self._numbers)}0101", (CLAIMS, GENERAL)))
            self.story.sendings.append(made[-1])
            return f"/fax send {made[-1].number} from Billing"

        tried = await self.dana.command(CLAIMS, typed)
        for sending, taken in zip(made, tried, strict=True):
            sending.acknowledged = taken
        if not tried[-1]:
            raise StuckError("a command that is taken")
        return made[-1]

    async def _fill_in(self) -> Sending:
        """Fill in the form; it is opened again when it does not appear or is refused."""
        for _ in range(TRIES):
            await self.dana.command(CLAIMS, lambda _: "/fax send")
            try:
                view = await self.world.until("a form", self._form, 3.0)
            except StuckError:
                continue
            sending = Sending(f"469{next(self._numbers)}0200", (CLAIMS,), dials=None)
            self.story.sendings.append(sending)
            await self.world.until("the bot is connected", lambda: self.world.connected)
            try:
                await self.dana.person.submit(
                    {"id": view.id}, {"number": {"number": {"value": sending.number}}}
                )
            except NotAllowedError:
                self.world.slack.state.close_view(view)
                continue
            sending.acknowledged = True
            return sending
        raise StuckError("a form that is taken")

    def _form(self) -> OpenView | None:
        """The form, once it can be filled in."""
        views = self.world.slack.state.views.stack(DANA)
        return next((view for view in views if "submit" in view.definition), None)

    async def _cancel(self, sending: Sending) -> None:
        await self.dana.press_until(
            "stopped",
            lambda: self.card(sending),
            "Cancel fax",
            lambda: self._is_told(sending, "Stopped") or self._went(sending),
        )

    async def _delete_record(self) -> None:
        model = self.world.fax.model
        job_id = next(
            record.jobid for record in model.resources.records.all() if record.jobid.startswith("RX")
        )
        self.story.deletions.append(job_id)

        def deleted() -> bool:
            return "Record deleted by" in str((self._details(INBOUND_FAX) or {}).get("text"))

        await self.dana.press_until("deleted", lambda: self._details(INBOUND_FAX), "Delete record", deleted)

    async def _fetch(self, card: Item) -> None:
        fetching = Fetching(self._submitted(card), CLAIMS)
        self.story.fetchings.append(fetching)

        def fetched() -> bool:
            return any(
                each.get("files") and each.get("thread_ts") == card["ts"]
                for each in self.sights.messages(CLAIMS)
            )

        tried = await self.dana.press_until(
            "fetched",
            lambda: self.sights.cards(CLAIMS, digits(card["text"].split("*")[1]))[-1],
            "Download",
            fetched,
        )
        fetching.attempts, fetching.acknowledged = len(tried), sum(tried)

    async def _see_through(self, quiet: float) -> None:
        """
        What was taken although Slack showed an error goes on beside its repetition: see to its end.

        Then nothing more may come.
        """
        for _ in range(ROUNDS):
            await self.world.quiet(quiet)
            unfinished = [
                each for each in self.story.sendings if self.submissions(each) and not self._ended(each)
            ]
            if not unfinished:
                return
            await self.world.fax.advance(DIAL + CALL + BREAK)
            for sending in unfinished:
                if sending.dials is None:
                    await self._cancel(sending)
        raise StuckError("the end of every fax")

    # -- what Dana does

    def _pdf(self, name: str) -> Path:
        return make_pdf(self.world.folder / f"{name}.pdf", name)

    # -- what is there to see

    async def _becomes_a_job(self, sending: Sending, refusals: int) -> bool:
        """
        Its cards name the job, which may have been looked for first, or a person closed the matter.

        False if it was refused: its user was notified more than *refusals* times of a refused request.
        """

        def known() -> bool:
            named = all(
                " · TX" in _first_line(self._newest(channel, sending)) for channel in sending.channels
            )
            return named or self._went(sending)

        def refused() -> bool:
            card = str(self._newest(sending.channels[0], sending).get("text", ""))
            return self.sights.refusals(DANA) > refusals or "*Refused by" in card

        await self.world.until(f"the job of …{sending.number[-4:]}", lambda: known() or refused())
        return known()

    def _newest(self, channel: str, sending: Sending) -> Item:
        return (self.sights.cards(channel, sending.number) or [{}])[-1]

    async def _tick_until(self, words: str, sending: Sending, seconds: float) -> None:
        """Let time pass; more of it, if another fax was before this one on its line."""
        for _ in range(ROUNDS):
            await self.world.fax.advance(seconds)
            with contextlib.suppress(StuckError):
                await self._announced(sending, words, 3.0)
                return
        await self._announced(sending, words)

    def _ended(self, sending: Sending) -> bool:
        """The newest card in each channel says how it ended."""
        cards = [self.sights.cards(channel, sending.number) for channel in sending.channels]
        return all(
            mine and any(line.startswith(LAST) for line in self.sights.steps(mine[-1])) for mine in cards
        )

    async def _announced(self, sending: Sending, words: str, seconds: float = 20.0) -> None:
        what = f"{words} announced for …{sending.number[-4:]}"
        await self.world.until(what, lambda: self._is_told(sending, words) or self._went(sending), seconds)

    def _is_told(self, sending: Sending, words: str) -> bool:
        cards = [(self.sights.cards(channel, sending.number) or [None])[-1] for channel in sending.channels]
        return all(
            card is not None and any(words in line for line in self.sights.steps(card)) for card in cards
        )

    def _went(self, sending: Sending) -> bool:
        """A person decided so: nothing more will be announced."""
        card = self.card(sending)
        return card is not None and any(line.startswith("It went") for line in self.sights.steps(card))

    def _details(self, channel: str) -> Item | None:
        """The card of the received fax in *channel*."""
        return next(
            (
                each
                for each in self.sights.messages(channel)
                if button(each, "Delete record") or "Record deleted" in str(each.get("text"))
            ),
            None,
        )

    def _submitted(self, card: Item) -> str:
        number = digits(card["text"].split("*")[1])
        answer = self.world.fax.log.entries("submission")
        return next(str(each["sha256"]) for each in answer if digits(str(each["destination"])) == number)


def _sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _first_line(message: Item) -> str:
    return str(message.get("text", "")).partition("\n")[0]
