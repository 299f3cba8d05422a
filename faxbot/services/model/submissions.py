"""Submissions: each call of FileSend, the jobs that were active before it, and its answer."""

from enum import StrEnum

from sqlmodel import Field, SQLModel


class SubmissionState(StrEnum):
    """The result of one FileSend."""

    SENDING = "sending"
    """The intent is committed: the call is under way. If it is found in this state at start, its answer was
    lost."""
    ACCEPTED = "accepted"
    """Answered with a job."""
    REFUSED = "refused"
    """Answered with a refusal, or the document could not be read: there is no job."""
    NOT_SENT = "not_sent"
    """No connection was made: nothing was dialed."""
    TURNED_AWAY = "turned_away"
    """The fax server was busy or rejected the token: according to its reply there is no job."""
    LOST = "lost"
    """The answer never came: there may be a job."""
    FOUND = "found"
    """The answer never came, or was a refusal; the job was found by a lookup."""


class Submission(SQLModel):
    """
    One FileSend of a fax. When a fax is submitted again (NOT_SENT, TURNED_AWAY), that is another row.

    Moments are epoch seconds. Source: FileSend.
    """

    id: int = 0
    fax_id: int
    state: SubmissionState = SubmissionState.SENDING
    intent_at: float
    """When the intent was committed, just before the call."""
    known_jobs: list[str] = Field(default_factory=list)
    """The ids of the jobs that were active just before the intent; empty once no lookup needs them."""
    answered_at: float | None = None
    job_id: str | None = None
    device: str = ""
    """The modem named in the answer."""
    fault: str = ""
    """Why there is no job or no answer."""
