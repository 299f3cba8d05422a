"""The ledger in SQL. The docstrings of its Protocol (services/model/ledger.py) describe each method."""

from collections import Counter
from collections.abc import Collection, Sequence
from enum import StrEnum
from operator import attrgetter
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, func, inspect, update
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, SQLModel, col, select

from faxbot.fax.job import Job
from faxbot.services.model.announcements import Announcement, AnnouncementState, Pending
from faxbot.services.model.documents import KeptDocument
from faxbot.services.model.faxes import Fax
from faxbot.services.model.jobs import seen_job
from faxbot.services.model.ledger import Stateful, Touched
from faxbot.services.model.records import FaxRecord, RecordState
from faxbot.services.model.requests import Request
from faxbot.services.model.submissions import Submission
from faxbot.services.model.subscriptions import Subscription
from faxbot.store.dialects import INSERTS
from faxbot.store.identity import database_identity
from faxbot.store.retention_queries import IS_OUTDATED, WAITS, SqlRetention
from faxbot.store.tables import (
    AnnouncementRow,
    DocumentRow,
    FaxRow,
    JobRow,
    MemoryRow,
    ModemRow,
    RecordRow,
    RequestRow,
    SubmissionRow,
    SubscriptionRow,
)
from faxbot.store.touched import note, note_flushed

Row = TypeVar("Row", bound=SQLModel)

_ANNOUNCEMENT = AnnouncementRow.__table__.c  # type: ignore[attr-defined] # every table here has one
_PENDING = tuple(_ANNOUNCEMENT[name] for name in Pending._fields)
_RECORD = RecordRow.__table__.c  # type: ignore[attr-defined] # as above
_KEY = tuple(_RECORD[name] for name in ("id", "job_id", "time", "direction", "gone"))
_by_id = attrgetter("id")
_REQUESTS = RequestRow.__table__  # type: ignore[attr-defined] # as above
_RECORDS = RecordRow.__table__  # type: ignore[attr-defined] # as above
_ADD_REQUEST = {
    name: adding(_REQUESTS).on_conflict_do_nothing(index_elements=["key"]).returning(_REQUESTS.c.id)
    for name, adding in INSERTS.items()
}
"""A single statement without ORM objects, because the acknowledgement of an envelope waits for it."""
_ADD_RECORDS = {
    name: adding(_RECORDS)
    .on_conflict_do_update(
        index_elements=["job_id", "time"], set_={"gone": False}, where=_RECORDS.c.gone.is_(True)
    )
    .returning(_RECORDS.c.direction)
    for name, adding in INSERTS.items()
}


_CHUNK = 500
"""Maximum values in one IN (...) of a statement."""
_IDENTITY = "database_identity"
"""The name under which the identity of the database is stored."""


def _counter(direction: str) -> str:
    """The name under which the number of known records of a direction is stored."""
    return f"known_{direction}"


