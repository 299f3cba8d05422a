"""Channels that follow faxes."""

from sqlmodel import SQLModel

from faxbot.fax.job import Direction


class Subscription(SQLModel):
    """A channel that wants to hear of faxes: all of a direction, those of one line, or one fax."""

    id: int = 0
    channel_id: str
    direction: Direction
    line_id: str = ""
    fax_id: int = 0
    created_by: str = ""
    created_at: float = 0.0
