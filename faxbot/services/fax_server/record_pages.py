"""
Reads records of one direction page by page, and looks up each page's records in the database.

A server may return fewer records than the limit, ignore limit and offset, list in any order, and change its
list between two pages.

Source: RecordCount, RecordsGet.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime

from faxbot.fax.errors import AnswerLost
from faxbot.fax.job import Direction
from faxbot.services.fax_server.reconciliation import Key, Page, Reading, T, Window, key_of
from faxbot.services.model.ledger import Ledger, Store
from faxbot.services.model.ports import FaxServer

PAGE = 100
"""Records per page."""
READS = 2
"""Readings page by page of a list that changes meanwhile; after that it is read in one answer."""
ONE_ANSWER = 10_000
"""Maximum length of a list that is read in one answer."""


class RecordPages:
    """Reads pages of records; adapts to the server's maximum page size."""

    def __init__(self, direction: Direction, server: FaxServer, store: Store) -> None:
        self._direction, self._server, self._store = direction, server, store
        self.size = PAGE
        """Limit of a page: at most what the server returns on a full page."""

    async def count(self) -> int:
        """The number of records, as the server counts them (RecordCount)."""
        return await self._server.count_records(self._direction)

    async def under_way(self) -> tuple[frozenset[str], datetime | None]:
        """The ids of the jobs that have no record yet (ActiveJobs), and the server's time of that answer."""
        jobs = await self._server.active_jobs(self._direction)
        return frozenset(job.job_id for job in jobs), self._server.server_time

    async def page(self, window: Window) -> Page:
        """The records of *window* (RecordsGet), and which of them are known."""
        return await self._read(window.size, max(0, window.offset))

    async def in_one_answer(self) -> Page | None:
        """All records in one answer, as a consistent list; None if the answer was lost (too long)."""
        try:
            return await self._read()
        except AnswerLost:
            return None

    async def follow(self, reading: Reading[T], each: Callable[[Page], Awaitable[Page]] | None = None) -> T:
        """Run *reading*: read its windows, pass each page through *each*, return its result."""
        window = next(reading)
        while True:
            page = await self.page(window)
            if each is not None:
                page = await each(page)
            try:
                window = reading.send(page)
            except StopIteration as end:
                result: T = end.value
                return result

    def learn_size(self, longest: int, entries: int) -> None:
        """Reduce `size` if the server returned shorter pages (*longest*) although it has more *entries*."""
        if 0 < longest < min(self.size, entries):
            self.size = longest

    async def _read(self, limit: int | None = None, offset: int | None = None) -> Page:
        entries = await self._server.fetch_records(self._direction, limit, offset)
        records = {key_of(record): record for record in entries}
        keys: list[Key] = list(records)

        def look_up(ledger: Ledger) -> dict[Key, int]:
            return ledger.known_records(self._direction, keys)

        known = await self._store.read(look_up) if keys else {}
        return Page(records, len(entries), known)
