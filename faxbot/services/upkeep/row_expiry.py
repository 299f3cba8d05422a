"""
What the database forgets, so that it does not grow for ever (docs/decisions/0007).

Cards, faxes and records stay: their buttons are in Slack as long as their messages. What Slack has been told
otherwise, and what people asked for, is of use for as long as Slack may tell of it again.
"""

import logging
from collections.abc import Callable

from faxbot.services.model.ledger import Ledger, Store
from faxbot.services.model.ports import Clock
from faxbot.services.model.requests import KEPT_SECONDS

log = logging.getLogger(__name__)

AT_ONCE = 500
"""Rows in a transaction: everybody waits for it."""


class RowExpiry:
    """Forgets a little at a time."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    async def tick(self) -> None:
        """Forget everything that is due."""
        now = self._clock.now().timestamp()
        before = now - KEPT_SECONDS
        counted = {
            "requests": await self._all(lambda ledger: ledger.expire_requests(now, AT_ONCE)),
            "announcements": await self._all(lambda ledger: ledger.expire_announcements(before, AT_ONCE)),
            "subscriptions": await self._store.write(lambda ledger: ledger.expire_subscriptions(before)),
        }
        if any(counted.values()):
            log.info("forgotten", extra=counted)

    async def _all(self, expire: Callable[[Ledger], int]) -> int:
        total = 0
        while count := await self._store.write(expire):
            total += count
        return total
