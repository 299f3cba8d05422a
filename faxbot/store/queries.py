"""The ledger's questions in SQL. Rows that are returned inside a transaction are saved with it."""

from collections.abc import Collection, Sequence
from enum import StrEnum
from operator import attrgetter
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, func, inspect, update
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, SQLModel, col, select

from faxbot.fax.job import Job
from faxbot.services.model.announcements import Announcement, AnnouncementState, Pending
from faxbot.services.model.faxes import Fax
from faxbot.services.model.jobs import seen_job
from faxbot.services.model.ledger import Stateful, Touched
from faxbot.services.model.records import FaxRecord
from faxbot.services.model.requests import Request
from faxbot.services.model.subscriptions import Subscription
from faxbot.store.dialects import INSERTS
from faxbot.store.retention_queries import IS_OUTDATED, WAITS, SqlRetention
from faxbot.store.tables import (
    AnnouncementRow,
    FaxRow,
    JobRow,
    MemoryRow,
    ModemRow,
    RecordRow,
    RequestRow,
    SubscriptionRow,
)
from faxbot.store.touched import note, note_flushed

Row = TypeVar("Row", bound=SQLModel)

_TOLD = AnnouncementRow.__table__.c  # type: ignore[attr-defined] # every table here has one
_PENDING = tuple(_TOLD[name] for name in Pending._fields)
_by_id = attrgetter("id")
_REQUESTS = RequestRow.__table__  # type: ignore[attr-defined] # as above
_RECORDS = RecordRow.__table__  # type: ignore[attr-defined] # as above
_ADD_REQUEST = {
    name: adding(_REQUESTS).on_conflict_do_nothing(index_elements=["key"]).returning(_REQUESTS.c.id)
    for name, adding in INSERTS.items()
}
"""One statement and no object: an acknowledgement waits for it."""
_ADD_RECORDS = {
    name: adding(_RECORDS)
    .on_conflict_do_update(index_elements=["job_id", "time"], set_={"gone": False})
    .returning(_RECORDS.c.id, _RECORDS.c.job_id, _RECORDS.c.time)
    for name, adding in INSERTS.items()
}


