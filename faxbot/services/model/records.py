"""Records of the fax server, as they are kept here."""

from enum import StrEnum
from typing import Any, NamedTuple

from sqlmodel import Field, SQLModel


class RecordState(StrEnum):
    """Where a record of the fax server stands with us."""

    HISTORY = "history"
    """It was there before faxbot, or faxbot has nothing to tell of it."""
    SEEN = "seen"
    """A received fax whose file is still to be fetched."""
    SPOOLED = "spooled"
    """Its file is here and its announcements are written."""
    NO_FILE = "no_file"
    """The fax server has no file for it; that was told instead."""


class FaxRecord(SQLModel):
    """A record on the fax server, known by (`job_id`, `time`)."""

    id: int | None = None
    direction: str
    job_id: str
    time: float
    record: dict[str, Any] = Field(default_factory=dict)
    """The record as told by the fax server (fax/record.py's Record as JSON)."""
    state: RecordState = RecordState.HISTORY
    line_id: str = ""
    line_name: str = ""
    path: str | None = None
    pages: int | None = None
    tries: int = 0
    gone: bool = False
    """The fax server has it no more."""
    deleted_by: str | None = None
    seen_at: float = 0.0


class KeptRecord(NamedTuple):
    """What there is to know, for keeping its document, of a received fax that has one or will have."""

    id: int
    state: RecordState
    seen_at: float
