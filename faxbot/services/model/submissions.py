"""Submissions: each call of FileSend, what was there before it, and its answer."""

from enum import StrEnum

from sqlmodel import Field, SQLModel


class SubmissionState(StrEnum):
    """What came of one FileSend."""

    SENDING = "sending"
    """The intent is committed: the call is under way. Found at start, its answer is lost."""
    ACCEPTED = "accepted"
    """Answered with a job."""
    REFUSED = "refused"
    """Answered with a refusal, or the document could not be read: there is no job."""
    NOT_SENT = "not_sent"
    """No connection was made: nothing was dialed."""
    TURNED_AWAY = "turned_away"
    """The fax server was busy or rejected the token: it says that there is no job."""
    LOST = "lost"
    """The answer never came: there may be a job."""
    FOUND = "found"
    """The answer never came, or denied it, and the job was found."""


class Submission(SQLModel):
    """
    One FileSend of a fax. A fax that was not sent, or turned away, is submitted again: another row.

    Source: FileSend of the contract. Moments are epoch seconds.
    """

    id: int = 0
    fax_id: int
    state: SubmissionState = SubmissionState.SENDING
    intent_at: float
    """When the intent was committed, just before the call."""
    known_jobs: list[str] = Field(default_factory=list)
    """The jobs that were active just before the intent; empty once no job is looked for."""
    answered_at: float | None = None
    job_id: str | None = None
    device: str = ""
    """The modem that the answer names."""
    fault: str = ""
    """Why there is no job or no answer."""
