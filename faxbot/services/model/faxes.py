"""
Outgoing faxes: document, destination, state and outcome.

The classes are plain data models; `store/tables.py` maps them to tables. Moments are epoch seconds.
"""

from enum import StrEnum
from typing import NamedTuple

from sqlmodel import Field, SQLModel

from faxbot.services.model import correlation


class FaxState(StrEnum):
    """The state of an outgoing fax between the request and its end."""

    FETCHING = "fetching"
    """Its files have yet to be downloaded and converted into one document."""
    READY = "ready"
    """To be submitted to the fax server; nothing is dialed."""
    SUBMITTING = "submitting"
    """FileSend is under way. If a fax is found in this state at start, the answer was lost."""
    UNKNOWN = "unknown"
    """FileSend's answer was lost; the job is looked up."""
    UNDECIDED = "undecided"
    """The lookup found no job, or several: a person decides."""
    ACCEPTED = "accepted"
    """The fax server has a job for it."""
    ENDED = "ended"


class Outcome(StrEnum):
    """How an outgoing fax ended."""

    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    """By the fax server, in its answer to FileSend: not dialed."""
    UNSENDABLE = "unsendable"
    """Its files could not be converted, or its document is missing: not dialed."""
    WITHDRAWN = "withdrawn"
    """Canceled before it was submitted: not dialed."""
    WENT = "went"
    """Its answer was lost, and a person decided "It went"."""
    GIVEN_UP = "given_up"
    """Its answer was lost, and a person decided "Give up", or "Send again", which creates another fax."""
    LOST = "lost"
    """The fax server no longer has the job: its outcome is unknown."""


class Fax(SQLModel):
    """
    One outgoing fax. Another program's job that a channel is subscribed to is one too, without a user.

    Its document, its submissions and its job as last seen are separate rows.
    """

    id: int = 0
    request_id: int | None = None
    state: FaxState = FaxState.FETCHING
    outcome: Outcome | None = None
    user_id: str | None = None
    channel_id: str | None = None

    number: str = ""
    """The destination as displayed."""
    dial: str = ""
    """The destination as passed to FileSend."""
    line_id: str = ""
    line_name: str = ""

    files: list[dict[str, str]] = Field(default_factory=list)
    """The Slack files it is made of, in order: `{"id", "name"}`."""
    document_id: int | None = None
    """The document; None until its files are downloaded and converted. "Send again" reuses the document."""

    known_record: int = 0
    """Row id of the newest TX record before the submission; the record of this fax has a higher one."""
    lookups: int = 0
    """Number of job lookups since the answer was lost; while it is READY, of rejected tokens."""
    lookup_at: float | None = None
    """When the job is looked up next, or a fax that was turned away may be submitted again; None: never."""
    candidates: list[str] = Field(default_factory=list)
    """The ids of the jobs that could be this fax."""
    fault: str = ""
    """Why it was refused or failed: text of the fax server or of faxbot."""

    job_id: str | None = None
    """The id of its job, from the answer to FileSend or from a lookup."""
    answered_by: str = ""
    """The CSID of the answering machine, once it is known from the record."""
    accepted_at: float | None = None
    reported_at: float | None = None
    """When a change of its job was last recorded."""
    slow_announced: bool = False

    cancel_by: str | None = None
    cancel_request: int = 0
    """The id of the request that cancels it; later ones are answered that it is being canceled; 0: none."""
    decided_by: str | None = None
    deleted_by: str | None = None
    created_at: float = 0.0
    ended_at: float | None = None
    correlation_id: str = Field(default_factory=correlation.current)


class KeptFax(NamedTuple):
    """The columns that retention needs of a fax that has a document in the spool or has not ended."""

    id: int
    path: str | None
    ended_at: float | None


SUBMISSION_PAUSE = 0.5
"""Seconds between two checks whether a submission has ended."""
