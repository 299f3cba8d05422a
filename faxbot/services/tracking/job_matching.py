"""
Job matching: which jobs on the fax server could be a fax whose FileSend answer was lost.

A job qualifies if it did not exist before the intent and belongs to no other fax. A job's `time` is its last
change by the server's clock, not its creation, so it cannot be compared with the intent. Jobs from before the
intent are therefore recognized by the ids stored with the intent, and records by their row ids.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from faxbot.fax import number
from faxbot.fax.job import Direction, Job, JobState
from faxbot.fax.record import Record
from faxbot.services.fax_server.lines import LineDirectory
from faxbot.services.model.documents import KeptDocument
from faxbot.services.model.faxes import Fax, FaxState, Outcome
from faxbot.services.model.ledger import Ledger
from faxbot.services.model.messages import Step, StepKind
from faxbot.services.model.records import FaxRecord
from faxbot.services.model.submissions import SubmissionState
from faxbot.services.outbox.announcements import announce_steps, cards_of, end_fax, open_cards, refresh_cards
from faxbot.services.tracking.submission_answers import end_submission, is_open

OVER_FOR_PEOPLE = (Outcome.WENT, Outcome.GIVEN_UP)
"""A person decided the outcome; the job may still be listed later."""
OVER_FOR_THE_SERVER = (Outcome.REFUSED, Outcome.WITHDRAWN)
"""The server reported that there is no job; one that is listed later is matched after all other faxes."""


@dataclass(frozen=True, slots=True)
class JobMatch:
    """
    The jobs that could be a fax, by id.

    *sure*: nothing that is reported differs. *possible*: no destination is reported, the number of pages
    differs, the line that is assumed for the modem differs, or a job with that id was given up as lost.
    """

    sure: dict[str, Job] = field(default_factory=dict)
    possible: dict[str, Job] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """The ids of all jobs that could be the fax."""
        return sorted({*self.sure, *self.possible})


class JobMatching:
    """
    Matches faxes with records in the ledger and with *active* jobs. Never calls the fax server.

    *region*: the country in which numbers without a country code are compared.
    """

    def __init__(self, lines: LineDirectory, region: str) -> None:
        self._lines, self._region = lines, region

    def of(self, ledger: Ledger, fax: Fax, active: Iterable[Job]) -> JobMatch:
        """The jobs that could be *fax*."""
        claim = JobMatch()
        intent = _Intent.of(ledger, fax)
        document = ledger.document_of(fax)
        jobs = {job.job_id: job for job in active}
        taken = {
            job_id for job_id, job in jobs.items() if self._active_is_of_another(ledger, job, fax, intent)
        }
        for row in ledger.records_after(Direction.TX, fax.known_record):
            if row.job_id not in jobs:
                job = jobs[row.job_id] = job_of_record(row.record)
                if self._record_is_of_another(ledger, row, job, fax, intent):
                    taken.add(row.job_id)
        for job_id in jobs.keys() - taken - intent.known_jobs:
            job = jobs[job_id]
            if job.destination and not number.same(job.destination, fax.dial, self._region):
                continue
            line = self._lines.of_modem(job.modem)
            elsewhere = line is not None and line.line_id != fax.line_id
            if elsewhere and self._lines.is_sure_of(job.modem):
                continue
            pages_differ = _pages_differ(job, document)
            doubtful = elsewhere or pages_differ or not job.destination or _was_lost(ledger, job_id)
            (claim.possible if doubtful else claim.sure)[job_id] = job
        return claim

    def uncontested(self, ledger: Ledger, fax: Fax, active: Sequence[Job]) -> Job | None:
        """The job that is *fax*, if exactly one matches and no other fax matches it."""
        claim = self.of(ledger, fax, active)
        if claim.possible or len(claim.sure) != 1:
            return None
        rivals = self.rivals(ledger, fax)
        contested = {name for each in rivals for name in self.of(ledger, each, active).names}
        return next((job for name, job in claim.sure.items() if name not in contested), None)

    def rivals(self, ledger: Ledger, fax: Fax) -> list[Fax]:
        """
        Other faxes to the same destination that are being submitted or looked up.

        Refused and withdrawn ones are rivals only of each other: they are matched after all other faxes.
        """
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
        """Whether *job* could be a fax whose answer was lost; then the lost-answer lookup decides."""
        doubtful = (*ledger.faxes_in(FaxState.SUBMITTING), *ledger.faxes_looked_for())
        return any(
            job.job_id not in _Intent.of(ledger, fax).known_jobs
            and (not job.destination or number.same(fax.dial, job.destination, self._region))
            for fax in doubtful
        )

    def _active_is_of_another(self, ledger: Ledger, job: Job, fax: Fax, intent: "_Intent") -> bool:
        """Whether an active job belongs to another fax: one that is accepted or ended after the intent."""
        owner = self._owner(ledger, job, fax)
        if owner is None or owner.outcome is Outcome.LOST:
            return False
        return owner.state is FaxState.ACCEPTED or (owner.ended_at or 0) >= intent.at

    def _record_is_of_another(
        self, ledger: Ledger, row: FaxRecord, job: Job, fax: Fax, intent: "_Intent"
    ) -> bool:
        """Whether a record belongs to another fax, which may have ended before the intent."""
        owner = self._owner(ledger, job, fax)
        if owner is None:
            return False
        if owner.state is FaxState.ACCEPTED or (owner.ended_at or 0) >= intent.at:
            return True
        # It ended before the intent: this is its late record, unless its record was seen before the intent.
        return not any(
            owner.known_record < each.id <= fax.known_record for each in ledger.records_named(row.job_id)
        )

    def _owner(self, ledger: Ledger, job: Job, fax: Fax) -> Fax | None:
        """The other fax that had this id last; None if *job* has another destination: ids are reused."""
        owner = ledger.newest_fax(job.job_id)
        if owner is None or owner.id == fax.id:
            return None
        elsewhere = job.destination and not number.same(owner.dial, job.destination, self._region)
        return None if elsewhere else owner


def _was_lost(ledger: Ledger, job_id: str) -> bool:
    """Whether a job with that id was lost: this may be the same job, or another one."""
    owner = ledger.newest_fax(job_id)
    return owner is not None and owner.outcome is Outcome.LOST


@dataclass(frozen=True, slots=True)
class _Intent:
    """When a fax was last submitted, in epoch seconds, and the jobs that were active before."""

    at: float
    known_jobs: frozenset[str]

    @classmethod
    def of(cls, ledger: Ledger, fax: Fax) -> "_Intent":
        submission = ledger.submission_of(fax.id)
        if submission is None:
            return cls(fax.created_at, frozenset())
        return cls(submission.intent_at, frozenset(submission.known_jobs))


def _pages_differ(job: Job, document: KeptDocument | None) -> bool:
    """Whether both page counts are known and differ."""
    return bool(job.total_pages and document and document.pages and job.total_pages != document.pages)


def job_of_record(record: Record) -> Job:
    """The finished job of *record*. A record means the job finished, whatever its last state."""
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
    Record that *job* is *fax*, even if *fax* had ended; False if its state was changed concurrently.

    An older fax with that job id, from before a reset of the server, ends as lost.
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
    fax.lookup_at, fax.candidates = None, []
    open_yet = is_open(ledger, fax.id)
    found = SubmissionState.ACCEPTED if open_yet else SubmissionState.FOUND
    end_submission(ledger, fax.id, found, step.at, job=job)
    had_card = bool(cards_of(ledger, fax))
    open_cards(ledger, fax, step.at)
    announce_steps(ledger, fax, [step])
    if had_card:
        refresh_cards(ledger, fax)
    return True


def as_submitted(job: Job) -> Job:
    """*job* as it was when submitted, so that the next tick announces every change since then."""
    return Job(job.job_id, JobState.READY, destination=job.destination, modem=job.modem)
