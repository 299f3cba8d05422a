"""
Outages: the fax server does not answer, or rejects the credentials. One notice each at begin and end.

After an outage the next one has to last longer before it is announced. If the server answers one kind of
request and never another, that is announced, too.
"""

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import TypeAdapter

from faxbot.fax.errors import CredentialsRejected, Fault
from faxbot.services.model.faxes import FaxState
from faxbot.services.model.ledger import Ledger, Store
from faxbot.services.model.messages import (
    Outage,
    OutageBegan,
    OutageEnded,
    QueryFailing,
    QueryRecovered,
    Storable,
)
from faxbot.services.model.ports import Clock
from faxbot.services.outbox.announcements import post_notice, refresh_cards

log = logging.getLogger(__name__)

FAILURES = 2
"""Consecutive failures before an outage is declared."""
FIRST_PATIENCE, LONGEST_PATIENCE = 60.0, 960.0
"""So many seconds an outage has to last that follows another one; each time twice as many."""
CALM_SECONDS = 1800.0
"""After so long a time without an outage the next one is told at once again."""
SILENT_SECONDS = 300.0
"""For so long one kind of question may fail, while others are answered, before that is told."""
HEARD_SECONDS = 60.0
"""Whoever answered so lately answers."""
WENT_OUT_SECONDS = 60.0
"""How long the faxes that were kept may take to go out before the end of an outage is told without them."""

_ABOUT = {"watch": "faxes under way", "inbox": "received faxes"}
"""What a tick asks about; the others ask about nothing else."""
_OUTAGE, _ENDED, _SILENT = "server_away", "server_back", "server_silent"
"""Under which names the ledger remembers what was told or is to be told."""


@dataclass(frozen=True, slots=True)
class EndedOutage:
    """An outage that is over; to be told when the faxes that were *kept* have gone out."""

    outage: Outage
    until: datetime
    kept: list[int] = field(default_factory=list)


_OUTAGES, _ENDS, _MOMENTS = TypeAdapter(Outage), TypeAdapter(EndedOutage), TypeAdapter(dict[str, datetime])


