"""Channels that follow faxes."""

from sqlmodel import SQLModel


class Subscription(SQLModel):
    """A channel that wants to hear of faxes: all of a direction, those of one line, or one fax."""

    id: int | None = None
    channel_id: str
    direction: str
    line_id: str = ""
    fax_id: int = 0
    created_by: str = ""
    created_at: float = 0.0
