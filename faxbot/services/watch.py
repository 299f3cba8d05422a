"""Jobs on the fax server, watched: differences become changes, changes become announcements."""

import logging
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from faxbot.fax import number
from faxbot.fax.errors import AnswerLost, JobNotFound, RequestRefused, ServerFault
from faxbot.fax.job import Direction, Job, JobState, changes
from faxbot.fax.record import Record
from faxbot.fax.routing import audience
from faxbot.services.facts import Fax, FaxState, Outcome
from faxbot.services.feed import RecordFeed
from faxbot.services.lines import LineBook
from faxbot.services.messages import Step, StepKind
from faxbot.services.ports import Clock, FaxServer, Ledger, Nudge, Store
from faxbot.services.tell import end_fax, interests, job_facts, job_of, open_cards, record_of, tell_steps

log = logging.getLogger(__name__)

SLOW_SECONDS = 120.0
"""A job that nobody has picked up for so long deserves a word."""
LOOKS_FOR_THE_LOST = 5
"""So many ticks a vanished job is asked for before it counts as lost."""
LOST_SECONDS = 60.0
RECENT_SECONDS = 60.0


@dataclass(slots=True)
class _Followed:
    """The mirror of one unfinished fax: what the store holds, without asking it."""

    fax_id: int
    job: Job
    since: datetime
    told: Job | None = None
    """What the last list held, if it held the job: the very same object tells of no change."""
    missing: int = 0
    missing_since: datetime | None = None
    slow_told: bool = False


