"""Writes announcements, in the transaction that records the fact; nothing here calls Slack."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime

from faxbot.fax.job import Direction
from faxbot.fax.routing import SubscriptionFilter, subscribed_channels
from faxbot.services.model.announcements import Announcement, AnnouncementKind
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
"""Steps about an outcome; they are posted ahead of progress."""


def new_key() -> str:
    """A new key, by which the posted message can be looked up."""
    return secrets.token_hex(12)


def interests(ledger: Ledger) -> list[SubscriptionFilter]:
    """All subscriptions, as filters for `subscribed_channels` (fax/routing.py)."""
    return [
        SubscriptionFilter(each.channel_id, Direction(each.direction), each.line_id, each.fax_id)
        for each in ledger.subscriptions()
    ]


def open_cards(ledger: Ledger, fax: Fax, now: datetime) -> None:
    """Write a card for *fax* in its conversation and in every subscribed channel."""
    home = [fax.channel_id] if fax.channel_id else []
    channels = subscribed_channels(
        interests(ledger), Direction.TX, line_id=fax.line_id, fax_id=fax.id, first=home
    )
    for channel_id in channels:
        open_card(ledger, fax, channel_id, now)


def open_card(ledger: Ledger, fax: Fax, channel_id: str, now: datetime) -> bool:
    """Write a card for *fax* in one channel; False if there already is one."""
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
    """The cards of *fax*, one per channel."""
    known = ledger.announcements_of(fax_id=fax.id)
    return [each for each in known if each.kind is AnnouncementKind.CARD]


def refresh_cards(ledger: Ledger, fax: Fax) -> None:
    """Mark the cards of *fax* for an update."""
    for card in cards_of(ledger, fax):
        card.revision += 1
        card.terminal = fax.state is FaxState.ENDED


def announce_steps(ledger: Ledger, fax: Fax, steps: Sequence[Step]) -> None:
    """Write *steps*, if any, as replies to each card of *fax*, and mark the cards for an update."""
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
    """End *fax* with *outcome* and announce *step*; False, without a write, if its state has changed."""
    if not ledger.change_state(fax, FaxState.ENDED):
        return False
    fax.outcome, fax.ended_at = outcome, step.at.timestamp()
    announce_steps(ledger, fax, [step])
    return True


def announce_received(ledger: Ledger, row: FaxRecord, channels: Iterable[str], now: datetime) -> None:
    """Announce a received fax in *channels*, once in each: its file, and its details as a reply."""
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
    """Announce the file of a received fax where its details were posted without one."""
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
    """Write a notice: a single message in *channel_id*."""
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
    """Write an ephemeral answer to the person who made *request*."""
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
