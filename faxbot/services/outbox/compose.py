"""What an announcement says, made of the facts as they are when it is told."""

from collections.abc import Sequence

from faxbot.services.model.announcements import Announcement, AnnouncementKind
from faxbot.services.model.ledger import Ledger
from faxbot.services.model.messages import (
    FaxCard,
    FaxSteps,
    Message,
    Outage,
    ReceivedFax,
    unpack,
    unpack_step,
)


def compose(ledger: Ledger, batch: Sequence[Announcement], outage: Outage | None) -> Message:
    """
    The message of one announcement, or of replies that go out as one.

    *outage*: set while the fax server does not answer.
    """
    row = batch[0]
    if row.fax_id is not None:
        fax = ledger.fax(row.fax_id)
        if row.kind is AnnouncementKind.STEP:
            return FaxSteps(fax, tuple(unpack_step(each.body) for each in batch))
        return FaxCard(fax, ledger.job_of(fax.id), outage, home=row.channel_id == fax.channel_id)
    if row.record_id is not None:
        return _received(ledger, row)
    return unpack(row.body)


def _received(ledger: Ledger, row: Announcement) -> Message:
    record = ledger.record(row.record_id or 0)
    parent = ledger.announcement(row.parent_id) if row.parent_id else None
    return ReceivedFax(
        record_id=record.id,
        record=record.record,
        line_name=record.line_name,
        pages=record.pages,
        has_file=record.path is not None,
        deleted_by=record.deleted_by,
        permalink=parent.body.get("permalink", "") if parent and not parent.ts else "",
    )
