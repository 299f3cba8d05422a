"""
Posts, updates and looks up single messages, and posts ephemeral ones.

A post is committed as `sending` before the call. If its answer is lost or the process dies, the message is
looked up by its key after *settle* seconds and again after as many, before it is posted again.

Source: chat.postMessage, chat.update, chat.postEphemeral, conversations.history.
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

LOOKUPS = 2
"""Lookups that must find no message before it is posted again."""
PERMANENT_ERRORS = frozenset(
    {"channel_not_found", "is_archived", "not_in_channel", "user_not_found", "cannot_dm_bot", "no_permission"}
    | {"msg_too_long", "invalid_blocks", "invalid_arguments", "no_text", "restricted_action"}
    | {"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found", "user_disabled"}
)
"""Error codes after which a repeat is useless (chat.postMessage, chat.update)."""
DELETED = frozenset({"message_not_found", "thread_not_found"})
"""Error codes that mean the card was deleted in Slack."""
RETRY_SECONDS = 30.0
"""Seconds until the next try after any other refusal (a revoked token, a missing scope)."""
FIRST_EDIT_PAUSE = 2.0
LONGEST_EDIT_PAUSE = 60.0
"""Seconds until an update without an answer is repeated: the first pause, doubled up to the maximum."""


@dataclass(frozen=True, slots=True)
class _Outgoing:
    """A composed message and its announcement."""

    row: Announcement
    message: Message
    thread_ts: str | None = None


class MessagePosting:
    """
    Makes the next call for announcements of messages.

    *settle*: seconds after which a call without an answer counts as finished. *closed* is called with
    (channel, error code) after a permanent refusal. `advance` raises SlackBusy, after recording that nothing
    was posted, and any SlackFault of a lookup.
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

    async def advance(self, ids: Sequence[int], call: OutboxCall) -> None:
        """Make *call* for one announcement, or for several steps that are posted as one reply."""
        match call:
            case OutboxCall.EDIT:
                await self._edit(ids[0])
            case OutboxCall.EPHEMERAL:
                await self._post_ephemeral(ids[0])
            case OutboxCall.LOOKUP:
                await self._look_up(ids[0])
            case _:
                await self._post(ids)

    async def postpone(self, ids: Sequence[int], seconds: float) -> None:
        """Do not retry announcements for *seconds*."""
        due_at = self._clock.now().timestamp() + seconds

        def record(ledger: Ledger) -> None:
            for row_id in ids:
                ledger.announcement(row_id).due_at = due_at

        await self._store.write(record)

    async def _edit(self, row_id: int) -> None:
        """Update a posted message to its current revision; update again later if the answer was lost."""

        def read(ledger: Ledger) -> _Outgoing:
            row = ledger.announcement(row_id)
            return _Outgoing(row, compose(ledger, [row], self._outage()))

        edit = await self._store.read(read)
        row = edit.row
        try:
            await self._messenger.update(row.channel_id, row.ts or "", edit.message, key=row.key)
        except SlackUnclear:  # an update may be repeated
            await self._edit_later(row)
            return
        except SlackRefused as refused:
            extra = {"announcement": row.id, "error": refused.error}
            log.warning("Slack refused an update", extra=extra)
            if refused.error not in PERMANENT_ERRORS:
                await self.postpone([row_id], RETRY_SECONDS)
                return
            if refused.error in DELETED and await self._post_card_again(row_id):
                return

        def record(ledger: Ledger) -> None:
            known = ledger.announcement(row_id)
            known.posted_revision, known.lookups = max(known.posted_revision, row.revision), 0
            if row.lookups:  # an earlier update without an answer may still overwrite this one
                known.revision += 1
                known.due_at = self._clock.now().timestamp() + self._settle

        await self._store.write(record)

    async def _edit_later(self, row: Announcement) -> None:
        """Schedule the next try of an update whose answer was lost."""
        pause = min(FIRST_EDIT_PAUSE * 2**row.lookups, LONGEST_EDIT_PAUSE)

        def record(ledger: Ledger) -> None:
            known = ledger.announcement(row.id)
            known.lookups = min(row.lookups + 1, 10)
            known.due_at = self._clock.now().timestamp() + pause

        await self._store.write(record)

    async def _post_card_again(self, card_id: int) -> bool:
        """Post a card that was deleted in Slack once more, so that the outcome of its fax is shown."""

        def record(ledger: Ledger) -> bool:
            card = ledger.announcement(card_id)
            if card.kind is not AnnouncementKind.CARD or card.body.get("anew"):
                return False
            if not ledger.change_state(card, AnnouncementState.WAITING):
                return False
            card.body = {"anew": True}
            card.ts, card.lookups, card.due_at = None, 0, card.created_at
            return True

        return await self._store.write(record)

    async def _post(self, ids: Sequence[int]) -> None:
        """Post announcements as one message and record the result."""
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
            await self._on_refusal(ids, row, refused)
        except SlackUnclear:
            await self.postpone(ids, self._settle)
        else:
            await self._write_state(ids, AnnouncementState.SENT, ts=ts, shown=row.revision)

    def _begin_post(self, ledger: Ledger, ids: Sequence[int]) -> _Outgoing | None:
        """Commit `sending`; None if the thread's card was dropped or the state has changed."""
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

    async def _look_up(self, row_id: int) -> None:
        """Look up a post whose answer was lost; after LOOKUPS without a result it is posted again."""

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
                lookups = each.lookups + 1
                if ts is not None:
                    if ledger.change_state(each, AnnouncementState.SENT):
                        each.ts, each.sent_at, each.lookups = ts, now, 0
                        each.revision += each.kind in (AnnouncementKind.CARD, AnnouncementKind.DETAILS)
                elif lookups < LOOKUPS:
                    each.lookups, each.due_at = lookups, now + self._settle
                elif ledger.change_state(each, AnnouncementState.WAITING):
                    each.lookups, each.due_at = 0, each.created_at

        await self._store.write(record)

    async def _post_ephemeral(self, row_id: int) -> None:
        """Post an ephemeral message at most once, because it cannot be looked up afterwards."""
        now = self._clock.now().timestamp()

        def begin(ledger: Ledger) -> Announcement | None:
            row = ledger.announcement(row_id)
            if not ledger.change_state(row, AnnouncementState.SENT):
                return None
            row.sent_at = now
            return row

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
            log.warning(
                "ephemeral message was not posted",
                extra={"announcement": row_id, "fault": type(fault).__name__},
            )

    async def _on_refusal(self, ids: Sequence[int], row: Announcement, refused: SlackRefused) -> None:
        """Drop refused announcements or schedule a retry; if a step's card was deleted, post that first."""
        extra = {"announcement": row.id, "channel": row.channel_id, "error": refused.error}
        anew = refused.error in DELETED and row.kind is AnnouncementKind.STEP
        if anew and await self._post_card_again(row.parent_id or 0):
            log.warning("card was deleted; posting it again", extra=extra)
            await self._write_state(ids, AnnouncementState.WAITING)
        elif refused.error in PERMANENT_ERRORS and row.kind is not AnnouncementKind.DETAILS:
            log.error("Slack refused an announcement; it is dropped", extra=extra)
            await self._closed(
                row.channel_id, refused.error
            )  # before the state: its key prevents a second notice after a stop
            await self._write_state(ids, AnnouncementState.DROPPED)
        else:
            log.warning("Slack refused an announcement; will retry", extra=extra)
            await self._write_state(ids, AnnouncementState.WAITING, after=RETRY_SECONDS)

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
