"""Writing announcements: inside the transaction that records the fact, never by calling Slack."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime

from faxbot.fax.job import Direction
from faxbot.fax.routing import SubscriptionFilter, subscribed_channels
from faxbot.services.model.announcements import Announcement, AnnouncementKind, AnnouncementState
from faxbot.services.model.faxes import Fax, FaxState, Outcome
from faxbot.services.model.ledger import Ledger
from faxbot.services.model.messages import Step, StepKind, Storable, pack, pack_step
from faxbot.services.model.records import FaxRecord
from faxbot.services.model.requests import Request

LAST_STEPS = frozenset(
    {
        StepKind.DELIVERED,
        StepKind.FAILED,
        StepKind.CANCELLED,
        StepKind.REFUSED,
        StepKind.WENT,
        StepKind.GIVEN_UP,
        StepKind.SENT_AGAIN,
        StepKind.LOST,
        StepKind.WITHDRAWN,
    }
)


def new_key() -> str:
    """A key that finds a message again."""
    return secrets.token_hex(12)


def interests(ledger: Ledger) -> list[SubscriptionFilter]:
    """Who wants to hear of what."""
    return [
        SubscriptionFilter(each.channel_id, Direction(each.direction), each.line_id, each.fax_id)
        for each in ledger.subscriptions()
    ]


def open_cards(ledger: Ledger, fax: Fax, now: datetime) -> None:
    """Write a card for *fax* in the conversation it came from and in every channel that wants it."""
    home = [fax.channel_id] if fax.channel_id else []
    channels = subscribed_channels(
        interests(ledger), Direction.TX, line_id=fax.line_id, fax_id=fax.id, first=home
    )
    for channel_id in channels:
        open_card(ledger, fax, channel_id, now)


def open_card(ledger: Ledger, fax: Fax, channel_id: str, now: datetime) -> bool:
    """Write a card for *fax* in one channel; False if it has one."""
    if any(card.channel_id == channel_id for card in cards_of(ledger, fax)):
        return False
    ledger.announce(
        Announcement(
            key=new_key(),
            kind=AnnouncementKind.CARD,
            channel_id=channel_id,
            fax_id=fax.id,
            terminal=fax.state is FaxState.ENDED,
            created_at=now.timestamp(),
            correlation_id=fax.correlation_id,
        )
    )
    return True


def cards_of(ledger: Ledger, fax: Fax) -> list[Announcement]:
    """The cards of *fax*, one a channel."""
    known = ledger.announcements_of(fax_id=fax.id)
    return [each for each in known if each.kind is AnnouncementKind.CARD]


def refresh_cards(ledger: Ledger, fax: Fax) -> None:
    """The cards of *fax* are out of date."""
    for card in cards_of(ledger, fax):
        card.revision += 1
        card.terminal = fax.state is FaxState.ENDED


def announce_steps(ledger: Ledger, fax: Fax, steps: Sequence[Step]) -> None:
    """Tell steps of *fax* in the thread of each of its cards, and bring the cards up to date."""
    for card in cards_of(ledger, fax):
        card.revision += 1
        card.terminal = fax.state is FaxState.ENDED
        for step in steps:
            ledger.announce(
                Announcement(
                    key=new_key(),
                    kind=AnnouncementKind.STEP,
                    channel_id=card.channel_id,
                    parent_id=card.id,
                    fax_id=fax.id,
                    body=pack_step(step),
                    terminal=step.kind in LAST_STEPS,
                    created_at=step.at.timestamp(),
                    correlation_id=fax.correlation_id,
                )
            )


def end_fax(ledger: Ledger, fax: Fax, outcome: Outcome, step: Step) -> bool:
    """End *fax* and announce how; False, and nothing written, if it is in another state by now."""
    if not ledger.change_state(fax, FaxState.ENDED):
        return False
    fax.outcome, fax.ended_at = outcome, step.at.timestamp()
    if fax.lookup_at is None:
        fax.known_jobs = []
    announce_steps(ledger, fax, [step])
    return True


def announce_received(ledger: Ledger, row: FaxRecord, channels: Iterable[str], now: datetime) -> None:
    """Tell a received fax to *channels*: its file, and its details in the file's thread."""
    known = {each.channel_id for each in ledger.announcements_of(record_id=row.id)}
    for channel_id in channels:
        if channel_id in known:
            continue
        parent_id = None
        if row.path:
            file = Announcement(
                key=new_key(),
                kind=AnnouncementKind.FILE,
                channel_id=channel_id,
                record_id=row.id,
                created_at=now.timestamp(),
            )
            parent_id = ledger.announce(file).id
        ledger.announce(
            Announcement(
                key=new_key(),
                kind=AnnouncementKind.DETAILS,
                channel_id=channel_id,
                parent_id=parent_id,
                record_id=row.id,
                created_at=now.timestamp(),
            )
        )


def announce_late_file(ledger: Ledger, row: FaxRecord, now: datetime) -> None:
    """The file of a received fax that was known without one, wherever that was."""
    for known in ledger.announcements_of(record_id=row.id):
        if known.kind is AnnouncementKind.DETAILS:
            known.revision += 1
            file = Announcement(
                key=new_key(),
                kind=AnnouncementKind.FILE,
                channel_id=known.channel_id,
                record_id=row.id,
                created_at=now.timestamp(),
            )
            ledger.announce(file)


def post_notice(ledger: Ledger, channel_id: str, message: Storable, now: datetime) -> None:
    """A message of its own in *channel_id*."""
    ledger.announce(
        Announcement(
            key=new_key(),
            kind=AnnouncementKind.NOTICE,
            channel_id=channel_id,
            body=pack(message),
            created_at=now.timestamp(),
        )
    )


def post_ephemeral(ledger: Ledger, request: Request, message: Storable, now: datetime) -> None:
    """Answer the person behind *request*, and nobody else."""
    ledger.announce(
        Announcement(
            key=new_key(),
            kind=AnnouncementKind.EPHEMERAL,
            channel_id=request.channel_id,
            user_id=request.user_id,
            response_url=request.response_url,
            body=pack(message) | {"thread_ts": request.thread_ts},
            created_at=now.timestamp(),
            correlation_id=request.correlation_id,
        )
    )


def is_told(announcement: Announcement) -> bool:
    """Slack has it, or will never take it."""
    return announcement.state in (AnnouncementState.SENT, AnnouncementState.DROPPED)
