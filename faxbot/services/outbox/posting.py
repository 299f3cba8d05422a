"""
One announcement to Slack, once: a post, an edit, an answer to one person.

A post is committed as `sending` before the call. When its answer is lost, or the process dies, the message is
looked for by its key after a settle window, and once more after another, before it is posted again.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from faxbot.fax.errors import SlackBusy, SlackFault, SlackRefused, SlackUnclear
from faxbot.services.model.announcements import Announcement, AnnouncementKind, AnnouncementState
from faxbot.services.model.ledger import Ledger, Store
from faxbot.services.model.messages import Message, Outage, unpack
from faxbot.services.model.ports import Clock, Messenger, OutboxCall
from faxbot.services.outbox.compose import compose

log = logging.getLogger(__name__)

LOOKS = 2
"""Absence proves nothing the first time."""
HOPELESS = frozenset(
    {"channel_not_found", "is_archived", "not_in_channel", "user_not_found", "cannot_dm_bot", "no_permission"}
    | {"msg_too_long", "invalid_blocks", "invalid_arguments", "no_text", "restricted_action"}
    | {"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found", "user_disabled"}
)
"""Codes with which Slack says that it will never take this (chat.postMessage, chat.update)."""
DELETED = frozenset({"message_not_found", "thread_not_found"})
"""Codes with which Slack says that somebody deleted the card."""
PATIENCE_SECONDS = 30.0
"""How long to wait before asking again after any other refusal (a revoked token, a missing scope)."""
EDIT_AGAIN_SECONDS = 2.0
LONGEST_EDIT_PAUSE = 60.0


@dataclass(frozen=True, slots=True)
class _Outgoing:
    """One message, ready to go."""

    row: Announcement
    message: Message
    thread_ts: str | None = None


class MessagePosting:
    """
    Takes announcements one call further. *closed* is called with (channel, code) on a final refusal.

    `carry_on` raises SlackBusy, after it has written that nothing was posted, and any SlackFault of a lookup.
    """

    def __init__(
        self,
        store: Store,
        messenger: Messenger,
        clock: Clock,
        *,
        settle: float,
        outage: Callable[[], Outage | None],
        closed: Callable[[str, str], Awaitable[None]],
    ) -> None:
        self._store, self._messenger, self._clock, self._settle = store, messenger, clock, settle
        self._outage, self._closed = outage, closed

    async def carry_on(self, ids: Sequence[int], call: OutboxCall) -> None:
        """Make *call* for one announcement, or for replies that go out as one."""
        match call:
            case OutboxCall.EDIT:
                await self._edit(ids[0])
            case OutboxCall.EPHEMERAL:
                await self._whisper(ids[0])
            case OutboxCall.LOOKUP:
                await self._clear_up(ids[0])
            case _:
                await self._post(ids)

    async def postpone(self, ids: Sequence[int], seconds: float) -> None:
        """Leave announcements alone for a while."""
        due_at = self._clock.now().timestamp() + seconds

        def record(ledger: Ledger) -> None:
            for row_id in ids:
                ledger.announcement(row_id).due_at = due_at

        await self._store.write(record)

    async def _edit(self, row_id: int) -> None:
        def read(ledger: Ledger) -> _Outgoing:
            row = ledger.announcement(row_id)
            return _Outgoing(row, compose(ledger, [row], self._outage()))

        edit = await self._store.read(read)
        row = edit.row
        try:
            await self._messenger.update(row.channel_id, row.ts or "", edit.message, key=row.key)
        except SlackUnclear:  # an edit may be repeated
            await self._edit_later(row)
            return
        except SlackRefused as refused:
            extra = {"announcement": row.id, "error": refused.error}
            log.warning("an edit was refused", extra=extra)
            if refused.error not in HOPELESS:
                await self.postpone([row_id], PATIENCE_SECONDS)
                return
            if refused.error in DELETED and await self._begin_anew(row_id):
                return

        def record(ledger: Ledger) -> None:
            known = ledger.announcement(row_id)
            known.posted_revision, known.lookups = max(known.posted_revision, row.revision), 0
            if row.lookups:  # the one without an answer may still be carried out there, over this one
                known.revision += 1
                known.due_at = self._clock.now().timestamp() + self._settle

        await self._store.write(record)

    async def _edit_later(self, row: Announcement) -> None:
        pause = min(EDIT_AGAIN_SECONDS * 2**row.lookups, LONGEST_EDIT_PAUSE)

        def record(ledger: Ledger) -> None:
            known = ledger.announcement(row.id)
            known.lookups = min(row.lookups + 1, 10)
            known.due_at = self._clock.now().timestamp() + pause

        await self._store.write(record)

    async def _begin_anew(self, card_id: int) -> bool:
        """Somebody deleted a card: it is posted once more, so that the end of its fax is told."""

        def record(ledger: Ledger) -> bool:
            card = ledger.announcement(card_id)
            if card.kind is not AnnouncementKind.CARD or card.body.get("anew"):
                return False
            card.body = {"anew": True}
            card.ts, card.lookups, card.due_at = None, 0, 0.0
            return ledger.change_state(card, AnnouncementState.WAITING)

        return await self._store.write(record)

    async def _post(self, ids: Sequence[int]) -> None:
        post = await self._store.write(lambda ledger: self._begin_post(ledger, ids))
        if post is None:
            return
        row = post.row
        try:
            ts = await self._messenger.post(
                row.channel_id, post.message, key=row.key, thread_ts=post.thread_ts
            )
        except SlackBusy:
            await self._write_state(ids, AnnouncementState.WAITING)
            raise
        except SlackRefused as refused:
            await self._take_refusal(ids, row, refused)
        except SlackUnclear:
            await self.postpone(ids, self._settle)
        else:
            await self._write_state(ids, AnnouncementState.SENT, ts=ts, shown=row.revision)

    def _begin_post(self, ledger: Ledger, ids: Sequence[int]) -> _Outgoing | None:
        """Commit that the call is under way; None if there is no thread to post in any more."""
        rows = [ledger.announcement(row_id) for row_id in ids]
        parent = ledger.announcement(rows[0].parent_id) if rows[0].parent_id else None
        if parent is not None and parent.state is AnnouncementState.DROPPED:
            for row in rows:
                ledger.change_state(row, AnnouncementState.DROPPED)
            return None
        message = compose(ledger, rows, self._outage())
        for row in rows:
            if not ledger.change_state(row, AnnouncementState.SENDING):
                return None
            row.batch, row.lookups = rows[0].key, 0
        return _Outgoing(rows[0], message, parent.ts if parent else None)

    async def _clear_up(self, row_id: int) -> None:
        """A post of unknown fate: look for its key, look again, then post."""

        def read(ledger: Ledger) -> tuple[Announcement, str | None]:
            row = ledger.announcement(row_id)
            return row, ledger.announcement(row.parent_id).ts if row.parent_id else None

        row, thread_ts = await self._store.read(read)
        ts = await self._messenger.find(
            row.channel_id, key=row.batch, since=row.created_at, thread_ts=thread_ts
        )

        def record(ledger: Ledger) -> None:
            now = self._clock.now().timestamp()
            for each in ledger.batch(row.batch):
                each.lookups += 1
                if ts is not None:
                    ledger.change_state(each, AnnouncementState.SENT)
                    each.ts, each.sent_at, each.lookups = ts, now, 0
                    each.revision += each.kind in (AnnouncementKind.CARD, AnnouncementKind.DETAILS)
                elif each.lookups >= LOOKS:
                    ledger.change_state(each, AnnouncementState.WAITING)
                    each.lookups, each.due_at = 0, 0.0
                else:
                    each.due_at = now + self._settle

        await self._store.write(record)

    async def _whisper(self, row_id: int) -> None:
        """At most once: it cannot be looked for afterwards."""
        now = self._clock.now().timestamp()

        def begin(ledger: Ledger) -> Announcement | None:
            row = ledger.announcement(row_id)
            row.sent_at = now
            return row if ledger.change_state(row, AnnouncementState.SENT) else None

        row = await self._store.write(begin)
        if row is None:
            return
        try:
            await self._messenger.post_ephemeral(
                row.channel_id,
                row.user_id or "",
                unpack(row.body),
                response_url=row.response_url,
                thread_ts=row.body.get("thread_ts"),
            )
        except SlackBusy:
            await self._write_state([row_id], AnnouncementState.WAITING)
            raise
        except SlackFault as fault:
            log.warning("an answer was lost", extra={"announcement": row_id, "fault": type(fault).__name__})

    async def _take_refusal(self, ids: Sequence[int], row: Announcement, refused: SlackRefused) -> None:
        extra = {"announcement": row.id, "channel": row.channel_id, "error": refused.error}
        anew = refused.error in DELETED and row.kind is AnnouncementKind.STEP
        if anew and await self._begin_anew(row.parent_id or 0):
            log.warning("a card was deleted; it is posted once more", extra=extra)
            await self._write_state(ids, AnnouncementState.WAITING)
        elif refused.error in HOPELESS and row.kind is not AnnouncementKind.DETAILS:
            log.error("Slack will not take an announcement", extra=extra)
            await self._closed(row.channel_id, refused.error)  # first: a stop in between says it again, once
            await self._write_state(ids, AnnouncementState.DROPPED)
        else:
            log.warning("Slack refused an announcement; it is kept", extra=extra)
            await self._write_state(ids, AnnouncementState.WAITING, after=PATIENCE_SECONDS)

    async def _write_state(
        self,
        ids: Sequence[int],
        state: AnnouncementState,
        *,
        ts: str | None = None,
        shown: int = 0,
        after: float = 0.0,
    ) -> None:
        now = self._clock.now().timestamp()

        def record(ledger: Ledger) -> None:
            for row_id in ids:
                row = ledger.announcement(row_id)
                if not ledger.change_state(row, state):
                    continue
                row.ts, row.posted_revision = ts or row.ts, max(row.posted_revision, shown)
                if state is AnnouncementState.SENT:
                    row.sent_at = now
                if after:
                    row.due_at = now + after

        await self._store.write(record)
