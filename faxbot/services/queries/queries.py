"""Questions that change nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from faxbot.fax import number
from faxbot.fax.dialplan import Destination, DialPlan
from faxbot.fax.errors import JobNotFound, UnknownJob
from faxbot.fax.job import Direction, Job
from faxbot.fax.line import FaxLine
from faxbot.fax.record import Record
from faxbot.services.fax_server.lines import LineDirectory
from faxbot.services.fax_server.outages import Outages
from faxbot.services.model.columns import record_of
from faxbot.services.model.faxes import Fax, FaxState
from faxbot.services.model.ledger import Ledger, Store
from faxbot.services.model.ports import Attachments, FaxServer
from faxbot.services.model.records import FaxRecord
from faxbot.services.model.requests import RECENT_SECONDS
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
"""Records on a page of history."""
WHOLE = 100
"""So many records are read and sorted at once."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks, and where."""

    user_id: str
    channel_id: str


class Queries:
    """Answers from the fax server and the ledger. Every method may raise a ServerFault."""

    def __init__(
        self,
        *,
        server: FaxServer,
        store: Store,
        lines: LineDirectory,
        access: Permissions,
        attachments: Attachments,
        outages: Outages,
        plan: DialPlan,
        inbound_channel: str,
        newest_last: Callable[[Direction], bool],
    ) -> None:
        self._server, self._store, self._lines, self._access = server, store, lines, access
        self._attachments, self._reach, self._plan, self._inbound = (
            attachments,
            outages,
            plan,
            inbound_channel,
        )
        self._newest_last = newest_last

    @property
    def outage(self) -> datetime | None:
        """Since when the fax server does not answer."""
        return self._reach.since

    def check_number(self, text: str) -> Destination:
        """Raises BadNumber."""
        return number.parse(text, self._plan)

    async def fax_lines(self) -> list[FaxLine]:
        """The lines, for the form."""
        return await self._lines.lines()

    async def recent_files(self, channel_id: str, user_id: str, before: float) -> list[dict[str, str]]:
        """What `/fax send` would fax now."""
        return await self._attachments.recent(channel_id, user_id, before=before, seconds=RECENT_SECONDS)

    async def lines(self, wanted: str = "") -> LinesResult:
        """FaxList joined with FaxUsage. Raises UnknownLine."""
        chosen = [await self._lines.choose(wanted)] if wanted else await self._lines.lines()
        usage = await self._server.line_usage(chosen[0].line_id if wanted else None)
        by_id = {each.line_id: each for each in usage}
        return LinesResult(tuple(LineEntry(line, by_id.get(line.line_id)) for line in chosen))

    async def status(self, job_id: str, asker: Viewer) -> StatusResult:
        """
        One job, from JobStatus, or its record where JobStatus knows it no more.

        Raises:
            UnknownJob: The fax server knows neither.
        """
        fax, rows = await self._known(job_id)
        try:
            job = await self._server.job_status(job_id)
        except JobNotFound as exc:
            if not rows:
                raise UnknownJob(
                    f"The fax server has no job {job_id}. `/fax active` shows what is running."
                ) from exc
            return StatusResult(await self._record_entry(record_of(rows[0]), asker, fax, rows[0]))
        return StatusResult(await self._job_entry(job, asker, fax, rows[0] if rows else None))

    async def active(self, direction: Direction | None, asker: Viewer) -> ActiveResult:
        """What is under way now (ActiveJobs)."""
        directions = (direction,) if direction else tuple(Direction)
        entries: list[JobEntry] = []
        for each in directions:
            for job in await self._server.active_jobs(each):
                fax, _ = await self._known(job.job_id)
                entries.append(await self._job_entry(job, asker, fax, None))
        waiting = await self._store.read(lambda ledger: ledger.faxes_in(FaxState.FETCHING, FaxState.READY))
        return ActiveResult(directions, tuple(entries), tuple(waiting) if Direction.TX in directions else ())

    async def history(self, direction: Direction, page: int, asker: Viewer) -> HistoryResult:
        """
        One page of records, newest first whatever the server's order (RecordCount, RecordsGet).

        Two requests, however many records there are.
        """
        total = await self._server.count_records(direction)
        pages = max(1, -(-total // ROWS))
        page = min(max(1, page), pages)
        records = await self._page(direction, page, total)
        entries = []
        for record in records:
            fax, rows = await self._known(record.job_id)
            row = next((row for row in rows if row.time == record.time.timestamp()), None)
            entries.append(await self._record_entry(record, asker, fax, row))
        return HistoryResult(direction, page, pages, total, tuple(entries))

    async def _page(self, direction: Direction, page: int, total: int) -> list[Record]:
        """A short history is read whole and sorted; a long one at the end where the new records are."""
        if total <= WHOLE:
            records = await self._server.fetch_records(direction, WHOLE, 0) if total else []
            return _newest_first(records)[(page - 1) * ROWS : page * ROWS]
        first = total - page * ROWS if self._newest_last(direction) else (page - 1) * ROWS
        size = ROWS + min(0, first)
        return _newest_first(await self._server.fetch_records(direction, size, max(0, first)))

    async def subscriptions(self, channel_id: str) -> SubscriptionsResult:
        """What a channel hears of."""

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

    async def _known(self, job_id: str) -> tuple[Fax | None, list[FaxRecord]]:
        return await self._store.read(
            lambda ledger: (ledger.newest_fax(job_id), list(ledger.records_named(job_id)))
        )

    async def _job_entry(self, job: Job, asker: Viewer, fax: Fax | None, row: FaxRecord | None) -> JobEntry:
        line = self._lines.of_modem(job.modem) if job.modem else None
        direction = Direction.of(job.job_id)
        may = await self._may(direction, asker, fax, row)
        ended = job.state.ended
        return JobEntry(
            job.job_id,
            direction,
            line.label if line else fax.line_name if fax else "",
            job=job,
            fax=fax,
            can_cancel=may and not ended and direction is Direction.TX,
            can_get=may and ended,
            can_delete=may and ended,
        )

    async def _record_entry(
        self, record: Record, asker: Viewer, fax: Fax | None, row: FaxRecord | None
    ) -> JobEntry:
        line = self._lines.of_modem(record.modem)
        may = await self._may(record.direction, asker, fax, row)
        return JobEntry(
            record.job_id,
            record.direction,
            line.label if line else "",
            record=record,
            fax=fax,
            can_get=may,
            can_delete=may,
        )

    async def _may(self, direction: Direction, asker: Viewer, fax: Fax | None, row: FaxRecord | None) -> bool:
        if direction is Direction.TX and fax is not None and fax.user_id == asker.user_id:
            return True
        if direction is Direction.RX and await self._access.received_here(asker.channel_id, row):
            return True
        return await self._access.is_admin(asker.user_id)


def _newest_first(records: list[Record]) -> list[Record]:
    return sorted(records, key=lambda record: record.time, reverse=True)
