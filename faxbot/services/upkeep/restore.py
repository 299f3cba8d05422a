"""
Prepares a restored database, so that nothing that was unfinished in the backup is done twice.

A backup is older than the fax server and Slack. A fax that is READY in it may have been sent since, and a
WAITING announcement may have been posted. Both are looked up before they are repeated.
"""

from datetime import datetime

from faxbot.fax.job import Direction
from faxbot.services.model.announcements import AnnouncementKind, AnnouncementState
from faxbot.services.model.faxes import Fax, FaxState, Outcome
from faxbot.services.model.ledger import Ledger
from faxbot.services.model.messages import Sentence, Step, StepKind
from faxbot.services.model.requests import mark_done
from faxbot.services.model.submissions import Submission
from faxbot.services.outbox.announcements import end_fax, post_notice


def mark_if_restored(ledger: Ledger, now: datetime) -> int | None:
    """
    Mark all unfinished rows if they were written in another database; return their number, else None.

    The identity of this database is saved in the same transaction, so that the next start marks nothing.
    """
    marked = mark_unfinished_for_lookup(ledger, now) if ledger.was_restored() else None
    ledger.save_identity()
    return marked


def mark_unfinished_for_lookup(ledger: Ledger, now: datetime) -> int:
    """
    Mark unfinished faxes, messages and requests for a lookup; return their number.

    Faxes are looked up on the fax server; if they are not found, a person decides. Messages are looked up by
    their keys. Requests are not run; a notice is posted in their conversations. Ephemeral messages are
    dropped.
    """
    marked = 0
    for row in ledger.pending():
        announcement = ledger.announcement(row.id)
        if row.kind is AnnouncementKind.EPHEMERAL:
            ledger.change_state(announcement, AnnouncementState.DROPPED)
        elif row.state is AnnouncementState.WAITING and row.kind is not AnnouncementKind.FILE:
            ledger.change_state(announcement, AnnouncementState.SENDING)
            announcement.batch = announcement.key
        marked += 1
    for fax in ledger.faxes_in(FaxState.FETCHING, FaxState.READY):
        _mark_lost(ledger, fax, now)
        marked += 1
    unfinished: dict[str, int] = {}
    for request in ledger.open_requests():
        mark_done(request, now)
        unfinished[request.channel_id] = unfinished.get(request.channel_id, 0) + 1
        marked += 1
    for channel_id, count in unfinished.items():
        if channel_id:
            post_notice(ledger, channel_id, Sentence(_unfinished(count)), now)
    return marked


def _mark_lost(ledger: Ledger, fax: Fax, now: datetime) -> None:
    """Mark *fax* as submitted at *now* with a lost answer; without a document its outcome is LOST."""
    document = ledger.document_of(fax)
    if document is None or document.path is None:  # it cannot be sent again
        end_fax(ledger, fax, Outcome.LOST, Step(StepKind.LOST, now))
        return
    ledger.change_state(fax, FaxState.SUBMITTING)  # a fax in this state at start has a lost answer
    fax.known_record = ledger.newest_record(Direction.TX)
    earlier = ledger.submission_of(fax.id)
    known_jobs = (
        earlier.known_jobs if earlier else []
    )  # what was there before the earlier one is not this fax
    ledger.add_submission(Submission(fax_id=fax.id, intent_at=now.timestamp(), known_jobs=known_jobs))


def _unfinished(count: int) -> str:
    what = "One thing that was" if count == 1 else f"{count} things that were"
    return (
        f"I was put back from a backup. {what} asked for here had not been finished when it was made, and I "
        "can't know what came of it. Look at the faxes above, and ask again if need be."
    )
