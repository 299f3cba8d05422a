"""Jobs on the fax server, watched: differences become changes, changes become announcements."""

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from faxbot.fax import number
from faxbot.fax.errors import ServerFault
from faxbot.fax.job import Direction, Job, JobState, changes, is_another_job
from faxbot.fax.routing import subscribed_channels
from faxbot.services.fax_server.lines import LineDirectory
from faxbot.services.fax_server.record_feed import RecordFeed
from faxbot.services.model.faxes import Fax, FaxState, Outcome
from faxbot.services.model.ledger import Ledger, Store, Touched
from faxbot.services.model.messages import Step, StepKind
from faxbot.services.model.ports import Clock, FaxServer
from faxbot.services.outbox.announcements import announce_steps, end_fax, interests, open_cards
from faxbot.services.tracking.job_matching import JobMatching, adopt_job
from faxbot.services.tracking.missing_jobs import MissingJobs, WatchedJob, give_up

log = logging.getLogger(__name__)

SLOW_SECONDS = 120.0
"""A job that nobody has picked up for so long deserves a word."""
RECENT_SECONDS = 60.0
BACK_SECONDS = 3600.0
LOOKS_FOR_A_RECORD = 5


class JobWatch:
    """One ActiveJobs a tick, whatever the number of jobs; a tick in which nothing changed touches no row."""

    def __init__(
        self,
        *,
        server: FaxServer,
        store: Store,
        clock: Clock,
        lines: LineDirectory,
        sent_records: RecordFeed,
        matching: JobMatching,
        region: str,
    ) -> None:
        self._server, self._store, self._clock, self._lines = server, store, clock, lines
        self._sent_records, self._region = sent_records, region
        self._matching = matching
        self._vanished = MissingJobs(
            server=server, store=store, clock=clock, sent_records=sent_records, region=region
        )
        self._followed: dict[str, WatchedJob] = {}
        self._listed: set[str] = set()
        self._left: dict[str, datetime] = {}
        self._foreign: set[str] = set()
        self._unrecorded: dict[str, tuple[int, int]] = {}
        """Delivered jobs by id: their fax, and how many looks for their record are left."""
        self._accepted: set[int] = set()
        """Faxes that were accepted since the last tick."""
        self.busy = False
        """Something is active: ticks should be fast."""

    async def start(self) -> None:
        """Recall the unfinished faxes."""
        self._follow(await self._store.read(_accepted))

    def wake(self, touched: Touched) -> bool:
        """Rows changed; True if a job was accepted, so that the next tick should not wait."""
        if touched.subscriptions:
            self._foreign.clear()  # jobs of other programs may matter now
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
            self._foreign.discard(job.job_id)
            self.busy = True

    def states(self) -> dict[str, int]:
        """How many of the jobs that are followed are in which state."""
        return Counter(each.job.state.value for each in self._followed.values())

    def left_lately(self) -> set[str]:
        """
        The jobs that left the list a moment ago, so that their records may still be to come.

        What left the list before an intent was there before it.
        """
        since = self._clock.now() - timedelta(seconds=RECENT_SECONDS)
        self._left = {job_id: at for job_id, at in self._left.items() if at > since}
        return set(self._left)

    async def tick(self) -> None:
        """
        Look once.

        Raises:
            ServerFault: The fax server did not answer; nothing was changed.
        """
        active = {job.job_id: job for job in await self._server.active_jobs(Direction.TX)}
        await self._follow_accepted()
        await self._compare(active)
        self._foreign &= active.keys()
        strangers = [job for job_id, job in active.items() if job_id not in self._followed]
        if fresh := [job for job in strangers if job.job_id not in self._foreign]:
            await self._meet(fresh)
        await self._tell_slow()
        self.busy = bool(self._followed or active)

    async def _compare(self, active: dict[str, Job]) -> None:
        """Write down what became of the jobs that are followed."""
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
        findings = await self._vanished.ask_for(absent)
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
        now = self._clock.now()

        def record(ledger: Ledger) -> None:
            for each in lost:
                give_up(ledger, each.fax_id, now)

        await self._store.write(record)
        for each in lost:
            self._drop(each)
            log.warning("a job was lost", extra={"fax": each.fax_id, "job": each.job.job_id})

    def _drop(self, followed: WatchedJob) -> None:
        """Follow it no more, unless its id is another fax's by now."""
        if self._followed.get(followed.job.job_id) is followed:
            del self._followed[followed.job.job_id]

    async def _record(self, moved: list[tuple[WatchedJob, Job]]) -> None:
        now = self._clock.now()

        def record(ledger: Ledger) -> None:
            for followed, job in moved:
                self._record_one(ledger, followed, job, now)

        await self._store.write(record)
        for followed, job in moved:
            followed.job = job
            if job.state.ended:
                self._drop(followed)
                self._unrecorded[job.job_id] = (followed.fax_id, LOOKS_FOR_A_RECORD)

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

    async def _meet(self, jobs: list[Job]) -> None:
        """Jobs of other programs: a fax of ours only if a channel wants to hear of it."""
        now = self._clock.now()
        await self._lines.lines()

        def record(ledger: Ledger) -> None:
            wanted = interests(ledger)
            for job in jobs:
                if self._matching.could_be_of_a_lost_one(ledger, job):
                    continue  # it may be ours: the search decides
                owner = ledger.newest_fax(job.job_id)
                if owner and self._is_back(owner, ledger.job_of(owner.id), job, now):
                    adopt_job(ledger, owner, job, Step(StepKind.ADOPTED, now, job))
                    continue
                if owner and self._is_to(owner, job) and _is_recent(owner, now):
                    continue  # it became ours while the list was on its way
                line = self._lines.of_modem(job.modem)
                line_id = line.line_id if line else ""
                if not subscribed_channels(wanted, Direction.TX, line_id=line_id):
                    self._foreign.add(job.job_id)
                    continue
                fax = ledger.add_fax(
                    Fax(
                        state=FaxState.ACCEPTED,
                        number=number.pretty(job.destination, self._region),
                        dial=job.destination,
                        line_id=line_id,
                        line_name=line.label if line else "",
                        job_id=job.job_id,
                        accepted_at=now.timestamp(),
                        reported_at=now.timestamp(),
                        created_at=now.timestamp(),
                        known_record=ledger.newest_record(Direction.TX),
                    )
                )
                ledger.see_job(fax.id, job)
                open_cards(ledger, fax, now)
                announce_steps(
                    ledger, fax, [Step(StepKind(c.kind.value), now, job) for c in changes(None, job)]
                )

        await self._store.write(record)

    def _is_back(self, owner: Fax, known: Job | None, job: Job, now: datetime) -> bool:
        """A job that was believed lost shows up again: a server may take long to start."""
        lately = now.timestamp() - (owner.ended_at or 0.0) < BACK_SECONDS
        same_job = self._is_to(owner, job) and not (known and is_another_job(known, job))
        return owner.outcome is Outcome.LOST and lately and same_job

    def _is_to(self, fax: Fax, job: Job) -> bool:
        return number.same(fax.dial, job.destination, self._region)

    async def _tell_slow(self) -> None:
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

    async def tell_answering_machines(self) -> None:
        """The record of a delivered fax names the machine that answered. Raises ServerFault."""
        if not self._unrecorded:
            return
        await self._sent_records.catch_up()
        looking, self._unrecorded = self._unrecorded, {}

        def record(ledger: Ledger) -> set[str]:
            found = set()
            for job_id, (fax_id, _) in looking.items():
                fax = ledger.fax(fax_id)
                row = next(iter(ledger.records_named(job_id)), None)
                if row is None or row.id <= fax.known_record:
                    continue
                found.add(job_id)
                if name := row.station_id.strip():
                    fax.answered_by = name
                    announce_steps(ledger, fax, [])
            return found

        found = await self._store.write(record)
        for job_id, (fax_id, looks_left) in looking.items():
            if job_id not in found and looks_left > 1:
                self._unrecorded.setdefault(job_id, (fax_id, looks_left - 1))


def _is_recent(fax: Fax, now: datetime) -> bool:
    """Under way, or ended so lately that a list may still name it."""
    return fax.state is FaxState.ACCEPTED or now.timestamp() - (fax.ended_at or 0.0) < RECENT_SECONDS


def _accepted(ledger: Ledger, fax_ids: Sequence[int] | None = None) -> list[tuple[Fax, Job]]:
    """The accepted faxes, all or those named, each with its job as last seen."""
    faxes = ledger.faxes_in(FaxState.ACCEPTED) if fax_ids is None else [ledger.fax(each) for each in fax_ids]
    known = [(fax, ledger.job_of(fax.id)) for fax in faxes if fax.state is FaxState.ACCEPTED]
    return [(fax, job) for fax, job in known if job is not None]
