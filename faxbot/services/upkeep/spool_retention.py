"""
Retention of the spool: documents are deleted after some days, when no fax, record or message needs them.

The spool is listed before the database is read, so that a file created in between is not deleted as a
leftover. Files are deleted before their rows are updated, so that the next tick completes an interrupted one.
Nothing on the fax server is deleted here.
"""

import asyncio
import logging
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from faxbot.services.model.faxes import KeptFax
from faxbot.services.model.ledger import Ledger, Store
from faxbot.services.model.ports import Clock
from faxbot.services.model.records import KeptRecord, RecordState
from faxbot.services.model.spool import ORIGINAL, fetched, outgoing, received

log = logging.getLogger(__name__)

DAY = 86_400.0
UNTOUCHED_SECONDS = 3600.0
"""Seconds after its last write at which a leftover is not in use; downloads and converters end sooner."""
_DOWNLOAD = re.compile(r"\.(.+)\.[^.]+\.part")
"""Name of a partial download; group 1 is the final name."""


class _Facts(NamedTuple):
    """The rows that decide which files are kept; evaluated outside the store's thread, to keep that free."""

    faxes: Sequence[KeptFax]
    records: Sequence[KeptRecord]
    unconfirmed: set[int]
    files_to_tell: Sequence[str]
    open_requests: Sequence[int]


@dataclass(frozen=True, slots=True)
class _Needs:
    """
    Which paths of the spool to keep and which to delete.

    *kept*: documents and their folders. *under_way*: files that are being downloaded, and folders in which a
    fax is prepared. *old*: documents to delete; they belong to the rows *old_faxes* and *old_records*.
    """

    kept: frozenset[Path]
    under_way: frozenset[Path]
    old: tuple[Path, ...]
    old_faxes: tuple[int, ...]
    old_records: tuple[int, ...]

    def keeps(self, path: Path) -> bool:
        """Whether *path* or a file in it is needed."""
        download = _DOWNLOAD.fullmatch(path.name)
        becomes = path.with_name(download[1]) if download else path
        if path.name.startswith(ORIGINAL) and path.parent in self.kept:
            return True
        return path in self.kept or not self.under_way.isdisjoint((becomes, path.parent))


class SpoolRetention:
    """Deletes documents that are older than *days* and not needed, and leftovers."""

    def __init__(self, store: Store, clock: Clock, spool: Path, days: float) -> None:
        self._store, self._clock, self._spool, self._days = store, clock, spool, days

    async def tick(self) -> None:
        """
        Delete documents that are no longer needed, and leftovers of interrupted work.

        A sent document is deleted *days* after its fax ended, unless another fax sends it again. A received
        or requested document is kept at least *days*, and until every post of it is confirmed.
        """
        now = self._clock.now().timestamp()
        paths = await asyncio.to_thread(self._list_paths)
        facts = await self._store.read(_facts)
        needs = await asyncio.to_thread(self._needs, facts, now - self._days * DAY)
        await asyncio.to_thread(self._remove, paths, needs, now)
        if needs.old:
            await self._store.write(
                lambda ledger: ledger.forget_documents(needs.old_faxes, needs.old_records)
            )
            counted = {"sent": len(needs.old_faxes), "received": len(needs.old_records)}
            log.info("old documents deleted", extra=counted)

    def _list_paths(self) -> list[Path]:
        """All paths in the spool: files and folders of faxes, then the contents of these folders."""
        return [*self._spool.glob("*/*"), *self._spool.glob("out/*/*")]

    def _needs(self, facts: _Facts, before: float) -> _Needs:
        """Evaluate *facts*; faxes that ended and records seen *before* (epoch seconds) are old."""
        young = [fax for fax in facts.faxes if fax.ended_at is None or fax.ended_at >= before]
        old = [fax for fax in facts.faxes if fax.ended_at is not None and fax.ended_at < before]
        # A fax that was sent again uses the document in the folder of the earlier fax.
        documents = {fax.id: self._document_path(fax.path) for fax in facts.faxes if fax.path}
        in_use = {documents[fax.id] for fax in young if fax.path}
        old_faxes = [fax.id for fax in old if documents[fax.id] not in in_use]
        records = facts.records
        old_records = {
            record.id
            for record in records
            if record.state is RecordState.SPOOLED
            and record.seen_at < before
            and record.id not in facts.unconfirmed
        }
        asked_for = [self._spool / "get" / Path(path).name for path in facts.files_to_tell]
        under_way = [outgoing(self._spool, fax.id) for fax in young if not fax.path]
        under_way += [received(self._spool, each.id) for each in records if each.state is RecordState.SEEN]
        under_way += [fetched(self._spool, request_id) for request_id in facts.open_requests]
        kept_records = [received(self._spool, each.id) for each in records if each.id not in old_records]
        return _Needs(
            kept=frozenset([*in_use, *(path.parent for path in in_use), *kept_records, *asked_for]),
            under_way=frozenset(under_way),
            old=(
                *(documents[fax_id].parent for fax_id in old_faxes),
                *(received(self._spool, row_id) for row_id in old_records),
            ),
            old_faxes=tuple(old_faxes),
            old_records=tuple(old_records),
        )

    def _document_path(self, path: str) -> Path:
        """The document of a fax in the current spool; *path* may name an earlier data directory."""
        return self._spool / "out" / Path(*Path(path).parts[-2:])

    def _remove(self, paths: Iterable[Path], needs: _Needs, now: float) -> None:
        for path in needs.old:
            _delete(path)
        for path in paths:
            if not needs.keeps(path) and now - _modified_at(path) > self._min_age(path):
                _delete(path)

    def _min_age(self, path: Path) -> float:
        """Seconds since its last write after which an unneeded *path* is deleted."""
        requested = path.parent == self._spool / "get" and not _DOWNLOAD.fullmatch(path.name)
        return max(self._days * DAY, UNTOUCHED_SECONDS) if requested else UNTOUCHED_SECONDS


def _facts(ledger: Ledger) -> _Facts:
    return _Facts(
        ledger.faxes_to_keep(),
        ledger.records_to_keep(),
        ledger.unconfirmed_records(),
        ledger.files_to_tell(),
        [request.id for request in ledger.open_requests()],
    )


def _modified_at(path: Path) -> float:
    """The latest modification time of *path* and its contents; infinity if it no longer exists."""
    try:
        return max(each.stat().st_mtime for each in (path, *path.rglob("*")))
    except FileNotFoundError:  # such as a download that was renamed meanwhile
        return float("inf")


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
