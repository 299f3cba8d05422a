"""
Missing jobs: jobs that are followed but not in the list of active jobs. Outcomes are never assumed.

JobStatus is called first, then the records are searched. A job that is in neither counts as lost only after
several lookups over at least a minute: a server that was just restarted may list nothing for a moment, and a
job that just ended may have left the list without having a record yet.
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
"""Lookups, one per tick, before a missing job counts as lost; see LOST_SECONDS."""
LOST_SECONDS = 60.0
"""Minimum time since the first of these lookups."""
UNTOLD_SECONDS = 900.0
"""A job whose status the server could not report for this long counts as lost."""
ASKED_AT_ONCE = 4
"""Maximum number of concurrent lookups."""


@dataclass(slots=True)
class WatchedJob:
    """
    The mirror of one accepted fax and its job, with the state of the lookups.

    *job*: as last recorded. *since*: when the fax was accepted.
    """

    fax_id: int
    job: Job
    since: datetime
    listed_as: Job | None = None
    """The entry of the last list, if it was listed. If the next list has the same object, nothing changed."""
    absent: int = 0
    """Number of consecutive ticks in which it was not listed."""
    missing: int = 0
    """Number of these ticks in which neither JobStatus nor the records had it."""
    missing_since: datetime | None = None
    """When the first lookup without a result was made; None if the last one had a result."""
    slow_announced: bool = False

    def is_there(self) -> None:
        """Reset the lookups without a result: the server has the job."""
        self.missing, self.missing_since = 0, None

    def is_listed(self) -> None:
        """Reset all lookups: the job is in the list of active jobs."""
        self.absent = 0
        self.is_there()

    def cannot_be(self, job: Job, region: str) -> bool:
        """
        Whether *job*, which has the same id, is another job: a reset server reuses ids.

        True if its destination differs, or if this job was missing and *job* has fewer dials or pages.
        """
        mine = self.job
        differs = bool(job.destination and mine.destination) and job.destination != mine.destination
        if differs and not number.same(job.destination, mine.destination, region):
            return True
        return self.missing > 0 and is_another_job(mine, job)


@dataclass(slots=True)
class Findings:
    """The result of the lookups: jobs that changed (with the new state), lost jobs, and the last fault."""

    updates: list[tuple[WatchedJob, Job]] = field(default_factory=list)
    lost: list[WatchedJob] = field(default_factory=list)
    fault: BaseException | None = None


class MissingJobs:
    """Looks up jobs that are followed but not listed."""

    def __init__(
        self, *, server: FaxServer, store: Store, clock: Clock, sent_records: RecordFeed, region: str
    ) -> None:
        self._server, self._store, self._clock = server, store, clock
        self._sent_records, self._region = sent_records, region
        self._slots = asyncio.Semaphore(ASKED_AT_ONCE)

    async def ask_for(self, absent: Sequence[WatchedJob]) -> "Findings":
        """Look up the jobs of *absent*; an unchanged job is in neither list of the findings."""
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
        """
        The job as JobStatus or its record reports it; None if it is unchanged or missing.

        The records are searched if JobStatus does not help, and in every LOOKS_FOR_THE_LOST-th tick.
        """
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
        """The job as JobStatus reports it, or None; and whether it reports that there is no such job."""
        job_id = followed.job.job_id
        try:
            job = await self._server.job_status(job_id)
        except JobNotFound:
            return None, True
        except (ServerUnreachable, CredentialsRejected, ServerBusy):
            raise
        except ServerFault as fault:  # the fault concerns this job only
            log.warning("job status not available", extra={"job": job_id, "fault": type(fault).__name__})
            return None, False
        if followed.cannot_be(job, self._region):
            return None, True
        if job.state.ended and await self._ended_before(followed, job):
            return None, True
        return _merge(followed.job, job), False

    async def _ended_before(self, followed: WatchedJob, job: Job) -> bool:
        """Whether the reported end belongs to an older job with the same id, as its record shows."""
        if job.time is None:
            return False
        at = job.time.timestamp()
        rows, known = await self._records_named(followed)
        return any(row.id <= known and row.time == at for row in rows)

    async def _record_of(self, followed: WatchedJob) -> FaxRecord | None:
        """The record of the job, if it has one: same id and destination, newer than the fax."""
        await self._sent_records.catch_up()
        rows, known = await self._records_named(followed)
        return next(
            (row for row in rows if row.id > known and self._is_to(row.number, followed.job.destination)),
            None,
        )

    def _is_to(self, reported: str, destination: str) -> bool:
        return not reported or not destination or number.same(reported, destination, self._region)

    async def _records_named(self, followed: WatchedJob) -> tuple[Sequence[FaxRecord], int]:
        """The records with its id, and the row id of the newest record from before the fax."""
        job_id, fax_id = followed.job.job_id, followed.fax_id
        return await self._store.read(
            lambda ledger: (ledger.records_named(job_id), ledger.fax(fax_id).known_record)
        )

    def _is_lost(self, followed: WatchedJob) -> bool:
        """Whether enough lookups over enough time had no result."""
        if followed.missing_since is None or followed.absent < LOOKS_FOR_THE_LOST:
            return False
        waited = (self._clock.now() - followed.missing_since).total_seconds()
        enough = followed.missing >= LOOKS_FOR_THE_LOST and waited >= LOST_SECONDS
        return enough or waited >= UNTOLD_SECONDS


def give_up(ledger: Ledger, fax_id: int, now: datetime) -> None:
    """End a fax whose job is lost; as canceled if its cancellation was requested."""
    fax = ledger.fax(fax_id)
    if fax.cancel_by:
        end_fax(ledger, fax, Outcome.CANCELLED, Step(StepKind.CANCELLED, now, by=fax.cancel_by))
    else:
        end_fax(ledger, fax, Outcome.LOST, Step(StepKind.LOST, now))


def _merge(known: Job, reported: Job) -> Job:
    """*reported* (JobStatus or record), completed by values of *known* that it does not contain."""
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
