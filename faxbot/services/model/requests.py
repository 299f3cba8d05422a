"""What people requested, persisted before the envelope is acknowledged."""

from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel
from sqlmodel import Field, SQLModel

from faxbot.services.model import correlation
from faxbot.services.model.request_bodies import RequestBody, RequestKind

B = TypeVar("B", bound=BaseModel)


class Request(SQLModel):
    """
    What a person requested, committed before the envelope is acknowledged.

    *key* is the deduplication key: it names the request, not the envelope; a redelivery has the same key.
    Moments are epoch seconds.
    """

    id: int = 0
    key: str
    kind: RequestKind
    user_id: str
    channel_id: str
    thread_ts: str | None = None
    response_url: str | None = None
    body: RequestBody | None = None
    """What it asks for; None once its particulars expired."""
    done: bool = False
    forget_at: float | None = None
    """When its particulars expire: set when it is done, and None again once they have."""
    created_at: float = 0.0
    correlation_id: str = Field(default_factory=correlation.current)
    """Of the envelope that it came with (services/model/correlation.py)."""

    def body_as(self, kind: type[B]) -> B:
        """
        Its body, which is a *kind*.

        Raises:
            TypeError: It is not, or it has expired.
        """
        if not isinstance(self.body, kind):
            raise TypeError(f"request {self.id} has no {kind.__name__}")
        return self.body


KEPT_SECONDS = 7 * 86_400.0
"""How long the particulars of a request are kept: Slack delivers an event again for about an hour."""


def mark_done(request: Request, now: datetime) -> None:
    """Nothing more is to be done about *request*."""
    request.done, request.forget_at = True, now.timestamp() + KEPT_SECONDS


RECENT_SECONDS = 15 * 60.0
"""The age of the oldest file that `/fax send` without a file still means."""
