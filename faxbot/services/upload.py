"""
A document to a channel, exactly once.

    "" -> address obtained, bytes up -> "sharing" (committed before the call) -> "shared" -> SENT

Until the share is asked for nobody can see the file, so a stop before that starts over. After it, only
files.info tells whether it went; there is never a second file while the first may still appear.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from faxbot.fax.errors import SlackBusy, SlackRefused, SlackUnclear
from faxbot.services.facts import Announcement, AnnouncementState
from faxbot.services.messages import Message
from faxbot.services.ports import Clock, Ledger, Messenger, Store

log = logging.getLogger(__name__)

SHARE_LOOKS = 20
"""So often Slack is asked in which message it shows a file; then the details go to the channel itself."""
LOOK_SECONDS = 0.5
LOOKS_BEFORE_REPEAT = 2
PATIENCE_SECONDS = 30.0


class Upload:
    """Takes one file announcement a step further each time."""

    def __init__(
        self,
        store: Store,
        messenger: Messenger,
        clock: Clock,
        *,
        settle: float,
        build: Callable[[Sequence[Announcement]], Awaitable[Message]],
        closed: Callable[[Announcement, str], Awaitable[None]],
    ) -> None:
        self._store, self._messenger, self._clock = store, messenger, clock
        self._settle, self._build, self._closed = settle, build, closed

    async def carry_on(self, row: Announcement) -> None:
        """Do the next step. Raises SlackBusy; every other fault is waited out here."""
        try:
            if row.stage == "":
                await self._upload(row)
            elif row.stage == "sharing":
                await self._clear_up(row)
            else:
                await self._confirm(row)
        except SlackUnclear:
            await self._save(row, after=self._settle)
        except SlackRefused as refused:
            extra = {"announcement": row.id, "channel": row.channel_id, "error": refused.error}
            log.warning("Slack refused a file; it is kept and tried again", extra=extra)
            await self._closed(row, refused.error)
            await self._save(row, after=PATIENCE_SECONDS)

    async def _upload(self, row: Announcement) -> None:
        path, title = await self._store.read(lambda ledger: _document(ledger, row))
        file_id, address = await self._messenger.begin_upload(path, title)
        await self._messenger.put_bytes(address, path)
        message = await self._build([row])
        await self._save(row, stage="sharing", file_id=file_id, looks=0)
        await self._share(row, file_id, title, message)

    async def _share(self, row: Announcement, file_id: str, title: str, message: Message) -> None:
        thread_ts = await self._thread(row)
        try:
            await self._messenger.share_file(row.channel_id, file_id, title, message, thread_ts=thread_ts)
        except (SlackBusy, SlackRefused):
            await self._save(row, stage="")  # this very call was refused: it shows nothing
            raise
        await self._save(row, stage="shared", looks=0)

    async def _clear_up(self, row: Announcement) -> None:
        """The share was asked for and its answer is lost."""
        complete, ts, permalink = await self._look(row)
        if ts is not None:
            await self._done(row, ts, permalink)
        elif complete:
            await self._save(row, stage="shared", looks=0)
        elif row.looks + 1 < LOOKS_BEFORE_REPEAT:
            await self._save(row, looks=row.looks + 1, after=self._settle)
        else:
            _, title = await self._store.read(lambda ledger: _document(ledger, row))
            await self._share(row, row.file_id or "", title, await self._build([row]))

    async def _confirm(self, row: Announcement) -> None:
        """Slack took the share: in which message does it show?"""
        _, ts, permalink = await self._look(row)
        if ts is not None or row.looks + 1 >= SHARE_LOOKS:
            if ts is None:
                log.warning("Slack never named the message of a file", extra={"announcement": row.id})
            await self._done(row, ts, permalink)
        else:
            await self._save(row, looks=row.looks + 1, after=LOOK_SECONDS * min(row.looks + 1, 6))

    async def _look(self, row: Announcement) -> tuple[bool, str | None, str]:
        return await self._messenger.shared_ts(row.channel_id, row.file_id or "", row.created_at)

    async def _thread(self, row: Announcement) -> str | None:
        parent_id = row.parent_id
        if parent_id is None:
            return row.body.get("thread_ts")
        return await self._store.read(lambda ledger: ledger.announcement(parent_id).ts)

    async def _done(self, row: Announcement, ts: str | None, permalink: str) -> None:
        now = self._clock.now().timestamp()

        def record(ledger: Ledger) -> None:
            known = ledger.announcement(row.id or 0)
            known.state, known.ts, known.sent_at = AnnouncementState.SENT, ts, now
            known.body = known.body | {"permalink": permalink}

        await self._store.write(record)

    async def _save(
        self,
        row: Announcement,
        *,
        stage: str | None = None,
        file_id: str | None = None,
        looks: int | None = None,
        after: float = 0.0,
    ) -> None:
        due_at = self._clock.now().timestamp() + after if after else 0.0

        def record(ledger: Ledger) -> None:
            known = ledger.announcement(row.id or 0)
            known.stage = known.stage if stage is None else stage
            known.file_id = file_id or known.file_id
            known.looks = known.looks if looks is None else looks
            known.due_at = due_at

        await self._store.write(record)


def _document(ledger: Ledger, row: Announcement) -> tuple[Path, str]:
    """Where the document of a file announcement is, and what it is called."""
    if row.body.get("path"):
        return Path(row.body["path"]), row.body["title"]
    record = ledger.record(row.record_id or 0)
    path = Path(record.path or "")
    return path, f"{record.job_id}{path.suffix}"
