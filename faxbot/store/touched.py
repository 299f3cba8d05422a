"""Which rows a transaction inserted or changed, so that mirrors of them can be brought up to date."""

from sqlalchemy import event
from sqlmodel import Session

from faxbot.services.model.ledger import Touched
from faxbot.store.tables import AnnouncementRow, FaxRow, SubscriptionRow


def note(touched: Touched, row: object) -> None:
    """Collect *row* in *touched*, if there are mirrors of its kind."""
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
    """Collect in *touched* every mirrored row that *session* flushes."""

    @event.listens_for(session, "after_flush")
    def _note(flushed: Session, _context: object) -> None:
        for row in (*flushed.new, *flushed.dirty, *flushed.deleted):
            note(touched, row)
