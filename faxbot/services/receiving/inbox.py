"""Received faxes: each is recorded, downloaded into the spool, and announced once per channel."""

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
"""Faults of the fax server as a whole; they do not count as tries of a document."""

log = logging.getLogger(__name__)

TRIES = 30
"""Downloads of a missing or damaged file before the fax is announced without it."""
LATE_TRIES = 750
"""Downloads, including those in sweeps, before a file announced as missing is given up; about a day."""
FILES_AT_ONCE = 500
"""Maximum number of files downloaded in one tick; the next tick continues."""
FETCHED_AT_ONCE = 4
"""Maximum number of concurrent downloads; lower than the connection limit, so that other queries need not
wait."""


class Inbox:
    """Announces received faxes in the inbound channel and in the subscribed channels."""

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
        """Whether files may be waiting: without new records, a tick reads no row."""
        self._fetching = asyncio.Lock()

    async def tick(self, *, sweep: bool = False) -> None:
        """
        Find new records, and download the files of records without one, oldest first.

        Raises:
            ServerFault: The fax server did not answer; what was recorded before that stays.
        """
        if await self._feed.catch_up(sweep=sweep):
            self._pending = True
        if not (self._pending or sweep):
            return
        await self._lines.lines()
        async with self._fetching:
            waiting = await self._store.read(lambda ledger: self._waiting(ledger, late=sweep))
            if not sweep and any(row.tries for row in waiting):
                # A file is missing: after a reset of the server, a newer record may have the same id.
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
        """Download files concurrently, announce them in order; False if one has to be downloaded again."""
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
        Download one file into the spool.

        Raises:
            ServerFault: The fault concerns the fax server, not this file.
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
                log.info(
                    "download of a received fax failed; will retry",
                    extra={"record": row_id, "fault": type(fault).__name__},
                )
                raise
            except ServerFault:
                return await self._try_later(row, None)
            except Exception:  # a fault of one document must not delay the others
                log.exception("received file could not be stored", extra={"record": row_id})
                return await self._try_later(row, None)

    async def _try_later(self, row: FaxRecord, path: Path | None) -> "_Found":
        """Count a try of a missing or damaged file; after TRIES, announce the fax with what there is."""
        row_id = row.id
        tries = await self._store.write(lambda ledger: _count_try(ledger, row_id))
        if tries < TRIES or row.state is RecordState.NO_FILE:
            return _Found(final=row.state is RecordState.NO_FILE)
        log.warning("received fax has no complete file", extra={"record": row_id, "job": row.job_id})
        return _Found(path, final=True)

    async def _announce(self, row_id: int, found: "_Found") -> None:
        """Record the document and announce the fax; for a late file, announce only the file."""
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
            log.info("received fax announced", extra={"record": row_id})


@dataclass(frozen=True, slots=True)
class _Found:
    """The result of a download; the file is downloaded again unless *final*."""

    path: Path | None = None
    pages: int | None = None
    final: bool = False


def _count_try(ledger: Ledger, row_id: int, times: int = 1) -> int:
    """Add *times* to the tries of a record; return the new number."""
    row = ledger.record(row_id)
    row.tries += times
    return row.tries


def _has_successor(ledger: Ledger, row: FaxRecord) -> bool:
    """Whether a newer record has the same job id (after a reset): the file of that id belongs to it."""
    return any(other.id > row.id for other in ledger.records_named(row.job_id))
