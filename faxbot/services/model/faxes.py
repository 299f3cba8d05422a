"""
Outgoing faxes: what is faxed, to whom, and how far it is.

Each class here is a plain data model; `store/tables.py` makes tables of them. Moments are epoch seconds.
"""

from enum import StrEnum
from typing import NamedTuple

from sqlmodel import Field, SQLModel

from faxbot.services.model import correlation


class FaxState(StrEnum):
    """Where an outgoing fax stands between a person's request and its end."""

    FETCHING = "fetching"
    """Its files are still to be fetched and made into one document."""
    READY = "ready"
    """To be submitted to the fax server; nothing is dialed."""
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
    """By the fax server, at FileSend: never dialed."""
    UNSENDABLE = "unsendable"
    """No fax could be made of its files: never dialed."""
    WITHDRAWN = "withdrawn"
    """Canceled before the fax server had it: never dialed."""
    WENT = "went"
    """Its answer was lost, and a person says that it went."""
    GIVEN_UP = "given_up"
    """Its answer was lost, and a person let it be, or sent it again as another fax."""
    LOST = "lost"
    """The fax server no longer knows the job: its outcome is unknown."""


class Fax(SQLModel):
    """
    One outgoing fax. A job of another program that a channel follows is one, too; it has no user.

    Its document, its submissions and its job as last seen are rows of their own.
    """

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
    document_id: int | None = None
    """What it sends; None until its files are fetched and converted. Sent again, it has the same document."""

    known_record: int = 0
    """The newest TX record (its row id) before its job could exist: none up to it is its own."""
    lookups: int = 0
    """How many times its job was looked for since the answer was lost, or since it was turned away."""
    lookup_at: float | None = None
    """When it is looked for next; None: not at all."""
    candidates: list[str] = Field(default_factory=list)
    """The jobs that could be it."""
    fault: str = ""
    """Why it was refused or failed, in the words of the fax server or of faxbot."""

    job_id: str | None = None
    """The job that it is, as answered to FileSend or as found."""
    answered_by: str = ""
    """The station id (CSID) of the answering machine, once its record has it."""
    accepted_at: float | None = None
    reported_at: float | None = None
    slow_announced: bool = False

    cancel_by: str | None = None
    cancel_request: int = 0
    """The id of the request that cancels it; others are answered that it is being canceled."""
    decided_by: str | None = None
    deleted_by: str | None = None
    created_at: float = 0.0
    ended_at: float | None = None
    correlation_id: str = Field(default_factory=correlation.current)


class KeptFax(NamedTuple):
    """What retention needs of a fax that has a document in the spool or has not ended."""

    id: int
    path: str | None
    ended_at: float | None


SUBMISSION_PAUSE = 0.5
"""Seconds between two looks whether a submission has ended."""
