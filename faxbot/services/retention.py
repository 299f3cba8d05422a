"""The spool: a document is kept for some days, and until every post of it is confirmed."""

import asyncio
import logging
import shutil
from pathlib import Path

from faxbot.services.facts import FaxState, RecordState
from faxbot.services.ports import Clock, Ledger, Store

log = logging.getLogger(__name__)

DAY = 86_400.0


class Retention:
    """Removes what the spool no longer needs. Nothing on the fax server is ever deleted by itself."""

    def __init__(self, store: Store, clock: Clock, spool: Path, days: float) -> None:
        self._store, self._clock, self._spool, self._days = store, clock, spool, days

    async def tick(self) -> None:
        """Drop documents whose fax ended, or whose every post is confirmed, long enough ago."""
        before = self._clock.now().timestamp() - self._days * DAY

        def find(ledger: Ledger) -> tuple[list[int], list[tuple[int, str]]]:
            faxes = [
                fax.id or 0
                for fax in ledger.faxes_in(FaxState.ENDED)
                if fax.path and (fax.ended_at or before) < before
            ]
            untold = ledger.untold_records()
            records = [
                (row.id or 0, row.path)
                for row in ledger.records_in(RecordState.SPOOLED)
                if row.path and row.seen_at < before and row.id not in untold
            ]
            return faxes, records

        faxes, records = await self._store.read(find)
        await asyncio.to_thread(self._remove, faxes, [path for _, path in records])
        await asyncio.to_thread(self._remove_strays, before)

        def record(ledger: Ledger) -> None:
            for fax_id in faxes:
                ledger.fax(fax_id).path = None
            for row_id, _ in records:
                ledger.record(row_id).state = RecordState.HISTORY

        if faxes or records:
            await self._store.write(record)
            log.info("spool tidied", extra={"sent": len(faxes), "received": len(records)})

    def _remove_strays(self, before: float) -> None:
        """Documents that were fetched for a person, and what a stop left of a download."""
        for path in [*self._spool.glob("get/*"), *self._spool.glob("*/.*.part")]:
            if path.stat().st_mtime < before:
                path.unlink(missing_ok=True)

    def _remove(self, faxes: list[int], paths: list[str]) -> None:
        for fax_id in faxes:
            shutil.rmtree(self._spool / "out" / str(fax_id), ignore_errors=True)
        for path in paths:
            Path(path).unlink(missing_ok=True)
