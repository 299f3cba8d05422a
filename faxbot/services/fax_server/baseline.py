"""
The baseline: the records that the fax server has at the very first start; they are not announced.

It is read page by page, one transaction per page, while the bot already answers commands. Before the first
page is written, the keys at the newest end of the list are committed. Records listed beyond them arrived
later; the feed announces these. An interrupted start continues with the same keys, so that no old record is
announced and no new one is missed.

The contract promises no order and reports no time of arrival. In an unsorted list, a record counts as later
if its time is not before the server's time when the baseline began (the header Date), or if its call was in
progress then. If the server sends no Date and the unsorted list is too long for one answer, the newest time
on the first and last pages replaces the server's time: some of the history may be announced, but no fax is
missed.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from faxbot.fax.job import Direction
from faxbot.fax.record import Record
from faxbot.services.fax_server.reconciliation import (
    Beginning,
    History,
    Key,
    Listing,
    Page,
    Window,
    is_steady,
    key_of,
    order_of,
    whole_list,
)
from faxbot.services.fax_server.record_pages import ONE_ANSWER, PAGE, READS, RecordPages
from faxbot.services.model.ledger import Ledger, Store
from faxbot.services.model.records import FaxRecord

Rows = Callable[[Iterable[Record]], list[FaxRecord]]
"""Makes rows of records."""
Finish = Callable[[Ledger, bool], None]
"""Called in the last transaction with (ledger, newest_last)."""
Progress = Callable[[int, int], None]
"""Called with (records read, their count)."""


@dataclass(frozen=True, slots=True)
class _Start:
    """The list's order and newest records when the baseline began, and the time and active calls then."""

    newest_last: bool
    ends: tuple[Key, ...]
    """The keys of the page at the newest end; empty if the list is not sorted."""
    beginning: Beginning

    def as_json(self) -> dict[str, object]:
        """As JSON, stored in the ledger until the baseline is complete."""
        return {
            "newest_last": self.newest_last,
            "ends": [list(key) for key in self.ends],
            "at": self.beginning.at,
            "arriving": sorted(self.beginning.arriving),
        }

    def history(self) -> History | Beginning:
        """The rule that separates the history from later records."""
        return History(self.ends, self.newest_last) if self.ends else self.beginning


