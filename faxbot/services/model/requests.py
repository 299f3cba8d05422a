"""Requests of people, persisted before the envelope is acknowledged."""

from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel
from sqlmodel import Field, SQLModel

from faxbot.services.model import correlation
from faxbot.services.model.request_bodies import RequestBody, RequestKind

B = TypeVar("B", bound=BaseModel)


class Request(SQLModel):
    """
    One request of a person, committed before the envelope is acknowledged.

    *key* is the deduplication key: it identifies the request, not the envelope; a redelivery has the same
    key. Moments are epoch seconds.
    """

    id: int = 0
    key: str
    kind: RequestKind
    user_id: str
    channel_id: str
    thread_ts: str | None = None
    response_url: str | None = None
    body: RequestBody | None = None
    """The arguments of the request; None once they expired."""
    done: bool = False
    forget_at: float | None = None
    """When the row, or for a fax its body and response URL, is deleted; None before it is done, and after."""
    created_at: float = 0.0
    correlation_id: str = Field(default_factory=correlation.current)
    """The correlation id of its envelope (services/model/correlation.py)."""

    def body_as(self, kind: type[B]) -> B:
        """
        Its body, as an instance of *kind*.

        Raises:
            TypeError: The body is of another kind, or has expired.
        """
        if not isinstance(self.body, kind):
            raise TypeError(f"request {self.id} has no {kind.__name__}")
        return self.body


KEPT_SECONDS = 7 * 86_400.0
"""How long a finished request is kept as deduplication key: Slack redelivers an event for about an hour."""


def mark_done(request: Request, now: datetime) -> None:
    """Mark *request* as done, and set when it expires."""
    request.done, request.forget_at = True, now.timestamp() + KEPT_SECONDS


RECENT_SECONDS = 15 * 60.0
"""Maximum age of the files that `/fax send` without a file uses."""
