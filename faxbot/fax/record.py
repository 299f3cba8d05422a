"""A finished sending or reception, as the fax server keeps it."""

from dataclasses import dataclass
from datetime import datetime

from faxbot.fax.job import CANCELLED_TEXT, Direction, JobState


@dataclass(frozen=True, slots=True)
class Record:
    """
    One finished fax. It is known by (`job_id`, `time`): ids start again when the server is reset.

    `station_id` is what the other side's machine claims, whatever its value: never our line.

    Source: RecordsGet, ucx-fax-api.
    """

    job_id: str
    time: datetime
    number: str = ""
    """The other side's number: the caller's of a received fax, the one dialed of a sent fax."""
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
        """What tells this record from every other."""
        return (self.job_id, self.time)

    @property
    def incomplete(self) -> bool:
        """A received fax with a status text lost pages: the line was cut."""
        return self.direction is Direction.RX and bool(self.status_text.strip())

    @property
    def cancelled(self) -> bool:
        """A sending that ended because somebody asked for it."""
        return self.state is JobState.FAILED and CANCELLED_TEXT.lower() in self.status_text.lower()
