"""
Outages of the fax server: it does not answer, or rejects the credentials. Announced at start and end.

After an outage, the next one must last longer before it is announced. If one query keeps failing while
others are answered, that is announced too.
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
FIRST_MIN_SECONDS, LONGEST_MIN_SECONDS = 60.0, 960.0
"""Seconds that an outage soon after another must last before it is announced; doubled each time."""
CALM_SECONDS = 1800.0
"""Seconds without an outage after which the next one is announced immediately again."""
SILENT_SECONDS = 300.0
"""Seconds that one query may fail, while others are answered, before that is announced."""
HEARD_SECONDS = 60.0
"""For this long after its last answer to any query, the fax server counts as answering."""
WENT_OUT_SECONDS = 60.0
"""Seconds to wait for kept faxes to be sent before the end of an outage is announced without them."""

_ABOUT = {"watch": "faxes under way", "inbox": "received faxes"}
"""What the query of a tick is about, for the notice; other ticks query nothing else."""
_OUTAGE, _ENDED, _SILENT = "server_away", "server_back", "server_silent"
"""Names of the stored state: current outage, ended outage, failing queries."""


@dataclass(frozen=True, slots=True)
class EndedOutage:
    """An outage that ended at *until*; announced when the *kept* faxes (ids) have been sent."""

    outage: Outage
    until: datetime
    kept: list[int] = field(default_factory=list)


_OUTAGES, _ENDS, _MOMENTS = TypeAdapter(Outage), TypeAdapter(EndedOutage), TypeAdapter(dict[str, datetime])


class Outages:
    """
    Tracks outages from the results of ticks; `outage` is set during one.

    Cards of unfinished faxes then show when the server last answered. Notices go to *inbound_channel*.
    """

    def __init__(self, store: Store, clock: Clock, inbound_channel: str) -> None:
        self._store, self._clock, self._channel = store, clock, inbound_channel
        self.outage: Outage | None = None
        self.failures = 0
        """Consecutive failures of any tick."""
        self._ended: EndedOutage | None = None
        self._lock = asyncio.Lock()  # ticks end concurrently; each must see what the previous one announced
        self._heard: datetime | None = None
        """When the server last answered any tick."""
        self._first_failure: datetime | None = None
        """When the current series of consecutive failures began."""
        self._refusals = 0
        """Consecutive failures because of rejected credentials."""
        self._min_seconds = 0.0
        self._last_end: datetime | None = None
        self._failing_since: dict[str, datetime] = {}
        """When each tick that fails now began to fail, by name."""
        self._silent: dict[str, datetime] = {}
        """The failing queries that were announced: tick name -> begin."""

    @property
    def since(self) -> datetime | None:
        """When the current outage began; None without one."""
        return self.outage.since if self.outage else None

    async def start(self) -> None:
        """Load the state from before the restart."""
        outage, ended, silent = await self._store.read(
            lambda ledger: (ledger.recall(_OUTAGE), ledger.recall(_ENDED), ledger.recall(_SILENT))
        )
        self.outage = _OUTAGES.validate_python(outage) if outage else None
        self._ended = _ENDS.validate_python(ended) if ended else None
        self._silent = _MOMENTS.validate_python(silent or {})

    async def answered(self, name: str) -> None:
        """Record that the fax server answered the tick *name*."""
        async with self._lock:
            await self._answered(name)

    async def failed(self, name: str, fault: Fault) -> None:
        """Record that the tick *name* failed with *fault*."""
        async with self._lock:
            await self._failed(name, fault)

    async def _answered(self, name: str) -> None:
        now = self._heard = self._clock.now()
        self.failures, self._refusals, self._first_failure = 0, 0, None
        self._failing_since.pop(name, None)
        if self.outage is not None:
            await self._end(self.outage, now)
        if self._ended is not None:
            await self._announce_end(self._ended, now)
        if name in self._silent:
            others = {each: since for each, since in self._silent.items() if each != name}
            await self._announce_query(others, name, QueryRecovered(_ABOUT[name], self._silent[name], now))

    async def _failed(self, name: str, fault: Fault) -> None:
        now = self._clock.now()
        locked_out = isinstance(fault, CredentialsRejected)
        self.failures += 1
        self._refusals = self._refusals + 1 if locked_out else 0
        first = self._first_failure = self._first_failure or now
        since = self._failing_since.setdefault(name, now)
        lasted = (now - first).total_seconds()
        if self.outage is None and self.failures >= FAILURES and lasted >= self._min_duration(first):
            await self._begin(Outage(first, self._heard, locked_out), fault)
        elif self.outage and not self.outage.locked_out and self._refusals >= FAILURES:
            # The server answers again but rejects the credentials: an admin has to act.
            await self._begin(Outage(self.outage.since, self.outage.heard, locked_out=True), fault)
        others = self._heard is not None and (now - self._heard).total_seconds() < HEARD_SECONDS
        silent = others and (now - since).total_seconds() >= SILENT_SECONDS
        if silent and self.outage is None and name in _ABOUT and name not in self._silent:
            await self._announce_query(self._silent | {name: since}, name, QueryFailing(_ABOUT[name], since))

    def _min_duration(self, first: datetime) -> float:
        """Seconds that an outage that began at *first* must last before it is announced."""
        if self._last_end is None or (first - self._last_end).total_seconds() >= CALM_SECONDS:
            self._min_seconds = 0.0
        return self._min_seconds

    async def _begin(self, outage: Outage, fault: Fault) -> None:
        """Store and announce an outage; an earlier one's end that is not announced yet is announced first."""
        ended, now = self._ended, self._clock.now()

        def record(ledger: Ledger) -> None:
            if ended is not None:  # the end of the previous outage was not announced yet
                post_notice(ledger, self._channel, _outage_ended(ledger, ended), now)
                ledger.remember(_ENDED, None)
            ledger.remember(_OUTAGE, _OUTAGES.dump_python(outage, mode="json"))
            post_notice(ledger, self._channel, OutageBegan(outage.since, outage.locked_out), now)
            _refresh(ledger)

        await self._store.write(record)
        self.outage, self._ended = outage, None
        log.warning("outage of the fax server began", extra={"fault": type(fault).__name__})

    async def _end(self, outage: Outage, now: datetime) -> None:
        """Store the end of an outage; `_announce_end` announces it."""

        def record(ledger: Ledger) -> EndedOutage:
            kept = [fax.id for fax in ledger.faxes_in(FaxState.READY, FaxState.SUBMITTING)]
            ended = EndedOutage(outage, now, kept)
            ledger.remember(_OUTAGE, None)
            ledger.remember(_ENDED, _ENDS.dump_python(ended, mode="json"))
            _refresh(ledger)
            return ended

        self._ended = await self._store.write(record)
        self.outage, self._last_end = None, now
        self._min_seconds = min(LONGEST_MIN_SECONDS, max(FIRST_MIN_SECONDS, self._min_seconds * 2))
        log.info("outage of the fax server ended", extra={"seconds": (now - outage.since).total_seconds()})

    async def _announce_end(self, ended: EndedOutage, now: datetime) -> None:
        """Announce the end, when the kept faxes have been sent or WENT_OUT_SECONDS are over."""
        in_time = now - ended.until < timedelta(seconds=WENT_OUT_SECONDS)

        def record(ledger: Ledger) -> bool:
            waiting = (FaxState.READY, FaxState.SUBMITTING)
            if in_time and any(ledger.fax(fax_id).state in waiting for fax_id in ended.kept):
                return False
            post_notice(ledger, self._channel, _outage_ended(ledger, ended), now)
            ledger.remember(_ENDED, None)
            return True

        if await self._store.write(record):
            self._ended = None

    async def _announce_query(self, silent: dict[str, datetime], name: str, message: Storable) -> None:
        """Announce *message* about the query of the tick *name*; store *silent*, the failing queries."""

        def record(ledger: Ledger) -> None:
            ledger.remember(_SILENT, _MOMENTS.dump_python(silent, mode="json"))
            post_notice(ledger, self._channel, message, self._clock.now())

        await self._store.write(record)
        self._silent = silent
        log.warning("query fails or recovers", extra={"tick": name, "answered": name not in silent})


def _outage_ended(ledger: Ledger, ended: EndedOutage) -> OutageEnded:
    """The message about the end, with the number of faxes that were sent."""
    faxes = [ledger.fax(fax_id) for fax_id in ended.kept]
    went_out = sum(fax.accepted_at is not None for fax in faxes)
    return OutageEnded(ended.outage.since, ended.until, went_out, ended.outage.locked_out)


def _refresh(ledger: Ledger) -> None:
    """Mark the cards of unfinished faxes for an update: they show the outage."""
    for fax in ledger.faxes_in(FaxState.READY, FaxState.UNKNOWN, FaxState.ACCEPTED):
        refresh_cards(ledger, fax)
