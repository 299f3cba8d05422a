"""
Decides which pages of a list of records to read, and which records are new or gone. Pure: no I/O.

A reading is a generator: it yields the `Window` to read next, receives the `Page`, and returns its result.
The feed reads the pages and looks up their records in the database.
"""

from collections.abc import Collection, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple, TypeVar

from faxbot.fax.record import Record

T = TypeVar("T")

Key = tuple[str, float]

SMALL = 500
"""Maximum length of a list that is read as a whole in the first tick in which the counts disagree; a longer
list is read in the second consecutive one."""
FIRST_PAUSE, LONGEST_PAUSE = 10.0, 900.0
"""Seconds between two readings of the whole list while the counts disagree: first, maximum."""
BELIEVED_SECONDS = 60.0
"""Seconds of constant disagreement after which the difference counts as permanent."""
LONGEST_CALL_SECONDS = 86_400.0
"""An older record does not belong to a call in progress, even if it has the same id."""
ORDERLY = 0.9
"""Share of steps in one direction above which a list counts as sorted by time."""


def key_of(record: Record) -> Key:
    """The identity of a record: (job id, epoch time), because a reset server reuses job ids."""
    return (record.job_id, record.time.timestamp())


def arrival(record: Record) -> tuple[float, int, str]:
    """Sort key for the order of arrival: time, then job number."""
    digits = "".join(char for char in record.job_id if char.isdecimal())
    return (record.time.timestamp(), int(digits or 0), record.job_id)


class Window(NamedTuple):
    """The part of the list to read (RecordsGet): at most *size* records after the first *offset*."""

    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Page:
    """Records in server order. *entries*: their number with repeats. *known*: key -> row id."""

    records: dict[Key, Record]
    entries: int
    known: dict[Key, int]

    @property
    def unknown(self) -> dict[Key, Record]:
        """The records of the page that the database does not have."""
        return {key: record for key, record in self.records.items() if key not in self.known}


Reading = Generator[Window, Page, T]


class RowIds:
    """A set of row ids as a bitmap: 125 kB for a million rows."""

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
    """The result of one or more readings of the whole list: known row ids and unknown records."""

    known: RowIds = field(default_factory=RowIds)
    unknown: dict[Key, Record] = field(default_factory=dict)
    entries: int = 0
    """Number of entries, with repeats."""
    longest: int = 0
    """Maximum number of entries on a page."""
    steps: int = 0
    """Steps to a later time minus steps to an earlier one; negative: newest first."""
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
    """Read page by page into every listing of *into*, until a page adds nothing to the first one."""
    offset = 0
    while True:
        page = yield Window(offset, size)
        added = [listing.add(page) for listing in into]
        if not added[0]:  # the end, or the server ignores the offset
            return
        offset += page.entries
        if page.entries > size:  # the server ignores the limit: this was the whole list
            return


def newest(count: int, size: int, *, newest_last: bool) -> Reading[dict[Key, Record]]:
    """Read from the newest end up to the first known record; return the unknown ones."""
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
    """The page at the oldest end; None if the whole list fits on one page."""
    if count <= size:
        return None  # the page of the newest end is the whole list
    return Window(0 if newest_last else count - size, size)


def gone(present: Iterable[int], listing: Listing) -> list[int]:
    """The row ids of *present* that are not in *listing*."""
    return [row_id for row_id in present if row_id not in listing.known]


def is_steady(listing: Listing, before: int, after: int) -> bool:
    """Whether *listing* is complete: equal counts *before* and *after*, and no repeated entry."""
    return before == listing.entries == len(listing) == after


def is_orderly(listing: Listing, before: int, after: int) -> bool:
    """Whether changes of the list during the reading explain all repeated entries."""
    return listing.entries - len(listing) <= abs(after - before)


def order_of(times: Sequence[float]) -> bool | None:
    """True: oldest first. False: newest first. None: not sorted. A tenth of the steps may differ."""
    later = sum(one < other for one, other in pairwise(times))
    earlier = sum(one > other for one, other in pairwise(times))
    if not later + earlier or max(later, earlier) < ORDERLY * (later + earlier):
        return None
    return later > earlier


@dataclass(slots=True)
class Tally:
    """Compares the server's count with the known records, and schedules readings while they disagree."""

    count: int = -1
    """The server's count when all records were known; -1: the next tick must read."""
    surplus: int = 0
    """Permanent difference: records that the server counts but does not list."""
    _since: float | None = None
    _times: int = 0
    _reread_at: float = 0.0
    _pause: float = FIRST_PAUSE

    def adds_up(self, count: int, known: int) -> bool:
        """Whether *count* agrees with the number of *known* records."""
        return known + self.surplus == count

    def settle(self, count: int) -> None:
        """All records are known at *count*; nothing needs to be read until it changes."""
        self.count, self._since, self._times = count, None, 0
        self._reread_at, self._pause = 0.0, FIRST_PAUSE

    def mark_disagreement(self) -> None:
        """The counts disagree; the next tick must read."""
        self.count = -1

    def rereads(self, count: int, now: float) -> bool:
        """Whether to read the whole list now; called once per tick with a disagreement."""
        self._times += 1
        if self._since is None:
            self._since = now
        if (count > SMALL and self._times == 1) or now < self._reread_at:
            return False
        self._reread_at, self._pause = now + self._pause, min(LONGEST_PAUSE, self._pause * 2)
        return True

    def learn_surplus(self, count: int, known: int, now: float) -> None:
        """After a steady reading: accept a difference that lasted BELIEVED_SECONDS."""
        surplus = count - known
        if surplus == 0 or (self._since is not None and now - self._since >= BELIEVED_SECONDS):
            self.surplus = surplus


@dataclass(frozen=True, slots=True)
class Beginning:
    """
    Separates history from later records in an unsorted list, by the time of the first start.

    *at*: that time, by the server's clock. *arriving*: ids of the calls in progress then; the time of such a
    call's record may be its begin.
    """

    at: float | None = None
    """In epoch seconds; None if the server sends no header Date."""
    arriving: frozenset[str] = frozenset()

    def is_later(self, key: Key) -> bool:
        """Whether a record came after the first start began; if in doubt, it did."""
        job_id, time = key
        if self.at is not None and time >= self.at:
            return True
        return job_id in self.arriving and (self.at is None or time > self.at - LONGEST_CALL_SECONDS)

    def take(self, page: dict[Key, Record]) -> list[Record]:
        """The records of this page that are history."""
        return [record for key, record in page.items() if not self.is_later(key)]


@dataclass(slots=True)
class History:
    """
    Separates the history of the first start from later records, in a list sorted by arrival.

    *ends*: the keys of the page at the newest end when the first start began. Records beyond all of them
    arrived later.
    """

    ends: Collection[Key]
    newest_last: bool
    met: bool = False
    """One of *ends* was read. If none is, all were deleted and the history cannot be separated."""
    _later: dict[Key, Record] = field(default_factory=dict)

    def take(self, page: dict[Key, Record]) -> list[Record]:
        """Add a page; return the records that are now known to be history."""
        history: list[Record] = []
        for key, record in page.items():
            is_end = key in self.ends
            if self.newest_last:
                if is_end:  # records listed before it are older
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
