"""What Slack shows or is to show: one row for each message, written with the facts."""

from enum import StrEnum
from typing import Any, NamedTuple

from sqlmodel import Field, SQLModel

from faxbot.services.model import correlation

CLOSED_KEY = "closed-"
"""Key prefix of the notice that a channel is closed to the bot; it is posted once for each channel."""


class AnnouncementKind(StrEnum):
    """The kinds of messages."""

    CARD = "card"
    """The one message of a fax in a channel, edited in place."""
    STEP = "step"
    """A step of a fax, in the thread of its card."""
    NOTICE = "notice"
    """A message of its own."""
    FILE = "file"
    """A document, uploaded."""
    DETAILS = "details"
    """The card of a received fax, first in the thread of its file."""
    EPHEMERAL = "ephemeral"
    """An answer that only one person sees; posted at most once."""


class AnnouncementState(StrEnum):
    """How far an announcement is on its way to Slack."""

    WAITING = "waiting"
    SENDING = "sending"
    """The call is under way. Found at start, the fate of the call is unknown."""
    SENT = "sent"
    DROPPED = "dropped"
    """Slack will never take it; the log says why."""


class Announcement(SQLModel):
    """
    One message for Slack, written in the transaction that records the fact.

    *key* travels with the post, so that it can be found again. A message that can change counts its
    `revision`; it is edited until `posted_revision` has caught up.
    """

    id: int = 0
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
    """The end of a fax: posted ahead of progress."""
    state: AnnouncementState = AnnouncementState.WAITING
    batch: str = ""
    """Announcements that went out as one message share the key of the first."""
    ts: str | None = None
    file_id: str | None = None
    stage: str = ""
    revision: int = 0
    posted_revision: int = 0
    lookups: int = 0
    due_at: float = 0.0
    """No call before this moment. `created_at` means at once, and is what 0 becomes when the row is saved."""
    created_at: float = 0.0
    sent_at: float | None = None
    correlation_id: str = Field(default_factory=correlation.current)


class Pending(NamedTuple):
    """A pending announcement, as far as the choice of the next call needs it."""

    id: int
    channel_id: str
    parent_id: int | None
    kind: AnnouncementKind
    state: AnnouncementState
    stage: str
    terminal: bool
    due_at: float
    created_at: float
    correlation_id: str
