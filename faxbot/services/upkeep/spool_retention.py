"""
The spool: a document is kept for some days, and as long as a fax, a record or a message may still need it.

The spool is listed first and the database read second, so that a file that is created in between is not taken
for a leftover. Files are deleted first and their rows updated second, so that the next tick completes what a
stop interrupted. Nothing on the fax server is deleted without a person's request.
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
from faxbot.services.model.spool import fetched, outgoing, received

log = logging.getLogger(__name__)

DAY = 86_400.0
UNTOUCHED_SECONDS = 3600.0
"""A file that was not written to for this long is not in use: downloads and converters end much sooner."""
_DOWNLOAD = re.compile(r"\.(.+)\.[^.]+\.part")
"""The name of a partial download contains the final name."""


class _Facts(NamedTuple):
    """The rows that decide; evaluated in another thread, since transactions wait for the store's thread."""

    faxes: Sequence[KeptFax]
    records: Sequence[KeptRecord]
    unconfirmed: set[int]
    files_to_tell: Sequence[str]
    open_requests: Sequence[int]


@dataclass(frozen=True, slots=True)
class _Needs:
    """
    What the spool has to keep and may delete.

    *kept* are documents and their folders; *under_way* are files that are being fetched, and folders in
    which a fax is prepared. *old_faxes* and *old_records* are the rows whose documents, *old*, are deleted.
    """

    kept: frozenset[Path]
    under_way: frozenset[Path]
    old: tuple[Path, ...]
    old_faxes: tuple[int, ...]
    old_records: tuple[int, ...]

    def keeps(self, path: Path) -> bool:
        """Whether *path*, which is in the spool, or something in it is needed."""
        download = _DOWNLOAD.fullmatch(path.name)
        becomes = path.with_name(download[1]) if download else path
        return path in self.kept or not self.under_way.isdisjoint((becomes, path.parent))


class SpoolRetention:
    """Removes what the spool no longer needs: it keeps a document for *days* days."""

    def __init__(self, store: Store, clock: Clock, spool: Path, days: float) -> None:
        self._store, self._clock, self._spool, self._days = store, clock, spool, days

    async def tick(self) -> None:
        """
        Delete documents that are no longer needed, and what interrupted work left behind.

        A sent document is deleted some days after the fax ended, but not while another fax sends it again; a
        received one only when every post of it is confirmed, and so is one that a person requested.
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
            log.info("spool tidied", extra=counted)

    def _list_paths(self) -> list[Path]:
        """Every path in the spool: single files and the folders of faxes first, then what is in these."""
        return [*self._spool.glob("*/*"), *self._spool.glob("out/*/*")]

    def _needs(self, facts: _Facts, before: float) -> _Needs:
        young = [fax for fax in facts.faxes if fax.ended_at is None or fax.ended_at >= before]
        old = [fax for fax in facts.faxes if fax.ended_at is not None and fax.ended_at < before]
        # Sent again, a fax has the document of the one before it, in the folder of that one.
        documents = {fax.id: self._of_a_fax(fax.path) for fax in facts.faxes if fax.path}
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

    def _of_a_fax(self, path: str) -> Path:
        """The document of a fax, even if the data directory was elsewhere when its path was written."""
        return self._spool / "out" / Path(*Path(path).parts[-2:])

    def _remove(self, paths: Iterable[Path], needs: _Needs, now: float) -> None:
        for path in needs.old:
            _delete(path)
        for path in paths:
            if not needs.keeps(path) and now - _modified_at(path) > self._min_age(path):
                _delete(path)

    def _min_age(self, path: Path) -> float:
        """Seconds a leftover stays; the age of a document fetched for a person is known from its file."""
        for_a_person = path.parent == self._spool / "get" and not _DOWNLOAD.fullmatch(path.name)
        return max(self._days * DAY, UNTOUCHED_SECONDS) if for_a_person else UNTOUCHED_SECONDS


def _facts(ledger: Ledger) -> _Facts:
    return _Facts(
        ledger.faxes_to_keep(),
        ledger.records_to_keep(),
        ledger.unconfirmed_records(),
        ledger.files_to_tell(),
        [request.id for request in ledger.open_requests()],
    )


def _modified_at(path: Path) -> float:
    """When *path* or something in it was last written to; infinity if it is gone."""
    try:
        return max(each.stat().st_mtime for each in (path, *path.rglob("*")))
    except FileNotFoundError:  # a download that has got its name meanwhile, say
        return float("inf")


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
