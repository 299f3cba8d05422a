"""
The models of services/model/ as tables, with keys, indexes and types.

After a change here, write a migration.
"""

from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, UniqueConstraint, event, text
from sqlalchemy.orm import object_session
from sqlmodel import Field, SQLModel

from faxbot.fax.job import Direction, JobState
from faxbot.services.model.announcements import Announcement, AnnouncementKind, AnnouncementState
from faxbot.services.model.documents import KeptDocument
from faxbot.services.model.faxes import Fax, FaxState, Outcome
from faxbot.services.model.jobs import SeenJob
from faxbot.services.model.records import FaxRecord, RecordState
from faxbot.services.model.request_bodies import REQUEST_BODY, RequestBody, RequestKind
from faxbot.services.model.requests import Request
from faxbot.services.model.submissions import Submission, SubmissionState
from faxbot.services.model.subscriptions import Subscription
from faxbot.store.column_types import Facts, Moment, Typed, words

_IS_SPOOLED = text("path IS NOT NULL")
_IS_LOOKED_UP = text("lookup_at IS NOT NULL")
_IS_OUTDATED = text("revision > posted_revision")


def _forbid_assignment(row: SQLModel, value: object, _old: object, _event: object) -> None:
    """Raise TypeError if the state of a saved row is assigned (SQLAlchemy's event `set`)."""
    if object_session(row) is not None:
        raise TypeError(
            f"the state of a saved row is changed by Ledger.change_state only, not set to {value}"
        )


def _key() -> Any:  # noqa: ANN401 - SQLModel's own field
    return Field(default=None, primary_key=True)


def _moment() -> Any:  # noqa: ANN401 - SQLModel's own field
    return Field(default=0.0, sa_column=Column(Moment, nullable=False))


def _moment_or_none(*, index: bool = False) -> Any:  # noqa: ANN401 - SQLModel's own field
    return Field(default=None, sa_column=Column(Moment, nullable=True, index=index))


def _word(kind: type[StrEnum], default: StrEnum | None = None, *, index: bool = False) -> Any:  # noqa: ANN401
    return Field(default=default, sa_column=Column(words(kind), nullable=False, index=index))


class RequestRow(Request, table=True):
    """Requests of people."""

    __tablename__ = "requests"

    id: int = _key()
    key: str = Field(unique=True)
    kind: RequestKind = _word(RequestKind)
    body: RequestBody | None = Field(default=None, sa_column=Column(Typed(REQUEST_BODY), nullable=True))
    done: bool = Field(default=False, index=True)
    forget_at: float | None = _moment_or_none(index=True)
    created_at: float = _moment()


class DocumentRow(KeptDocument, table=True):
    """Documents of faxes."""

    __tablename__ = "documents"
    __table_args__ = (
        Index("ix_documents_spooled", "id", sqlite_where=_IS_SPOOLED, postgresql_where=_IS_SPOOLED),
    )

    id: int = _key()
    bytes: int | None = Field(default=None, sa_type=BigInteger)


class FaxRow(Fax, table=True):
    """Outgoing faxes."""

    __tablename__ = "faxes"
    __table_args__ = (
        Index("ix_faxes_lookup_at", "lookup_at", sqlite_where=_IS_LOOKED_UP, postgresql_where=_IS_LOOKED_UP),
    )

    id: int = _key()
    request_id: int | None = Field(default=None, foreign_key="requests.id", unique=True)
    state: FaxState = _word(FaxState, FaxState.FETCHING, index=True)
    outcome: Outcome | None = Field(default=None, sa_column=Column(words(Outcome)))
    files: list[dict[str, str]] = Field(default_factory=list, sa_type=Facts)
    document_id: int | None = Field(default=None, foreign_key="documents.id", index=True)
    candidates: list[str] = Field(default_factory=list, sa_type=Facts)
    job_id: str | None = Field(default=None, index=True)
    lookup_at: float | None = _moment_or_none()
    accepted_at: float | None = _moment_or_none()
    reported_at: float | None = _moment_or_none()
    created_at: float = _moment()
    ended_at: float | None = _moment_or_none()


class SubmissionRow(Submission, table=True):
    """Each FileSend and its answer."""

    __tablename__ = "submissions"

    id: int = _key()
    fax_id: int = Field(foreign_key="faxes.id", index=True)
    state: SubmissionState = _word(SubmissionState, SubmissionState.SENDING)
    intent_at: float = _moment()
    known_jobs: list[str] = Field(default_factory=list, sa_type=Facts)
    answered_at: float | None = _moment_or_none()


class JobRow(SeenJob, table=True):
    """The job of each outgoing fax as last seen."""

    __tablename__ = "jobs"

    fax_id: int = Field(
        sa_column=Column(Integer, ForeignKey("faxes.id"), primary_key=True, autoincrement=False)
    )
    state: JobState = _word(JobState)
    next_try: float | None = _moment_or_none()
    time: float | None = _moment_or_none()


class RecordRow(FaxRecord, table=True):
    """Records of the fax server."""

    __tablename__ = "records"
    __table_args__ = (
        UniqueConstraint("job_id", "time"),
        Index("ix_records_direction", "direction", "id", "gone"),
    )

    id: int = _key()
    direction: Direction = _word(Direction)
    time: float = Field(sa_column=Column(Moment, nullable=False))
    job_state: JobState = _word(JobState, JobState.DONE)
    state: RecordState = _word(RecordState, RecordState.HISTORY, index=True)
    seen_at: float = _moment()


class SubscriptionRow(Subscription, table=True):
    """Subscriptions of channels to faxes."""

    __tablename__ = "subscriptions"
    __table_args__ = (UniqueConstraint("channel_id", "direction", "line_id", "fax_id"),)

    id: int = _key()
    direction: Direction = _word(Direction)
    created_at: float = _moment()


class AnnouncementRow(Announcement, table=True):
    """The outbox: messages to Slack."""

    __tablename__ = "announcements"
    __table_args__ = (
        Index("ix_announcements_unposted", "state", "channel_id"),
        Index("ix_announcements_passing", "kind", "record_id", "created_at"),
        Index(
            "ix_announcements_outdated",
            "channel_id",
            sqlite_where=_IS_OUTDATED,
            postgresql_where=_IS_OUTDATED,
        ),
    )

    id: int = _key()
    key: str = Field(unique=True)
    kind: AnnouncementKind = _word(AnnouncementKind)
    parent_id: int | None = Field(default=None, foreign_key="announcements.id", index=True)
    fax_id: int | None = Field(default=None, foreign_key="faxes.id", index=True)
    record_id: int | None = Field(default=None, foreign_key="records.id", index=True)
    body: dict[str, Any] = Field(default_factory=dict, sa_type=Facts)
    state: AnnouncementState = _word(AnnouncementState, AnnouncementState.WAITING)
    due_at: float = _moment()
    created_at: float = _moment()
    sent_at: float | None = _moment_or_none()


class MemoryRow(SQLModel, table=True):
    """Single JSON values by name (Ledger.remember)."""

    __tablename__ = "memory"

    name: str = Field(primary_key=True)
    value: Any = Field(default=None, sa_column=Column(Facts))


class ModemRow(SQLModel, table=True):
    """The learned line of each modem."""

    __tablename__ = "modems"

    modem: str = Field(primary_key=True)
    line_id: str


for _stateful in (FaxRow, SubmissionRow, RecordRow, AnnouncementRow):
    event.listen(_stateful.state, "set", _forbid_assignment)
