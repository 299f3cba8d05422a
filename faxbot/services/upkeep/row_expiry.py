"""
Deletes rows some time after they were last needed (docs/decisions/0007).

Cards, faxes and records stay, because the buttons of their messages stay in Slack. Requests and all other
announcements are needed only as long as Slack may redeliver the envelope they came from.
"""

import logging
from collections.abc import Callable

from faxbot.services.model.ledger import Ledger, Store
from faxbot.services.model.ports import Clock
from faxbot.services.model.requests import KEPT_SECONDS

log = logging.getLogger(__name__)

AT_ONCE = 500
"""Maximum number of rows deleted in one transaction, because other transactions wait for it."""


class RowExpiry:
    """Deletes expired requests, announcements and subscriptions."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    async def tick(self) -> None:
        """Delete all expired rows, AT_ONCE per transaction."""
        now = self._clock.now().timestamp()
        before = now - KEPT_SECONDS
        counted = {
            "requests": await self._all(lambda ledger: ledger.expire_requests(now, AT_ONCE)),
            "announcements": await self._all(lambda ledger: ledger.expire_announcements(before, AT_ONCE)),
            "subscriptions": await self._store.write(lambda ledger: ledger.expire_subscriptions(before)),
        }
        if any(counted.values()):
            log.info("rows expired", extra=counted)

    async def _all(self, expire: Callable[[Ledger], int]) -> int:
        """Run *expire* until it deletes nothing; return the number of deleted rows."""
        total = 0
        while count := await self._store.write(expire):
            total += count
        return total
