"""Received faxes: each is seen, fetched into the spool, and announced once per channel."""

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path

from faxbot.fax.errors import (
    BadDocument,
    CredentialsRejected,
    ServerBusy,
    ServerFault,
    ServerUnreachable,
)
from faxbot.fax.job import Direction
from faxbot.fax.routing import subscribed_channels
from faxbot.services.fax_server.lines import LineDirectory
from faxbot.services.fax_server.record_feed import RecordFeed
from faxbot.services.model.ledger import Ledger, Store
from faxbot.services.model.ports import Clock, Documents, FaxServer
from faxbot.services.model.records import FaxRecord, RecordState
from faxbot.services.model.spool import make_folder
from faxbot.services.model.spool import received as spooled
from faxbot.services.outbox.announcements import announce_late_file, announce_received, interests

_NOT_ABOUT_THE_DOCUMENT = (ServerUnreachable, CredentialsRejected, ServerBusy)

log = logging.getLogger(__name__)

TRIES = 30
"""So often a file that is missing or damaged is asked for before that is told instead."""
LATE_TRIES = 750
"""So often, with the sweeps among them, a file that was told as missing is still asked for: about a day."""
FILES_AT_ONCE = 500
"""Records whose files one tick fetches; the next tick continues."""
FETCHED_AT_ONCE = 4
"""Fewer than the connections there are: the watch must not wait for documents."""


class Inbox:
    """Brings what the fax server received to the channels that want it."""

    def __init__(
        self,
        *,
        server: FaxServer,
        store: Store,
        clock: Clock,
        documents: Documents,
        lines: LineDirectory,
        received_records: RecordFeed,
        spool: Path,
        inbound_channel: str,
    ) -> None:
        self._server, self._store, self._clock = server, store, clock
        self._documents, self._lines, self._feed = documents, lines, received_records
        self._spool, self._inbound = spool, inbound_channel
        self._pending = True
        self._fetching = asyncio.Lock()

    async def tick(self, *, sweep: bool = False) -> None:
        """
        Look for new records, and fetch the files of those that have none yet, oldest first.

        Raises:
            ServerFault: The fax server did not answer; what was found is kept.
        """
        if await self._feed.catch_up(sweep=sweep):
            self._pending = True
        if not (self._pending or sweep):
            return
        await self._lines.lines()
        async with self._fetching:
            waiting = await self._store.read(lambda ledger: self._waiting(ledger, late=sweep))
            if not sweep and any(row.tries for row in waiting):
                # its file is long in coming: is the id another fax's by now, after a reset?
                await self._feed.catch_up(sweep=True)
                waiting = await self._store.read(lambda ledger: self._waiting(ledger, late=False))
            whole = await self._fetch_all(waiting)
            self._pending = not whole or len(waiting) >= FILES_AT_ONCE

    @staticmethod
    def _waiting(ledger: Ledger, *, late: bool) -> list[FaxRecord]:
        rows = list(ledger.records_to_fetch(FILES_AT_ONCE))
        if late:
            rows += ledger.records_without_file(LATE_TRIES, FILES_AT_ONCE)
        return rows

    async def _fetch_all(self, rows: list[FaxRecord]) -> bool:
        """Fetch several at once, and announce each in its turn; False if one has to be tried again."""
        slots = asyncio.Semaphore(FETCHED_AT_ONCE)
        fetches = [asyncio.create_task(self._fetch(row, slots)) for row in rows]
        whole = True
        try:
            for row, fetch in zip(rows, fetches, strict=True):
                found = await fetch
                if found.final:
                    await self._announce(row.id, found)
                whole = whole and found.final
        finally:
            for fetch in fetches:
                fetch.cancel()
            await asyncio.gather(*fetches, return_exceptions=True)
        return whole

    async def _fetch(self, row: FaxRecord, slots: asyncio.Semaphore) -> "_Found":
        """
        Fetch one file into the spool.

        Raises:
            ServerFault: It is not about this file.
        """
        row_id = row.id
        path = spooled(self._spool, row_id)
        async with slots:
            if await self._store.read(lambda ledger: _has_successor(ledger, row)):
                await self._store.write(lambda ledger: _count_try(ledger, row_id, LATE_TRIES))
                return _Found(final=True)
            try:
                await asyncio.to_thread(make_folder, path.parent)
                path = (await self._server.download_document(row.job_id, path)).path
                return _Found(path, await self._documents.inspect(path), final=True)
            except BadDocument:
                return await self._try_later(row, path)
            except _NOT_ABOUT_THE_DOCUMENT as fault:
                log.info("a received file waits", extra={"record": row_id, "fault": type(fault).__name__})
                raise
            except ServerFault:
                return await self._try_later(row, None)
            except Exception:  # whatever is wrong with one document holds up no other
                log.exception("a received file could not be taken", extra={"record": row_id})
                return await self._try_later(row, None)

    async def _try_later(self, row: FaxRecord, path: Path | None) -> "_Found":
        """The file is not there, or not whole. After some tries what there is gets told."""
        row_id = row.id
        tries = await self._store.write(lambda ledger: _count_try(ledger, row_id))
        if tries < TRIES or row.state is RecordState.NO_FILE:
            return _Found(final=row.state is RecordState.NO_FILE)
        log.warning("a received fax has no whole file", extra={"record": row_id, "job": row.job_id})
        return _Found(path, final=True)

    async def _announce(self, row_id: int, found: "_Found") -> None:
        now = self._clock.now()

        def record(ledger: Ledger) -> bool:
            row = ledger.record(row_id)
            late = row.state is RecordState.NO_FILE and found.path is not None
            if row.state is not RecordState.SEEN and not late:
                return False
            line = self._lines.of_modem(row.modem)
            row.line_id, row.line_name = (line.line_id, line.label) if line else ("", "")
            row.path, row.pages = (str(found.path) if found.path else None), found.pages
            if not ledger.change_state(row, RecordState.SPOOLED if found.path else RecordState.NO_FILE):
                return False
            if late:
                announce_late_file(ledger, row, now)
                return True
            channels = subscribed_channels(
                interests(ledger), Direction.RX, line_id=row.line_id, first=[self._inbound]
            )
            announce_received(ledger, row, channels, now)
            return True

        if await self._store.write(record):
            log.info("received", extra={"record": row_id})


@dataclass(frozen=True, slots=True)
class _Found:
    """What came of asking for a file; it is downloaded again unless *final*."""

    path: Path | None = None
    pages: int | None = None
    final: bool = False


def _count_try(ledger: Ledger, row_id: int, times: int = 1) -> int:
    row = ledger.record(row_id)
    row.tries += times
    return row.tries


def _has_successor(ledger: Ledger, row: FaxRecord) -> bool:
    """After a reset another fax has that id: its file is not this one's."""
    return any(other.id > row.id for other in ledger.records_named(row.job_id))
