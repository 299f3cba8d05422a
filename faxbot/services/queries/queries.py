"""The queries behind `/fax lines`, `status`, `active`, `history` and `subscriptions`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from faxbot.fax import number
from faxbot.fax.dialplan import Destination, DialPlan
from faxbot.fax.errors import JobNotFound, UnknownJob
from faxbot.fax.job import Direction, Job
from faxbot.fax.record import Record
from faxbot.services.fax_server.lines import LineDirectory
from faxbot.services.fax_server.outages import Outages
from faxbot.services.model.documents import KeptDocument
from faxbot.services.model.faxes import Fax, FaxState
from faxbot.services.model.ledger import Ledger, Store
from faxbot.services.model.messages import FaxCard
from faxbot.services.model.ports import FaxServer
from faxbot.services.model.records import FaxRecord
from faxbot.services.queries.results import (
    ActiveResult,
    HistoryResult,
    JobEntry,
    LineEntry,
    LinesResult,
    StatusResult,
    SubscriptionEntry,
    SubscriptionsResult,
)
from faxbot.services.requests.permissions import Permissions

ROWS = 10
"""Records per page of the history."""
SORTED_WHOLE = 100
"""Maximum length of a history that is read as a whole and sorted."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """The person who runs the query, and the conversation."""

    user_id: str
    channel_id: str


class _Known(NamedTuple):
    """The rows with one job id: the last fax, its document, and all records, newest first."""

    fax: Fax | None
    document: KeptDocument | None
    records: Sequence[FaxRecord]


class Queries:
    """
    Answers from the fax server and the database. Async methods raise ServerFault if the server fails.

    *newest_last*: whether the server lists a direction's newest record last.
    """

    def __init__(
        self,
        *,
        server: FaxServer,
        store: Store,
        lines: LineDirectory,
        permissions: Permissions,
        outages: Outages,
        plan: DialPlan,
        inbound_channel: str,
        newest_last: Callable[[Direction], bool],
    ) -> None:
        self._server, self._store, self._lines, self._permissions = server, store, lines, permissions
        self._outages, self._plan, self._inbound = outages, plan, inbound_channel
        self._newest_last = newest_last

    @property
    def outage(self) -> datetime | None:
        """When the current outage began; None without one."""
        return self._outages.since

    def check_number(self, text: str) -> Destination:
        """Parse a fax number. Raises BadNumber."""
        return number.parse(text, self._plan)

    async def lines(self, wanted: str = "") -> LinesResult:
        """All lines, or the one named *wanted*, with their usage (FaxList, FaxUsage). Raises UnknownLine."""
        chosen = [await self._lines.choose(wanted)] if wanted else await self._lines.lines()
        usage = await self._server.line_usage(chosen[0].line_id if wanted else None)
        by_id = {each.line_id: each for each in usage}
        return LinesResult(tuple(LineEntry(line, by_id.get(line.line_id)) for line in chosen))

    async def status(self, job_id: str, viewer: Viewer) -> StatusResult:
        """
        One job (JobStatus), or its record once JobStatus no longer has it.

        Raises:
            UnknownJob: The fax server has neither.
        """
        known = await self._known(job_id)
        try:
            job = await self._server.job_status(job_id)
        except JobNotFound as exc:
            row = next(iter(known.records), None)
            if row is None:
                raise UnknownJob(
                    f"The fax server has no job {job_id}. `/fax active` shows what is running."
                ) from exc
            return StatusResult(await self._record_entry(row.record, viewer, known, row))
        return StatusResult(await self._job_entry(job, viewer, known, next(iter(known.records), None)))

    async def active(self, direction: Direction | None, viewer: Viewer) -> ActiveResult:
        """The active jobs (ActiveJobs), and faxes that are not submitted yet."""
        directions = (direction,) if direction else tuple(Direction)
        entries: list[JobEntry] = []
        for each in directions:
            entries += [
                await self._job_entry(job, viewer, await self._known(job.job_id), None)
                for job in await self._server.active_jobs(each)
            ]
        waiting = await self._store.read(_waiting) if Direction.TX in directions else []
        return ActiveResult(directions, tuple(entries), tuple(waiting))

    async def history(self, direction: Direction, page: int, viewer: Viewer) -> HistoryResult:
        """
        One page of records, newest first in any server order (RecordCount, RecordsGet).

        It takes two requests for any number of records.
        """
        total = await self._server.count_records(direction)
        pages = max(1, -(-total // ROWS))
        page = min(max(1, page), pages)
        records = await self._page(direction, page, total)
        entries = []
        for record in records:
            known = await self._known(record.job_id)
            row = next((row for row in known.records if row.time == record.time.timestamp()), None)
            entries.append(await self._record_entry(record, viewer, known, row))
        return HistoryResult(direction, page, pages, total, tuple(entries))

    async def _page(self, direction: Direction, page: int, total: int) -> list[Record]:
        """
        The records of *page*, newest first.

        A history of up to SORTED_WHOLE records is read and sorted as a whole; of a longer one only the page
        is read, in the order that the record feed found.
        """
        if total <= SORTED_WHOLE:
            records = await self._server.fetch_records(direction, SORTED_WHOLE, 0) if total else []
            return _newest_first(records)[(page - 1) * ROWS : page * ROWS]
        first = total - page * ROWS if self._newest_last(direction) else (page - 1) * ROWS
        size = ROWS + min(0, first)
        return _newest_first(await self._server.fetch_records(direction, size, max(0, first)))

    async def subscriptions(self, channel_id: str) -> SubscriptionsResult:
        """The subscriptions of a channel."""

        def read(ledger: Ledger) -> list[SubscriptionEntry]:
            return [
                SubscriptionEntry(
                    Direction(each.direction),
                    self._lines.name_of(each.line_id) or each.line_id,
                    (ledger.fax(each.fax_id).job_id or "") if each.fax_id else "",
                    each.created_by,
                )
                for each in ledger.subscriptions(channel_id)
            ]

        known = await self._store.read(read)
        return SubscriptionsResult(channel_id, tuple(known), inbound=channel_id == self._inbound)

    async def _known(self, job_id: str) -> "_Known":
        def read(ledger: Ledger) -> _Known:
            fax = ledger.newest_fax(job_id)
            return _Known(fax, ledger.document_of(fax) if fax else None, ledger.records_named(job_id))

        return await self._store.read(read)

    async def _job_entry(self, job: Job, viewer: Viewer, known: "_Known", row: FaxRecord | None) -> JobEntry:
        fax = known.fax
        line = self._lines.of_modem(job.modem) if job.modem else None
        direction = Direction.of(job.job_id)
        may = await self._may_change(direction, viewer, fax, row)
        ended = job.state.ended
        return JobEntry(
            job.job_id,
            direction,
            line.label if line else fax.line_name if fax else "",
            job=job,
            fax=fax,
            document=known.document,
            can_cancel=may and not ended and direction is Direction.TX,
            can_get=may and ended,
            can_delete=may and ended,
        )

    async def _record_entry(
        self, record: Record, viewer: Viewer, known: "_Known", row: FaxRecord | None
    ) -> JobEntry:
        line = self._lines.of_modem(record.modem)
        may = await self._may_change(record.direction, viewer, known.fax, row)
        return JobEntry(
            record.job_id,
            record.direction,
            line.label if line else "",
            record=record,
            fax=known.fax,
            document=known.document,
            can_get=may,
            can_delete=may,
        )

    async def _may_change(
        self, direction: Direction, viewer: Viewer, fax: Fax | None, row: FaxRecord | None
    ) -> bool:
        """Whether the viewer sent the fax, is in a conversation where it was posted, or is an admin."""
        if direction is Direction.TX and fax is not None and fax.user_id == viewer.user_id:
            return True
        if direction is Direction.RX and await self._permissions.received_here(viewer.channel_id, row):
            return True
        return await self._permissions.is_admin(viewer.user_id)


def _waiting(ledger: Ledger) -> list[FaxCard]:
    faxes = ledger.faxes_in(FaxState.FETCHING, FaxState.READY)
    return [FaxCard(fax, document=ledger.document_of(fax)) for fax in faxes]


def _newest_first(records: list[Record]) -> list[Record]:
    return sorted(records, key=lambda record: record.time, reverse=True)
