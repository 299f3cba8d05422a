"""How fast what starts a fax or changes something is acknowledged: it is committed first."""

import asyncio
import copy
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks.acknowledgements import TOGETHER, Sides, compare, three_sides, warm_up
from benchmarks.disk import seconds_of_a_sync
from benchmarks.envelopes import Deed, Message, Side
from benchmarks.findings import Findings, duration, median
from benchmarks.ledger import until_settled
from benchmarks.row import Row, RowContext
from faxbot.demo.person import Person
from faxbot.services.model.request_bodies import RequestKind, SendBody
from faxbot.services.model.requests import Request
from faxbot.standins.slack.model.people import CLAIMS, DANA
from faxbot.store.engine import TransactionStore
from tests.support.services import database_in, make_pdf
from tests.support.waiting import until

AT_MOST_ALONE, AT_MOST_TOGETHER = 1.25, 1.5
SENDS, CLICKS, SUBMISSIONS = 17, 17, 16
"""Fifty at once are of all three kinds."""
ROUNDS_OF_THE_STORE = 10
KINDS = ("a send", "a click", "a submission")

Deeds = Callable[[Side], list[Deed]]


@dataclass(slots=True)
class Stage:
    """A letter in #claims, the form, and the cards that can still be canceled; *bot* is the bot's folder."""

    sides: Sides
    bot: Path
    form: dict[str, Any] = field(default_factory=dict)
    _cards: list[Message] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)
    _numbers: Iterator[int] = field(default_factory=count)

    async def set(self, letter: Path, spare_cards: int) -> None:
        """Share the letter, have the bot open its form, and send so many faxes whose cards are there."""
        async with Person(self.sides.bot.workspace.url, DANA) as dana:
            await dana.post(CLAIMS, "", files=await dana.upload(letter))
        await warm_up(self.sides.bot, [self.sides.bot.command("send")])
        (view,) = self.sides.bot.workspace.state.views.stack(DANA)
        self.form = view.definition
        self.sides.bot.workspace.state.close_view(view)
        await self.sides.bot.do("warm-up", self.sends(spare_cards)(self.sides.bot))
        await self._settle(spare_cards)
        for side in self.sides:
            deeds = [*self.sends(1)(side), *self.submissions(1)(side), *self.clicks(1)(side)]
            await warm_up(side, deeds)
        await self._settle(2)

    async def do(self, measured: str, deeds: Deeds, *, faxes: int) -> None:
        """The same to each side in turn; then wait until the bot has carried it out."""
        for side in self.sides:
            await side.do(measured, deeds(side))
        await self._settle(faxes)

    def sends(self, amount: int) -> Deeds:
        """So many `/fax send`, of the letter."""
        numbers = self._new_numbers(amount)
        return lambda side: [side.command(f"send {number}") for number in numbers]

    def clicks(self, amount: int) -> Deeds:
        """So many presses of *Cancel fax*, each on a card of its own."""
        cards, self._cards = self._cards[:amount], self._cards[amount:]
        return lambda side: [side.press(copy.deepcopy(card), "cancel_fax") for card in cards]

    def submissions(self, amount: int) -> Deeds:
        """So many forms."""
        numbers = self._new_numbers(amount)
        return lambda side: [side.submit(self.form, number) for number in numbers]

    def all_at_once(self) -> Deeds:
        """Fifty, of all kinds."""
        mixed = (self.sends(SENDS), self.clicks(CLICKS), self.submissions(SUBMISSIONS))
        return lambda side: [deed for deeds in mixed for deed in deeds(side)]

    def _new_numbers(self, amount: int) -> list[str]:
        return [f"+1 469 {200 + n // 10_000} {n % 10_000:04}" for n in islice(self._numbers, amount)]

    async def _settle(self, faxes: int) -> None:
        """So many more faxes have a card, and nothing is under way."""

        def fresh() -> list[Message]:
            shown = self.sides.bot.workspace.state.messages.in_order(CLAIMS)
            return [m for m in shown if m["ts"] not in self._seen and "cancel_fax" in str(m.get("blocks"))]

        await until(lambda: len(fresh()) >= faxes, 60, what="a card for each fax")
        await until_settled(self.bot)
        cards = [copy.deepcopy(message) for message in fresh()]
        self._seen.update(str(card["ts"]) for card in cards)
        self._cards += cards


async def seconds_of_writes(folder: Path) -> float:
    """The median time in which a store commits fifty requests that come at once, while nothing else runs."""
    store = TransactionStore(database_in(folder))
    numbers = count()
    taken: list[float] = []
    for _ in range(ROUNDS_OF_THE_STORE):
        began = time.perf_counter()
        await asyncio.gather(*(_write(store, next(numbers)) for _ in range(SENDS + CLICKS + SUBMISSIONS)))
        taken.append(time.perf_counter() - began)
    store.close()
    return median(taken)


async def _write(store: TransactionStore, number: int) -> None:
    request = Request(
        key=str(number),
        kind=RequestKind.SEND,
        user_id=DANA,
        channel_id=CLAIMS,
        response_url=f"https://hooks.example.com/{number}",
        body=SendBody(number=f"+1469{number:07}", recent=True),
    )
    await store.write(lambda ledger: ledger.add_request(request))


async def measure(context: RowContext) -> Findings:
    """Each kind alone, then fifty of all kinds at once, to the bot and to bare apps in turn."""
    rounds, singles, bursts = (1, 1, 1) if context.smoke else (3, 12, 2)
    await context.ucx.reset()
    async with three_sides(context) as sides:
        stage = Stage(sides, context.folder / "bot")
        await stage.set(make_pdf(context.folder / "letter.pdf"), CLICKS)
        for _ in range(rounds):
            for _ in range(singles):
                await stage.do(KINDS[0], stage.sends(1), faxes=1)
                await stage.do(KINDS[1], stage.clicks(1), faxes=0)
                await stage.do(KINDS[2], stage.submissions(1), faxes=1)
            for _ in range(bursts):
                await stage.do(TOGETHER, stage.all_at_once(), faxes=SENDS + SUBMISSIONS)
    found = Findings()
    for kind in KINDS:
        compare(found, f"{kind}, 1 at a time", [kind], sides, at_most=AT_MOST_ALONE, tail=False)
    compare(found, "all kinds, 1 at a time", KINDS, sides, at_most=AT_MOST_ALONE)
    compare(found, "all kinds, 50 at once", [TOGETHER], sides, at_most=AT_MOST_TOGETHER)
    ours, bare = (duration(mean(side.processor[TOGETHER])) for side in (sides.bot, sides.bare))
    found.note("… processor time until one of the fifty is acknowledged, their mean", ours, bare)
    together = await seconds_of_writes(context.new_folder("store"))
    found.note("… the store alone: 50 requests at once, each committed", duration(together))
    found.note("… the disk's own part of a commit", duration(seconds_of_a_sync(context.folder)))
    found.expect("not acknowledged in time", sides.unanswered(), {"bot": 0, "bare": 0, "lone": 0})
    return found


ROW = Row("commits", "Acknowledgement of what is committed first", measure, counts=False)