class Outages:
    """
    Keeps what the ticks found: `outage` is set while the fax server does not answer, or does not let us in.

    Cards of unfinished faxes then show when the server last replied.
    """

    def __init__(self, store: Store, clock: Clock, inbound_channel: str) -> None:
        self._store, self._clock, self._channel = store, clock, inbound_channel
        self.outage: Outage | None = None
        self.failures = 0
        """Failures in a row, of whatever tick."""
        self._ended: EndedOutage | None = None
        self._turn = asyncio.Lock()  # ticks end concurrently, and each must see what the one before announced
        self._heard: datetime | None = None
        self._first_failure: datetime | None = None
        self._refusals = 0
        self._patience = 0.0
        self._last_end: datetime | None = None
        self._failing_since: dict[str, datetime] = {}
        self._silent: dict[str, datetime] = {}

    @property
    def since(self) -> datetime | None:
        """Since when the fax server is out of reach; None while it is not."""
        return self.outage.since if self.outage else None

    async def start(self) -> None:
        """Recall what was said before a restart, and what was still to be said."""
        outage, ended, silent = await self._store.read(
            lambda ledger: (ledger.recall(_OUTAGE), ledger.recall(_ENDED), ledger.recall(_SILENT))
        )
        self.outage = _OUTAGES.validate_python(outage) if outage else None
        self._ended = _ENDS.validate_python(ended) if ended else None
        self._silent = _MOMENTS.validate_python(silent or {})

    async def answered(self, name: str) -> None:
        """The tick *name* went through."""
        async with self._turn:
            await self._answered(name)

    async def failed(self, name: str, fault: Fault) -> None:
        """The tick *name* got no answer, or a no."""
        async with self._turn:
            await self._failed(name, fault)

    async def _answered(self, name: str) -> None:
        now = self._heard = self._clock.now()
        self.failures, self._refusals, self._first_failure = 0, 0, None
        self._failing_since.pop(name, None)
        if self.outage is not None:
            await self._end(self.outage, now)
        if self._ended is not None:
            await self._tell_end(self._ended, now)
        if name in self._silent:
            others = {each: since for each, since in self._silent.items() if each != name}
            await self._tell_of_silence(others, name, QueryRecovered(_ABOUT[name], self._silent[name], now))

    async def _failed(self, name: str, fault: Fault) -> None:
        now = self._clock.now()
        locked_out = isinstance(fault, CredentialsRejected)
        self.failures += 1
        self._refusals = self._refusals + 1 if locked_out else 0
        first = self._first_failure = self._first_failure or now
        since = self._failing_since.setdefault(name, now)
        lasted = (now - first).total_seconds()
        if self.outage is None and self.failures >= FAILURES and lasted >= self._wait(first):
            await self._begin(Outage(first, self._heard, locked_out), fault)
        elif self.outage and not self.outage.locked_out and self._refusals >= FAILURES:
            # it was away, and now it answers without letting us in: that asks for somebody else's help
            await self._begin(Outage(self.outage.since, self.outage.heard, locked_out=True), fault)
        others = self._heard is not None and (now - self._heard).total_seconds() < HEARD_SECONDS
        silent = others and (now - since).total_seconds() >= SILENT_SECONDS
        if silent and self.outage is None and name in _ABOUT and name not in self._silent:
            await self._tell_of_silence(self._silent | {name: since}, name, QueryFailing(_ABOUT[name], since))

    def _wait(self, first: datetime) -> float:
        """How long an outage that began at *first* has to last before it is told."""
        if self._last_end is None or (first - self._last_end).total_seconds() >= CALM_SECONDS:
            self._patience = 0.0
        return self._patience

    async def _begin(self, outage: Outage, fault: Fault) -> None:
        ended, now = self._ended, self._clock.now()

        def record(ledger: Ledger) -> None:
            if ended is not None:  # the end of the previous outage was not announced yet
                post_notice(ledger, self._channel, _back(ledger, ended), now)
                ledger.remember(_ENDED, None)
            ledger.remember(_OUTAGE, _OUTAGES.dump_python(outage, mode="json"))
            post_notice(ledger, self._channel, OutageBegan(outage.since, outage.locked_out), now)
            _refresh(ledger)

        await self._store.write(record)
        self.outage, self._ended = outage, None
        log.warning("the fax server is out of reach", extra={"fault": type(fault).__name__})

    async def _end(self, outage: Outage, now: datetime) -> None:
        def record(ledger: Ledger) -> EndedOutage:
            kept = [fax.id for fax in ledger.faxes_in(FaxState.READY, FaxState.SUBMITTING)]
            ended = EndedOutage(outage, now, kept)
            ledger.remember(_OUTAGE, None)
            ledger.remember(_ENDED, _ENDS.dump_python(ended, mode="json"))
            _refresh(ledger)
            return ended

        self._ended = await self._store.write(record)
        self.outage, self._last_end = None, now
        self._patience = min(LONGEST_PATIENCE, max(FIRST_PATIENCE, self._patience * 2))
        log.info("the fax server answers again", extra={"seconds": (now - outage.since).total_seconds()})

    async def _tell_end(self, ended: EndedOutage, now: datetime) -> None:
        """Say that it is back, once it is known how many faxes went out by that."""
        in_time = now - ended.until < timedelta(seconds=WENT_OUT_SECONDS)

        def record(ledger: Ledger) -> bool:
            waiting = (FaxState.READY, FaxState.SUBMITTING)
            if in_time and any(ledger.fax(fax_id).state in waiting for fax_id in ended.kept):
                return False
            post_notice(ledger, self._channel, _back(ledger, ended), now)
            ledger.remember(_ENDED, None)
            return True

        if await self._store.write(record):
            self._ended = None

    async def _tell_of_silence(self, silent: dict[str, datetime], name: str, message: Storable) -> None:
        def record(ledger: Ledger) -> None:
            ledger.remember(_SILENT, _MOMENTS.dump_python(silent, mode="json"))
            post_notice(ledger, self._channel, message, self._clock.now())

        await self._store.write(record)
        self._silent = silent
        log.warning("one kind of question", extra={"tick": name, "answered": name not in silent})


def _back(ledger: Ledger, ended: EndedOutage) -> OutageEnded:
    """How it is told: with the faxes that really went out."""
    faxes = [ledger.fax(fax_id) for fax_id in ended.kept]
    went_out = sum(fax.accepted_at is not None for fax in faxes)
    return OutageEnded(ended.outage.since, ended.until, went_out, ended.outage.locked_out)


def _refresh(ledger: Ledger) -> None:
    for fax in ledger.faxes_in(FaxState.READY, FaxState.UNKNOWN, FaxState.ACCEPTED):
        refresh_cards(ledger, fax)
