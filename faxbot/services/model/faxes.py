"""
What faxbot remembers: the facts that outlive a crash.

Each class is a plain data model; `store/tables.py` makes tables of them. Moments are epoch seconds.
A request becomes a Fax (outgoing) or a change to one; what the fax server keeps is a FaxRecord; what Slack
shows or is to show is an Announcement.
"""

from enum import StrEnum
from typing import NamedTuple

from sqlmodel import Field, SQLModel

from faxbot.services.model import correlation


class FaxState(StrEnum):
    """Where an outgoing fax stands between a person's wish and its end."""

    FETCHING = "fetching"
    """Its files are still to be fetched and made into one document."""
    READY = "ready"
    """To be handed to the fax server; nothing is dialled."""
    SUBMITTING = "submitting"
    """FileSend is under way. Found at start, it means that the answer never came."""
    UNKNOWN = "unknown"
    """FileSend's answer was lost; the job is being looked for."""
    UNDECIDED = "undecided"
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

    id: int = 0
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
    lookups: int = 0
    lookup_at: float | None = None
    candidates: list[str] = Field(default_factory=list)
    fault: str = ""
    """The words of who refused or failed, as they were said."""

    job_id: str | None = None
    answered_by: str = ""
    """What the answering machine calls itself (CSID), once the record tells."""
    accepted_at: float | None = None
    reported_at: float | None = None
    slow_announced: bool = False

    cancel_by: str | None = None
    cancel_request: int = 0
    """The request that cancels it; all others only hear that somebody does."""
    decided_by: str | None = None
    deleted_by: str | None = None
    created_at: float = 0.0
    ended_at: float | None = None
    correlation_id: str = Field(default_factory=correlation.current)


class KeptFax(NamedTuple):
    """What there is to know, for keeping its document, of a fax that has one or has not ended."""

    id: int
    path: str | None
    ended_at: float | None


SUBMISSION_PAUSE = 0.5
"""Seconds until it is looked again whether a fax has been handed over."""
