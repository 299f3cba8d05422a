"""
Which jobs on the fax server could be a fax whose receipt was lost, and who else could claim them.

Only jobs count that were not there before the intent and belong to no other request. A job's `time` is its
last change by the server's clock: it says nothing about when the job was made, so what was there before is
known by name, and what the server's records held by the order in which they were seen.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from faxbot.fax import number
from faxbot.fax.job import Direction, Job, JobState
from faxbot.fax.record import Record
from faxbot.services.fax_server.lines import LineDirectory
from faxbot.services.model.faxes import Fax, FaxState, Outcome
from faxbot.services.model.ledger import Ledger
from faxbot.services.model.messages import Step, StepKind
from faxbot.services.model.records import FaxRecord
from faxbot.services.outbox.announcements import announce_steps, cards_of, end_fax, open_cards, refresh_cards

OVER_FOR_PEOPLE = (Outcome.WENT, Outcome.GIVEN_UP)
"""A person decided; the job may still show up."""
OVER_FOR_THE_SERVER = (Outcome.REFUSED, Outcome.WITHDRAWN)
"""By the server's own word there is no job; one that shows up is theirs if it is nobody else's."""


@dataclass(frozen=True, slots=True)
class JobMatch:
    """The jobs that are a fax as far as the server tells, and those of which it tells too little; by id."""

    sure: dict[str, Job] = field(default_factory=dict)
    possible: dict[str, Job] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Every job that could be it."""
        return sorted({*self.sure, *self.possible})


class JobMatching:
    """Reads claims off the ledger and the jobs that are *active* now. Nothing here asks the fax server."""

    def __init__(self, lines: LineDirectory, region: str) -> None:
        self._lines, self._region = lines, region

    def of(self, ledger: Ledger, fax: Fax, active: Iterable[Job]) -> JobMatch:
        """The jobs that could be *fax*."""
        claim = JobMatch()
        jobs = {job.job_id: job for job in active}
        taken = {job_id for job_id, job in jobs.items() if self._active_is_of_another(ledger, job, fax)}
        for row in ledger.records_after(Direction.TX, fax.known_record):
            if row.job_id not in jobs:
                job = jobs[row.job_id] = job_of_record(row.record)
                if self._record_is_of_another(ledger, row, job, fax):
                    taken.add(row.job_id)
        for job_id in jobs.keys() - taken - set(fax.known_jobs):
            job = jobs[job_id]
            if job.destination and not number.same(job.destination, fax.dial, self._region):
                continue
            line = self._lines.of_modem(job.modem)
            elsewhere = line is not None and line.line_id != fax.line_id
            if elsewhere and self._lines.is_sure_of(job.modem):
                continue
            pages_differ = bool(job.total_pages and fax.pages and job.total_pages != fax.pages)
            doubtful = elsewhere or pages_differ or not job.destination or _was_lost(ledger, job_id)
            (claim.possible if doubtful else claim.sure)[job_id] = job
        return claim

    def uncontested(self, ledger: Ledger, fax: Fax, active: Sequence[Job]) -> Job | None:
        """The one job that is *fax*, if there is exactly one and nobody else could claim it."""
        claim = self.of(ledger, fax, active)
        if claim.possible or len(claim.sure) != 1:
            return None
        rivals = self.rivals(ledger, fax)
        contested = {name for each in rivals for name in self.of(ledger, each, active).names}
        return next((job for name, job in claim.sure.items() if name not in contested), None)

    def rivals(self, ledger: Ledger, fax: Fax) -> list[Fax]:
        """Other faxes to the same destination whose receipt is lost, too, and whose claim is as good."""
        under_way = ledger.faxes_in(FaxState.SUBMITTING)
        others = {each.id: each for each in (*under_way, *ledger.faxes_looked_for()) if each.id != fax.id}
        weak = fax.outcome in OVER_FOR_THE_SERVER
        return [
            each
            for each in others.values()
            if (weak or each.outcome not in OVER_FOR_THE_SERVER)
            and number.same(each.dial, fax.dial, self._region)
        ]

    def could_be_of_a_lost_one(self, ledger: Ledger, job: Job) -> bool:
        """A job that is not followed may be that of a fax in doubt: the search decides, not the watch."""
        doubtful = (*ledger.faxes_in(FaxState.SUBMITTING), *ledger.faxes_looked_for())
        return any(
            job.job_id not in fax.known_jobs
            and (not job.destination or number.same(fax.dial, job.destination, self._region))
            for fax in doubtful
        )

    def _active_is_of_another(self, ledger: Ledger, job: Job, fax: Fax) -> bool:
        owner = self._owner(ledger, job, fax)
        if owner is None or owner.outcome is Outcome.LOST:
            return False
        return owner.state is FaxState.ACCEPTED or (owner.ended_at or 0) >= _since(fax)

    def _record_is_of_another(self, ledger: Ledger, row: FaxRecord, job: Job, fax: Fax) -> bool:
        owner = self._owner(ledger, job, fax)
        if owner is None:
            return False
        if owner.state is FaxState.ACCEPTED or (owner.ended_at or 0) >= _since(fax):
            return True
        # It ended before: this is its record, come late, unless that was seen before the intent already.
        return not any(
            owner.known_record < each.id <= fax.known_record for each in ledger.records_named(row.job_id)
        )

    def _owner(self, ledger: Ledger, job: Job, fax: Fax) -> Fax | None:
        """The other fax that had this id last; none if *job* goes elsewhere: ids are used again."""
        owner = ledger.newest_fax(job.job_id)
        if owner is None or owner.id == fax.id:
            return None
        elsewhere = job.destination and not number.same(owner.dial, job.destination, self._region)
        return None if elsewhere else owner


def _was_lost(ledger: Ledger, job_id: str) -> bool:
    """The server forgot a job of that id: this may be that one come back, or another."""
    owner = ledger.newest_fax(job_id)
    return owner is not None and owner.outcome is Outcome.LOST


def _since(fax: Fax) -> float:
    return fax.intent_at or fax.created_at


def job_of_record(record: Record) -> Job:
    """The finished job that *record* tells of. What has a record has ended, whatever its state is called."""
    state = record.state
    if not state.ended:
        state = JobState.FAILED if record.status_text.strip() else JobState.DONE
    return Job(
        job_id=record.job_id,
        state=state,
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


def adopt_job(ledger: Ledger, fax: Fax, job: Job, step: Step) -> bool:
    """
    *fax* is *job* from now on, also if it was believed to have ended; False if its state has just changed.

    An older fax of that id, from before a reset of the server, is lost.
    """
    older = ledger.newest_fax(job.job_id)
    if older is not None and older.id != fax.id and older.state is FaxState.ACCEPTED:
        end_fax(ledger, older, Outcome.LOST, Step(StepKind.LOST, step.at))
    if not ledger.change_state(fax, FaxState.ACCEPTED):
        return False
    fax.job_id = job.job_id
    ledger.see_job(fax.id, job)
    fax.outcome, fax.ended_at, fax.fault = None, None, ""
    fax.accepted_at = fax.reported_at = step.at.timestamp()
    fax.lookup_at, fax.candidates, fax.known_jobs = None, [], []
    had_card = bool(cards_of(ledger, fax))
    open_cards(ledger, fax, step.at)
    announce_steps(ledger, fax, [step])
    if had_card:
        refresh_cards(ledger, fax)
    return True


def as_submitted(job: Job) -> Job:
    """*job* as it was at first, so that the next tick announces everything that has happened since."""
    return Job(job.job_id, JobState.READY, destination=job.destination, modem=job.modem)
