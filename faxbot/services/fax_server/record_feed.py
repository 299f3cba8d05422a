"""The records of one direction, followed at a cost of what is new."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from faxbot.fax.job import Direction
from faxbot.fax.record import Record
from faxbot.services.fax_server.record_pages import Key, RecordPages
from faxbot.services.model.ledger import Ledger, Store
from faxbot.services.model.ports import Clock, FaxServer
from faxbot.services.model.records import RecordState, new_record

log = logging.getLogger(__name__)

SMALL = 500
"""So many records are read anew at once when the numbers do not add up; of more, only if that lasts."""
FIRST_PAUSE, LONGEST_PAUSE = 10.0, 900.0
"""Seconds between two readings of everything while the numbers do not add up."""
BELIEVED_SECONDS = 60.0
"""For so long a count may run ahead of its list before the difference counts as the server's way to count."""


class RecordFeed:
    """
    Knows every record that the fax server has, by (job id, time).

    The contract promises no order and allows deletions. New records are looked for at the end where they
    came last time, then at the other; if the numbers do not add up then, everything is read. A sweep looks at
    both ends and at one more page in turn, so that a deletion and an arrival that cancel out in the count are
    found too. Whatever was in any answer counts as seen.
    """

    def __init__(
        self, direction: Direction, server: FaxServer, store: Store, clock: Clock, fresh_state: RecordState
    ) -> None:
        self._direction, self._store, self._clock = direction, store, clock
        self._pages = RecordPages(direction, server)
        self._fresh_state = fresh_state
        self._known: dict[Key, int] = {}
        self._count = -1
        """The count at which everything was known; -1: look again."""
        self._surplus = 0
        """By how much the server's count is larger than its list, for entries that nobody can read."""
        self._doubt_since: float | None = None
        self._doubts = 0
        self._reread_at, self._pause = 0.0, FIRST_PAUSE
        self._newest_last = True
        self._turn = 0
        self.begun = False
        """What was there at the very first start is known."""
        self._busy = asyncio.Lock()

    @property
    def newest_last(self) -> bool:
        """The order in which the fax server gave the records so far."""
        return self._newest_last

    @property
    def _name(self) -> str:
        """Under which the ledger remembers that it has begun, and the order."""
        return f"feed_{self._direction}"

    async def begin(self, *, backfill: bool = False) -> None:
        """
        Recall what is known. The very first time, what is there is history, unless *backfill* is asked for.

        Raises:
            ServerFault: The fax server does not answer; nothing was remembered.
        """
        await self._recall()
        begun = await self._store.read(lambda ledger: ledger.recall(self._name))
        self.begun = bool(begun)
        if isinstance(begun, dict):
            self._newest_last = bool(begun["newest_last"])
        if self.begun:
            return
        async with self._busy:
            records, _ = await self._pages.everything()
            state = self._fresh_state if backfill else RecordState.HISTORY
            self._learn_order(list(records.values()))
            await self._remember(records.values(), state, also=self._remember_order)
            self.begun = True

    async def catch_up(self, *, sweep: bool = False) -> bool:
        """
        Find the records that came since the last time; True if there were any.

        One RecordCount when nothing moved. Raises ServerFault.
        """
        async with self._busy:
            count = await self._pages.count()
            if count == self._count and not sweep:
                return False
            new = await self._read_newest(count)
            if sweep:
                new += await self._read_in_turn(count)
            if not self._adds_up(count):
                await self._recall()  # a person deletes through faxbot, too
            if not self._adds_up(count):
                new += await self._read_other_end(count)
            if not self._adds_up(count):
                new += await self._clear_up(count)
            if self._adds_up(count):
                self._count, self._doubts, self._doubt_since = count, 0, None
                self._reread_at, self._pause = 0.0, FIRST_PAUSE
            else:
                self._count = -1
            return bool(new)

    async def _recall(self) -> None:
        keys = await self._store.read(lambda ledger: ledger.record_keys(self._direction))
        self._known = {(job_id, time): row_id for row_id, job_id, time in keys}

    def _adds_up(self, count: int) -> bool:
        return len(self._known) + self._surplus == count

    async def _read_newest(self, count: int) -> int:
        """Read from the newest end until something known comes up; how many were new."""
        found: dict[Key, Record] = {}
        done, size = 0, self._pages.size
        while done < count:
            asked = min(size, count - done)
            offset = count - done - asked if self._newest_last else done
            page = await self._pages.page(offset, asked)
            fresh = {key: record for key, record in page.items() if key not in found | self._known}
            found |= fresh
            done += asked
            if len(fresh) < len(page) or not page:
                break
        return await self._take(found)

    async def _read_other_end(self, count: int) -> int:
        """New records come where they were not expected: that is where they are looked for from now on."""
        size = self._pages.size
        if count <= size:
            return 0  # both ends were on the page that was just read
        page = await self._pages.page(0 if self._newest_last else count - size)
        if page.keys() <= self._known.keys():
            return 0
        self._newest_last = not self._newest_last
        await self._store.write(self._remember_order)
        return await self._read_newest(count)

    async def _read_in_turn(self, count: int) -> int:
        """Read the other end, and one page that was not looked at for the longest time."""
        size = self._pages.size
        other = 0 if self._newest_last else max(0, count - size)
        self._turn = self._turn + size if self._turn + size < count else 0
        return sum([await self._take(await self._pages.page(each)) for each in sorted({other, self._turn})])

    async def _clear_up(self, count: int) -> int:
        """Something was deleted, or the count runs ahead of the list, or the list is in no order."""
        now = self._clock.now().timestamp()
        self._doubts += 1
        if self._doubt_since is None:
            self._doubt_since = now
        if (count > SMALL and self._doubts == 1) or now < self._reread_at:
            return 0
        self._reread_at, self._pause = now + self._pause, min(LONGEST_PAUSE, self._pause * 2)
        everything, steady = await self._pages.everything()
        gone = [key for key in self._known if key not in everything] if steady else []
        fresh = [record for key, record in everything.items() if key not in self._known]
        if steady:
            self._learn_order(list(everything.values()))
        await self._remember(fresh, self._fresh_state, gone=gone, also=self._remember_order)
        log.info(
            "records reconciled",
            extra={"direction": str(self._direction), "fresh": len(fresh), "gone": len(gone)},
        )
        if steady:
            surplus = count - len(self._known)
            if surplus == 0 or now - self._doubt_since >= BELIEVED_SECONDS:
                self._surplus = surplus
        return len(fresh)

    async def _take(self, page: dict[Key, Record]) -> int:
        """Remember what is new of *page*; how many that are."""
        fresh = [record for key, record in page.items() if key not in self._known]
        await self._remember(fresh, self._fresh_state)
        return len(fresh)

    async def _remember(
        self,
        found: Iterable[Record],
        state: RecordState,
        *,
        gone: Sequence[Key] = (),
        also: Callable[[Ledger], None] | None = None,
    ) -> None:
        now = self._clock.now().timestamp()
        rows = [new_record(record, state=state, seen_at=now) for record in sorted(found, key=_arrival)]
        gone_ids = [self._known[key] for key in gone]

        def record_them(ledger: Ledger) -> Sequence[tuple[int, str, float]]:
            added = ledger.add_records(rows)
            ledger.mark_gone(gone_ids)
            if also:
                also(ledger)
            return added

        if rows or gone_ids or also:
            added = await self._store.write(record_them)
            for key in gone:
                del self._known[key]
            self._known |= {(job_id, time): row_id for row_id, job_id, time in added}

    def _learn_order(self, records: Sequence[Record]) -> None:
        """By most of the steps from one record to the next: a server's clock may have been put right once."""
        later = sum(one.time < other.time for one, other in pairwise(records))
        earlier = sum(one.time > other.time for one, other in pairwise(records))
        if later != earlier:
            self._newest_last = later > earlier

    def _remember_order(self, ledger: Ledger) -> None:
        ledger.remember(self._name, {"newest_last": self._newest_last})


def _arrival(record: Record) -> tuple[float, int, str]:
    """The order in which records came: by time, and by their ids where that is equal."""
    digits = "".join(char for char in record.job_id if char.isdecimal())
    return (record.time.timestamp(), int(digits or 0), record.job_id)