class SqlLedger(SqlRetention):
    """The services' Ledger over one session; *touched* collects the rows that it changes."""

    def __init__(self, session: Session, touched: Touched) -> None:
        super().__init__(session)
        self._touched = touched
        note_flushed(session, touched)

    def add_request(self, request: Request) -> Request | None:
        """Store a request, with its id; None if there is one with the same key."""
        connection = self._session.connection()
        adding = _ADD_REQUEST[connection.dialect.name]
        values = request.model_dump(exclude={"id", "body"}) | {"body": request.body}
        request_id = connection.execute(adding, values).scalar()
        return None if request_id is None else request.model_copy(update={"id": request_id})

    def request(self, request_id: int) -> Request:
        """One request."""
        return self._get(RequestRow, request_id)

    def open_requests(self) -> Sequence[Request]:
        """Requests that are not done, oldest first."""
        return self._all(RequestRow, col(RequestRow.done).is_(False))

    def add_fax(self, fax: Fax) -> Fax:
        """Store an outgoing fax; return it with its id."""
        return self._add(FaxRow(**fax.model_dump(exclude={"id"})))

    def fax(self, fax_id: int) -> Fax:
        """One outgoing fax."""
        return self._get(FaxRow, fax_id)

    def fax_of_request(self, request_id: int) -> Fax | None:
        """The fax that a request became."""
        return self._session.exec(select(FaxRow).where(FaxRow.request_id == request_id)).first()

    def faxes_in(self, *states: str) -> Sequence[Fax]:
        """The faxes in these states, oldest first."""
        return self._all(FaxRow, col(FaxRow.state).in_(states))

    def faxes_looked_for(self) -> Sequence[Fax]:
        """The faxes with a `lookup_at`, due or not, oldest first."""
        # Sorted in Python: with ORDER BY id, SQLite scans the whole table instead of the partial index.
        looked_for = select(FaxRow).where(col(FaxRow.lookup_at).is_not(None))
        return sorted(self._session.exec(looked_for), key=_by_id)

    def change_state(self, row: Stateful, to: StrEnum) -> bool:
        """Move *row* from the state in which it was read to *to*; False if it is in another state by now."""
        table: Any = inspect(type(row)).local_table
        state = row.state
        self._session.flush()
        moved = self._session.execute(
            update(table)
            .where(table.c.id == row.id, table.c.state == state)
            .values(state=to)
            .returning(table.c.id)
        ).scalar()
        if moved is None:
            self._session.refresh(row)
            return False
        set_committed_value(row, "state", to)
        note(self._touched, row)
        return True

    def add_document(self, document: KeptDocument) -> KeptDocument:
        """Store a document; return it with its id."""
        return self._add(DocumentRow(**document.model_dump(exclude={"id"})))

    def document_of(self, fax: Fax) -> KeptDocument | None:
        """The document of *fax*; None before it is prepared, and for another program's job."""
        return None if fax.document_id is None else self._get(DocumentRow, fax.document_id)

    def add_submission(self, submission: Submission) -> Submission:
        """Store a submission; return it with its id."""
        return self._add(SubmissionRow(**submission.model_dump(exclude={"id"})))

    def submission_of(self, fax_id: int) -> Submission | None:
        """The newest submission of a fax."""
        of_fax = select(SubmissionRow).where(SubmissionRow.fax_id == fax_id)
        return self._session.exec(of_fax.order_by(col(SubmissionRow.id).desc()).limit(1)).first()

    def job_of(self, fax_id: int) -> Job | None:
        """The job of a fax as last seen."""
        row = self._session.get(JobRow, fax_id)
        return row.job if row else None

    def see_job(self, fax_id: int, job: Job) -> None:
        """Store *job* as the job of a fax as last seen."""
        self._session.merge(JobRow(**seen_job(fax_id, job).model_dump()))

    def newest_fax(self, job_id: str) -> Fax | None:
        """The fax that was accepted last with *job_id*; ids are reused after a reset of the server."""
        named = select(FaxRow).where(FaxRow.job_id == job_id)
        newest = named.order_by(col(FaxRow.accepted_at).desc(), col(FaxRow.id).desc()).limit(1)
        return self._session.exec(newest).first()

    def add_records(self, records: Sequence[FaxRecord]) -> int:
        """Store records of the fax server; return how many were not known, or known as gone."""
        if not records:
            return 0
        rows = _ADD_RECORDS[self._session.connection().dialect.name]
        added = self._session.execute(rows, [record.model_dump(exclude={"id"}) for record in records])
        return self._count_in(Counter(added.scalars()), 1)

    def record(self, record_id: int) -> FaxRecord:
        """One record."""
        return self._get(RecordRow, record_id)

    def known_records(
        self, direction: str, keys: Sequence[tuple[str, float]]
    ) -> dict[tuple[str, float], int]:
        """The row ids of those of *keys* (job id, time) that are known and not gone."""
        wanted = set(keys)
        known: dict[tuple[str, float], int] = {}
        for start in range(0, len(keys), _CHUNK):
            job_ids = {job_id for job_id, _ in keys[start : start + _CHUNK]}
            # Only by job id: with a condition on the direction, SQLite scans all records of that direction.
            rows = self._session.execute(select(*_KEY).where(col(RecordRow.job_id).in_(job_ids)))
            known |= {
                (row.job_id, row.time): row.id
                for row in rows
                if row.direction == direction and not row.gone and (row.job_id, row.time) in wanted
            }
        return known

    def count_known(self, direction: str) -> int:
        """The number of known records of a direction that are not gone, from a stored counter."""
        row = self._session.get(MemoryRow, _counter(direction))
        return row.value if row else self._counted(direction)

    def recount(self, direction: str) -> int:
        """Count the known records that are not gone, and set the counter."""
        counted = self._counted(direction)
        self.remember(_counter(direction), counted)
        return counted

    def present_records(self, direction: str, after: int, most: int) -> Sequence[int]:
        """The first *most* row ids greater than *after* of records that are not gone, ascending."""
        row_id = col(RecordRow.id)
        present = select(row_id).where(
            RecordRow.direction == direction, row_id > after, col(RecordRow.gone).is_(False)
        )
        return [each or 0 for each in self._session.exec(present.order_by(row_id).limit(most))]

    def records_named(self, job_id: str) -> Sequence[FaxRecord]:
        """
        The records with *job_id*, also from before a reset of the server; the one seen last first.

        Sorted by row id, not by time: the server's clock may have been corrected in between.
        """
        return self._session.exec(
            select(RecordRow).where(RecordRow.job_id == job_id).order_by(col(RecordRow.id).desc())
        ).all()

    def records_to_fetch(self, most: int) -> Sequence[FaxRecord]:
        """At most *most* SEEN records, oldest first by the server's time."""
        seen = select(RecordRow).where(RecordRow.state == RecordState.SEEN)
        return self._session.exec(seen.order_by(col(RecordRow.time), col(RecordRow.id)).limit(most)).all()

    def records_without_file(self, tries: int, most: int) -> Sequence[FaxRecord]:
        """At most *most* NO_FILE records, not gone, whose file was requested fewer than *tries* times."""
        row = col(RecordRow.id)
        late = select(RecordRow).where(
            RecordRow.state == RecordState.NO_FILE, RecordRow.tries < tries, col(RecordRow.gone).is_(False)
        )
        return self._session.exec(late.order_by(row).limit(most)).all()

    def records_after(self, direction: str, record_id: int) -> Sequence[FaxRecord]:
        """The records of a direction with a row id greater than *record_id*, in the order they were seen."""
        return self._all(RecordRow, RecordRow.direction == direction, col(RecordRow.id) > record_id)  # type: ignore[arg-type]

    def newest_record(self, direction: str) -> int:
        """The row id of the record of a direction that was seen last; 0 if there is none."""
        row_id = col(RecordRow.id)
        newest = select(row_id).where(RecordRow.direction == direction).order_by(row_id.desc()).limit(1)
        return self._session.exec(newest).first() or 0

    def mark_gone(self, record_ids: Sequence[int]) -> int:
        """Mark records as deleted on the fax server; return how many were not marked yet."""
        went: Counter[str] = Counter()
        for start in range(0, len(record_ids), _CHUNK):
            some = col(RecordRow.id).in_(record_ids[start : start + _CHUNK])
            marked = (
                update(RecordRow)
                .where(some, col(RecordRow.gone).is_(False))
                .values(gone=True)
                .returning(col(RecordRow.direction))
            )
            went.update(self._session.execute(marked).scalars())
        return self._count_in(went, -1)

    def announce(self, announcement: Announcement) -> Announcement:
        """Store an announcement; if there is one with the same key, return that instead."""
        known = self._session.exec(select(AnnouncementRow).where(AnnouncementRow.key == announcement.key))
        if (row := known.first()) is not None:
            return row
        row = AnnouncementRow(**announcement.model_dump(exclude={"id"}))
        row.due_at = row.due_at or row.created_at
        return self._add(row)

    def announcement(self, announcement_id: int) -> Announcement:
        """One announcement."""
        return self._get(AnnouncementRow, announcement_id)

    def announcements_of(
        self, *, fax_id: int | None = None, record_id: int | None = None
    ) -> Sequence[Announcement]:
        """The announcements of a fax or a record, posted or not, oldest first."""
        column, value = (
            (AnnouncementRow.fax_id, fax_id) if fax_id is not None else (AnnouncementRow.record_id, record_id)
        )
        return self._all(AnnouncementRow, col(column) == value)

    def pending(self, channels: Collection[str] | None = None) -> Sequence[Pending]:
        """The announcements that are unposted or outdated, oldest first; None: those of all channels."""
        here = [] if channels is None else [col(AnnouncementRow.channel_id).in_(channels)]
        rows: list[Pending] = []
        for condition in (WAITS, IS_OUTDATED):
            found = self._session.execute(select(*_PENDING).where(condition, *here))
            rows += (Pending._make(row) for row in found)
        return sorted(rows, key=_by_id)

    def batch(self, key: str) -> Sequence[Announcement]:
        """The announcements in state SENDING that are posted as one message (`batch` is *key*)."""
        return self._all(
            AnnouncementRow,
            col(AnnouncementRow.batch) == key,
            col(AnnouncementRow.state) == AnnouncementState.SENDING,
        )

    def add_subscription(self, subscription: Subscription) -> bool:
        """Store a subscription; False if there is one with the same scope."""
        if self._subscribed(subscription):
            return False
        self._add(SubscriptionRow(**subscription.model_dump(exclude={"id"})))
        return True

    def drop_subscription(self, subscription: Subscription) -> bool:
        """Delete the subscription with the same scope; False if there is none."""
        known = self._subscribed(subscription)
        if known:
            self._session.delete(known)
        return known is not None

    def subscriptions(self, channel_id: str | None = None) -> Sequence[Subscription]:
        """All subscriptions, or those of one channel."""
        if channel_id is None:
            return self._all(SubscriptionRow)
        return self._all(SubscriptionRow, col(SubscriptionRow.channel_id) == channel_id)

    def recall(self, name: str) -> object:
        """The value (JSON) stored by `remember`; None if there is none."""
        row = self._session.get(MemoryRow, name)
        return row.value if row else None

    def remember(self, name: str, value: object) -> None:
        """Store a value (JSON) under *name*."""
        self._session.merge(MemoryRow(name=name, value=value))

    def was_restored(self) -> bool:
        """Whether the rows were written in another database than this one, as far as its identity shows."""
        saved = self.recall(_IDENTITY)
        return saved is not None and saved != database_identity(self._session.connection())

    def save_identity(self) -> None:
        """Store the identity of this database as that in which the rows are written."""
        if (identity := database_identity(self._session.connection())) is not None:
            self.remember(_IDENTITY, identity)

    def modems(self) -> dict[str, str]:
        """The learned line of each modem: modem -> line id."""
        return {row.modem: row.line_id for row in self._session.exec(select(ModemRow))}

    def teach_modem(self, modem: str, line_id: str) -> None:
        """Store which line a modem serves."""
        self._session.merge(ModemRow(modem=modem, line_id=line_id))

    def _counted(self, direction: str) -> int:
        present = (RecordRow.direction == direction, col(RecordRow.gone).is_(False))
        return self._session.exec(select(func.count()).select_from(RecordRow).where(*present)).one()

    def _count_in(self, changed: Counter[str], by: int) -> int:
        """Add *by* times the *changed* records (per direction) to the counters; return how many changed."""
        for direction, count in changed.items():
            row = self._session.get(MemoryRow, _counter(direction), with_for_update=True)
            if row is None:
                self.recount(direction)
            else:
                row.value += by * count
        return changed.total()

    def _subscribed(self, wanted: Subscription) -> SubscriptionRow | None:
        same = select(SubscriptionRow).where(
            SubscriptionRow.channel_id == wanted.channel_id,
            SubscriptionRow.direction == wanted.direction,
            SubscriptionRow.line_id == wanted.line_id,
            SubscriptionRow.fax_id == wanted.fax_id,
        )
        return self._session.exec(same).first()

    def _add(self, row: Row) -> Row:
        self._session.add(row)
        self._session.flush()
        return row

    def _get(self, table: type[Row], row_id: int) -> Row:
        return self._session.get_one(table, row_id)

    def _all(self, table: type[Row], *where: ColumnElement[bool]) -> Sequence[Row]:
        identity: Any = table.__table__.c.id  # type: ignore[attr-defined] # every table here has one
        return self._session.exec(select(table).where(*where).order_by(identity)).all()
