"""The records of one direction, followed at a cost of what is new."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from faxbot.fax.job import Direction
from faxbot.fax.record import Record
from faxbot.services.facts import FaxRecord, RecordState
from faxbot.services.ports import Clock, FaxServer, Ledger, Store
from faxbot.services.tell import record_facts

log = logging.getLogger(__name__)

PAGE = 100
"""Records asked for at a time."""
FULL_READS = 4
"""A list that changes while it is read is read again, so often at the most."""

Key = tuple[str, float]


class RecordFeed:
    """
    Knows every record that the fax server has, by (job id, time).

    The contract promises no order and allows deletions. New records are looked for at the end where they
    came last time; if the numbers do not add up then, everything is read. A sweep looks at both ends and at
    one more page in turn, so that a deletion and an arrival that cancel out in the count are found too.
    """

    def __init__(
        self, direction: Direction, server: FaxServer, store: Store, clock: Clock, fresh_state: RecordState
    ) -> None:
        self._direction, self._server, self._store, self._clock = direction, server, store, clock
        self._fresh_state = fresh_state
        self._known: dict[Key, int] = {}
        self._count = -1
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
        keys, begun = await self._store.read(
            lambda ledger: (ledger.record_keys(self._direction), ledger.recall(self._name))
        )
        self._known = {(job_id, time): row_id for row_id, job_id, time in keys}
        self.begun = bool(begun)
        if isinstance(begun, dict):
            self._newest_last = bool(begun["newest_last"])
        if self.begun:
            return
        async with self._busy:
            count = await self._server.count_records(self._direction)
            records, _ = await self._read_everything(count)
            state = self._fresh_state if backfill else RecordState.HISTORY
            self._learn_order(list(records.values()))
            await self._remember(records, state, also=self._remember_order)
            self._count, self.begun = count, True

    async def catch_up(self, *, sweep: bool = False) -> bool:
        """
        Find the records that came since the last time; True if there were any.

        One RecordCount when nothing moved. Raises ServerFault.
        """
        async with self._busy:
            count = await self._server.count_records(self._direction)
            if count == self._count and not sweep:
                return False
            found = await self._read_newest(count)
            if sweep:
                found |= await self._read_in_turn(count)
            if len(self._known) + len(found) == count:
                await self._remember(found, self._fresh_state)
            else:
                found = await self._reconcile(count)
            self._count = count
            return bool(found)

    async def _read_newest(self, count: int) -> dict[Key, Record]:
        """Read from the newest end until something known comes up."""
        found: dict[Key, Record] = {}
        done = 0
        while done < count:
            size = min(PAGE, count - done)
            offset = count - done - size if self._newest_last else done
            page = await self._server.fetch_records(self._direction, size, offset)
            fresh = self._fresh(page)
            found |= fresh
            done += size
            if len(fresh) < len(page) or not page:
                break
        return found

    async def _read_in_turn(self, count: int) -> dict[Key, Record]:
        """Read the other end, and one page that was not looked at for the longest time."""
        other = 0 if self._newest_last else max(0, count - PAGE)
        self._turn = self._turn + PAGE if self._turn + PAGE < count else 0
        found: dict[Key, Record] = {}
        for offset in sorted({other, self._turn}):
            found |= self._fresh(await self._server.fetch_records(self._direction, PAGE, offset))
        return found

    async def _reconcile(self, count: int) -> dict[Key, Record]:
        """Read everything: something was deleted, or came where it was not expected."""
        everything, steady = await self._read_everything(count)
        fresh = {key: record for key, record in everything.items() if key not in self._known}
        gone = [key for key in self._known if key not in everything] if steady else []
        self._learn_order(list(everything.values()))
        await self._remember(fresh, self._fresh_state, gone=gone, also=self._remember_order)
        log.info(
            "records reconciled",
            extra={"direction": str(self._direction), "fresh": len(fresh), "gone": len(gone)},
        )
        return fresh

    async def _read_everything(self, count: int) -> tuple[dict[Key, Record], bool]:
        """Every record, and whether the list held still meanwhile."""
        everything: dict[Key, Record] = {}
        for _ in range(FULL_READS):
            held: dict[Key, Record] = {}
            offset = 0
            while page := await self._server.fetch_records(self._direction, PAGE, offset):
                held |= {_key(record): record for record in page}
                offset += len(page)
            everything |= held
            now = await self._server.count_records(self._direction)
            if now == count == len(held):
                return held, True
            count = now
        return everything, False

    async def _remember(
        self,
        found: dict[Key, Record],
        state: RecordState,
        *,
        gone: Sequence[Key] = (),
        also: Callable[[Ledger], None] | None = None,
    ) -> None:
        now = self._clock.now().timestamp()
        rows = [
            FaxRecord(
                direction=self._direction,
                job_id=record.job_id,
                time=record.time.timestamp(),
                record=record_facts(record),
                state=state,
                seen_at=now,
            )
            for record in sorted(found.values(), key=lambda record: record.time)
        ]
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

    def _fresh(self, page: Sequence[Record]) -> dict[Key, Record]:
        return {_key(record): record for record in page if _key(record) not in self._known}

    def _learn_order(self, records: Sequence[Record]) -> None:
        if len(records) > 1:
            self._newest_last = records[0].time <= records[-1].time

    def _remember_order(self, ledger: Ledger) -> None:
        ledger.remember(self._name, {"newest_last": self._newest_last})


def _key(record: Record) -> Key:
    return (record.job_id, record.time.timestamp())
