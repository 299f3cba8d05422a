"""What an announcement says, made of the facts as they are when it is told."""

from collections.abc import Callable, Sequence
from datetime import datetime

from faxbot.services.facts import Announcement, AnnouncementKind, Fax
from faxbot.services.messages import FaxCard, FaxSteps, Message, ReceivedFax, unpack, unpack_step
from faxbot.services.ports import Ledger, Store
from faxbot.services.tell import job_of, record_of


class Contents:
    """Builds messages; *away_since* tells whether the fax server answers."""

    def __init__(self, store: Store, away_since: Callable[[], datetime | None]) -> None:
        self._store, self._away_since = store, away_since

    async def build(self, batch: Sequence[Announcement]) -> Message:
        """The message of one announcement, or of replies that go out as one."""
        row = batch[0]
        if row.fax_id is not None:
            fax_id = row.fax_id
            fax = await self._store.read(lambda ledger: ledger.fax(fax_id))
            return self._of_fax(row, fax, batch)
        if row.record_id is not None:
            return await self._store.read(lambda ledger: _of_record(ledger, row))
        return unpack(row.body)

    def _of_fax(self, row: Announcement, fax: Fax, batch: Sequence[Announcement]) -> Message:
        if row.kind is AnnouncementKind.REPLY:
            return FaxSteps(fax, tuple(unpack_step(each.body) for each in batch))
        return FaxCard(fax, job_of(fax), self._away_since(), home=row.channel_id == fax.channel_id)


def _of_record(ledger: Ledger, row: Announcement) -> Message:
    record = ledger.record(row.record_id or 0)
    parent = ledger.announcement(row.parent_id) if row.parent_id else None
    return ReceivedFax(
        record_id=record.id or 0,
        record=record_of(record),
        line_name=record.line_name,
        pages=record.pages,
        has_file=record.path is not None,
        deleted_by=record.deleted_by,
        permalink=parent.body.get("permalink", "") if parent and not parent.ts else "",
    )
