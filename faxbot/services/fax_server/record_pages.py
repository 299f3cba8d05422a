"""
The records of one direction, read page by page, whatever the fax server makes of limit and offset.

A server may cap a page below what was asked for, ignore limit and offset, list in any order, and change
its list between two pages.
"""

from collections.abc import Sequence

from faxbot.fax.errors import AnswerLost
from faxbot.fax.job import Direction
from faxbot.fax.record import Record
from faxbot.services.model.ports import FaxServer

PAGE = 100
"""Records asked for at a time."""
READS = 2
"""A list that changes while it is read is read again, so often in pages, then in one piece."""

Key = tuple[str, float]


def key_of(record: Record) -> Key:
    """What tells a record from every other: ids start again when the server is reset."""
    return (record.job_id, record.time.timestamp())


class RecordPages:
    """Reads pages of records; learns how long they get."""

    def __init__(self, direction: Direction, server: FaxServer) -> None:
        self._direction, self._server = direction, server
        self.size = PAGE
        """How many records to ask for: what the server gave when it could have given more."""

    async def count(self) -> int:
        """How many records there are, says the server."""
        return await self._server.count_records(self._direction)

    async def page(self, offset: int, size: int | None = None) -> dict[Key, Record]:
        """The records after the first *offset*."""
        found = await self._server.fetch_records(self._direction, size or self.size, max(0, offset))
        return {key_of(record): record for record in found}

    async def everything(self) -> tuple[dict[Key, Record], bool]:
        """Every record, in the server's order, and whether the list held still meanwhile."""
        union: dict[Key, Record] = {}
        for _ in range(READS):
            before = await self.count()
            held, entries = await self._in_pages()
            union |= held
            if before == entries == len(held) == await self.count():
                return held, True
        whole = await self._in_one_piece()
        # An answer that is shorter than what the pages held was cut to some length.
        return (whole, True) if len(whole) >= len(union) else (union | whole, False)

    async def _in_pages(self) -> tuple[dict[Key, Record], int]:
        """What page after page held, and how many entries those were."""
        held: dict[Key, Record] = {}
        entries = longest = 0
        while True:
            page = await self._server.fetch_records(self._direction, self.size, entries)
            fresh = _fresh(page, held)
            if not fresh:  # the end; or the server ignores the offset, and this was here before
                break
            held |= fresh
            entries += len(page)
            longest = max(longest, len(page))
            if len(page) > self.size:  # it ignores the limit: that was all
                break
        if 0 < longest < min(self.size, entries):
            self.size = longest
        return held, entries

    async def _in_one_piece(self) -> dict[Key, Record]:
        try:
            return {key_of(record): record for record in await self._server.fetch_records(self._direction)}
        except AnswerLost:  # too many for one answer
            return {}


def _fresh(page: Sequence[Record], held: dict[Key, Record]) -> dict[Key, Record]:
    return {key_of(record): record for record in page if key_of(record) not in held}
