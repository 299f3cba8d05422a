"""Finds new and deleted records of one direction; the cost depends on the number of new ones."""

import asyncio
import logging
from collections.abc import Callable, Iterable

from faxbot.fax.errors import ServerUnreachable
from faxbot.fax.job import Direction
from faxbot.fax.record import Record
from faxbot.services.fax_server.baseline import Baseline
from faxbot.services.fax_server.reconciliation import (
    Listing,
    Tally,
    Window,
    arrival,
    gone,
    is_orderly,
    is_steady,
    newest,
    other_end,
    whole_list,
)
from faxbot.services.fax_server.record_pages import ONE_ANSWER, READS, RecordPages
from faxbot.services.model.ledger import Ledger, Store
from faxbot.services.model.ports import Clock, FaxServer
from faxbot.services.model.records import FaxRecord, RecordState, new_record

log = logging.getLogger(__name__)

IDS_AT_ONCE = 1000
"""Maximum row ids that are read and marked in one transaction."""


class RecordFeed:
    """
    Finds new records of one direction on the fax server, and marks deleted ones as gone.

    The contract guarantees no order and allows deletions. New records are searched at the end of the list
    where they were found last time, then at the other. If the counts still disagree, the whole list is read.
    A sweep reads both ends and one more page, the next one each time, to find a deletion and an arrival that
    cancel out in the count. Every new record that was read is stored, in state *fresh_state*.

    Known records are looked up in an index of the database, page by page; the feed holds none in memory
    (docs/decisions/0010).

    Source: RecordCount, RecordsGet.
    """

    def __init__(
        self, direction: Direction, server: FaxServer, store: Store, clock: Clock, fresh_state: RecordState
    ) -> None:
        self._direction, self._store, self._clock = direction, store, clock
        self._pages = RecordPages(direction, server, store)
        self._fresh_state = fresh_state
        self._tally = Tally()
        self._newest_last = True
        self._sweep_offset = 0
        self.begun = False
        """Whether the baseline is complete."""
        self._busy = asyncio.Lock()

    @property
    def newest_last(self) -> bool:
        """Whether the fax server lists the newest record last."""
        return self._newest_last

    @property
    def _name(self) -> str:
        """Name of the stored state: that the baseline is complete, and the order."""
        return f"feed_{self._direction}"

    async def recall(self) -> None:
        """Load from the ledger whether the baseline is complete; reads no record."""
        begun = await self._store.read(lambda ledger: ledger.recall(self._name))
        self.begun = bool(begun)
        if isinstance(begun, dict):
            self._newest_last = bool(begun["newest_last"])

    async def begin(
        self, *, backfill: bool = False, progress: Callable[[int, int], None] = lambda _read, _of: None
    ) -> None:
        """
        Take the baseline if there is none yet: present records are history, or new with *backfill*.

        *progress* is called with (records read, their count) after each page. An interrupted baseline is
        continued (baseline.py).

        Raises:
            ServerFault: The fax server does not answer.
        """
        async with self._busy:
            await self.recall()
            if self.begun:
                return
            state = self._fresh_state if backfill else RecordState.HISTORY
            baseline = Baseline(self._direction, self._pages, self._store)
            self._newest_last = await baseline.take(
                lambda records: self._rows(records, state),
                progress,
                finish=self._remember_order,
                tell_apart=state is not self._fresh_state,
            )
            self.begun = True

    async def catch_up(self, *, sweep: bool = False) -> bool:
        """
        Store the records that arrived since the last call; True if there were any.

        If the count has not changed, this is one RecordCount and no database access, except for a *sweep*.

        Raises:
            ServerUnreachable: There is no baseline yet.
            ServerFault: The fax server does not answer.
        """
        async with self._busy:
            if not self.begun:
                raise ServerUnreachable("The records of the fax server are not known yet.")
            count = await self._pages.count()
            if count == self._tally.count and not sweep:
                return False
            new = await self._read_newest(count)
            if sweep:
                new += await self._read_next_page(count)
            settled = await self._adds_up(count)
            if not settled:
                new += await self._read_other_end(count)
                settled = await self._adds_up(count)
            if not settled:
                new += await self._reconcile(count)
                settled = await self._adds_up(count)
            if settled:
                self._tally.settle(count)
            else:
                self._tally.mark_disagreement()
            return bool(new)

    async def _known(self) -> int:
        return await self._store.read(lambda ledger: ledger.count_known(self._direction))

    async def _adds_up(self, count: int) -> bool:
        return self._tally.adds_up(count, await self._known())

    async def _read_newest(self, count: int) -> int:
        """Read from the newest end up to the first known record; return the number of new ones."""
        reading = newest(count, self._pages.size, newest_last=self._newest_last)
        return await self._add((await self._pages.follow(reading)).values()) if count > 0 else 0

    async def _read_other_end(self, count: int) -> int:
        """Read the other end; if new records are there, it becomes the newest end."""
        window = other_end(count, self._pages.size, newest_last=self._newest_last)
        if window is None or not (await self._pages.page(window)).unknown:
            return 0
        self._newest_last = not self._newest_last
        await self._store.write(lambda ledger: self._remember_order(ledger, self._newest_last))
        return await self._read_newest(count)

    async def _read_next_page(self, count: int) -> int:
        """Read the other end and the next page of the sweep; return the number of new records."""
        size = self._pages.size
        other = 0 if self._newest_last else max(0, count - size)
        self._sweep_offset = self._sweep_offset + size if self._sweep_offset + size < count else 0
        new = 0
        for offset in sorted({other, self._sweep_offset}):
            page = await self._pages.page(Window(offset, size))
            new += await self._add(page.unknown.values())
        return new

    async def _reconcile(self, count: int) -> int:
        """Read the whole list if it is due: mark deleted records, return the number of new ones."""
        now = self._clock.now().timestamp()
        if not self._tally.rereads(count, now):
            return 0
        await self._store.write(lambda ledger: ledger.recount(self._direction))
        listing, steady = await self._read_everything()
        if steady and listing.steps:
            self._newest_last = listing.steps > 0
        went = await self._mark_gone(listing) if steady else 0
        fresh = await self._add(listing.unknown.values())
        await self._store.write(lambda ledger: self._remember_order(ledger, self._newest_last))
        log.info(
            "records reconciled", extra={"direction": str(self._direction), "fresh": fresh, "gone": went}
        )
        if steady:
            self._tally.learn_surplus(count, await self._known(), now)
        return fresh

    async def _read_everything(self) -> tuple[Listing, bool]:
        """(All records, whether a record that is missing in them is deleted)."""
        union, orderly = Listing(), True
        for _ in range(READS):
            before = await self._pages.count()
            listing = Listing()
            await self._pages.follow(whole_list(self._pages.size, listing, union))
            self._pages.learn_size(listing.longest, listing.entries)
            after = await self._pages.count()
            if is_steady(listing, before, after):
                return listing, True
            orderly = orderly and is_orderly(listing, before, after)
        if len(union) > ONE_ANSWER:  # a record that was in none of the readings is deleted
            return union, orderly
        whole = await self._pages.in_one_answer()
        # The server truncated an answer that holds less than the pages did.
        if whole is not None and len(whole.records) >= len(union):
            listing = Listing()
            listing.add(whole)
            return listing, True
        if whole is not None:
            union.add(whole)
        return union, False

    async def _mark_gone(self, listing: Listing) -> int:
        """Mark known records that are not in *listing* as gone, in batches; return their number."""
        went, last = 0, 0
        while True:

            def mark(ledger: Ledger, after: int = last) -> tuple[int, int]:
                present = ledger.present_records(self._direction, after, IDS_AT_ONCE)
                return ledger.mark_gone(gone(present, listing)), present[-1] if present else 0

            marked, last = await self._store.write(mark)
            went += marked
            if not last:
                return went

    async def _add(self, found: Iterable[Record]) -> int:
        """Write new records in order of arrival; return their number."""
        rows = self._rows(found, self._fresh_state)
        return await self._store.write(lambda ledger: ledger.add_records(rows)) if rows else 0

    def _rows(self, found: Iterable[Record], state: RecordState) -> list[FaxRecord]:
        now = self._clock.now().timestamp()
        return [new_record(record, state=state, seen_at=now) for record in sorted(found, key=arrival)]

    def _remember_order(self, ledger: Ledger, newest_last: bool) -> None:  # noqa: FBT001 - the value itself
        ledger.remember(self._name, {"newest_last": newest_last})
