"""A fax job as the fax server tells of it, and what changed between two tellings."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Direction(StrEnum):
    """Which way a fax goes, as the contract's `type` parameter spells it."""

    TX = "TX"
    RX = "RX"

    @classmethod
    def of(cls, job_id: str) -> "Direction":
        """Tell a sending from a reception by its id: `RX34` was received, all others are sent."""
        return cls.RX if job_id.upper().startswith("RX") else cls.TX


class JobState(StrEnum):
    """HylaFAX's job states; one that is not listed here is UNKNOWN and its text is kept."""

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
        """The state that *text* names, whatever its case."""
        return next((state for state in cls if state.value.lower() == text.strip().lower()), cls.UNKNOWN)

    @property
    def ended(self) -> bool:
        """Nothing more will happen to a job in this state."""
        return self in (JobState.DONE, JobState.FAILED)


CANCELLED_TEXT = "Job aborted by request"
"""What HylaFAX says of a job that was cancelled; it calls the state Failed."""


@dataclass(frozen=True, slots=True)
class Job:
    """
    One job, sending or receiving, at one moment.

    Counts that the server did not give are None; `total_pages` is None until the document is converted
    (the server says 0). `dials` counts calls placed; `attempts` calls that reached a fax machine.
    `time` is the job's last change, not its submission. All moments are aware and UTC.

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
        """It ended because somebody asked for it."""
        return self.state is JobState.FAILED and CANCELLED_TEXT.lower() in self.status_text.lower()


class ChangeKind(StrEnum):
    """What a person would notice between two tellings of a job."""

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
        """The last thing there is to tell of a job."""
        return self in (ChangeKind.DELIVERED, ChangeKind.FAILED, ChangeKind.CANCELLED)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing to tell of *job*, which is the job as it is after the change."""

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
    What to tell of a job that was *before* and is *after*, in the order in which it happened.

    Nothing is told twice: a job that only moved its clock or its counters of attempts yields no change.
    A job seen for the first time is queued, whatever else it is by now.
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
    """Fewer calls placed or pages confirmed than *before*: what has the same id is another job."""
    return (after.dials or 0) < (before.dials or 0) or after.sent_pages < before.sent_pages


def _tried_again_unseen(before: Job, after: Job) -> bool:
    """Between two looks at a sleeping job a whole dial came and went."""
    return (
        after.state is JobState.SLEEPING
        and before.state is JobState.SLEEPING
        and (after.dials or 0) > (before.dials or 0)
    )
