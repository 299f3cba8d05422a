"""Composes the message of an announcement from the current rows, at the time of posting."""

from collections.abc import Sequence
from datetime import UTC, datetime

from faxbot.services.model.announcements import Announcement, AnnouncementKind
from faxbot.services.model.faxes import Fax, FaxState
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
    The message of one announcement, or of several steps that are posted as one reply.

    The kind of message follows from the first row of *batch*: a card or steps of a fax, a received fax, or a
    message that is stored whole in the row's body. *outage*: the current outage of the fax server; cards show
    it.
    """
    row = batch[0]
    if row.fax_id is not None:
        fax = ledger.fax(row.fax_id)
        if row.kind is AnnouncementKind.STEP:
            return FaxSteps(fax, tuple(unpack_step(each.body) for each in batch))
        return FaxCard(
            fax,
            ledger.job_of(fax.id),
            outage,
            home=row.channel_id == fax.channel_id,
            document=ledger.document_of(fax),
            submitted_at=_submitted_at(ledger, fax) if fax.state is FaxState.UNDECIDED else None,
        )
    if row.record_id is not None:
        return _received(ledger, row)
    return unpack(row.body)


def _submitted_at(ledger: Ledger, fax: Fax) -> datetime | None:
    """When FileSend was last called for *fax*; its undecided card shows it."""
    submission = ledger.submission_of(fax.id)
    return datetime.fromtimestamp(submission.intent_at, UTC) if submission else None


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
        # Details are a reply to their file's message. If its ts was not found, they link to the file instead.
        permalink=parent.body.get("permalink", "") if parent and not parent.ts else "",
    )
