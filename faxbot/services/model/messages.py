"""
What people are shown, as facts. How it reads is decided in `slack/views/`.

Everything here that came from a caller, a fax machine or a person is plain text: the views escape it.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, get_args

from pydantic import TypeAdapter

from faxbot.fax.job import Job
from faxbot.fax.record import Record
from faxbot.services.model.documents import KeptDocument
from faxbot.services.model.faxes import Fax


class StepKind(StrEnum):
    """A step of an outgoing fax that deserves a reply in its thread; a ChangeKind, or one of ours."""

    QUEUED = "queued"
    DIALLING = "dialling"
    SENDING = "sending"
    PAGE = "page"
    RETRYING = "retrying"
    BLOCKED = "blocked"
    WAITING = "waiting"
    OTHER = "other"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"
    KEPT = "kept"
    """The fax server does not answer: kept, goes out when it is back."""
    LOCKED_OUT = "locked_out"
    """The fax server does not accept the bot's credentials: kept, goes out when it does."""
    PUT_OFF = "put_off"
    """The fax server is busy: kept, goes out later."""
    REFUSED = "refused"
    UNKNOWN = "unknown"
    """No answer to FileSend: looking for the job."""
    ASKED = "asked"
    ADOPTED = "adopted"
    """The job was found."""
    WENT = "went"
    GIVEN_UP = "given_up"
    SENT_AGAIN = "sent_again"
    LOST = "lost"
    WITHDRAWN = "withdrawn"
    CANCELLING = "cancelling"
    CANCEL_REFUSED = "cancel_refused"
    SLOW = "slow"
    """Not picked up for a while; `text` is the line's state."""
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Step:
    """One step, at a moment; *by* is the person behind it, *text* the words of who refused or failed."""

    kind: StepKind
    at: datetime
    job: Job | None = None
    by: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class FaxCard:
    """The current state of one outgoing fax. *home* is False in a channel that merely subscribed."""

    fax: Fax
    job: Job | None = None
    outage: "Outage | None" = None
    """Set while the fax server does not answer."""
    home: bool = True
    document: KeptDocument | None = None
    submitted_at: datetime | None = None
    """When FileSend was called, for a fax whose answer was lost."""


@dataclass(frozen=True, slots=True)
class FaxSteps:
    """Steps of one fax, oldest first; several when Slack's limits made them wait."""

    fax: Fax
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class ReceivedFax:
    """A received fax: the text beside its file, and its details card."""

    record_id: int
    record: Record
    line_name: str
    pages: int | None
    has_file: bool = True
    deleted_by: str | None = None
    permalink: str = ""
    """Where the file is, when Slack never said in which message."""


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """The document of a job or record, asked for by *user_id*."""

    job_id: str
    user_id: str


@dataclass(frozen=True, slots=True)
class Outage:
    """The fax server does not answer, or, *locked_out*, does not accept the bot's credentials."""

    since: datetime
    heard: datetime | None = None
    """When it last answered."""
    locked_out: bool = False


@dataclass(frozen=True, slots=True)
class OutageBegan:
    """The fax server stopped answering, or, *locked_out*, stopped accepting the bot's credentials."""

    since: datetime
    locked_out: bool = False


@dataclass(frozen=True, slots=True)
class OutageEnded:
    """The fax server answers again; *went_out* faxes that had waited were handed over."""

    since: datetime
    until: datetime
    went_out: int = 0
    locked_out: bool = False


@dataclass(frozen=True, slots=True)
class QueryFailing:
    """The fax server answers, but tells nothing *about* one kind of thing."""

    about: str
    since: datetime


@dataclass(frozen=True, slots=True)
class QueryRecovered:
    """It tells of that again."""

    about: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class FaxConfirmation:
    """To the sender: what goes where."""

    name: str
    pages: int | None
    number: str
    line_name: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sentence:
    """One or two plain sentences; *command* is offered as a button that runs it."""

    text: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class NumberQuestion:
    """Files came without a number: a "Fax this" button that opens the form."""

    files: tuple[dict[str, str], ...]
    """`{"id", "name"}` each."""
    reason: str = ""
    number: str = ""
    """What was understood so far, to begin the form with."""
    line_id: str = ""


Storable = (
    OutageBegan
    | OutageEnded
    | QueryFailing
    | QueryRecovered
    | FaxConfirmation
    | Sentence
    | NumberQuestion
    | FetchedFile
)
"""What an announcement carries whole; the other messages are made of the facts at the time of telling."""
Message = FaxCard | FaxSteps | ReceivedFax | Storable

_STORABLE: dict[str, TypeAdapter[Any]] = {kind.__name__: TypeAdapter(kind) for kind in get_args(Storable)}


def pack(message: Storable) -> dict[str, Any]:
    """*message* as JSON data, for an announcement's body."""
    name = type(message).__name__
    return {"message": name, "facts": _STORABLE[name].dump_python(message, mode="json")}


def unpack(body: dict[str, Any]) -> Storable:
    """The message that `pack` made *body* of."""
    message: Storable = _STORABLE[body["message"]].validate_python(body["facts"])
    return message


_STEP = TypeAdapter(Step)


def pack_step(step: Step) -> dict[str, Any]:
    """*step* as JSON data, for an announcement's body."""
    packed: dict[str, Any] = _STEP.dump_python(step, mode="json")
    return packed


def unpack_step(body: dict[str, Any]) -> Step:
    """The step that `pack_step` made *body* of."""
    return _STEP.validate_python(body)
