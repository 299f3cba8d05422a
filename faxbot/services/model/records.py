"""Records of the fax server, as stored by faxbot."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

from sqlmodel import SQLModel

from faxbot.fax.job import Direction, JobState
from faxbot.fax.record import Record


class RecordState(StrEnum):
    """The progress of a record in faxbot."""

    HISTORY = "history"
    """It existed before faxbot's first start, or its document was deleted from the spool."""
    SEEN = "seen"
    """A received fax whose file is still to be downloaded."""
    SPOOLED = "spooled"
    """Its file is in the spool and its announcements are written."""
    NO_FILE = "no_file"
    """The fax server has no file for it; it was announced without one."""


class FaxRecord(SQLModel):
    """
    A record on the fax server, identified by (`job_id`, `time`), and faxbot's progress with it.

    The columns up to `modem` are those of fax/record.py. Moments are epoch seconds.
    """

    id: int = 0
    """0 until it is saved."""
    direction: Direction
    job_id: str
    time: float
    number: str = ""
    caller_name: str = ""
    station_id: str = ""
    job_state: JobState = JobState.DONE
    state_text: str = ""
    sent_pages: int = 0
    total_pages: int | None = None
    attempts: int | None = None
    duration: int | None = None
    """Seconds on the line."""
    status_text: str = ""
    requestor: str = ""
    modem: str = ""

    state: RecordState = RecordState.HISTORY
    line_id: str = ""
    line_name: str = ""
    path: str | None = None
    """The document in the spool."""
    pages: int | None = None
    """Pages of the document, counted by faxbot."""
    tries: int = 0
    """Downloads that failed or brought a damaged file."""
    gone: bool = False
    """The fax server no longer has it."""
    deleted_by: str | None = None
    seen_at: float = 0.0

    @property
    def record(self) -> Record:
        """The record as the fax server reported it."""
        return Record(
            job_id=self.job_id,
            time=datetime.fromtimestamp(self.time, UTC),
            number=self.number,
            caller_name=self.caller_name,
            station_id=self.station_id,
            state=self.job_state,
            state_text=self.state_text,
            sent_pages=self.sent_pages,
            total_pages=self.total_pages,
            attempts=self.attempts,
            duration=self.duration,
            status_text=self.status_text,
            requestor=self.requestor,
            modem=self.modem,
        )


def new_record(record: Record, *, state: RecordState, seen_at: float) -> FaxRecord:
    """The row of a record that is not known yet."""
    return FaxRecord(
        direction=record.direction,
        job_id=record.job_id,
        time=record.time.timestamp(),
        number=record.number,
        caller_name=record.caller_name,
        station_id=record.station_id,
        job_state=record.state,
        state_text=record.state_text,
        sent_pages=record.sent_pages,
        total_pages=record.total_pages,
        attempts=record.attempts,
        duration=record.duration,
        status_text=record.status_text,
        requestor=record.requestor,
        modem=record.modem,
        state=state,
        seen_at=seen_at,
    )


class KeptRecord(NamedTuple):
    """The columns that retention needs of a received fax with a document, or without one yet."""

    id: int
    state: RecordState
    seen_at: float
