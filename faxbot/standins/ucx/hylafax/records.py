"""Records of finished jobs, sent and received, as the UCX's database holds them."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from random import Random


class JobType(StrEnum):
    """The `type` parameter of ActiveJobs, RecordCount and RecordsGet."""

    TX = "TX"
    RX = "RX"


class Order(StrEnum):
    """The order of RecordsGet's list; the contract specifies none."""

    ASCENDING = "asc"
    DESCENDING = "desc"
    SHUFFLED = "shuffled"


@dataclass(frozen=True)
class StoredRecord:
    """The record of one finished job."""

    jobid: str
    kind: JobType
    time: float
    phone_number: str
    cid_name: str
    station_id: str
    state: str
    sent_pages: int
    total_pages: int
    attempts: int
    duration: int
    status_text: str
    requestor: str
    modem: str
    destination: str
    file: Path | None


class RecordDatabase:
    """The record database, in the order in which the records were written."""

    def __init__(self) -> None:
        self._records: list[StoredRecord] = []
        self.order = Order.ASCENDING
        self.keeps_failed_conversions = True
        """Whether a job with a status text of several lines has a record; JobStatus loses it anyway."""

    def add(self, record: StoredRecord) -> None:
        """Append the record of a finished job."""
        self._records.append(record)

    def find(self, jobid: str) -> StoredRecord | None:
        """The newest record of *jobid*; ids repeat after a reset of the server."""
        return next((record for record in reversed(self._records) if record.jobid == jobid), None)

    def delete(self, jobid: str) -> bool:
        """Remove the newest record of *jobid* with its file; False when there is none."""
        record = self.find(jobid)
        if record is None:
            return False
        self._records.remove(record)
        if record.file is not None:
            record.file.unlink(missing_ok=True)
        return True

    def clear(self) -> None:
        """Delete every record; the files stay."""
        self._records.clear()

    def all(self) -> list[StoredRecord]:
        """Every record, in the order in which they were written."""
        return list(self._records)

    def listing(self, kind: JobType) -> list[StoredRecord]:
        """Every record of *kind*, in the current order."""
        records = [record for record in self._records if record.kind is kind]
        arrangements: dict[Order, Callable[[list[StoredRecord]], None]] = {
            Order.ASCENDING: lambda _: None,
            Order.DESCENDING: list[StoredRecord].reverse,
            Order.SHUFFLED: Random(len(records)).shuffle,
        }
        arrangements[self.order](records)
        return records
