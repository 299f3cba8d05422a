"""
Which pages of a list of records to read, what in them is new, and what is gone. Pure: no I/O.

A reading is a generator. It yields the `Window` to read next, is sent the `Page` that came back, and returns
its result. The feed reads the pages and asks the database which of their records are known.
"""

from collections.abc import Collection, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple, TypeVar

from faxbot.fax.record import Record

T = TypeVar("T")

Key = tuple[str, float]

SMALL = 500
"""A list of at most this many records is read again as soon as the numbers disagree, a longer one only if
they disagree twice in a row."""
FIRST_PAUSE, LONGEST_PAUSE = 10.0, 900.0
"""Seconds between two readings of the whole list while the numbers disagree."""
BELIEVED_SECONDS = 60.0
"""How long count and list must disagree before the difference is taken for the server's way to count."""
ORDERLY = 0.9
"""The share of the steps between neighbors that go one way in a list that counts as sorted by time."""


def key_of(record: Record) -> Key:
    """The identity of a record: job ids start again when the server is reset, so the id is not enough."""
    return (record.job_id, record.time.timestamp())


def arrival(record: Record) -> tuple[float, int, str]:
    """The sort key for the order in which records came: by time, and by job id where times are equal."""
    digits = "".join(char for char in record.job_id if char.isdecimal())
    return (record.time.timestamp(), int(digits or 0), record.job_id)


class Window(NamedTuple):
    """The records to ask for: at most *size*, after the first *offset*."""

    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Page:
    """Records in the server's order. *entries* counts repeated ones; *known* maps known keys to row ids."""

    records: dict[Key, Record]
    entries: int
    known: dict[Key, int]

    @property
    def unknown(self) -> dict[Key, Record]:
        """The records of the page that the database does not have."""
        return {key: record for key, record in self.records.items() if key not in self.known}


Reading = Generator[Window, Page, T]


class RowIds:
    """A set of row ids, one bit each: an eighth of a megabyte for a million rows."""

    def __init__(self) -> None:
        self._bits = bytearray()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, row_id: int) -> bool:
        place, bit = divmod(row_id, 8)
        return place < len(self._bits) and bool(self._bits[place] & 1 << bit)

    def add(self, row_id: int) -> None:
        """Add *row_id*."""
        if row_id in self:
            return
        place, bit = divmod(row_id, 8)
        if place >= len(self._bits):
            self._bits.extend(bytes(place + 1 - len(self._bits)))
        self._bits[place] |= 1 << bit
        self._count += 1


@dataclass(slots=True)
class Listing:
    """What one reading, or several, of the whole list held: row ids of known records, and unknown records."""

    known: RowIds = field(default_factory=RowIds)
    unknown: dict[Key, Record] = field(default_factory=dict)
    entries: int = 0
    """Entries read, repeated ones included."""
    longest: int = 0
    """The most entries on one page."""
    steps: int = 0
    """How many more neighbors have a later time than an earlier one; negative: newest first."""
    _last: float | None = None

    def __len__(self) -> int:
        return len(self.known) + len(self.unknown)

    def add(self, page: Page) -> int:
        """Add *page*; return how many of its records were not in the listing yet."""
        before = len(self)
        self.unknown |= page.unknown
        for row_id in page.known.values():
            self.known.add(row_id)
        self.entries += page.entries
        self.longest = max(self.longest, page.entries)
        for _, time in page.records:
            if self._last is not None:
                self.steps += (time > self._last) - (time < self._last)
            self._last = time
        return len(self) - before


def whole_list(size: int, *into: Listing) -> Reading[None]:
    """Read page after page until one adds nothing to the first of *into*; add each page to all of them."""
    offset = 0
    while True:
        page = yield Window(offset, size)
        added = [listing.add(page) for listing in into]
        if not added[0]:  # the end; or the server ignores the offset and repeats itself
            return
        offset += page.entries
        if page.entries > size:  # it ignores the limit: that was all
            return