class Baseline:
    """Takes the baseline of one direction."""

    def __init__(self, direction: Direction, pages: RecordPages, store: Store) -> None:
        self._direction, self._pages, self._store = direction, pages, store

    async def take(self, rows: Rows, progress: Progress, *, finish: Finish, tell_apart: bool) -> bool:
        """
        Write every record of the history; return whether the server lists the newest record last.

        Without *tell_apart*, every record is written, also those that arrive meanwhile. *progress* is called
        after each page, *finish* in the last transaction.

        Raises:
            ServerFault: The fax server does not answer; pages written so far stay, the next call continues.
        """
        start = await self._recall()
        if start is None:
            start, page = await self._begin()
            if page is not None:  # the whole list was read in one answer
                records = page.records
                await self._write(rows, start.beginning.take(records) if tell_apart else records.values())
                progress(len(page.records), len(page.records))
        else:
            page = None
        if page is None:
            await self._stream(start, rows, progress, tell_apart=tell_apart)

        def complete(ledger: Ledger) -> None:
            finish(ledger, start.newest_last)
            ledger.remember(self._name, None)

        await self._store.write(complete)
        return start.newest_last

    @property
    def _name(self) -> str:
        """Name under which the ledger stores the `_Start` of an incomplete baseline."""
        return f"baseline_{self._direction}"

    async def _recall(self) -> _Start | None:
        """The stored start of an interrupted baseline; None if none was interrupted."""
        kept = await self._store.read(lambda ledger: ledger.recall(self._name))
        if not isinstance(kept, dict):
            return None
        ends = tuple((job_id, time) for job_id, time in kept["ends"])
        beginning = Beginning(kept.get("at"), frozenset(kept.get("arriving", ())))
        return _Start(bool(kept["newest_last"]), ends, beginning)

    async def _begin(self) -> tuple[_Start, Page | None]:
        """
        Read both ends of the list, or the whole list if one answer contains it, and commit the start.

        The start is committed before any record, so that an interrupted baseline continues with it.
        """
        arriving, server_time = await self._pages.under_way()
        beginning = Beginning(server_time.timestamp() if server_time else None, arriving)
        start, page = await self._read_ends(beginning)
        await self._store.write(lambda ledger: ledger.remember(self._name, start.as_json()))
        return start, page

    async def _read_ends(self, beginning: Beginning) -> tuple[_Start, Page | None]:
        """The start, and the whole list if it was read (one page, or one answer for an unsorted list)."""
        count = await self._pages.count()
        first = await self._pages.page(Window(0, self._pages.size))
        if await self._is_all(first, count):
            listing = Listing()
            listing.add(first)
            return _Start(listing.steps >= 0, (), beginning), first
        last = await self._last(count)
        order = order_of([time for _, time in first.records])
        if order is None or order is not order_of([time for _, time in last]):
            whole = await self._pages.in_one_answer() if count <= ONE_ANSWER else None
            if whole is None and beginning.at is None:
                newest = max(time for _, time in (*first.records, *last))
                beginning = Beginning(newest, beginning.arriving)
            return _Start(newest_last=True, ends=(), beginning=beginning), whole
        return _Start(order, tuple(last if order else first.records), beginning), None

    async def _is_all(self, first: Page, count: int) -> bool:
        """Whether *first*, the page at offset 0, is the whole list."""
        size = self._pages.size
        if first.entries > size or not first.entries:
            return True  # the server ignores the limit, or has no record
        if first.entries < size and count <= first.entries:
            return True
        following = await self._pages.page(Window(first.entries, size))
        repeats = following.records.keys() <= first.records.keys()
        if not following.entries or (repeats and count <= first.entries):
            return True
        self._pages.learn_size(first.entries, first.entries + following.entries)
        return False

    async def _last(self, count: int) -> dict[Key, Record]:
        """The records at the end of the list; reads on if the list is longer than its count."""
        size = self._pages.size
        last: dict[Key, Record] = {}
        offset = max(0, count - size)
        while True:
            page = await self._pages.page(Window(offset, size))
            new = page.records.keys() - last.keys()
            last |= page.records
            offset += page.entries
            if page.entries < size or not new:
                return last

    async def _stream(self, start: _Start, rows: Rows, progress: Progress, *, tell_apart: bool) -> None:
        """Write the history page by page; read up to READS times if the list changes meanwhile."""
        for _ in range(READS):
            before = await self._pages.count()
            history = start.history() if tell_apart else None
            listing = Listing()

            async def write(
                page: Page,
                history: History | Beginning | None = history,
                listing: Listing = listing,
                count: int = before,
            ) -> Page:
                taken = list(page.records.values()) if history is None else history.take(page.records)
                progress(listing.entries + page.entries, max(count, listing.entries + page.entries))
                return await self._write_page(rows, page, taken)

            await self._pages.follow(whole_list(self._pages.size, listing), write)
            self._pages.learn_size(listing.longest, listing.entries)
            if isinstance(history, History) and not history.met:
                await self._write(rows, start.beginning.take(listing.unknown))
            if is_steady(listing, before, await self._pages.count()):
                return
        if len(listing) <= ONE_ANSWER and (whole := await self._pages.in_one_answer()):
            history = start.history() if tell_apart else None
            await self._write(rows, history.take(whole.records) if history else whole.records.values())

    async def _write_page(self, rows: Rows, page: Page, taken: list[Record]) -> Page:
        """Write the unknown records of *taken*; return the page with its known keys updated."""
        fresh = rows(record for record in taken if key_of(record) not in page.known)
        if not fresh:
            return page
        keys = list(page.records)

        def add(ledger: Ledger) -> dict[Key, int]:
            ledger.add_records(fresh)
            return ledger.known_records(self._direction, keys)

        return Page(page.records, page.entries, await self._store.write(add))

    async def _write(self, rows: Rows, records: Iterable[Record]) -> None:
        """Write *records*, PAGE per transaction."""
        made = rows(records)
        for start in range(0, len(made), PAGE):
            await self._store.write(partial(_add, made[start : start + PAGE]))


def _add(rows: list[FaxRecord], ledger: Ledger) -> None:
    ledger.add_records(rows)
