"""Whether the fax server answers, said once when it stops and once when it is back."""

import logging
from datetime import UTC, datetime

from faxbot.fax.errors import Fault
from faxbot.services.facts import FaxState
from faxbot.services.messages import ServerAway, ServerBack
from faxbot.services.ports import Clock, Ledger, Nudge, Store
from faxbot.services.tell import notice, refresh_cards

log = logging.getLogger(__name__)

_NAME = "server_away_since"
FAILURES = 2
"""One lost tick is no outage."""


class Reach:
    """
    Keeps what the ticks found: `since` is set while the fax server does not answer.

    Cards of unfinished faxes then show when the server was last heard.
    """

    def __init__(self, store: Store, clock: Clock, inbound_channel: str, told: Nudge) -> None:
        self._store, self._clock, self._channel, self._told = store, clock, inbound_channel, told
        self.since: datetime | None = None
        self.failures = 0
        self._first_failure: datetime | None = None
        self.last_fault = ""

    async def start(self) -> None:
        """Recall an outage that was said before a restart."""
        since = await self._store.read(lambda ledger: ledger.recall(_NAME))
        if isinstance(since, (int, float)):
            self.since = datetime.fromtimestamp(since, UTC)

    async def answered(self) -> None:
        """A tick went through."""
        self.failures, self._first_failure = 0, None
        if self.since is None:
            return
        since, self.since = self.since, None
        now = self._clock.now()

        def record(ledger: Ledger) -> None:
            ledger.remember(_NAME, None)
            waiting = ledger.faxes_in(FaxState.READY)
            notice(ledger, self._channel, ServerBack(since, now, len(waiting)), now)
            self._refresh(ledger)

        await self._store.write(record)
        log.info("the fax server answers again", extra={"seconds": (now - since).total_seconds()})
        self._told()

    async def failed(self, fault: Fault) -> None:
        """A tick got no answer."""
        now = self._clock.now()
        self.failures += 1
        self._first_failure = self._first_failure or now
        self.last_fault = type(fault).__name__
        if self.since is not None or self.failures < FAILURES:
            return
        since = self.since = self._first_failure

        def record(ledger: Ledger) -> None:
            ledger.remember(_NAME, since.timestamp())
            notice(ledger, self._channel, ServerAway(since), now)
            self._refresh(ledger)

        await self._store.write(record)
        log.warning("the fax server does not answer", extra={"fault": self.last_fault})
        self._told()

    @staticmethod
    def _refresh(ledger: Ledger) -> None:
        for fax in ledger.faxes_in(FaxState.READY, FaxState.UNKNOWN, FaxState.ACCEPTED):
            refresh_cards(ledger, fax)
