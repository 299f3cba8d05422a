"""
The outbox: announcements to Slack calls, each carried out once.

Within a thread the order is kept: a card before its replies, a file before its details. Among the threads
of a channel the one that ended goes first. Replies that had to wait go out as one message. A post is
committed as `sending` before the call; when the answer is lost, or the process dies, the message is looked
for by its key, twice with a settle window between, before it is posted again.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from faxbot.fax.errors import SlackBusy, SlackFault, SlackRefused, SlackUnclear
from faxbot.services.contents import Contents
from faxbot.services.facts import Announcement, AnnouncementKind, AnnouncementState
from faxbot.services.messages import Sentence, pack, unpack
from faxbot.services.ports import Clock, Ledger, Messenger, Store
from faxbot.services.upload import Upload

log = logging.getLogger(__name__)

LOOKS = 2
"""Absence proves nothing the first time."""
REPLIES_AT_ONCE = 20
IDLE_SECONDS = 30.0
HOPELESS = frozenset(
    {"channel_not_found", "is_archived", "not_in_channel", "user_not_found", "cannot_dm_bot", "no_permission"}
    | {"msg_too_long", "invalid_blocks", "invalid_arguments", "no_text", "restricted_action"}
    | {"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found", "user_disabled"}
)
"""Codes with which Slack says that it will never take this (chat.postMessage, chat.update)."""
CLOSED = frozenset({"channel_not_found", "is_archived", "not_in_channel", "restricted_action"})
"""Codes that are about the channel, not about the message."""
PATIENCE_SECONDS = 30.0
"""How long to wait before asking again after any other refusal (a revoked token, a missing scope)."""


class Outbox:
    """Tells Slack what is written, channel by channel, side by side."""

    def __init__(
        self,
        store: Store,
        messenger: Messenger,
        clock: Clock,
        *,
        settle: float,
        away_since: Callable[[], datetime | None],
        admins: Sequence[str] = (),
    ) -> None:
        self._store, self._messenger, self._clock, self._settle = store, messenger, clock, settle
        self._contents, self._admins = Contents(store, away_since), tuple(admins)
        self._upload = Upload(
            store, messenger, clock, settle=settle, build=self._contents.build, closed=self._tell_admin
        )
        self._wake = asyncio.Event()
        self._channels: dict[str, asyncio.Task[None]] = {}
        self._closed_until: dict[str, float] = {}

    def nudge(self) -> None:
        """Something was written."""
        self._wake.set()

    async def run(self) -> None:
        """Tell until cancelled. Calls that a stop interrupted are cleared up first."""
        doubted = False
        try:
            while True:
                self._wake.clear()
                try:
                    if not doubted:
                        await self._store.write(self._doubt_the_unfinished)
                        doubted = True
                    pause = await self._start_channels()
                except Exception:  # the database may be away for a while; what is written is not lost
                    log.exception("the outbox stumbled")
                    pause = 1.0
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):  # unlike wait_for, it never swallows a cancellation
                        await self._wake.wait()
        finally:
            tasks = list(self._channels.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _doubt_the_unfinished(self, ledger: Ledger) -> None:
        due_at = self._clock.now().timestamp() + self._settle
        for row in ledger.untold():
            if row.state is AnnouncementState.SENDING:
                row.due_at = due_at

    async def _start_channels(self) -> float:
        """Start a task for every channel that has something due; seconds until the next is."""
        rows = await self._store.read(lambda ledger: ledger.untold())
        now = self._clock.now().timestamp()
        pause = IDLE_SECONDS
        for channel_id in dict.fromkeys(row.channel_id for row in rows):
            if channel_id in self._channels:
                continue
            mine = [row for row in rows if row.channel_id == channel_id]
            opens = self._closed_until.get(channel_id, 0.0)
            due_at = max(opens, min(row.due_at for row in mine))
            if due_at <= now and choose(mine, now):
                task = asyncio.create_task(self._tell_channel(channel_id), name=f"tell {channel_id}")
                self._channels[channel_id] = task
                task.add_done_callback(partial(self._channel_done, channel_id))
            else:
                later = [each for each in (opens, *(row.due_at for row in mine)) if each > now]
                pause = min([pause, *(each - now for each in later)])
        return max(pause, 0.01)

    def _channel_done(self, channel_id: str, task: asyncio.Task[None]) -> None:
        del self._channels[channel_id]
        if not task.cancelled() and (error := task.exception()):
            log.error("the outbox stumbled", exc_info=error, extra={"channel": channel_id})
            self._closed_until[channel_id] = self._clock.now().timestamp() + PATIENCE_SECONDS
        self._wake.set()

    async def _tell_channel(self, channel_id: str) -> None:
        while True:
            now = self._clock.now().timestamp()
            rows = await self._store.read(lambda ledger: ledger.untold(channel_id))
            batch = choose(rows, now)
            if not batch or self._closed_until.get(channel_id, 0.0) > now:
                return
            try:
                await self._tell(batch)
            except SlackBusy as busy:
                self._closed_until[channel_id] = self._clock.now().timestamp() + busy.retry_after
            except SlackFault as fault:
                extra = {"announcement": batch[0].id, "fault": type(fault).__name__}
                log.warning("a look for a message failed; it is repeated", extra=extra)
                await self._postpone(batch, self._settle or 1.0)
            except Exception:  # its thread waits, the channel goes on
                log.exception("an announcement stumbled", extra={"announcement": batch[0].id})
                await self._postpone(batch, PATIENCE_SECONDS)

    async def _tell(self, batch: Sequence[Announcement]) -> None:
        first = batch[0]
        if first.state is AnnouncementState.SENT:
            await self._edit(first)
        elif first.kind is AnnouncementKind.WHISPER:
            await self._whisper(first)
        elif first.kind is AnnouncementKind.FILE:
            await self._upload.carry_on(first)
        elif first.state is AnnouncementState.SENDING:
            await self._clear_up(first)
        else:
            await self._post(batch)

    async def _edit(self, row: Announcement) -> None:
        message = await self._contents.build([row])
        try:
            await self._messenger.update(row.channel_id, row.ts or "", message, key=row.key)
        except SlackUnclear:
            await self._postpone([row], self._settle)  # an edit may be repeated
            return
        except SlackRefused as refused:
            if refused.error not in HOPELESS:
                await self._postpone([row], PATIENCE_SECONDS)
                return
            log.warning("an edit was refused", extra={"announcement": row.id, "error": refused.error})
        revision = row.revision

        def record(ledger: Ledger) -> None:
            ledger.announcement(row.id or 0).shown = revision

        await self._store.write(record)

    async def _post(self, batch: Sequence[Announcement]) -> None:
        parent = await self._parent(batch[0])
        if parent is not None and parent.state is AnnouncementState.DROPPED:
            await self._settle_batch(batch, AnnouncementState.DROPPED, None)
            return
        message = await self._contents.build(batch)
        shown = batch[0].revision
        await self._mark_sending(batch)
        thread_ts = parent.ts if parent else None
        try:
            ts = await self._messenger.post(
                batch[0].channel_id, message, key=batch[0].key, thread_ts=thread_ts
            )
        except SlackBusy:
            await self._settle_batch(batch, AnnouncementState.WAITING, None)
            raise
        except SlackRefused as refused:
            await self._take_refusal(batch, refused)
        except SlackUnclear:
            await self._postpone(batch, self._settle)
        else:
            await self._settle_batch(batch, AnnouncementState.SENT, ts, shown)

    async def _clear_up(self, row: Announcement) -> None:
        """A post of unknown fate: look for its key, look again, then post."""
        parent = await self._parent(row)
        ts = await self._messenger.find(
            row.channel_id,
            key=row.batch,
            since=row.created_at,
            thread_ts=parent.ts if parent else None,
        )

        def record(ledger: Ledger) -> None:
            now = self._clock.now().timestamp()
            for each in ledger.batch(row.batch):
                each.looks += 1
                if ts is not None:
                    each.state, each.ts, each.sent_at = AnnouncementState.SENT, ts, now
                    each.revision += each.kind in (AnnouncementKind.CARD, AnnouncementKind.DETAILS)
                elif each.looks >= LOOKS:
                    each.state, each.looks, each.due_at = AnnouncementState.WAITING, 0, 0.0
                else:
                    each.due_at = now + self._settle

        await self._store.write(record)

    async def _whisper(self, row: Announcement) -> None:
        """At most once: it cannot be looked for afterwards."""
        await self._settle_batch([row], AnnouncementState.SENT, None)
        try:
            await self._messenger.whisper(
                row.channel_id,
                row.user_id or "",
                unpack(row.body),
                response_url=row.response_url,
                thread_ts=row.body.get("thread_ts"),
            )
        except SlackBusy:
            await self._settle_batch([row], AnnouncementState.WAITING, None)
            raise
        except SlackFault as fault:
            log.warning("an answer was lost", extra={"announcement": row.id, "fault": type(fault).__name__})

    async def _take_refusal(self, batch: Sequence[Announcement], refused: SlackRefused) -> None:
        extra = {"announcement": batch[0].id, "channel": batch[0].channel_id, "error": refused.error}
        if refused.error in HOPELESS and batch[0].kind is not AnnouncementKind.DETAILS:
            log.error("Slack will not take an announcement", extra=extra)
            await self._tell_admin(batch[0], refused.error)
            await self._settle_batch(batch, AnnouncementState.DROPPED, None)
            return
        log.warning("Slack refused an announcement; it is kept", extra=extra)
        await self._settle_batch(batch, AnnouncementState.WAITING, None)
        await self._postpone(batch, PATIENCE_SECONDS)

    async def _tell_admin(self, row: Announcement, error: str) -> None:
        """One admin hears, once for each channel, that it is closed to the bot."""
        if error not in CLOSED or not self._admins or row.channel_id == self._admins[0]:
            return
        text = (
            f"I can't post in the channel {row.channel_id} any more (Slack says {error}). "
            "Invite me there, or unsubscribe it."
        )

        def record(ledger: Ledger) -> None:
            ledger.announce(
                Announcement(
                    key=f"closed-{row.channel_id}",
                    kind=AnnouncementKind.NOTICE,
                    channel_id=self._admins[0],
                    body=pack(Sentence(text)),
                    created_at=self._clock.now().timestamp(),
                )
            )

        await self._store.write(record)
        self.nudge()

    async def _mark_sending(self, batch: Sequence[Announcement]) -> None:
        ids = [row.id or 0 for row in batch]

        def record(ledger: Ledger) -> None:
            for row_id in ids:
                row = ledger.announcement(row_id)
                row.state, row.batch, row.looks = AnnouncementState.SENDING, batch[0].key, 0

        await self._store.write(record)

    async def _settle_batch(
        self, batch: Sequence[Announcement], state: AnnouncementState, ts: str | None, shown: int = 0
    ) -> None:
        ids = [row.id or 0 for row in batch]
        now = self._clock.now().timestamp()

        def record(ledger: Ledger) -> None:
            for row_id in ids:
                row = ledger.announcement(row_id)
                row.state, row.ts = state, ts or row.ts
                row.shown = max(row.shown, shown)
                if state is AnnouncementState.SENT:
                    row.sent_at = now

        await self._store.write(record)

    async def _postpone(self, batch: Sequence[Announcement], seconds: float) -> None:
        ids = [row.id or 0 for row in batch]
        due_at = self._clock.now().timestamp() + seconds

        def record(ledger: Ledger) -> None:
            for row_id in ids:
                ledger.announcement(row_id).due_at = due_at

        await self._store.write(record)

    async def _parent(self, row: Announcement) -> Announcement | None:
        parent_id = row.parent_id
        if parent_id is None:
            return None
        return await self._store.read(lambda ledger: ledger.announcement(parent_id))


def choose(rows: Sequence[Announcement], now: float) -> list[Announcement]:
    """
    What to tell next in a channel: nothing, one announcement, or waiting replies of one thread.

    The head of each thread is what comes first in it; a head that is not due holds up its thread only. The
    thread with the oldest end goes first, then the oldest.
    """
    threads: dict[int, list[Announcement]] = {}
    for row in rows:
        threads.setdefault(row.parent_id or row.id or 0, []).append(row)
    ready = [
        thread for thread in threads.values() if thread[0].due_at <= now and not _held_up(thread[0], rows)
    ]
    if not ready:
        return []
    thread = min(ready, key=lambda each: (not any(row.terminal for row in each), each[0].id or 0))
    head = thread[0]
    if head.kind is not AnnouncementKind.REPLY or head.state is not AnnouncementState.WAITING:
        return [head]
    batch: list[Announcement] = []
    for row in thread[:REPLIES_AT_ONCE]:
        if row.kind is not AnnouncementKind.REPLY or row.state is not AnnouncementState.WAITING:
            break
        batch.append(row)
    return batch


def _held_up(head: Announcement, rows: Sequence[Announcement]) -> bool:
    """Its parent is still to be posted."""
    return any(
        row.id == head.parent_id and row.state is not AnnouncementState.SENT for row in rows if head.parent_id
    )