def newest(count: int, size: int, *, newest_last: bool) -> Reading[dict[Key, Record]]:
    """Read from the newest end until a known record comes up; return the unknown ones."""
    found: dict[Key, Record] = {}
    done = 0
    while done < count:
        asked = min(size, count - done)
        page = yield Window(count - done - asked if newest_last else done, asked)
        fresh = {key: record for key, record in page.unknown.items() if key not in found}
        found |= fresh
        done += asked
        if len(fresh) < len(page.records) or not page.records:
            break
    return found


def other_end(count: int, size: int, *, newest_last: bool) -> Window | None:
    """The page at the end where no new records are expected; None if the whole list fits on one page."""
    if count <= size:
        return None  # the page of the newest end held it all
    return Window(0 if newest_last else count - size, size)


def gone(present: Iterable[int], listing: Listing) -> list[int]:
    """The row ids of *present* that are not in *listing*."""
    return [row_id for row_id in present if row_id not in listing.known]


def is_steady(listing: Listing, before: int, after: int) -> bool:
    """Whether *listing* is the list: the server counted as many before and after, and no entry came twice."""
    return before == listing.entries == len(listing) == after


def is_orderly(listing: Listing, before: int, after: int) -> bool:
    """Whether entries came twice only because records arrived or went while the list was read."""
    return listing.entries - len(listing) <= abs(after - before)


def order_of(times: Sequence[float]) -> bool | None:
    """True: sorted oldest first, False: newest first, None: in no order. A few steps may go the wrong way."""
    later = sum(one < other for one, other in pairwise(times))
    earlier = sum(one > other for one, other in pairwise(times))
    if not later + earlier or max(later, earlier) < ORDERLY * (later + earlier):
        return None
    return later > earlier


@dataclass(slots=True)
class Tally:
    """Whether the server's count agrees with what is known, and what is due while it does not."""

    count: int = -1
    """The server's count when everything was known; -1: the next tick has to read."""
    surplus: int = 0
    """How many more records the server counts than it lists."""
    _since: float | None = None
    _times: int = 0
    _reread_at: float = 0.0
    _pause: float = FIRST_PAUSE

    def adds_up(self, count: int, known: int) -> bool:
        """Whether the server's *count* is that of the *known* records."""
        return known + self.surplus == count

    def settle(self, count: int) -> None:
        """Everything is known at *count*: ticks in which it does not change need to read nothing."""
        self.count, self._since, self._times = count, None, 0
        self._reread_at, self._pause = 0.0, FIRST_PAUSE

    def mark_disagreement(self) -> None:
        """The numbers disagree: the next tick reads, whatever the count."""
        self.count = -1

    def rereads(self, count: int, now: float) -> bool:
        """Whether the whole list is to be read now, because the numbers disagree; counts the times."""
        self._times += 1
        if self._since is None:
            self._since = now
        if (count > SMALL and self._times == 1) or now < self._reread_at:
            return False
        self._reread_at, self._pause = now + self._pause, min(LONGEST_PAUSE, self._pause * 2)
        return True

    def learn_surplus(self, count: int, known: int, now: float) -> None:
        """After a steady reading: believe a difference that has lasted."""
        surplus = count - known
        if surplus == 0 or (self._since is not None and now - self._since >= BELIEVED_SECONDS):
            self.surplus = surplus


@dataclass(slots=True)
class History:
    """
    What belongs to the history of the first start, in a list that is sorted by arrival.

    *ends* are the keys of the page at the newest end when the first start began. A record on the far side of
    all of them came later.
    """

    ends: Collection[Key]
    newest_last: bool
    met: bool = False
    """One of *ends* was on a page; if none is, all of them were deleted, and nothing can be told apart."""
    _later: dict[Key, Record] = field(default_factory=dict)

    def take(self, page: dict[Key, Record]) -> list[Record]:
        """Which records, of this page and those before it, are now known to be history."""
        history: list[Record] = []
        for key, record in page.items():
            is_end = key in self.ends
            if self.newest_last:
                if is_end:  # what was listed before it is older
                    history += [*self._later.values(), record]
                    self._later.clear()
                    self.met = True
                elif self.met:
                    self._later[key] = record
                else:
                    history.append(record)
            else:
                self.met = self.met or is_end
                if self.met:
                    history.append(record)
        return history
