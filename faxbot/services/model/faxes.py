"""
What faxbot remembers: the facts that outlive a crash.

Each class is a plain data model; `store/tables.py` makes tables of them. Moments are epoch seconds.
What a person asked for is a Request; what came of it is a Fax (outgoing) or a change to one; what the fax
server keeps is a FaxRecord; what Slack still has to be told, or was told, is an Announcement.
"""

from enum import StrEnum
from typing import Any, NamedTuple

from sqlmodel import Field, SQLModel

from faxbot.services.model import correlation


class RequestKind(StrEnum):
    """What a person can ask for that starts a fax or changes something."""

    SEND = "send"
    SHARE = "share"
    SHARED_FILE = "shared_file"
    CANCEL = "cancel"
    DELETE = "delete"
    GET = "get"
    ANSWER = "answer"
    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"


class Request(SQLModel):
    """
    Something a person asked for, committed before Slack is told that it arrived.

    *key* names the wish, not the envelope that carried it: the same wish told twice is one request.
    """

    id: int | None = None
    key: str
    kind: RequestKind
    user_id: str
    channel_id: str
    thread_ts: str | None = None
    response_url: str | None = None
    body: dict[str, Any] = Field(default_factory=dict)
    done: bool = False
    forget_at: float | None = None
    """When its particulars go: set when it is done, and None again once they went."""
    created_at: float = 0.0
    reference: str = Field(default_factory=correlation.current)
    """Of the envelope that it came with (services/model/correlation.py)."""


class FaxState(StrEnum):
    """Where an outgoing fax stands between a person's wish and its end."""

    FETCHING = "fetching"
    """Its files are still to be fetched and made into one document."""
    READY = "ready"
    """To be handed to the fax server; nothing is dialled."""
    HANDING = "handing"
    """FileSend is under way. Found at start, it means that the answer never came."""
    UNKNOWN = "unknown"
    """FileSend's answer was lost; the job is being looked for."""
    ASKED = "asked"
    """It could not be found: a person decides."""
    ACCEPTED = "accepted"
    """The fax server has it as a job."""
    ENDED = "ended"


class Outcome(StrEnum):
    """How an outgoing fax ended."""

    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    """By the fax server, at FileSend: never dialled."""
    UNSENDABLE = "unsendable"
    """No fax could be made of its files: never dialled."""
    WITHDRAWN = "withdrawn"
    """Cancelled before the fax server had it: never dialled."""
    WENT = "went"
    """Its answer was lost, and a person says that it went."""
    GIVEN_UP = "given_up"
    """Its answer was lost, and a person let it be, or sent it again as another fax."""
    LOST = "lost"
    """The fax server forgot the job: nobody can tell."""


class Fax(SQLModel):
    """One outgoing fax: the wish, the document, the submission and the job. Foreign jobs have no user."""

    id: int | None = None
    request_id: int | None = None
    state: FaxState = FaxState.FETCHING
    outcome: Outcome | None = None
    user_id: str | None = None
    channel_id: str | None = None

    number: str = ""
    """The destination as a person reads it."""
    dial: str = ""
    """The destination as FileSend gets it."""
    line_id: str = ""
    line_name: str = ""

    files: list[dict[str, str]] = Field(default_factory=list)
    """The Slack files it is made of, in order: `{"id", "name"}`."""
    path: str | None = None
    name: str = ""
    content_type: str = ""
    pages: int | None = None
    sha256: str = ""

    intent_at: float | None = None
    known_jobs: list[str] = Field(default_factory=list)
    """The jobs that were active just before the intent."""
    known_record: int = 0
    """The newest TX record (its row id) that was known just before the intent."""
    looks: int = 0
    look_at: float | None = None
    candidates: list[str] = Field(default_factory=list)
    fault: str = ""
    """The words of who refused or failed, as they were said."""

    job_id: str | None = None
    job: dict[str, Any] | None = None
    """The job as last told by the fax server (fax/job.py's Job as JSON)."""
    answered_by: str = ""
    """What the answering machine calls itself (CSID), once the record tells."""
    accepted_at: float | None = None
    heard_at: float | None = None
    missing_looks: int = 0
    slow_told: bool = False

    cancel_by: str | None = None
    cancel_request: int = 0
    """The request that cancels it; all others only hear that somebody does."""
    decided_by: str | None = None
    deleted_by: str | None = None
    created_at: float = 0.0
    ended_at: float | None = None
    reference: str = Field(default_factory=correlation.current)


