"""
The job watch: each tick compares one ActiveJobs answer with the unfinished faxes.

Differences become changes, which are recorded and announced in one transaction. Followed jobs that are not
listed are in missing_jobs.py, listed jobs that are not followed in foreign_jobs.py.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from faxbot.fax.errors import ServerFault
from faxbot.fax.job import Direction, Job, JobState, changes
from faxbot.services.fax_server.record_feed import RecordFeed
from faxbot.services.model.faxes import Fax, FaxState, Outcome
from faxbot.services.model.ledger import Ledger, Store, Touched
from faxbot.services.model.messages import Step, StepKind
from faxbot.services.model.ports import Clock, FaxServer
from faxbot.services.outbox.announcements import announce_steps, end_fax
from faxbot.services.tracking.csid_lookup import CsidLookup
from faxbot.services.tracking.foreign_jobs import ForeignJobs
from faxbot.services.tracking.missing_jobs import MissingJobs, WatchedJob, give_up

log = logging.getLogger(__name__)

SLOW_SECONDS = 120.0
"""A job that was not dialed for this long after it was queued is announced as slow, once."""
LEFT_SECONDS = 60.0
"""For this long after a job left the list, its record may not exist yet."""


class JobWatch:
    """
    Follows the jobs of unfinished faxes.

    A tick calls ActiveJobs once, whatever the number of jobs; without a change it reads and writes no row.
    """

    def __init__(
        self,
        *,
        server: FaxServer,
        store: Store,
        clock: Clock,
        sent_records: RecordFeed,
        foreign_jobs: ForeignJobs,
        csids: CsidLookup,
        region: str,
    ) -> None:
        self._server, self._store, self._clock, self._region = server, store, clock, region
        self._foreign_jobs, self._csids = foreign_jobs, csids
        self._missing = MissingJobs(
            server=server, store=store, clock=clock, sent_records=sent_records, region=region
        )
        self._followed: dict[str, WatchedJob] = {}
        """The jobs of unfinished faxes, by id: the mirror of the store."""
        self._listed: set[str] = set()
        """The job ids in the last list of active jobs."""
        self._left: dict[str, datetime] = {}
        """Job ids that left the list -> when."""
        self._accepted: set[int] = set()
        """Ids of the faxes that were accepted since the last tick."""
        self.busy = False
        """Whether a job is active or followed; ticks are more frequent then."""

    async def start(self) -> None:
        """Load the mirror: the accepted faxes and their jobs."""
        self._follow(await self._store.read(_accepted))

    def wake(self, touched: Touched) -> bool:
        """Note the rows *touched* by a commit; True if a fax was accepted, so that a tick should run now."""
        if touched.subscriptions:
            self._foreign_jobs.reconsider()
        followed = {each.fax_id for each in self._followed.values()}
        accepted = {fax_id for fax_id, state in touched.faxes.items() if state is FaxState.ACCEPTED}
        fresh = accepted - followed
        self._accepted |= fresh
        self.busy = self.busy or bool(fresh)
        return bool(fresh)

    async def _follow_accepted(self) -> None:
        """Follow the faxes that were accepted since the last tick."""
        if not self._accepted:
            return
        accepted, self._accepted = sorted(self._accepted), set()
        try:
            faxes = await self._store.read(lambda ledger: _accepted(ledger, accepted))
        except BaseException:
            self._accepted.update(accepted)
            raise
        self._follow(faxes)

    def _follow(self, faxes: Iterable[tuple[Fax, Job]]) -> None:
        for fax, job in faxes:
            since = datetime.fromtimestamp(fax.accepted_at or fax.created_at, UTC)
            self._followed[job.job_id] = WatchedJob(fax.id, job, since, slow_announced=fax.slow_announced)
            self._foreign_jobs.forget(job.job_id)
            self.busy = True

    def states(self) -> dict[str, int]:
        """The number of followed jobs by state."""
        return Counter(each.job.state.value for each in self._followed.values())

    def left_lately(self) -> set[str]:
        """
        The ids of jobs that left the list within LEFT_SECONDS and may not have a record yet.

        A submission stores them as known jobs: a job that left before the intent is not the job of the fax.
        """
        since = self._clock.now() - timedelta(seconds=LEFT_SECONDS)
        self._left = {job_id: at for job_id, at in self._left.items() if at > since}
        return set(self._left)

    async def tick(self) -> None:
        """
        Request the active jobs and record what changed.

        Raises:
            ServerFault: The fax server did not answer; nothing was changed.
        """
        active = {job.job_id: job for job in await self._server.active_jobs(Direction.TX)}
        await self._follow_accepted()
        await self._compare(active)
        await self._foreign_jobs.compare(active, self._followed)
        await self._announce_slow()
        self.busy = bool(self._followed or active)

    async def _compare(self, active: dict[str, Job]) -> None:
        """Record the changes of the followed jobs."""
        moved: list[tuple[WatchedJob, Job]] = []
        listed: list[tuple[WatchedJob, Job]] = []
        absent: list[WatchedJob] = []
        for job_id, followed in self._followed.items():
            job = active.get(job_id)
            if job is not None and job is followed.listed_as:
                continue
            followed.listed_as = None
            if job is None or followed.cannot_be(job, self._region):
                absent.append(followed)
                continue
            followed.is_listed()
            listed.append((followed, job))
            if replace(job, time=None) != replace(followed.job, time=None):
                moved.append((followed, job))
        findings = await self._missing.ask_for(absent)
        if moved := moved + findings.updates:
            await self._record(moved)
        if findings.lost:
            await self._give_up(findings.lost)
        for followed, job in listed:
            followed.listed_as = job
        if active.keys() != self._listed:
            left = dict.fromkeys(self._listed - active.keys(), self._clock.now())
            self._left, self._listed = self._left | left, set(active)
        if findings.fault is not None:
            raise findings.fault

    async def _give_up(self, lost: list[WatchedJob]) -> None:
        """End the faxes whose jobs are lost, and stop following them."""
        now = self._clock.now()

        def record(ledger: Ledger) -> None:
            for each in lost:
                give_up(ledger, each.fax_id, now)

        await self._store.write(record)
        for each in lost:
            self._drop(each)
            log.warning("job was lost", extra={"fax": each.fax_id, "job": each.job.job_id})

    def _drop(self, followed: WatchedJob) -> None:
        """Stop following it, unless its id now belongs to another fax."""
        if self._followed.get(followed.job.job_id) is followed:
            del self._followed[followed.job.job_id]

    async def _record(self, moved: list[tuple[WatchedJob, Job]]) -> None:
        """Record and announce the changes of jobs in one transaction; then update the mirror."""
        now = self._clock.now()

        def record(ledger: Ledger) -> None:
            for followed, job in moved:
                self._record_one(ledger, followed, job, now)

        await self._store.write(record)
        for followed, job in moved:
            followed.job = job
            if job.state.ended:
                self._drop(followed)
                self._csids.expect(job.job_id, followed.fax_id)

    def _record_one(self, ledger: Ledger, followed: WatchedJob, job: Job, now: datetime) -> None:
        fax = ledger.fax(followed.fax_id)
        if fax.state is not FaxState.ACCEPTED:
            return
        fax.reported_at = now.timestamp()
        ledger.see_job(fax.id, job)
        steps = [
            Step(StepKind(change.kind.value), now, job, by=fax.cancel_by if change.kind.terminal else None)
            for change in changes(followed.job, job)
        ]
        if not job.state.ended:
            announce_steps(ledger, fax, steps)
            return
        outcome = (
            Outcome.DELIVERED
            if job.state is JobState.DONE
            else Outcome.CANCELLED
            if job.cancelled
            else Outcome.FAILED
        )
        if steps[:-1]:
            announce_steps(ledger, fax, steps[:-1])
        end_fax(ledger, fax, outcome, steps[-1])

    async def _announce_slow(self) -> None:
        """Announce, once per fax, jobs that are not dialed for SLOW_SECONDS, with the state of their line."""
        now = self._clock.now()
        slow = [
            each
            for each in self._followed.values()
            if not each.slow_announced
            and each.job.state is JobState.READY
            and not each.job.dials
            and now - each.since > timedelta(seconds=SLOW_SECONDS)
        ]
        if not slow:
            return
        try:
            states = {usage.line_id: usage.state_text for usage in await self._server.line_usage()}
        except ServerFault:
            return

        def record(ledger: Ledger) -> None:
            for each in slow:
                fax = ledger.fax(each.fax_id)
                if not fax.slow_announced:
                    fax.slow_announced = True
                    text = states.get(fax.line_id, "")
                    announce_steps(ledger, fax, [Step(StepKind.SLOW, now, each.job, text=text)])

        await self._store.write(record)
        for each in slow:
            each.slow_announced = True


def _accepted(ledger: Ledger, fax_ids: Sequence[int] | None = None) -> list[tuple[Fax, Job]]:
    """The accepted faxes, all or those of *fax_ids*, each with its job as last seen."""
    faxes = ledger.faxes_in(FaxState.ACCEPTED) if fax_ids is None else [ledger.fax(each) for each in fax_ids]
    known = [(fax, ledger.job_of(fax.id)) for fax in faxes if fax.state is FaxState.ACCEPTED]
    return [(fax, job) for fax, job in known if job is not None]
