"""
The ledger's queries for retention and expiry, in SQL.

The newest row of requests and of announcements is kept until there is a newer one: SQLite reuses the highest
id once its row is deleted, and other rows and files in the spool refer to these ids.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlmodel import Session

from faxbot.services.model.announcements import CLOSED_KEY, AnnouncementKind, AnnouncementState
from faxbot.services.model.faxes import FaxState, KeptFax
from faxbot.services.model.records import KeptRecord, RecordState
from faxbot.store.tables import AnnouncementRow, DocumentRow, FaxRow, RecordRow, RequestRow, SubscriptionRow

_CHUNK = 500
"""Maximum values in one IN (...) of a statement."""
_DAY = 86_400.0
_NO_SYNC = {"synchronize_session": False}
"""Execution option: none of the deleted or updated rows is in the session."""


def _columns(table: type) -> Any:  # noqa: ANN401 - SQLAlchemy names columns at run time
    return table.__table__.c  # type: ignore[attr-defined]


_ANNOUNCEMENT, _FAX, _RECORD = _columns(AnnouncementRow), _columns(FaxRow), _columns(RecordRow)
_REQUEST, _SUBSCRIPTION, _DOCUMENT = _columns(RequestRow), _columns(SubscriptionRow), _columns(DocumentRow)

_UNPOSTED = (AnnouncementState.WAITING, AnnouncementState.SENDING)
WAITS: ColumnElement[bool] = _ANNOUNCEMENT.state.in_(_UNPOSTED)
# States are excluded, not listed, so that SQLite uses the small partial index on outdated rows.
IS_OUTDATED: ColumnElement[bool] = (
    _ANNOUNCEMENT.revision > _ANNOUNCEMENT.posted_revision
) & _ANNOUNCEMENT.state.not_in((*_UNPOSTED, AnnouncementState.DROPPED))
_NOT_ENDED = tuple(state for state in FaxState if state is not FaxState.ENDED)
_EXPIRING = (
    AnnouncementKind.EPHEMERAL,
    AnnouncementKind.STEP,
    AnnouncementKind.NOTICE,
    AnnouncementKind.FILE,
)
"""Kinds whose rows are deleted some time after they were posted; files only if they belong to no record."""


class SqlRetention:
    """The services' RetentionLedger over one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def faxes_to_keep(self) -> Sequence[KeptFax]:
        """The outgoing faxes that have not ended or have a document in the spool."""
        kept = select(_FAX.id, _DOCUMENT.path, _FAX.ended_at).select_from(FaxRow)
        spooled = kept.join(DocumentRow, _DOCUMENT.id == _FAX.document_id).where(
            _FAX.document_id.in_(select(_DOCUMENT.id).where(_DOCUMENT.path.is_not(None)))
        )
        open_ones = kept.outerjoin(DocumentRow, _DOCUMENT.id == _FAX.document_id)
        found = [
            *self._session.execute(open_ones.where(_FAX.state.in_(_NOT_ENDED))),
            *self._session.execute(spooled.where(_FAX.ended_at.is_not(None))),
        ]
        return [KeptFax._make(row) for row in found]

    def records_to_keep(self) -> Sequence[KeptRecord]:
        """The received faxes that have a document in the spool or wait for one."""
        states = (RecordState.SEEN, RecordState.SPOOLED)
        found = self._session.execute(
            select(_RECORD.id, _RECORD.state, _RECORD.seen_at).where(_RECORD.state.in_(states))
        )
        return [KeptRecord._make(row) for row in found]

    def unconfirmed_records(self) -> set[int]:
        """Row ids of records with an unposted or outdated announcement, or a file that Slack refused."""
        # Only by state: with a condition on the record, SQLite reads the rows of every record.
        posted = select(_ANNOUNCEMENT.record_id, _ANNOUNCEMENT.kind)
        pending = [
            row for which in (WAITS, IS_OUTDATED) for row in self._session.execute(posted.where(which))
        ]
        dropped = self._session.execute(posted.where(_ANNOUNCEMENT.state == AnnouncementState.DROPPED))
        refused = [row for row in dropped if row.kind is AnnouncementKind.FILE]
        return {record_id for record_id, _ in (*pending, *refused) if record_id is not None}

    def files_to_tell(self) -> Sequence[str]:
        """The paths of requested documents that are not posted yet."""
        files = (_ANNOUNCEMENT.kind == AnnouncementKind.FILE) & _ANNOUNCEMENT.record_id.is_(None)
        found = self._session.execute(select(_ANNOUNCEMENT.body).where(WAITS, files))
        return [body["path"] for body in found.scalars() if body.get("path")]

    def forget_documents(self, fax_ids: Sequence[int], record_ids: Sequence[int]) -> None:
        """Record that the documents of these faxes and records were deleted from the spool."""
        for start in range(0, len(fax_ids), _CHUNK):
            some = _FAX.id.in_(fax_ids[start : start + _CHUNK])
            documents = select(_FAX.document_id).where(some)
            self._session.execute(
                update(DocumentRow).where(_DOCUMENT.id.in_(documents)).values(path=None),
                execution_options=_NO_SYNC,
            )
        for start in range(0, len(record_ids), _CHUNK):
            some = _RECORD.id.in_(record_ids[start : start + _CHUNK]) & (_RECORD.state == RecordState.SPOOLED)
            self._session.execute(update(RecordRow).where(some).values(state=RecordState.HISTORY))

    def expire_requests(self, now: float, most: int) -> int:
        """
        Delete at most *most* requests that are due; return the number of requests that were due.

        A request that became a fax loses its body only: its key is kept as long as the fax.
        """
        due = self._session.execute(
            select(_REQUEST.id, _FAX.id)
            .outerjoin(FaxRow, _FAX.request_id == _REQUEST.id)
            .where(_REQUEST.forget_at < now)
            .limit(most)
        ).all()
        newest = self._session.execute(select(func.max(_REQUEST.id))).scalar()
        faxed = [row_id for row_id, fax_id in due if fax_id is not None]
        last = [row_id for row_id, fax_id in due if fax_id is None and row_id == newest]
        others = [row_id for row_id, fax_id in due if fax_id is None and row_id != newest]
        self._strip(faxed, forget_at=None)
        self._strip(last, forget_at=now + _DAY)
        self._delete(RequestRow, others)
        return len(due)

    def expire_announcements(self, before: float, most: int) -> int:
        """Delete ephemeral messages, steps, notices and requested files that were posted before *before*."""
        due: list[int] = []
        for kind in _EXPIRING:  # in one query for all kinds, SQLite reads every row without a record
            due += self._session.execute(
                select(_ANNOUNCEMENT.id)
                .where(
                    _ANNOUNCEMENT.kind == kind,
                    _ANNOUNCEMENT.record_id.is_(None),
                    _ANNOUNCEMENT.created_at < before,
                    func.coalesce(_ANNOUNCEMENT.sent_at, _ANNOUNCEMENT.created_at) < before,
                    _ANNOUNCEMENT.state.in_((AnnouncementState.SENT, AnnouncementState.DROPPED)),
                    _ANNOUNCEMENT.revision <= _ANNOUNCEMENT.posted_revision,
                    ~_ANNOUNCEMENT.key.startswith(CLOSED_KEY),
                )
                .limit(most - len(due))
            ).scalars()
        newest = self._session.execute(select(func.max(_ANNOUNCEMENT.id))).scalar()
        ids = [row_id for row_id in due if row_id != newest]
        self._delete(AnnouncementRow, ids)
        return len(ids)

    def expire_subscriptions(self, before: float) -> int:
        """Delete the subscriptions to faxes that ended before *before*; return their number."""
        ended = select(_SUBSCRIPTION.id).join(FaxRow, _FAX.id == _SUBSCRIPTION.fax_id)
        ids = list(self._session.execute(ended.where(_FAX.ended_at < before)).scalars())
        self._delete(SubscriptionRow, ids)
        return len(ids)

    def _strip(self, request_ids: Sequence[int], *, forget_at: float | None) -> None:
        """Delete the body and response URL of requests, and set when they expire next."""
        if request_ids:
            bare: dict[str, Any] = {"body": None, "response_url": None, "forget_at": forget_at}
            self._session.execute(
                update(RequestRow).where(_REQUEST.id.in_(request_ids)).values(bare),
                execution_options=_NO_SYNC,
            )

    def _delete(self, table: type, ids: Sequence[int]) -> None:
        if ids:
            self._session.execute(
                delete(table).where(_columns(table).id.in_(ids)), execution_options=_NO_SYNC
            )