class RecordState(StrEnum):
    """Where a record of the fax server stands with us."""

    HISTORY = "history"
    """It was there before faxbot, or faxbot has nothing to tell of it."""
    SEEN = "seen"
    """A received fax whose file is still to be fetched."""
    SPOOLED = "spooled"
    """Its file is here and its announcements are written."""
    NO_FILE = "no_file"
    """The fax server has no file for it; that was told instead."""


class FaxRecord(SQLModel):
    """A record on the fax server, known by (`job_id`, `time`)."""

    id: int | None = None
    direction: str
    job_id: str
    time: float
    record: dict[str, Any] = Field(default_factory=dict)
    """The record as told by the fax server (fax/record.py's Record as JSON)."""
    state: RecordState = RecordState.HISTORY
    line_id: str = ""
    line_name: str = ""
    path: str | None = None
    pages: int | None = None
    tries: int = 0
    gone: bool = False
    """The fax server has it no more."""
    deleted_by: str | None = None
    seen_at: float = 0.0


class Subscription(SQLModel):
    """A channel that wants to hear of faxes: all of a direction, those of one line, or one fax."""

    id: int | None = None
    channel_id: str
    direction: str
    line_id: str = ""
    fax_id: int = 0
    created_by: str = ""
    created_at: float = 0.0


CLOSED_KEY = "closed-"
"""What has such a key is told once and for all: that a channel is closed to the bot."""


class AnnouncementKind(StrEnum):
    """What Slack is told with."""

    CARD = "card"
    """The one message of a fax in a channel, edited in place."""
    REPLY = "reply"
    """A step of a fax, in the thread of its card."""
    NOTICE = "notice"
    """A message of its own."""
    FILE = "file"
    """A document, uploaded."""
    DETAILS = "details"
    """The card of a received fax, first in the thread of its file."""
    WHISPER = "whisper"
    """An answer that only one person sees: told at most once."""


class AnnouncementState(StrEnum):
    """How far the telling of an announcement is."""

    WAITING = "waiting"
    SENDING = "sending"
    """The call is under way. Found at start, it means that nobody knows whether it was carried out."""
    SENT = "sent"
    DROPPED = "dropped"
    """Slack will never take it; the log says why."""


class Announcement(SQLModel):
    """
    One thing to tell Slack, written in the transaction that records the fact.

    *key* travels with the post, so that it can be found again. A message that can change counts its
    `revision`; it is edited until `shown` has caught up.
    """

    id: int | None = None
    key: str
    kind: AnnouncementKind
    channel_id: str
    parent_id: int | None = None
    """The announcement in whose thread this one goes."""
    fax_id: int | None = None
    record_id: int | None = None
    user_id: str | None = None
    response_url: str | None = None
    body: dict[str, Any] = Field(default_factory=dict)
    terminal: bool = False
    """The last thing there is to tell of a fax: it goes ahead of mere progress."""
    state: AnnouncementState = AnnouncementState.WAITING
    batch: str = ""
    """Announcements that went out as one message share the key of the first."""
    ts: str | None = None
    file_id: str | None = None
    stage: str = ""
    revision: int = 0
    shown: int = 0
    looks: int = 0
    due_at: float = 0.0
    created_at: float = 0.0
    sent_at: float | None = None
    reference: str = Field(default_factory=correlation.current)


class KeptFax(NamedTuple):
    """What there is to know, for keeping its document, of a fax that has one or has not ended."""

    id: int
    path: str | None
    ended_at: float | None


class KeptRecord(NamedTuple):
    """What there is to know, for keeping its document, of a received fax that has one or will have."""

    id: int
    state: RecordState
    seen_at: float


class Pending(NamedTuple):
    """What there is to know, for choosing the next, of an announcement that is pending."""

    id: int
    channel_id: str
    parent_id: int | None
    kind: AnnouncementKind
    state: AnnouncementState
    stage: str
    terminal: bool
    due_at: float
    created_at: float
    reference: str
