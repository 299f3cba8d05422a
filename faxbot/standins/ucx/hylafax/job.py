"""A send job, with the counters of a HylaFAX queue file."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from faxbot.standins.ucx.documents import AcceptedDocument
from faxbot.standins.ucx.hylafax.line import Modem

ABORTED = "Job aborted by request"
BLOCKED = "Blocked by concurrent calls"


class SendJobState(StrEnum):
    """The job states seen in the recordings and the contract."""

    READY = "Ready"
    ACTIVE = "Active"
    SLEEPING = "Sleeping"
    BLOCKED = "Blocked"
    DONE = "Done"
    FAILED = "Failed"


class SendStage(StrEnum):
    """The processing stage of a job; finer than its state."""

    QUEUED = "queued"
    WAITING = "waiting"
    CONVERTING = "converting"
    DIALING = "dialling"
    SENDING = "sending"
    ENDED = "ended"


@dataclass(eq=False)
class SendJob:
    """A send job in the queue."""

    number: int
    modem: Modem
    destination: str
    document: AcceptedDocument
    time: float
    """Of the last change of state, in epoch seconds."""
    requestor: str = "API"
    state: SendJobState = SendJobState.READY
    status_text: str = ""
    stage: SendStage = SendStage.QUEUED
    sent_pages: int = 0
    total_pages: int = 0
    dials: int = 0
    """Dials without a connection since the last connected call (HylaFAX's `ndials`)."""
    total_dials: int = 0
    tries: int = 0
    """Connected calls; the current call counts once its first page is confirmed."""
    duration: int = 0
    """Of the last call, in simulated seconds."""
    station_id: str = ""
    """The CSID of the answering machine."""
    wakes_at: float | None = None
    """The simulated second at which a sleeping job is due."""
    holds_number: bool = False
    """Whether other jobs to the same number are blocked by this one."""
    ignored: bool = False
    """Whether the queue skips the job until `SendQueue.wake_ignored`."""
    canceling: bool = False
    on_end: list[Callable[[], None]] = field(default_factory=list)

    @property
    def jobid(self) -> str:
        """The job id of the contract."""
        return f"TX{self.number}"

    @property
    def lost(self) -> bool:
        """Whether JobStatus no longer knows the job: it ended with a status text of several lines."""
        return self.ended and "\n" in self.status_text

    @property
    def ended(self) -> bool:
        """Whether the job has ended."""
        return self.stage is SendStage.ENDED
