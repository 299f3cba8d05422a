"""
Restoring a backup: the fate of everything that was under way is unknown.

A database that is put back is older than the world. A fax that it calls ready may have gone out since, a
message that it calls waiting may have been posted. Nothing of that may simply be done again.
"""

from datetime import datetime

from faxbot.fax.job import Direction
from faxbot.services.model.announcements import AnnouncementKind, AnnouncementState
from faxbot.services.model.faxes import Fax, FaxState, Outcome
from faxbot.services.model.ledger import Ledger
from faxbot.services.model.messages import Sentence, Step, StepKind
from faxbot.services.model.requests import mark_done
from faxbot.services.outbox.announcements import end_fax, post_notice


def mark_if_restored(ledger: Ledger, now: datetime) -> int | None:
    """
    Mark everything unfinished if the rows were written in another database; how many things, else None.

    The identity of this database is saved in the same transaction: the next start marks nothing.
    """
    marked = mark_unfinished_for_lookup(ledger, now) if ledger.was_restored() else None
    ledger.save_identity()
    return marked


def mark_unfinished_for_lookup(ledger: Ledger, now: datetime) -> int:
    """
    Mark everything unfinished so that the next start looks before it acts; how many things that were.

    Faxes are looked for on the fax server and, if they cannot be found, asked about. Messages are looked
    for by their keys. Requests are not carried out; a notice is posted in their conversations.
    """
    doubted = 0
    for row in ledger.pending():
        announcement = ledger.announcement(row.id)
        if row.kind is AnnouncementKind.EPHEMERAL:
            ledger.change_state(announcement, AnnouncementState.DROPPED)
        elif row.state is AnnouncementState.WAITING and row.kind is not AnnouncementKind.FILE:
            ledger.change_state(announcement, AnnouncementState.SENDING)
            announcement.batch = announcement.key
        doubted += 1
    for fax in ledger.faxes_in(FaxState.FETCHING, FaxState.READY):
        _doubt(ledger, fax, now)
        doubted += 1
    places: dict[str, int] = {}
    for request in ledger.open_requests():
        mark_done(request, now)
        places[request.channel_id] = places.get(request.channel_id, 0) + 1
        doubted += 1
    for channel_id, count in places.items():
        if channel_id:
            post_notice(ledger, channel_id, Sentence(_unfinished(count)), now)
    return doubted


def _doubt(ledger: Ledger, fax: Fax, now: datetime) -> None:
    if fax.path is None:  # without its document it can be neither found by its line nor sent again
        end_fax(ledger, fax, Outcome.LOST, Step(StepKind.LOST, now))
        return
    ledger.change_state(fax, FaxState.SUBMITTING)  # a start takes it for a submission whose answer never came
    fax.intent_at = now.timestamp()
    fax.known_record = ledger.newest_record(Direction.TX)


def _unfinished(count: int) -> str:
    what = "One thing that was" if count == 1 else f"{count} things that were"
    return (
        f"I was put back from a backup. {what} asked for here had not been finished when it was made, and I "
        "can't know what came of it. Look at the faxes above, and ask again if need be."
    )
