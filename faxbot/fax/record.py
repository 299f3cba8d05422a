"""The fax server's record of a finished job, sent or received."""

from dataclasses import dataclass
from datetime import datetime

from faxbot.fax.job import CANCELLED_TEXT, Direction, JobState


@dataclass(frozen=True, slots=True)
class Record:
    """
    One finished fax. Its key is (`job_id`, `time`), since a reset of the server starts the ids again.

    `station_id` is set by the other side's machine and is never one of our lines.

    Source: RecordsGet, ucx-fax-api.
    """

    job_id: str
    time: datetime
    number: str = ""
    """The other side's number: the caller of a received fax, the number dialed of a sent one."""
    caller_name: str = ""
    station_id: str = ""
    state: JobState = JobState.DONE
    state_text: str = ""
    sent_pages: int = 0
    total_pages: int | None = None
    attempts: int | None = None
    duration: int | None = None
    """Seconds on the line."""
    status_text: str = ""
    requestor: str = ""
    modem: str = ""

    @property
    def direction(self) -> Direction:
        """Sent or received."""
        return Direction.of(self.job_id)

    @property
    def key(self) -> tuple[str, datetime]:
        """The record's identity."""
        return (self.job_id, self.time)

    @property
    def incomplete(self) -> bool:
        """Whether pages are missing: only an incomplete reception has a status text."""
        return self.direction is Direction.RX and bool(self.status_text.strip())

    @property
    def cancelled(self) -> bool:
        """Whether a sent fax ended by a cancellation."""
        return self.state is JobState.FAILED and CANCELLED_TEXT.lower() in self.status_text.lower()
