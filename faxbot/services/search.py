"""
FileSend's answer was lost: find the job, or ask a person. Nothing here dials.

Only jobs that were not there before the intent and belong to no other request count. One match that no
other lost request could claim is adopted; anything else is a person's decision.
"""

import logging

from faxbot.fax.errors import ServerFault
from faxbot.fax.job import Direction, Job, JobState
from faxbot.services.facts import Fax, FaxState
from faxbot.services.feed import RecordFeed
from faxbot.services.lines import LineBook
from faxbot.services.messages import Step, StepKind
from faxbot.services.ports import Clock, FaxServer, Ledger, Nudge, Store
from faxbot.services.send import take_job
from faxbot.services.tell import record_of, refresh_cards, tell_steps
from faxbot.services.watch import Watch, job_of_record

log = logging.getLogger(__name__)

LOOKS_BEFORE_ASKING = 2
LATEST_LOOK_SECONDS = 3600.0
"""A job that shows up within this time after the question was asked is still adopted."""


class Search:
    """Looks for the jobs of faxes whose answer was lost."""

    def __init__(
        self,
        *,
        server: FaxServer,
        store: Store,
        clock: Clock,
        lines: LineBook,
        sent_records: RecordFeed,
        watch: Watch,
        told: Nudge,
        settle: float,
    ) -> None:
        self._server, self._store, self._clock, self._lines = server, store, clock, lines
        self._sent_records, self._watch, self._told, self._settle = sent_records, watch, told, settle
        self._idle = False

    def wake(self) -> None:
        """Something happened: perhaps an answer was lost."""
        self._idle = False

    async def tick(self) -> None:
        """Look for every fax whose time has come."""
        if self._idle:
            return
        now = self._clock.now().timestamp()
        lost = await self._store.read(lambda ledger: ledger.faxes_in(FaxState.UNKNOWN, FaxState.ASKED))
        self._idle = all(fax.look_at is None for fax in lost)
        due = [fax for fax in lost if fax.look_at is not None and fax.look_at <= now]
        if not due:
            return
        try:
            active = await self._server.active_jobs(Direction.TX)
            await self._sent_records.catch_up()
        except ServerFault as fault:
            log.info("the search waits for the fax server", extra={"fault": type(fault).__name__})
            return

        def look(ledger: Ledger) -> list[tuple[int, Job]]:
            looked = [(fax.id or 0, self._look(ledger, fax.id or 0, active)) for fax in due]
            return [(fax_id, job) for fax_id, job in looked if job is not None]

        for fax_id, job in await self._store.write(look):
            self._watch.follow(fax_id, job)
        self._told()

    def _look(self, ledger: Ledger, fax_id: int, active: list[Job]) -> Job | None:
        fax = ledger.fax(fax_id)
        if fax.state not in (FaxState.UNKNOWN, FaxState.ASKED):
            return None
        now = self._clock.now()
        rivals = [
            each
            for each in ledger.faxes_in(FaxState.HANDING, FaxState.UNKNOWN, FaxState.ASKED)
            if each.id != fax.id and (each.dial, each.line_id) == (fax.dial, fax.line_id)
        ]
        if any(each.state is FaxState.HANDING for each in rivals):
            fax.look_at = now.timestamp() + self._settle
            return None
        found = self._candidates(ledger, fax, active)
        contested = {job_id for each in rivals for job_id in self._candidates(ledger, each, active)}
        if len(found) == 1 and not found.keys() & contested:
            # as it was at first: the next tick tells all that became of it since
            job = next(
                Job(each.job_id, JobState.READY, destination=each.destination, modem=each.modem)
                for each in found.values()
            )
            take_job(ledger, fax, job, Step(StepKind.ADOPTED, now, job))
            log.info("adopted", extra={"fax": fax.id, "job": job.job_id})
            return job
        self._go_on(ledger, fax, sorted(found))
        return None

    def _go_on(self, ledger: Ledger, fax: Fax, found: list[str]) -> None:
        now = self._clock.now()
        fax.looks += 1
        news = found != fax.candidates
        fax.candidates = found
        asked_for = now.timestamp() - (fax.intent_at or fax.created_at)
        pause = self._settle * fax.looks
        if fax.state is FaxState.UNKNOWN and (fax.looks >= LOOKS_BEFORE_ASKING or len(found) > 1):
            fax.state = FaxState.ASKED
            tell_steps(ledger, fax, [Step(StepKind.ASKED, now, text=", ".join(found))])
        elif news:
            refresh_cards(ledger, fax)
        over = fax.state is FaxState.ASKED and asked_for >= LATEST_LOOK_SECONDS
        fax.look_at = None if over else now.timestamp() + pause  # after a long stop, too, it is asked first

    def _candidates(self, ledger: Ledger, fax: Fax, active: list[Job]) -> dict[str, Job]:
        """The jobs that could be *fax*, by id."""
        jobs = [job for job in active if job.job_id not in fax.known_jobs]
        named = {job.job_id for job in jobs}
        for row in ledger.records_after(Direction.TX, fax.known_record):
            job = job_of_record(record_of(row))
            if job.job_id not in named and job.job_id not in fax.known_jobs:
                jobs.append(job)
        return {
            job.job_id: job
            for job in jobs
            if job.destination == fax.dial
            and self._on_line(job, fax)
            and not self._belongs_to_other(ledger, job.job_id, fax)
        }

    def _on_line(self, job: Job, fax: Fax) -> bool:
        line = self._lines.of_modem(job.modem)
        return line is None or line.line_id == fax.line_id

    @staticmethod
    def _belongs_to_other(ledger: Ledger, job_id: str, fax: Fax) -> bool:
        owner = ledger.newest_fax(job_id)
        if owner is None or owner.id == fax.id:
            return False
        since = fax.intent_at or fax.created_at
        return owner.state is FaxState.ACCEPTED or (owner.ended_at or 0) >= since
