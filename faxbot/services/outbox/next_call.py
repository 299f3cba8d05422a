"""
Chooses the next Slack call in a channel. Pure: rows in, a choice out.

Order is kept within a thread: a card before its replies, a file before its details. Updates are independent
of each other and of threads. Among the calls that are possible now, outcomes come first, then the oldest.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from faxbot.services.model.announcements import AnnouncementKind, AnnouncementState, Pending
from faxbot.services.model.ports import OutboxCall

REPLIES_AT_ONCE = 20
"""Maximum number of queued steps merged into one message."""

Wait = Callable[[OutboxCall, bool], float]
"""(call, urgent) -> seconds until the call may be made; *urgent* calls announce an outcome."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The announcements to post now with one *call*; without any, *after* is the time to wait in seconds."""

    batch: tuple[Pending, ...] = ()
    call: OutboxCall = OutboxCall.POST
    urgent: bool = False
    after: float | None = None

    @property
    def rank(self) -> tuple[bool, int]:
        """Sort key among channels: outcomes first, then the oldest."""
        return (not self.urgent, self.batch[0].id)


def choose(rows: Sequence[Pending], now: float, wait: Wait) -> Choice:
    """Choose among *rows* of one channel, in the order in which they were written."""
    best: Choice | None = None
    after: float | None = None
    for lane, urgent in _lanes(rows):
        head = lane[0]
        call = call_for(head)
        # An announcement that is due immediately stays so when the clock is set back.
        due_in = head.due_at - now if head.due_at > head.created_at else 0.0
        pause = max(due_in, wait(call, urgent))
        if pause > 0:
            after = pause if after is None else min(after, pause)
            continue
        choice = Choice(_mergeable(lane), call, urgent)
        if best is None or choice.rank < best.rank:
            best = choice
    return best or Choice(after=after)


def call_for(row: Pending) -> OutboxCall:
    """The next call for an announcement."""
    if row.state is AnnouncementState.SENT:
        return OutboxCall.EDIT
    if row.kind is AnnouncementKind.EPHEMERAL:
        return OutboxCall.EPHEMERAL
    if row.kind is AnnouncementKind.FILE:
        return OutboxCall.FILE_LOOKUP if row.stage else OutboxCall.UPLOAD
    return OutboxCall.LOOKUP if row.state is AnnouncementState.SENDING else OutboxCall.POST


def _lanes(rows: Sequence[Pending]) -> list[tuple[list[Pending], bool]]:
    """Sequences whose order matters (each thread, each single update), and whether they are urgent."""
    threads: dict[int, list[Pending]] = {}
    edits: list[tuple[list[Pending], bool]] = []
    for row in rows:
        if row.state is AnnouncementState.SENT:
            edits.append(([row], row.terminal))
        else:
            threads.setdefault(row.parent_id or row.id, []).append(row)
    return [*edits, *((lane, any(row.terminal for row in lane)) for lane in threads.values())]


def _mergeable(lane: Sequence[Pending]) -> tuple[Pending, ...]:
    """The first row of *lane*, and the waiting steps after it that one message can hold."""
    if not _is_waiting_reply(lane[0]):
        return (lane[0],)
    count = next((i for i, row in enumerate(lane) if not _is_waiting_reply(row)), len(lane))
    return tuple(lane[: min(count, REPLIES_AT_ONCE)])


def _is_waiting_reply(row: Pending) -> bool:
    return row.kind is AnnouncementKind.STEP and row.state is AnnouncementState.WAITING
