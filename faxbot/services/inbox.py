"""Received faxes: each is seen, fetched into the spool, and announced once per channel."""

import asyncio
import logging
from pathlib import Path

from faxbot.fax.errors import AnswerLost, BadDocument, RequestRefused, ServerFault
from faxbot.fax.job import Direction
from faxbot.fax.routing import audience
from faxbot.services.facts import FaxRecord, RecordState
from faxbot.services.feed import RecordFeed
from faxbot.services.lines import LineBook
from faxbot.services.ports import Clock, Documents, FaxServer, Ledger, Nudge, Store
from faxbot.services.spool import make_folder
from faxbot.services.spool import received as spooled
from faxbot.services.tell import interests, record_of, tell_received

log = logging.getLogger(__name__)

TRIES = 30
"""So often a file that is missing or damaged is asked for before that is told instead."""


class Inbox:
    """Brings what the fax server received to the channels that want it."""

    def __init__(
        self,
        *,
        server: FaxServer,
        store: Store,
        clock: Clock,
        documents: Documents,
        lines: LineBook,
        received_records: RecordFeed,
        spool: Path,
        inbound_channel: str,
        told: Nudge,
    ) -> None:
        self._server, self._store, self._clock = server, store, clock
        self._documents, self._lines, self._feed = documents, lines, received_records
        self._spool, self._inbound, self._told = spool, inbound_channel, told
        self._pending = True

    async def tick(self, *, sweep: bool = False) -> None:
        """
        Look for new records, and fetch the files of those that have none yet.

        Raises:
            ServerFault: The fax server did not answer; what was found is kept.
        """
        if await self._feed.catch_up(sweep=sweep):
            self._pending = True
        if not self._pending:
            return
        await self._lines.lines()
        waiting = await self._store.read(lambda ledger: ledger.records_in(RecordState.SEEN))
        results = await asyncio.gather(*(self._fetch(row) for row in waiting), return_exceptions=True)
        self._pending = not all(result is True for result in results)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def _fetch(self, row: FaxRecord) -> bool:
        """Fetch one file and announce it; False if it has to be tried again."""
        row_id = row.id or 0
        path = spooled(self._spool, row_id)
        pages: int | None = None
        try:
            await asyncio.to_thread(make_folder, path.parent)
            download = await self._server.download_document(row.job_id, path)
            path = download.path
            pages = await self._documents.inspect(path)
        except (RequestRefused, AnswerLost):  # the records were just told: it is this document
            return await self._try_later(row, None)
        except BadDocument:
            return await self._try_later(row, path)
        except ServerFault as fault:
            log.info("a received file waits", extra={"record": row_id, "fault": type(fault).__name__})
            raise
        await self._announce(row_id, path, pages)
        return True

    async def _try_later(self, row: FaxRecord, path: Path | None) -> bool:
        """The file is not there, or not whole. After some tries what there is gets told."""
        row_id = row.id or 0

        def count(ledger: Ledger) -> int:
            known = ledger.record(row_id)
            known.tries += 1
            return known.tries

        if await self._store.write(count) < TRIES:
            return False
        log.warning("a received fax has no whole file", extra={"record": row_id, "job": row.job_id})
        await self._announce(row_id, path, None)
        return True

    async def _announce(self, row_id: int, path: Path | None, pages: int | None) -> None:
        now = self._clock.now()

        def record(ledger: Ledger) -> None:
            row = ledger.record(row_id)
            if row.state is not RecordState.SEEN:
                return
            line = self._lines.of_modem(record_of(row).modem)
            row.line_id, row.line_name = (line.line_id, line.label) if line else ("", "")
            row.path, row.pages = (str(path) if path else None), pages
            row.state = RecordState.SPOOLED if path else RecordState.NO_FILE
            channels = audience(interests(ledger), Direction.RX, line_id=row.line_id, first=[self._inbound])
            tell_received(ledger, row, channels, now)

        await self._store.write(record)
        log.info("received", extra={"record": row_id})
        self._told()
