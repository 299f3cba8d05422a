"""The tables: services/model/faxes.py with keys, indexes and column types. Migrations follow this file."""

from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, Enum, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from faxbot.services.model.announcements import Announcement, AnnouncementKind, AnnouncementState
from faxbot.services.model.faxes import Fax, FaxState, Outcome
from faxbot.services.model.records import FaxRecord, RecordState
from faxbot.services.model.requests import Request, RequestKind
from faxbot.services.model.subscriptions import Subscription


def _words(kind: type[StrEnum]) -> Enum:
    """Store an enum as the words of its values."""
    return Enum(kind, native_enum=False, length=20, values_callable=lambda each: [m.value for m in each])


class RequestRow(Request, table=True):
    """What people asked for."""

    __tablename__ = "requests"

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    kind: RequestKind = Field(sa_type=_words(RequestKind))
    body: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    done: bool = Field(default=False, index=True)
    forget_at: float | None = Field(default=None, index=True)


class FaxRow(Fax, table=True):
    """Outgoing faxes."""

    __tablename__ = "faxes"
    __table_args__ = (
        Index("ix_faxes_documents", "ended_at", sqlite_where=Column("path").is_not(None)),
        Index("ix_faxes_look_at", "look_at", sqlite_where=Column("look_at").is_not(None)),
    )

    id: int | None = Field(default=None, primary_key=True)
    request_id: int | None = Field(default=None, foreign_key="requests.id", unique=True)
    state: FaxState = Field(default=FaxState.FETCHING, sa_column=Column(_words(FaxState), index=True))
    outcome: Outcome | None = Field(default=None, sa_column=Column(_words(Outcome)))
    files: list[dict[str, str]] = Field(default_factory=list, sa_type=JSON)
    known_jobs: list[str] = Field(default_factory=list, sa_type=JSON)
    candidates: list[str] = Field(default_factory=list, sa_type=JSON)
    job_id: str | None = Field(default=None, index=True)
    job: dict[str, Any] | None = Field(default=None, sa_type=JSON)


class RecordRow(FaxRecord, table=True):
    """Records of the fax server."""

    __tablename__ = "records"
    __table_args__ = (
        UniqueConstraint("job_id", "time"),
        Index("ix_records_direction", "direction", "id", "gone"),
    )

    id: int | None = Field(default=None, primary_key=True)
    record: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    state: RecordState = Field(default=RecordState.HISTORY, sa_column=Column(_words(RecordState), index=True))


class SubscriptionRow(Subscription, table=True):
    """Channels that want to hear of faxes."""

    __tablename__ = "subscriptions"
    __table_args__ = (UniqueConstraint("channel_id", "direction", "line_id", "fax_id"),)

    id: int | None = Field(default=None, primary_key=True)


class AnnouncementRow(Announcement, table=True):
    """What Slack was told or is still to be told."""

    __tablename__ = "announcements"
    __table_args__ = (
        Index("ix_announcements_untold", "state", "channel_id"),
        Index("ix_announcements_passing", "kind", "record_id", "created_at"),
        Index("ix_announcements_outdated", "channel_id", sqlite_where=Column("revision") > Column("shown")),
    )

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    kind: AnnouncementKind = Field(sa_column=Column(_words(AnnouncementKind), nullable=False))
    parent_id: int | None = Field(default=None, foreign_key="announcements.id", index=True)
    fax_id: int | None = Field(default=None, foreign_key="faxes.id", index=True)
    record_id: int | None = Field(default=None, foreign_key="records.id", index=True)
    body: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    state: AnnouncementState = Field(
        default=AnnouncementState.WAITING, sa_column=Column(_words(AnnouncementState), nullable=False)
    )


class MemoryRow(SQLModel, table=True):
    """Single values by name."""

    __tablename__ = "memory"

    name: str = Field(primary_key=True)
    value: Any = Field(default=None, sa_column=Column(JSON))


class ModemRow(SQLModel, table=True):
    """Which line each modem was seen to serve."""

    __tablename__ = "modems"

    modem: str = Field(primary_key=True)
    line_id: str
