"""One job to send, with the counters that HylaFAX keeps in its queue file."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from faxbot.standins.ucx.documents import AcceptedDocument
from faxbot.standins.ucx.hylafax.line import Modem

ABORTED = "Job aborted by request"
BLOCKED = "Blocked by concurrent calls"
CONVERSION_FAILED = "Could not reopen converted document to verify format"


class SendJobState(StrEnum):
    """The states that the recordings and the contract show."""

    READY = "Ready"
    ACTIVE = "Active"
    SLEEPING = "Sleeping"
    BLOCKED = "Blocked"
    DONE = "Done"
    FAILED = "Failed"


class SendStage(StrEnum):
    """Where a job is on its way, which its state alone does not tell."""

    QUEUED = "queued"
    WAITING = "waiting"
    CONVERTING = "converting"
    DIALLING = "dialling"
    SENDING = "sending"
    ENDED = "ended"


@dataclass(eq=False)
class SendJob:
    """A fax on its way out."""

    number: int
    modem: Modem
    destination: str
    document: AcceptedDocument
    time: float
    """When the state last changed, epoch seconds."""
    requestor: str = "API"
    state: SendJobState = SendJobState.READY
    status_text: str = ""
    step: SendStage = SendStage.QUEUED
    sent_pages: int = 0
    total_pages: int = 0
    dials: int = 0
    """Dials without a connection since the last connected call (`ndials`)."""
    total_dials: int = 0
    tries: int = 0
    """Connected calls that ended without a further page, the present one included once a page is through."""
    duration: int = 0
    """Simulated seconds of the last call."""
    station_id: str = ""
    """What the answering machine said it is."""
    wakes_at: float | None = None
    """The simulated second at which a sleeping job is due."""
    holds_number: bool = False
    """Whether other jobs to the same number have to wait for this one."""
    ignored: bool = False
    """The queue does not see it until something wakes it."""
    cancelling: bool = False
    on_end: list[Callable[[], None]] = field(default_factory=list)

    @property
    def jobid(self) -> str:
        """The id that the contract uses."""
        return f"TX{self.number}"

    @property
    def ended(self) -> bool:
        """Whether nothing will happen to it any more."""
        return self.step is SendStage.ENDED
