"""
The messages to Slack, as data; `slack/views/` renders them.

Text from callers, fax machines and people is not escaped here; the views escape it.
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
    """The kinds of replies in the thread of a fax's card: each ChangeKind of a job, and faxbot's own."""

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
    """The fax server does not answer: the fax is kept and submitted later."""
    LOCKED_OUT = "locked_out"
    """The fax server rejects the bot's credentials: the fax is kept and submitted later."""
    PUT_OFF = "put_off"
    """The fax server is busy: the fax is kept and submitted later."""
    REFUSED = "refused"
    UNKNOWN = "unknown"
    """FileSend's answer was lost: the job is looked up."""
    ASKED = "asked"
    """The lookup found no job, or several: a person has to decide."""
    ADOPTED = "adopted"
    """The lookup found the job."""
    WENT = "went"
    GIVEN_UP = "given_up"
    SENT_AGAIN = "sent_again"
    LOST = "lost"
    WITHDRAWN = "withdrawn"
    CANCELLING = "cancelling"
    CANCEL_REFUSED = "cancel_refused"
    SLOW = "slow"
    """The job was not dialed for a while; `text` is the line's state."""
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Step:
    """
    One step of a fax, at the time *at*.

    *by*: user id of the person who caused it. *text*: reason of a refusal or failure, or as StepKind says.
    """

    kind: StepKind
    at: datetime
    job: Job | None = None
    by: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class FaxCard:
    """
    The current state of one outgoing fax.

    *home*: the message is in the conversation of the request, not in a subscribed channel.
    """

    fax: Fax
    job: Job | None = None
    outage: "Outage | None" = None
    """The current outage of the fax server, if any."""
    home: bool = True
    document: KeptDocument | None = None
    submitted_at: datetime | None = None
    """When FileSend was called, for a fax whose answer was lost."""


@dataclass(frozen=True, slots=True)
class FaxSteps:
    """Steps of one fax, oldest first; several if Slack's rate limits delayed them."""

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
    """Link to the file; set only if the message that shows the file was not found."""


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """The document of a job or record, requested by *user_id*."""

    job_id: str
    user_id: str


@dataclass(frozen=True, slots=True)
class Outage:
    """The fax server does not answer or, if *locked_out*, rejects the bot's credentials."""

    since: datetime
    heard: datetime | None = None
    """When it last answered; None: not since the bot started."""
    locked_out: bool = False


@dataclass(frozen=True, slots=True)
class OutageBegan:
    """The fax server stopped answering or, if *locked_out*, began to reject the bot's credentials."""

    since: datetime
    locked_out: bool = False


@dataclass(frozen=True, slots=True)
class OutageEnded:
    """The fax server answers again; *went_out*: number of waiting faxes that it accepted."""

    since: datetime
    until: datetime
    went_out: int = 0
    locked_out: bool = False


@dataclass(frozen=True, slots=True)
class QueryFailing:
    """One query of the fax server keeps failing while others succeed; *about* names what it returns."""

    about: str
    since: datetime


@dataclass(frozen=True, slots=True)
class QueryRecovered:
    """The query succeeds again."""

    about: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class FaxConfirmation:
    """Confirmation to the sender: document, pages, destination and line; *remarks* on the pages."""

    name: str
    pages: int | None
    number: str
    line_name: str
    files: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sentence:
    """One or two plain sentences; *command* is offered as a button that runs it."""

    text: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class NumberQuestion:
    """Asks for the number of shared files, with a "Fax this" button that opens the form."""

    files: tuple[dict[str, str], ...]
    """`{"id", "name"}` each."""
    reason: str = ""
    number: str = ""
    """Initial value of the form's number."""
    line_id: str = ""
    """Initial value of the form's line."""


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
"""Messages that are stored in an announcement's body; others are composed from the rows when posted."""
Message = FaxCard | FaxSteps | ReceivedFax | Storable

_STORABLE: dict[str, TypeAdapter[Any]] = {kind.__name__: TypeAdapter(kind) for kind in get_args(Storable)}


def pack(message: Storable) -> dict[str, Any]:
    """*message* as JSON data, for an announcement's body."""
    name = type(message).__name__
    return {"message": name, "facts": _STORABLE[name].dump_python(message, mode="json")}


def unpack(body: dict[str, Any]) -> Storable:
    """The message that `pack` wrote into *body*."""
    message: Storable = _STORABLE[body["message"]].validate_python(body["facts"])
    return message


_STEP = TypeAdapter(Step)


def pack_step(step: Step) -> dict[str, Any]:
    """*step* as JSON data, for an announcement's body."""
    packed: dict[str, Any] = _STEP.dump_python(step, mode="json")
    return packed


def unpack_step(body: dict[str, Any]) -> Step:
    """The step that `pack_step` wrote into *body*."""
    return _STEP.validate_python(body)
