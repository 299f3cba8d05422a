"""A fax job as the fax server reports it, and the changes between two reports."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Direction(StrEnum):
    """Which way a fax goes, as the contract's `type` parameter spells it."""

    TX = "TX"
    RX = "RX"

    @classmethod
    def of(cls, job_id: str) -> "Direction":
        """The direction of a job, by its id: received faxes begin with RX (`RX34`), all others are sent."""
        return cls.RX if job_id.upper().startswith("RX") else cls.TX


class JobState(StrEnum):
    """HylaFAX's job states. A state not listed here is UNKNOWN; its text is kept beside it."""

    READY = "Ready"
    PENDING = "Pending"
    SUSPENDED = "Suspended"
    SLEEPING = "Sleeping"
    BLOCKED = "Blocked"
    ACTIVE = "Active"
    DONE = "Done"
    FAILED = "Failed"
    UNKNOWN = "?"

    @classmethod
    def parse(cls, text: str) -> "JobState":
        """The state named by *text*, ignoring case."""
        return next((state for state in cls if state.value.lower() == text.strip().lower()), cls.UNKNOWN)

    @property
    def ended(self) -> bool:
        """Whether this state is final."""
        return self in (JobState.DONE, JobState.FAILED)


CANCELLED_TEXT = "Job aborted by request"
"""HylaFAX's status text of a canceled job; such a job has the state Failed."""


@dataclass(frozen=True, slots=True)
class Job:
    """
    The state of one job, sending or receiving, at one moment.

    Counts that the server did not report are None; `total_pages` is None until the document is converted
    (the server reports 0). `dials` counts calls placed, `attempts` calls that reached a fax machine.
    `time` is when the job last changed, not when it was submitted. `state_text` is set only if *state* is
    UNKNOWN. Datetimes are aware and in UTC.

    Source: JobStatus and ActiveJobs, ucx-fax-api.
    """

    job_id: str
    state: JobState
    state_text: str = ""
    destination: str = ""
    sent_pages: int = 0
    total_pages: int | None = None
    dials: int | None = None
    max_dials: int | None = None
    attempts: int | None = None
    max_attempts: int | None = None
    next_try: datetime | None = None
    duration: int | None = None
    """Seconds on the line."""
    status_text: str = ""
    modem: str = ""
    time: datetime | None = None

    @property
    def cancelled(self) -> bool:
        """Whether it ended by a cancellation."""
        return self.state is JobState.FAILED and CANCELLED_TEXT.lower() in self.status_text.lower()


class ChangeKind(StrEnum):
    """What a change of a job is, as shown to people."""

    QUEUED = "queued"
    DIALING = "dialling"
    SENDING = "sending"
    PAGE = "page"
    RETRYING = "retrying"
    BLOCKED = "blocked"
    WAITING = "waiting"
    OTHER = "other"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def terminal(self) -> bool:
        """Whether it is the last change of a job."""
        return self in (ChangeKind.DELIVERED, ChangeKind.FAILED, ChangeKind.CANCELLED)


@dataclass(frozen=True, slots=True)
class Change:
    """One change; *job* is its state afterwards."""

    kind: ChangeKind
    job: Job


_STATE_CHANGES = {
    JobState.READY: ChangeKind.WAITING,
    JobState.PENDING: ChangeKind.WAITING,
    JobState.SUSPENDED: ChangeKind.OTHER,
    JobState.SLEEPING: ChangeKind.RETRYING,
    JobState.BLOCKED: ChangeKind.BLOCKED,
    JobState.ACTIVE: ChangeKind.DIALING,
    JobState.DONE: ChangeKind.DELIVERED,
    JobState.FAILED: ChangeKind.FAILED,
    JobState.UNKNOWN: ChangeKind.OTHER,
}


def changes(before: Job | None, after: Job) -> list[Change]:
    """
    The changes between two states of a job, in the order in which they happened.

    Differences only in times or in the number of attempts are not changes. Without *before*, the first change
    is QUEUED, followed by the changes up to *after*.
    """
    kinds: list[ChangeKind] = []
    if before is None:
        kinds.append(ChangeKind.QUEUED)
        before = Job(after.job_id, JobState.READY)
    pages = after.sent_pages > before.sent_pages
    moved = (after.state, after.state_text if after.state is JobState.UNKNOWN else "") != (
        before.state,
        before.state_text if before.state is JobState.UNKNOWN else "",
    )
    if not after.state.ended and moved and after.state is not JobState.READY:
        kinds.append(_STATE_CHANGES[after.state])
    if after.state is JobState.ACTIVE and after.total_pages and not before.total_pages and not pages:
        kinds.append(ChangeKind.SENDING)
    if pages:
        kinds.append(ChangeKind.PAGE)
    if after.state is JobState.READY and moved and before.state not in (JobState.SLEEPING, JobState.PENDING):
        kinds.append(ChangeKind.WAITING)
    if _tried_again_unseen(before, after):
        kinds.append(ChangeKind.RETRYING)
    if after.state.ended and moved:
        kinds.append(ChangeKind.CANCELLED if after.cancelled else _STATE_CHANGES[after.state])
    return [Change(kind, after) for kind in kinds]


def is_another_job(before: Job, after: Job) -> bool:
    """Whether *after* has fewer dials or pages than *before*: its id was used again for another job."""
    return (after.dials or 0) < (before.dials or 0) or after.sent_pages < before.sent_pages


def _tried_again_unseen(before: Job, after: Job) -> bool:
    """Whether a sleeping job was dialed between the two reports and sleeps again."""
    return (
        after.state is JobState.SLEEPING
        and before.state is JobState.SLEEPING
        and (after.dials or 0) > (before.dials or 0)
    )