class SqlLedger(SqlRetention):
    """The services' Ledger over one session; *touched* collects the rows that it changes."""

    def __init__(self, session: Session, touched: Touched) -> None:
        super().__init__(session)
        self._touched = touched
        note_flushed(session, touched)

    def add_request(self, request: Request) -> Request | None:
        """Remember a wish; None if it is already remembered."""
        connection = self._session.connection()
        adding = _ADD_REQUEST[connection.dialect.name]
        request_id = connection.execute(adding, request.model_dump(exclude={"id"})).scalar()
        return None if request_id is None else request.model_copy(update={"id": request_id})

    def request(self, request_id: int) -> Request:
        """One request."""
        return self._get(RequestRow, request_id)

    def open_requests(self) -> Sequence[Request]:
        """Requests that are not done, oldest first."""
        return self._all(RequestRow, col(RequestRow.done).is_(False))

    def add_fax(self, fax: Fax) -> Fax:
        """Remember an outgoing fax; it gets its id."""
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
        """The faxes whose job is looked for, oldest first."""
        return self._all(FaxRow, col(FaxRow.lookup_at).is_not(None))

    def change_state(self, row: Stateful, to: StrEnum) -> bool:
        """Move *row* from the state it was read in to *to*; False if it is in another state by now."""
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

    def job_of(self, fax_id: int) -> Job | None:
        """The job of a fax as last seen."""
        row = self._session.get(JobRow, fax_id)
        return row.job if row else None

    def see_job(self, fax_id: int, job: Job) -> None:
        """Keep *job* as the job of a fax as last seen."""
        self._session.merge(JobRow(**seen_job(fax_id, job).model_dump()))

    def newest_fax(self, job_id: str) -> Fax | None:
        """The fax that the server called *job_id* last."""
        named = select(FaxRow).where(FaxRow.job_id == job_id)
        newest = named.order_by(col(FaxRow.accepted_at).desc(), col(FaxRow.id).desc()).limit(1)
        return self._session.exec(newest).first()

    def add_records(self, records: Sequence[FaxRecord]) -> Sequence[tuple[int, str, float]]:
        """Remember records of the fax server; one that was gone is back. Each (row id, job id, time)."""
        if not records:
            return []
        rows = _ADD_RECORDS[self._session.connection().dialect.name]
        added = self._session.execute(rows, [record.model_dump(exclude={"id"}) for record in records])
        return [(row_id or 0, job_id, time) for row_id, job_id, time in added]

    def record(self, record_id: int) -> FaxRecord:
        """One record."""
        return self._get(RecordRow, record_id)

    def record_keys(self, direction: str) -> Sequence[tuple[int, str, float]]:
        """(row id, job id, time) of every record that the fax server still had when last seen."""
        keys = select(RecordRow.id, RecordRow.job_id, RecordRow.time).where(
            RecordRow.direction == direction, col(RecordRow.gone).is_(False)
        )
        return [(row_id or 0, job_id, time) for row_id, job_id, time in self._session.exec(keys)]

    def records_named(self, job_id: str) -> Sequence[FaxRecord]:
        """
        The records that the server called *job_id*, the one seen last first.

        Not by their times: the server's clock may have been put right in between.
        """
        return self._session.exec(
            select(RecordRow).where(RecordRow.job_id == job_id).order_by(col(RecordRow.id).desc())
        ).all()

    def records_in(self, *states: str) -> Sequence[FaxRecord]:
        """The records in these states, oldest first."""
        return self._all(RecordRow, col(RecordRow.state).in_(states))

    def records_after(self, direction: str, record_id: int) -> Sequence[FaxRecord]:
        """The records of a direction that were seen after *record_id*."""
        return self._all(RecordRow, RecordRow.direction == direction, col(RecordRow.id) > record_id)  # type: ignore[arg-type]

    def newest_record(self, direction: str) -> int:
        """The row id of the record seen last, 0 if there is none."""
        newest = select(func.max(RecordRow.id)).where(RecordRow.direction == direction)
        return self._session.exec(newest).one() or 0

    def mark_gone(self, record_ids: Sequence[int]) -> None:
        """The fax server has these records no more."""
        for start in range(0, len(record_ids), 500):
            some = record_ids[start : start + 500]
            self._session.execute(update(RecordRow).where(col(RecordRow.id).in_(some)).values(gone=True))

    def announce(self, announcement: Announcement) -> Announcement:
        """Write an announcement, unless its key is already there (then that one is returned)."""
        known = self._session.exec(select(AnnouncementRow).where(AnnouncementRow.key == announcement.key))
        return known.first() or self._add(AnnouncementRow(**announcement.model_dump(exclude={"id"})))

    def announcement(self, announcement_id: int) -> Announcement:
        """One announcement."""
        return self._get(AnnouncementRow, announcement_id)

    def announcements_of(
        self, *, fax_id: int | None = None, record_id: int | None = None
    ) -> Sequence[Announcement]:
        """What was or is to be told of a fax or a record, oldest first."""
        column, value = (
            (AnnouncementRow.fax_id, fax_id) if fax_id is not None else (AnnouncementRow.record_id, record_id)
        )
        return self._all(AnnouncementRow, col(column) == value)

    def pending(self, channels: Collection[str] | None = None) -> Sequence[Pending]:
        """The announcements that are not posted yet, or whose message is out of date, oldest first."""
        here = [] if channels is None else [col(AnnouncementRow.channel_id).in_(channels)]
        rows: list[Pending] = []
        for untold in (WAITS, IS_OUTDATED):
            found = self._session.execute(select(*_PENDING).where(untold, *here))
            rows += (Pending._make(row) for row in found)
        return sorted(rows, key=_by_id)

    def batch(self, key: str) -> Sequence[Announcement]:
        """The announcements that are going out as one message."""
        return self._all(
            AnnouncementRow,
            col(AnnouncementRow.batch) == key,
            col(AnnouncementRow.state) == AnnouncementState.SENDING,
        )

    def add_subscription(self, subscription: Subscription) -> bool:
        """Subscribe; False if the channel already is."""
        if self._subscribed(subscription):
            return False
        self._add(SubscriptionRow(**subscription.model_dump(exclude={"id"})))
        return True

    def drop_subscription(self, subscription: Subscription) -> bool:
        """Unsubscribe; False if the channel was not subscribed."""
        known = self._subscribed(subscription)
        if known:
            self._session.delete(known)
        return known is not None

    def subscriptions(self, channel_id: str | None = None) -> Sequence[Subscription]:
        """All subscriptions, or a channel's."""
        if channel_id is None:
            return self._all(SubscriptionRow)
        return self._all(SubscriptionRow, col(SubscriptionRow.channel_id) == channel_id)

    def recall(self, name: str) -> object:
        """A remembered value (JSON), or None."""
        row = self._session.get(MemoryRow, name)
        return row.value if row else None

    def remember(self, name: str, value: object) -> None:
        """Remember a value (JSON) by name."""
        self._session.merge(MemoryRow(name=name, value=value))

    def modems(self) -> dict[str, str]:
        """Which line each modem was seen to serve."""
        return {row.modem: row.line_id for row in self._session.exec(select(ModemRow))}

    def teach_modem(self, modem: str, line_id: str) -> None:
        """Remember which line a modem serves."""
        self._session.merge(ModemRow(modem=modem, line_id=line_id))

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
