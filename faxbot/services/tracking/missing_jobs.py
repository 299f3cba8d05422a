"""
Jobs that left the list of active ones: what became of them? An outcome is never guessed.

JobStatus is asked first, then the records. A job that neither knows is lost only after several looks over a
minute: a server that was just restarted may list nothing for a moment, and a job is in neither list
on its way from one to the other.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from faxbot.fax import number
from faxbot.fax.errors import CredentialsRejected, JobNotFound, ServerBusy, ServerFault, ServerUnreachable
from faxbot.fax.job import Job, JobState, is_another_job
from faxbot.services.fax_server.record_feed import RecordFeed
from faxbot.services.model.faxes import Outcome
from faxbot.services.model.ledger import Ledger, Store
from faxbot.services.model.messages import Step, StepKind
from faxbot.services.model.ports import Clock, FaxServer
from faxbot.services.model.records import FaxRecord
from faxbot.services.outbox.announcements import end_fax
from faxbot.services.tracking.job_matching import job_of_record

log = logging.getLogger(__name__)

LOOKS_FOR_THE_LOST = 5
"""So many ticks a vanished job is asked for before it counts as lost."""
LOST_SECONDS = 60.0
UNTOLD_SECONDS = 900.0
"""A job of which the server only says that it cannot tell is waited for longer."""
ASKED_AT_ONCE = 4


@dataclass(slots=True)
class WatchedJob:
    """The mirror of one unfinished fax: what the store holds, without asking it."""

    fax_id: int
    job: Job
    since: datetime
    listed_as: Job | None = None
    """What the last list held, if it held the job: the very same object tells of no change."""
    absent: int = 0
    """Ticks in a row in which the list did not hold it."""
    missing: int = 0
    """Those among them in which nobody knew it."""
    missing_since: datetime | None = None
    slow_announced: bool = False

    def is_there(self) -> None:
        """The server knows it."""
        self.missing, self.missing_since = 0, None

    def is_listed(self) -> None:
        """The list of active jobs holds it."""
        self.absent = 0
        self.is_there()

    def cannot_be(self, job: Job, region: str) -> bool:
        """
        Whether *job*, which has its id, is another: after a reset the server uses ids again.

        It is when it goes elsewhere, or was gone and begins anew.
        """
        mine = self.job
        differs = bool(job.destination and mine.destination) and job.destination != mine.destination
        if differs and not number.same(job.destination, mine.destination, region):
            return True
        return self.missing > 0 and is_another_job(mine, job)


@dataclass(slots=True)
class Findings:
    """What became of jobs that are not listed: news, nothing for ever, and what went wrong in asking."""

    updates: list[tuple[WatchedJob, Job]] = field(default_factory=list)
    lost: list[WatchedJob] = field(default_factory=list)
    fault: BaseException | None = None


class MissingJobs:
    """Finds out about jobs that are followed and not listed."""

    def __init__(
        self, *, server: FaxServer, store: Store, clock: Clock, sent_records: RecordFeed, region: str
    ) -> None:
        self._server, self._store, self._clock = server, store, clock
        self._sent_records, self._region = sent_records, region
        self._slots = asyncio.Semaphore(ASKED_AT_ONCE)

    async def ask_for(self, absent: Sequence[WatchedJob]) -> "Findings":
        """What became of them, as far as it can be reported now."""
        findings = Findings()
        answers = await asyncio.gather(*(self._ask(each) for each in absent), return_exceptions=True)
        for followed, answer in zip(absent, answers, strict=True):
            if isinstance(answer, BaseException):
                findings.fault = answer
            elif answer is not None:
                findings.updates.append((followed, answer))
            elif self._is_lost(followed):
                findings.lost.append(followed)
        return findings

    async def _ask(self, followed: WatchedJob) -> Job | None:
        async with self._slots:
            followed.absent += 1
            job, says_no = await self._status(followed)
            if job is not None and job.state.ended:
                return job
            often = followed.absent % LOOKS_FOR_THE_LOST == 0
            if (job is None or job.state is JobState.UNKNOWN or often) and (
                record := await self._record_of(followed)
            ):
                return _merge(followed.job, job_of_record(record.record))
            if job is not None:
                followed.is_there()
                return job if job != followed.job else None
            followed.missing += says_no
            followed.missing_since = followed.missing_since or self._clock.now()
            return None

    async def _status(self, followed: WatchedJob) -> tuple[Job | None, bool]:
        """The job as JobStatus tells of it, if it does; otherwise whether it says that there is none."""
        job_id = followed.job.job_id
        try:
            job = await self._server.job_status(job_id)
        except JobNotFound:
            return None, True
        except (ServerUnreachable, CredentialsRejected, ServerBusy):
            raise
        except ServerFault as fault:  # it is this job; the others go on
            log.warning("job status not available", extra={"job": job_id, "fault": type(fault).__name__})
            return None, False
        if followed.cannot_be(job, self._region):
            return None, True
        if job.state.ended and await self._ended_before(followed, job):
            return None, True
        return _merge(followed.job, job), False

    async def _ended_before(self, followed: WatchedJob, job: Job) -> bool:
        """It is reported of a job of that id whose record was there before this fax."""
        if job.time is None:
            return False
        at = job.time.timestamp()
        rows, known = await self._records_named(followed)
        return any(row.id <= known and row.time == at for row in rows)

    async def _record_of(self, followed: WatchedJob) -> FaxRecord | None:
        await self._sent_records.catch_up()
        rows, known = await self._records_named(followed)
        return next(
            (row for row in rows if row.id > known and self._is_to(row.number, followed.job.destination)),
            None,
        )

    def _is_to(self, reported: str, destination: str) -> bool:
        return not reported or not destination or number.same(reported, destination, self._region)

    async def _records_named(self, followed: WatchedJob) -> tuple[Sequence[FaxRecord], int]:
        """The records of its id, and the newest record that was there before the fax."""
        job_id, fax_id = followed.job.job_id, followed.fax_id
        return await self._store.read(
            lambda ledger: (ledger.records_named(job_id), ledger.fax(fax_id).known_record)
        )

    def _is_lost(self, followed: WatchedJob) -> bool:
        if followed.missing_since is None or followed.absent < LOOKS_FOR_THE_LOST:
            return False
        waited = (self._clock.now() - followed.missing_since).total_seconds()
        enough = followed.missing >= LOOKS_FOR_THE_LOST and waited >= LOST_SECONDS
        return enough or waited >= UNTOLD_SECONDS


def give_up(ledger: Ledger, fax_id: int, now: datetime) -> None:
    """Nobody will ever tell what became of it; what was being cancelled counts as cancelled."""
    fax = ledger.fax(fax_id)
    if fax.cancel_by:
        end_fax(ledger, fax, Outcome.CANCELLED, Step(StepKind.CANCELLED, now, by=fax.cancel_by))
    else:
        end_fax(ledger, fax, Outcome.LOST, Step(StepKind.LOST, now))


def _merge(known: Job, reported: Job) -> Job:
    """JobStatus and records tell less than ActiveJobs: what they leave out stays as it was."""
    return replace(
        reported,
        destination=reported.destination or known.destination,
        modem=reported.modem or known.modem,
        total_pages=reported.total_pages or known.total_pages,
        dials=max(reported.dials or 0, known.dials or 0) or None,
        max_dials=reported.max_dials or known.max_dials,
        attempts=reported.attempts if reported.attempts is not None else known.attempts,
        max_attempts=reported.max_attempts or known.max_attempts,
    )
