"""The Fax API over plain lists, a clock moved by hand, and documents without content."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from faxbot.fax.document import Document
from faxbot.fax.errors import AnswerLost, BadDocument, JobNotFound, ServerFault
from faxbot.fax.job import Direction, Job, JobState
from faxbot.fax.line import FaxLine, LineUsage
from faxbot.fax.receipt import DownloadedDocument, SubmissionReceipt
from faxbot.fax.record import Record
from faxbot.services.model.announcements import Pending
from faxbot.services.model.faxes import FaxState
from faxbot.services.outbox.outbox import IDLE_SECONDS
from tests.support.services import PlainSlack, RunningServices, running_services
from tests.support.waiting import until

SERVER_TIME = datetime(2026, 4, 20, 21, 0, tzinfo=UTC)
"""Far from the bot's time, so that a comparison of the two clocks fails a test."""


POLL_SECONDS = 0.005


class StillClock:
    """
    A clock that advances only through `let_pass`; its sleeps last 5 ms.

    While something waits for a moment, the outbox loop looks every 5 ms whether it has come.
    """

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(POLL_SECONDS)

    def on_the_wall(self, seconds: float) -> float:
        return POLL_SECONDS if seconds < IDLE_SECONDS else seconds

    def let_pass(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class PlainDocuments:
    """Each file is a document of two pages, unless its text is in `damaged`."""

    def __init__(self) -> None:
        self.damaged: set[str] = set()

    async def prepare(self, parts, into):
        path = into.with_suffix(".pdf")
        path.write_bytes(b"%PDF-1.7")
        return Document(path, "fax.pdf", "application/pdf", 2, 8, "0" * 64, "0" * 64)

    async def inspect(self, path):
        if path.read_text() in self.damaged:
            raise BadDocument("It is damaged.")
        return 2


@dataclass
class PlainUcx:
    """
    The Fax API over plain lists, as strict or as strange as a test wants.

    `going_wrong` holds faults by method, each raised once, "before" or "after" the call was carried out.
    """

    jobs: dict[str, Job] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    remembered: dict[str, Job] = field(default_factory=dict)
    """Ended jobs that JobStatus still returns."""
    submissions: list[tuple[str, str, str]] = field(default_factory=list)
    """(job id, line, destination) of each FileSend that was carried out."""
    calls: list[str] = field(default_factory=list)
    going_wrong: dict[str, list[tuple[str, BaseException]]] = field(default_factory=dict)
    away: ServerFault | None = None
    """Raised by every call."""
    held_back: int = 0
    """Number of FileSend calls whose jobs are not listed until `show_up`."""
    writes: Callable[[str], str] = str
    """The form in which the job list returns a dialed number."""
    writes_in_records: Callable[[str], str] = str
    arriving: list[Job] = field(default_factory=list)
    """The faxes that are being received."""
    tells_time: bool = True
    """Answers have a header Date."""
    next_job: int = 1
    clock: datetime = SERVER_TIME
    # RecordsGet and RecordCount
    order: str = "asc"
    page_cap: int = 10**9
    ignores_window: bool = False
    count_off_by: int = 0
    between_calls: list = field(default_factory=list)
    """Functions; each RecordsGet calls and removes the first."""
    files: dict[str, str] = field(default_factory=dict)

    def fail(self, method: str, when: str, fault: BaseException | None = None, times: int = 1) -> None:
        """The next *times* of *method* fail, `before` or `after` they are carried out."""
        wrong = [(when, fault or AnswerLost("lost"))] * times
        self.going_wrong.setdefault(method, []).extend(wrong)

    @contextlib.contextmanager
    def _call(self, method: str):
        self.calls.append(method)
        if self.away is not None:
            raise self.away
        when, fault = self.going_wrong[method].pop(0) if self.going_wrong.get(method) else ("", None)
        if when == "before" and fault:
            raise fault
        yield
        if when == "after" and fault:
            raise fault

    # -- what a test does

    def tick(self, seconds: float = 1.0) -> datetime:
        self.clock += timedelta(seconds=seconds)
        return self.clock

    def put(self, job_id: str, destination: str = "14695550101", **more: object) -> Job:
        """A job that another program made."""
        job = Job(
            job_id, JobState.READY, destination=destination, modem="ttyIAX1", time=self.tick(), total_pages=2
        )
        self.jobs[job_id] = replace(job, **more)
        return self.jobs[job_id]

    def change(self, job_id: str, **more: object) -> None:
        self.jobs[job_id] = replace(self.jobs[job_id], time=self.tick(), **more)

    def end(
        self, job_id: str, state: JobState = JobState.DONE, *, recorded: bool = True, known: bool = True
    ) -> None:
        """End a job; *known*: JobStatus still returns it; *recorded*: it has a record."""
        job = replace(self.jobs.pop(job_id), state=state, time=self.tick(), sent_pages=2, dials=1)
        if known:
            self.remembered[job_id] = job
        if recorded:
            self.record(job)

    def record(self, job: Job, **more: object) -> Record:
        record = Record(
            job.job_id,
            job.time or self.tick(),
            number=self.writes_in_records(job.destination),
            state=job.state,
            sent_pages=job.sent_pages,
            total_pages=job.total_pages,
            modem=job.modem,
            status_text=job.status_text,
        )
        self.records.append(replace(record, **more))
        return record

    def receive(self, number: int, *, at: float | None = None, text: str | None = None) -> None:
        """Add a received fax with the job id RX*number*."""
        time = self.tick() if at is None else SERVER_TIME + timedelta(seconds=at)
        self.records.append(
            Record(f"RX{number}", time, number="14695550199", sent_pages=2, total_pages=2, modem="ttyIAX1")
        )
        self.files[f"RX{number}"] = f"RX{number}" if text is None else text

    def reset(self, *, keep_records: bool = False) -> None:
        """Delete all jobs and start their ids at 1 again."""
        self.jobs.clear()
        self.remembered.clear()
        self.next_job = 1
        if not keep_records:
            self.records.clear()
            self.files.clear()

    # -- the port

    async def list_lines(self):
        with self._call("list_lines"):
            return [FaxLine("1", "Sales"), FaxLine("2", "Support")]

    async def line_usage(self, line_id=None):
        with self._call("line_usage"):
            return [LineUsage("1", "Running and idle"), LineUsage("2", "Sending job 7")]

    async def submit_job(self, path, *, name, content_type, dial, line_id):
        with self._call("submit_job"):
            job_id = f"TX{self.next_job}"
            self.next_job += 1
            self.submissions.append((job_id, line_id, dial))
            modem = f"ttyIAX{line_id}"
            job = Job(
                job_id,
                JobState.READY,
                destination=self.writes(dial),
                modem=modem,
                time=self.tick(),
            )
            if self.held_back:
                self.held_back -= 1
                self._late = job
            else:
                self.jobs[job_id] = job
            return SubmissionReceipt(job_id, modem, dial)

    def show_up(self) -> None:
        """List the job that was held back."""
        self.jobs[self._late.job_id] = self._late

    async def job_status(self, job_id):
        with self._call("job_status"):
            if job := self.jobs.get(job_id) or self.remembered.get(job_id):
                return replace(job, modem="")
            raise JobNotFound("Job not found")

    async def cancel_job(self, job_id):
        with self._call("cancel_job"):
            return "removed"

    async def active_jobs(self, direction):
        with self._call("active_jobs"):
            return list(self.jobs.values()) if direction is Direction.TX else list(self.arriving)

    @property
    def server_time(self):
        return self.clock + timedelta(seconds=1) if self.tells_time else None

    def _of(self, direction: Direction) -> list[Record]:
        return [record for record in self.records if record.direction is direction]

    async def count_records(self, direction):
        with self._call("count_records"):
            return max(0, len(self._of(direction)) + self.count_off_by)

    async def fetch_records(self, direction, limit=None, offset=None):
        with self._call("fetch_records"):
            found = self._of(direction)
            if self.order == "desc":
                found.reverse()
            elif self.order == "shuffled":
                random.shuffle(found)
            elif self.order == "fixed":
                random.Random(7).shuffle(found)  # noqa: S311 - no secret
            if limit is not None and not self.ignores_window:
                found = found[offset or 0 :][: min(limit, self.page_cap)]
            if self.between_calls:
                self.between_calls.pop(0)()
            return found

    async def delete_record(self, job_id):
        with self._call("delete_record"):
            newest = next((r for r in reversed(self.records) if r.job_id == job_id), None)
            if newest is None:
                raise JobNotFound("Job not found")
            self.records.remove(newest)
            return "deleted"

    async def download_document(self, job_id, into: Path):
        with self._call("download_document"):
            if job_id not in self.files:
                raise JobNotFound("Job not found")
            await asyncio.to_thread(into.write_text, self.files[job_id])
            return DownloadedDocument(into, 8, "application/pdf", f"{job_id}.pdf")


@dataclass
class ServicesOverLists:
    """The services between plain lists."""

    running: RunningServices
    ucx: PlainUcx
    slack: PlainSlack
    clock: StillClock
    documents: PlainDocuments

    def __getattr__(self, name: str):
        return getattr(self.running, name)

    async def tick(self, seconds: float = 2.0) -> None:
        """Advance the clock by *seconds* and run each tick once; a server fault stops only its own tick."""
        self.clock.let_pass(seconds)
        for tick in (
            self.running.watch.tick,
            self.running.preparation.tick,
            self.running.search.tick,
            self.running.inbox.tick,
        ):
            with contextlib.suppress(ServerFault):
                await tick()
        await self.until_posted()

    async def until_posted(self) -> None:
        """Wait until all announcements are posted; advance the clock to their due times."""
        async with asyncio.timeout(20):
            while rows := await self._left_by_outbox():
                waits = [row.due_at - self.clock.now().timestamp() for row in rows]
                self.clock.let_pass(min((wait for wait in waits if wait > 0), default=0.0))
                self.running.outbox.wake(())

    async def _left_by_outbox(self) -> list[Pending]:
        """The announcements that are pending although no call is under way: they are not yet due."""
        await until(lambda: self.running.outbox.idle, 20)
        return await self.running.store.read(lambda ledger: list(ledger.pending()))

    async def faxes(self, *states: str):
        return await self.running.store.read(lambda ledger: list(ledger.faxes_in(*(states or FaxState))))


@contextlib.asynccontextmanager
async def services_over_lists(
    folder: Path, ucx: PlainUcx, slack: PlainSlack, clock: StillClock | None = None, **changed: object
) -> AsyncIterator[ServicesOverLists]:
    """The services between plain lists, from start to stop; their database and spool are in *folder*."""
    clock, documents = clock or StillClock(), PlainDocuments()
    async with running_services(folder, ucx, slack, documents, clock, **changed) as running:
        yield ServicesOverLists(running, ucx, slack, clock, documents)
