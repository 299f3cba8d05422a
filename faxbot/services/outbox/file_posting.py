"""
A document to a channel, exactly once.

    "" -> address obtained, bytes up -> "sharing" (committed before the call) -> "shared" -> SENT

Until the share is requested the file is invisible, so a stop before that starts over. After it, only
files.info shows whether it went; there is never a second file while the first may still appear.
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

SHARE_LOOKS = 20
"""So often Slack is asked in which message it shows a file; then the details go to the channel itself."""
LOOKS_BEFORE_HISTORY = 4
"""So often only the file is asked for; then the conversation is read, too, which Slack allows less often."""
LOOK_SECONDS = 0.5
LONGEST_LOOK_SECONDS = 3.0
LOOKS_BEFORE_REPEAT = 2
PATIENCE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class _File:
    """A file announcement, with its document and the text beside it."""

    row: Announcement
    path: Path
    title: str
    message: Message
    thread_ts: str | None


class FilePosting:
    """Takes one file announcement a step further each time. *closed* hears (channel, code) of refusals."""

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

    async def carry_on(self, row_id: int) -> None:
        """Do the next step. Raises SlackBusy; every other fault is waited out here."""
        file = await self._store.read(lambda ledger: _file(ledger, row_id))
        row = file.row
        try:
            if row.stage == "":
                await self._upload(file)
            elif row.stage == "sharing":
                await self._clear_up(file)
            else:
                await self._confirm(row)
        except SlackUnclear:
            await self._save(row, after=self._settle)
        except SlackRefused as refused:
            extra = {"announcement": row.id, "channel": row.channel_id, "error": refused.error}
            log.warning("Slack refused a file; it is kept and tried again", extra=extra)
            await self._closed(row.channel_id, refused.error)
            await self._save(row, after=PATIENCE_SECONDS)

    async def _upload(self, file: _File) -> None:
        row = file.row
        try:
            file_id, address = await self._messenger.begin_upload(file.path, file.title)
            await self._messenger.put_bytes(address, file.path)
        except FileNotFoundError:
            await self._miss(row)
            return
        await self._save(row, stage="sharing", file_id=file_id, lookups=0)
        await self._share(file, file_id)

    async def _miss(self, row: Announcement) -> None:
        """The document is not in the spool: one that was received is fetched once more."""
        log.error("a document is not in the spool", extra={"announcement": row.id, "record": row.record_id})
        due_at = self._clock.now().timestamp() + PATIENCE_SECONDS

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
            await self._save(row, stage="")  # this very call was refused: it shows nothing
            raise
        await self._save(row, stage="shared", lookups=0, after=LOOK_SECONDS)

    async def _clear_up(self, file: _File) -> None:
        """The share was asked for and its answer is lost."""
        row = file.row
        complete, ts, permalink = await self._look(row, thorough=True)
        if ts is not None:
            await self._done(row, ts, permalink)
        elif complete:
            await self._save(row, stage="shared", lookups=0)
        elif row.lookups + 1 < LOOKS_BEFORE_REPEAT:
            await self._save(row, lookups=row.lookups + 1, after=self._settle)
        else:
            await self._share(file, row.file_id or "")

    async def _confirm(self, row: Announcement) -> None:
        """Slack took the share: in which message does it show?"""
        lookups = row.lookups + 1
        _, ts, permalink = await self._look(row, thorough=lookups > LOOKS_BEFORE_HISTORY)
        if ts is not None or lookups >= SHARE_LOOKS:
            if ts is None:
                log.warning("Slack never named the message of a file", extra={"announcement": row.id})
            await self._done(row, ts, permalink)
        else:
            await self._save(
                row, lookups=lookups, after=min(LOOK_SECONDS * (lookups + 1), LONGEST_LOOK_SECONDS)
            )

    async def _look(self, row: Announcement, *, thorough: bool) -> tuple[bool, str | None, str]:
        return await self._messenger.shared_ts(
            row.channel_id, row.file_id or "", row.created_at, thorough=thorough
        )

    async def _done(self, row: Announcement, ts: str | None, permalink: str) -> None:
        now = self._clock.now().timestamp()

        def record(ledger: Ledger) -> float | None:
            known = ledger.announcement(row.id)
            ledger.change_state(known, AnnouncementState.SENT)
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
        due_at = self._clock.now().timestamp() + after if after else 0.0

        def record(ledger: Ledger) -> None:
            known = ledger.announcement(row.id)
            known.stage = known.stage if stage is None else stage
            known.file_id = file_id or known.file_id
            known.lookups = known.lookups if lookups is None else lookups
            known.due_at = due_at

        await self._store.write(record)


def _file(ledger: Ledger, row_id: int) -> _File:
    row = ledger.announcement(row_id)
    thread_ts = ledger.announcement(row.parent_id).ts if row.parent_id else row.body.get("thread_ts")
    path, title = _document(ledger, row)
    return _File(row, path, title, compose(ledger, [row], None), thread_ts)


def _document(ledger: Ledger, row: Announcement) -> tuple[Path, str]:
    """Where the document of a file announcement is, and what it is called."""
    if row.body.get("path"):
        return Path(row.body["path"]), row.body["title"]
    record = ledger.record(row.record_id or 0)
    path = Path(record.path or "")
    return path, f"{record.job_id}{path.suffix}"
