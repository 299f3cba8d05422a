"""
The next call in a channel. Pure: rows in, a choice out.

Within a thread the order is kept: a card before its replies, a file before its details. An edit holds
nothing up, and nothing holds it up. Among what may go the thread that has ended comes first, then the oldest.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from faxbot.services.model.announcements import AnnouncementKind, AnnouncementState, Pending
from faxbot.services.model.ports import OutboxCall

REPLIES_AT_ONCE = 20
"""So many steps that had to wait go out as one message."""

Wait = Callable[[OutboxCall, bool], float]
"""Seconds until a call may be made; the flag says that it tells an end."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What may be told now, with one call; or nothing, and *after* how many seconds to look again."""

    batch: tuple[Pending, ...] = ()
    call: OutboxCall = OutboxCall.POST
    urgent: bool = False
    after: float | None = None

    @property
    def rank(self) -> tuple[bool, int]:
        """The order among the channels: ends first, then the oldest."""
        return (not self.urgent, self.batch[0].id)


def choose(rows: Sequence[Pending], now: float, wait: Wait) -> Choice:
    """The next of *rows*, which belong to one channel and are in the order in which they were written."""
    best: Choice | None = None
    after: float | None = None
    for lane, urgent in _lanes(rows):
        head = lane[0]
        call = call_for(head)
        pause = max(head.due_at - now, wait(call, urgent))
        if pause > 0:
            after = pause if after is None else min(after, pause)
            continue
        choice = Choice(_together(lane), call, urgent)
        if best is None or choice.rank < best.rank:
            best = choice
    return best or Choice(after=after)


def call_for(row: Pending) -> OutboxCall:
    """The call that takes an announcement a step further."""
    if row.state is AnnouncementState.SENT:
        return OutboxCall.EDIT
    if row.kind is AnnouncementKind.EPHEMERAL:
        return OutboxCall.EPHEMERAL
    if row.kind is AnnouncementKind.FILE:
        return OutboxCall.FILE_LOOKUP if row.stage else OutboxCall.UPLOAD
    return OutboxCall.LOOKUP if row.state is AnnouncementState.SENDING else OutboxCall.POST


def _lanes(rows: Sequence[Pending]) -> list[tuple[list[Pending], bool]]:
    """What goes one after the other, and whether it tells an end: each thread, and each edit by itself."""
    threads: dict[int, list[Pending]] = {}
    edits: list[tuple[list[Pending], bool]] = []
    for row in rows:
        if row.state is AnnouncementState.SENT:
            edits.append(([row], row.terminal))
        else:
            threads.setdefault(row.parent_id or row.id, []).append(row)
    return [*edits, *((lane, any(row.terminal for row in lane)) for lane in threads.values())]


def _together(lane: Sequence[Pending]) -> tuple[Pending, ...]:
    """The head of a thread, and the replies behind it that can go out with it."""
    if not _is_waiting_reply(lane[0]):
        return (lane[0],)
    count = next((i for i, row in enumerate(lane) if not _is_waiting_reply(row)), len(lane))
    return tuple(lane[: min(count, REPLIES_AT_ONCE)])


def _is_waiting_reply(row: Pending) -> bool:
    return row.kind is AnnouncementKind.STEP and row.state is AnnouncementState.WAITING
