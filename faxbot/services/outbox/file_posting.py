"""
Posts a document to a channel exactly once.

    "" -> upload URL obtained, bytes uploaded -> "sharing" (committed before the call) -> "shared" -> SENT

Until files.completeUploadExternal the file is invisible, so an interrupted upload starts over. After the call
only files.info shows whether the file was shared; no second file is shared while the first may still appear.

Source: files.getUploadURLExternal, files.completeUploadExternal, files.info.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from faxbot.fax.errors import SlackBusy, SlackRefused, SlackUnclear
from faxbot.services.model.announcements import Announcement, AnnouncementState
from faxbot.services.model.ledger import Ledger, Store
from faxbot.services.model.messages import Message
from faxbot.services.model.ports import Clock, Messenger
from faxbot.services.model.records import RecordState
from faxbot.services.outbox.compose import compose

log = logging.getLogger(__name__)

SHARE_LOOKUPS = 20
"""Lookups of the message that shows a shared file; after that the details are posted without a thread."""
LOOKUPS_BEFORE_HISTORY = 4
"""Lookups by files.info alone; later ones also read the history, which has a lower rate limit."""
FIRST_LOOKUP_PAUSE = 0.5
LONGEST_LOOKUP_PAUSE = 3.0
"""Seconds between two lookups: the first pause, and the maximum."""
LOOKUPS_BEFORE_REPEAT = 2
"""Lookups without a result before a share with a lost answer is repeated."""
RETRY_SECONDS = 30.0
"""Seconds until the next try after a refusal."""


@dataclass(frozen=True, slots=True)
class _File:
    """A file announcement with its document and its text."""

    row: Announcement
    path: Path
    title: str
    message: Message
    thread_ts: str | None


class FilePosting:
    """
    Posts file announcements, one step per call of `advance`.

    *settle*: seconds after which a call without an answer counts as finished. *closed* is called with
    (channel, error code) after a refusal, *posted* with the seconds from a fax's arrival to its post.
    """

    def __init__(
        self,
        store: Store,
        messenger: Messenger,
        clock: Clock,
        *,
        settle: float,
        closed: Callable[[str, str], Awaitable[None]],
        posted: Callable[[float], None],
    ) -> None:
        self._store, self._messenger, self._clock = store, messenger, clock
        self._settle, self._closed, self._posted = settle, closed, posted

    async def advance(self, row_id: int) -> None:
        """Do the next step of an announcement. Raises SlackBusy; after other faults it is retried later."""
        file = await self._store.read(lambda ledger: _file(ledger, row_id))
        row = file.row
        try:
            if row.stage == "":
                await self._upload(file)
            elif row.stage == "sharing":
                await self._resolve_share(file)
            else:
                await self._confirm(row)
        except SlackUnclear:
            await self._save(row, after=self._settle)
        except SlackRefused as refused:
            extra = {"announcement": row.id, "channel": row.channel_id, "error": refused.error}
            log.warning("Slack refused a file; will retry", extra=extra)
            await self._closed(row.channel_id, refused.error)
            await self._save(row, after=RETRY_SECONDS)

    async def _upload(self, file: _File) -> None:
        row = file.row
        try:
            file_id, address = await self._messenger.begin_upload(file.path, file.title)
            await self._messenger.put_bytes(address, file.path)
        except FileNotFoundError:
            await self._document_missing(row)
            return
        await self._save(row, stage="sharing", file_id=file_id, lookups=0)
        await self._share(file, file_id)

    async def _document_missing(self, row: Announcement) -> None:
        """The document is not in the spool: download a received one again, drop any other."""
        log.error("document is not in the spool", extra={"announcement": row.id, "record": row.record_id})
        due_at = self._clock.now().timestamp() + RETRY_SECONDS

        def record(ledger: Ledger) -> None:
            known = ledger.announcement(row.id)
            known.due_at = due_at
            if row.record_id is None:
                ledger.change_state(known, AnnouncementState.DROPPED)
            else:
                ledger.change_state(ledger.record(row.record_id), RecordState.SEEN)

        await self._store.write(record)

    async def _share(self, file: _File, file_id: str) -> None:
        row = file.row
        try:
            await self._messenger.share_file(
                row.channel_id, file_id, file.title, file.message, thread_ts=file.thread_ts
            )
        except (SlackBusy, SlackRefused):
            await self._save(row, stage="")  # refused: this file was not shared
            raise
        await self._save(row, stage="shared", lookups=0, after=FIRST_LOOKUP_PAUSE)

    async def _resolve_share(self, file: _File) -> None:
        """Look up a share whose answer was lost; repeat it after LOOKUPS_BEFORE_REPEAT."""
        row = file.row
        complete, ts, permalink = await self._look_up(row, thorough=True)
        if ts is not None:
            await self._done(row, ts, permalink)
        elif complete:
            await self._save(row, stage="shared", lookups=0)
        elif row.lookups + 1 < LOOKUPS_BEFORE_REPEAT:
            await self._save(row, lookups=row.lookups + 1, after=self._settle)
        else:
            await self._share(file, row.file_id or "")

    async def _confirm(self, row: Announcement) -> None:
        """Look up the message that shows the shared file; its details are posted as a reply."""
        lookups = row.lookups + 1
        _, ts, permalink = await self._look_up(row, thorough=lookups > LOOKUPS_BEFORE_HISTORY)
        if ts is not None or lookups >= SHARE_LOOKUPS:
            if ts is None:
                log.warning("message of a shared file was not found", extra={"announcement": row.id})
            await self._done(row, ts, permalink)
        else:
            await self._save(
                row, lookups=lookups, after=min(FIRST_LOOKUP_PAUSE * (lookups + 1), LONGEST_LOOKUP_PAUSE)
            )

    async def _look_up(self, row: Announcement, *, thorough: bool) -> tuple[bool, str | None, str]:
        return await self._messenger.shared_ts(
            row.channel_id, row.file_id or "", row.created_at, thorough=thorough
        )

    async def _done(self, row: Announcement, ts: str | None, permalink: str) -> None:
        now = self._clock.now().timestamp()

        def record(ledger: Ledger) -> float | None:
            known = ledger.announcement(row.id)
            if not ledger.change_state(known, AnnouncementState.SENT):
                return None
            known.ts, known.sent_at = ts, now
            known.body = known.body | {"permalink": permalink}
            return ledger.record(row.record_id).seen_at if row.record_id is not None else None

        seen_at = await self._store.write(record)
        if seen_at is not None:
            self._posted(now - seen_at)

    async def _save(
        self,
        row: Announcement,
        *,
        stage: str | None = None,
        file_id: str | None = None,
        lookups: int | None = None,
        after: float = 0.0,
    ) -> None:
        due_at = self._clock.now().timestamp() + after

        def record(ledger: Ledger) -> None:
            known = ledger.announcement(row.id)
            known.stage = known.stage if stage is None else stage
            known.file_id = file_id or known.file_id
            known.lookups = known.lookups if lookups is None else lookups
            known.due_at = due_at if after else known.created_at

        await self._store.write(record)


def _file(ledger: Ledger, row_id: int) -> _File:
    row = ledger.announcement(row_id)
    thread_ts = ledger.announcement(row.parent_id).ts if row.parent_id else row.body.get("thread_ts")
    path, title = _document(ledger, row)
    return _File(row, path, title, compose(ledger, [row], None), thread_ts)


def _document(ledger: Ledger, row: Announcement) -> tuple[Path, str]:
    """Path and title of the document of a file announcement."""
    if row.body.get("path"):
        return Path(row.body["path"]), row.body["title"]
    record = ledger.record(row.record_id or 0)
    path = Path(record.path or "")
    return path, f"{record.job_id}{path.suffix}"