class Watch:
    """One ActiveJobs a tick, whatever the number of jobs; a tick in which nothing changed touches no row."""

    def __init__(
        self,
        *,
        server: FaxServer,
        store: Store,
        clock: Clock,
        lines: LineBook,
        sent_records: RecordFeed,
        region: str,
        told: Nudge,
    ) -> None:
        self._server, self._store, self._clock, self._lines = server, store, clock, lines
        self._sent_records, self._region, self._told = sent_records, region, told
        self._followed: dict[str, _Followed] = {}
        self._foreign: set[str] = set()
        self._unrecorded: dict[str, int] = {}
        self._fresh = False
        self.busy = False
        """Something is active: ticks should be fast."""

    async def start(self) -> None:
        """Recall the unfinished faxes."""
        for fax in await self._store.read(lambda ledger: ledger.faxes_in(FaxState.ACCEPTED)):
            if fax.job_id and (job := job_of(fax)):
                self.follow(fax.id or 0, job)

    def follow(self, fax_id: int, job: Job) -> None:
        """*fax_id* is *job*: watch it from now on."""
        self._followed[job.job_id] = _Followed(fax_id, job, self._clock.now())
        self._foreign.discard(job.job_id)
        self.busy = self._fresh = True

    def states(self) -> dict[str, int]:
        """How many of the jobs that are followed are in which state."""
        return Counter(each.job.state.value for each in self._followed.values())

    def woken(self) -> bool:
        """A job was taken on since this was last asked: the next tick should not wait."""
        fresh, self._fresh = self._fresh, False
        return fresh

    def reconsider(self) -> None:
        """Somebody subscribed: jobs of other programs may matter now."""
        self._foreign.clear()

    async def tick(self) -> None:
        """
        Look once.

        Raises:
            ServerFault: The fax server did not answer; nothing was changed.
        """
        active = {job.job_id: job for job in await self._server.active_jobs(Direction.TX)}
        moved: list[tuple[_Followed, Job]] = []
        listed: list[tuple[_Followed, Job]] = []
        for job_id, followed in list(self._followed.items()):
            job = active.get(job_id)
            if job is not None and job is followed.told:
                continue
            followed.told = None
            if job is None or not self._same_destination(job, followed.job):
                job = await self._ask_for_missing(followed)
            else:
                followed.missing, followed.missing_since = 0, None
                listed.append((followed, job))
            if job is not None and replace(job, time=None) != replace(followed.job, time=None):
                moved.append((followed, job))
        if moved:
            await self._record(moved)
        for followed, job in listed:
            followed.told = job
        self._foreign &= active.keys()
        strangers = [job for job_id, job in active.items() if job_id not in self._followed]
        if fresh := [job for job in strangers if job.job_id not in self._foreign]:
            await self._meet(fresh)
        await self._tell_slow()
        self.busy = bool(self._followed or active)

    async def _ask_for_missing(self, followed: _Followed) -> Job | None:
        """A job left the active list: what became of it? None while nobody can tell."""
        job_id = followed.job.job_id
        try:
            job = await self._server.job_status(job_id)
        except JobNotFound:
            job = None
        except (RequestRefused, AnswerLost) as fault:  # it is this job; the others go on
            log.warning("a job was not told of", extra={"job": job_id, "fault": type(fault).__name__})
            return None
        if job is not None and self._same_destination(job, followed.job):
            merged = _merge(followed.job, job)
            return merged if job.state.ended or merged != followed.job else None
        if record := await self._record_of(followed):
            return _merge(followed.job, job_of_record(record))
        await self._lose(followed)
        return None

    async def _record_of(self, followed: _Followed) -> Record | None:
        await self._sent_records.catch_up()
        rows = await self._store.read(lambda ledger: ledger.records_named(followed.job.job_id))
        fax = await self._store.read(lambda ledger: ledger.fax(followed.fax_id))
        return next(
            (
                record_of(row)
                for row in rows
                if (row.id or 0) > fax.known_record and record_of(row).number == followed.job.destination
            ),
            None,
        )

    async def _lose(self, followed: _Followed) -> None:
        now = self._clock.now()
        followed.missing += 1
        followed.missing_since = followed.missing_since or now
        waited = (now - followed.missing_since).total_seconds()
        if followed.missing < LOOKS_FOR_THE_LOST or waited < LOST_SECONDS:
            return

        def record(ledger: Ledger) -> None:
            fax = ledger.fax(followed.fax_id)
            if fax.cancel_by:
                end_fax(ledger, fax, Outcome.CANCELLED, Step(StepKind.CANCELLED, now, by=fax.cancel_by))
            else:
                end_fax(ledger, fax, Outcome.LOST, Step(StepKind.LOST, now))

        await self._store.write(record)
        self._followed.pop(followed.job.job_id, None)
        self._told()

    async def _record(self, moved: list[tuple[_Followed, Job]]) -> None:
        now = self._clock.now()

        def record(ledger: Ledger) -> None:
            for followed, job in moved:
                self._record_one(ledger, followed, job, now)

        await self._store.write(record)
        for followed, job in moved:
            followed.job = job
            if job.state.ended:
                self._followed.pop(job.job_id, None)
                self._unrecorded[job.job_id] = followed.fax_id
        self._told()

    def _record_one(self, ledger: Ledger, followed: _Followed, job: Job, now: datetime) -> None:
        fax = ledger.fax(followed.fax_id)
        if fax.state is not FaxState.ACCEPTED:
            return
        fax.job, fax.heard_at = job_facts(job), now.timestamp()
        steps = [
            Step(StepKind(change.kind.value), now, job, by=fax.cancel_by if change.kind.terminal else None)
            for change in changes(followed.job, job)
        ]
        if not job.state.ended:
            tell_steps(ledger, fax, steps)
            return
        outcome = (
            Outcome.DELIVERED
            if job.state is JobState.DONE
            else Outcome.CANCELLED
            if job.cancelled
            else Outcome.FAILED
        )
        if steps[:-1]:
            tell_steps(ledger, fax, steps[:-1])
        end_fax(ledger, fax, outcome, steps[-1])

    async def _meet(self, jobs: list[Job]) -> None:
        """Jobs of other programs: a fax of ours only if a channel wants to hear of it."""
        now = self._clock.now()
        await self._lines.lines()

        def record(ledger: Ledger) -> list[tuple[int, Job]]:
            wanted = interests(ledger)
            unsettled = ledger.faxes_in(FaxState.HANDING, FaxState.UNKNOWN, FaxState.ASKED)
            met: list[tuple[int, Job]] = []
            for job in jobs:
                if any(fax.dial == job.destination for fax in unsettled):
                    continue  # it may be ours: the search decides
                owner = ledger.newest_fax(job.job_id)
                if owner and owner.dial == job.destination and _is_recent(owner, now):
                    continue  # it became ours while the list was on its way
                line = self._lines.of_modem(job.modem)
                line_id = line.line_id if line else ""
                if not audience(wanted, Direction.TX, line_id=line_id):
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
                        job=job_facts(job),
                        accepted_at=now.timestamp(),
                        heard_at=now.timestamp(),
                        created_at=now.timestamp(),
                        known_record=ledger.newest_record(Direction.TX),
                    )
                )
                open_cards(ledger, fax, now)
                tell_steps(ledger, fax, [Step(StepKind(c.kind.value), now, job) for c in changes(None, job)])
                met.append((fax.id or 0, job))
            return met

        for fax_id, job in await self._store.write(record):
            self.follow(fax_id, job)
        self._told()

    async def _tell_slow(self) -> None:
        now = self._clock.now()
        slow = [
            each
            for each in self._followed.values()
            if not each.slow_told
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
                if not fax.slow_told:
                    fax.slow_told = True
                    text = states.get(fax.line_id, "")
                    tell_steps(ledger, fax, [Step(StepKind.SLOW, now, each.job, text=text)])

        await self._store.write(record)
        for each in slow:
            each.slow_told = True
        self._told()

    async def tell_answering_machines(self) -> None:
        """The record of a delivered fax names the machine that answered. Raises ServerFault."""
        if not self._unrecorded:
            return
        await self._sent_records.catch_up()
        looking, self._unrecorded = self._unrecorded, {}

        def record(ledger: Ledger) -> None:
            for job_id, fax_id in looking.items():
                fax = ledger.fax(fax_id)
                row = next(iter(ledger.records_named(job_id)), None)
                if row and (row.id or 0) > fax.known_record and record_of(row).station_id.strip():
                    fax.answered_by = record_of(row).station_id.strip()
                    tell_steps(ledger, fax, [])

        await self._store.write(record)
        self._told()

    @staticmethod
    def _same_destination(job: Job, known: Job) -> bool:
        """After a reset the server uses ids again: the same id to another number is another job."""
        return not job.destination or not known.destination or job.destination == known.destination


def _is_recent(fax: Fax, now: datetime) -> bool:
    """Under way, or ended so lately that a list may still name it."""
    return fax.state is FaxState.ACCEPTED or now.timestamp() - (fax.ended_at or 0.0) < RECENT_SECONDS


def _merge(known: Job, told: Job) -> Job:
    """JobStatus and records tell less than ActiveJobs: what they leave out stays as it was."""
    return replace(
        told,
        destination=told.destination or known.destination,
        modem=told.modem or known.modem,
        total_pages=told.total_pages or known.total_pages,
        dials=max(told.dials or 0, known.dials or 0) or None,
        max_dials=told.max_dials or known.max_dials,
        attempts=told.attempts if told.attempts is not None else known.attempts,
        max_attempts=told.max_attempts or known.max_attempts,
    )


def job_of_record(record: Record) -> Job:
    """The finished job that *record* tells of."""
    return Job(
        job_id=record.job_id,
        state=record.state,
        state_text=record.state_text,
        destination=record.number,
        sent_pages=record.sent_pages,
        total_pages=record.total_pages,
        dials=record.attempts,
        duration=record.duration,
        status_text=record.status_text,
        modem=record.modem,
        time=record.time,
    )
