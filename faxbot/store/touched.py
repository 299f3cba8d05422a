"""Collects the rows that a transaction inserted or changed, so that mirrors of them can be updated."""

from sqlalchemy import event
from sqlmodel import Session

from faxbot.services.model.ledger import Touched
from faxbot.store.tables import AnnouncementRow, FaxRow, SubscriptionRow


def note(touched: Touched, row: object) -> None:
    """Add *row* to *touched*, if rows of its kind are mirrored."""
    match row:
        case AnnouncementRow():
            touched.channels.add(row.channel_id)
        case FaxRow():
            touched.faxes[row.id] = row.state
        case SubscriptionRow():
            touched.subscriptions = True
        case _:
            pass


def note_flushed(session: Session, touched: Touched) -> None:
    """Add every mirrored row that *session* flushes to *touched*."""

    @event.listens_for(session, "after_flush")
    def _note(flushed: Session, _context: object) -> None:
        for row in (*flushed.new, *flushed.dirty, *flushed.deleted):
            note(touched, row)
