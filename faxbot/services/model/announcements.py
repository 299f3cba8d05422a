"""Rows of the outbox: one per Slack message, written in the transaction that records the fact."""

from enum import StrEnum
from typing import Any, NamedTuple

from sqlmodel import Field, SQLModel

from faxbot.services.model import correlation

CLOSED_KEY = "closed-"
"""Key prefix of the notice that a channel is closed to the bot; it is posted once for each channel."""


class AnnouncementKind(StrEnum):
    """The kinds of messages."""

    CARD = "card"
    """The message of a fax in a channel, one per channel, updated in place."""
    STEP = "step"
    """A step of a fax, in the thread of its card."""
    NOTICE = "notice"
    """A single message without a thread, such as the start of an outage."""
    FILE = "file"
    """An uploaded document."""
    DETAILS = "details"
    """The card of a received fax: the first reply in the thread of its file."""
    EPHEMERAL = "ephemeral"
    """An ephemeral answer to one person; posted at most once."""


class AnnouncementState(StrEnum):
    """The progress of an announcement to Slack."""

    WAITING = "waiting"
    SENDING = "sending"
    """The call is under way. If a row is found in this state at start, the result of its call is unknown."""
    SENT = "sent"
    DROPPED = "dropped"
    """Slack refused it permanently; the log has the error code."""


class Announcement(SQLModel):
    """
    One message for Slack, written in the transaction that records the fact.

    *key* is part of the posted message's metadata, so that a post can be looked up. `revision` counts the
    changes of the message; it is updated until `posted_revision` is equal. Moments are epoch seconds.
    """

    id: int = 0
    key: str
    kind: AnnouncementKind
    channel_id: str
    parent_id: int | None = None
    """The announcement in whose thread this one is posted."""
    fax_id: int | None = None
    record_id: int | None = None
    user_id: str | None = None
    response_url: str | None = None
    body: dict[str, Any] = Field(default_factory=dict)
    """A packed message or step (messages.py), or the facts of its kind; empty for cards."""
    terminal: bool = False
    """It shows the end of a fax: posted ahead of progress."""
    state: AnnouncementState = AnnouncementState.WAITING
    batch: str = ""
    """Announcements that were posted as one message share the key of the first."""
    ts: str | None = None
    file_id: str | None = None
    stage: str = ""
    """Progress of a file: empty, `sharing` or `shared` (services/outbox/file_posting.py)."""
    revision: int = 0
    posted_revision: int = 0
    lookups: int = 0
    """Lookups of its post so far; for an update, the tries without an answer."""
    due_at: float = 0.0
    """No call before this moment. If equal to `created_at`: immediately; saving replaces 0 by that."""
    created_at: float = 0.0
    sent_at: float | None = None
    correlation_id: str = Field(default_factory=correlation.current)


class Pending(NamedTuple):
    """The columns of a pending announcement that the choice of the next call needs."""

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
