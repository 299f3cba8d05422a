"""What people requested, persisted before the envelope is acknowledged."""

from datetime import datetime
from enum import StrEnum
from typing import Any

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
    What a person requested, committed before the envelope is acknowledged.

    *key* is the deduplication key: it names the request, not the envelope; a redelivery has the same key.
    """

    id: int = 0
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
    correlation_id: str = Field(default_factory=correlation.current)
    """Of the envelope that it came with (services/model/correlation.py)."""


KEPT_SECONDS = 7 * 86_400.0
"""Slack tells of an event again for about an hour, and of nothing else."""


def mark_done(request: Request, now: datetime) -> None:
    """Nothing more is to be done about *request*."""
    request.done, request.forget_at = True, now.timestamp() + KEPT_SECONDS


RECENT_SECONDS = 15 * 60.0
"""A file shared so long ago is still what `/fax send` means."""
