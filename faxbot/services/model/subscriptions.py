"""Subscriptions of channels to faxes."""

from sqlmodel import SQLModel

from faxbot.fax.job import Direction


class Subscription(SQLModel):
    """
    A channel's subscription to all faxes of a direction, to those of one line, or to one fax.

    Empty *line_id* and *fax_id* 0: no restriction. *created_at* in epoch seconds.
    """

    id: int = 0
    channel_id: str
    direction: Direction
    line_id: str = ""
    fax_id: int = 0
    created_by: str = ""
    created_at: float = 0.0
