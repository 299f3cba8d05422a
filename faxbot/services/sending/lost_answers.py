"""
Job lookup for faxes whose FileSend answer was lost: adopts the job, or lets a person decide. Never dials.

If exactly one job matches the fax, and that job matches no other fax, it is adopted; otherwise a person
decides. Lookups continue for an hour after the intent, also after a decision; after a refusal by the server
there are only a few. A job that appears meanwhile is adopted and announced. No lookup follows the decision
"It went" if the job was known then.
"""

import logging

from faxbot.fax.errors import ServerFault
from faxbot.fax.job import Direction, Job
from faxbot.services.fax_server.record_feed import RecordFeed
from faxbot.services.model.faxes import SUBMISSION_PAUSE, Fax, FaxState
from faxbot.services.model.ledger import Ledger, Store
from faxbot.services.model.messages import Step, StepKind
from faxbot.services.model.ports import Clock, FaxServer
from faxbot.services.outbox.announcements import announce_steps, refresh_cards
from faxbot.services.tracking.job_matching import (
    OVER_FOR_PEOPLE,
    OVER_FOR_THE_SERVER,
    JobMatching,
    adopt_job,
    as_submitted,
)

log = logging.getLogger(__name__)

LOOKS_BEFORE_ASKING = 2
"""Lookups without a result before a person has to decide."""
LATEST_LOOK_SECONDS = 3600.0
"""A job that appears within this time after the intent is still adopted."""
LOOKS_AFTER_A_NO = 3
"""Lookups for the job of a fax that the server refused or that was withdrawn."""


class LostAnswers:
    """
    Looks up the jobs of faxes whose answer was lost.

    *settle*: seconds for which the fax server may still carry out a call that it did not answer; also the
    pause between lookups, multiplied by their number.
    """

    def __init__(
        self,
        *,
        server: FaxServer,
        store: Store,
        clock: Clock,
        matching: JobMatching,
        sent_records: RecordFeed,
        settle: float,
    ) -> None:
        self._server, self._store, self._clock, self._matching = server, store, clock, matching
        self._sent_records, self._settle = sent_records, settle
        self._idle = False

    def wake(self) -> None:
        """Read the store in the next tick: faxes have changed."""
        self._idle = False

    async def tick(self) -> None:
        """Look up every fax whose lookup is due. READY faxes are looked up by their next submission."""
        if self._idle:
            return
        now = self._clock.now().timestamp()
        lost = await self._store.read(lambda ledger: ledger.faxes_looked_for())
        self._idle = not lost
        due = [fax.id for fax in lost if (fax.lookup_at or 0) <= now and fax.state is not FaxState.READY]
        if not due:
            return
        try:
            await self._look_for(due)
        except ServerFault as fault:
            log.info("job lookup waits for the fax server", extra={"fault": type(fault).__name__})

    async def look_now(self, fax_id: int) -> None:
        """
        Look up the job of a fax once more, before the fax is sent again.

        Waits while another fax to the same number is being submitted: before its answer comes, their jobs
        cannot be distinguished.

        Raises:
            ServerFault: The fax server does not answer.
        """
        before = await self._store.read(lambda ledger: ledger.fax(fax_id))
        while True:
            await self._look_for([fax_id])
            fax = await self._store.read(lambda ledger: ledger.fax(fax_id))
            if fax.state is not FaxState.UNDECIDED or fax.lookups > before.lookups:
                return
            await self._clock.sleep(SUBMISSION_PAUSE)

    async def _look_for(self, due: list[int]) -> None:
        active = await self._server.active_jobs(Direction.TX)
        await self._sent_records.catch_up()

        def look(ledger: Ledger) -> list[tuple[int, Job]]:
            looked = [(fax_id, self._look(ledger, ledger.fax(fax_id), active)) for fax_id in due]
            return [(fax_id, job) for fax_id, job in looked if job is not None]

        for fax_id, job in await self._store.write(look):
            log.info("adopted", extra={"fax": fax_id, "job": job.job_id})

    def _look(self, ledger: Ledger, fax: Fax, active: list[Job]) -> Job | None:
        """Adopt the job of *fax* and return it, or record the candidates and schedule the next lookup."""
        undecided = fax.state in (FaxState.UNKNOWN, FaxState.UNDECIDED)
        late = fax.job_id is None and fax.outcome in (*OVER_FOR_PEOPLE, *OVER_FOR_THE_SERVER)
        if not (undecided or late):
            fax.lookup_at = None
            _forget_known_jobs(ledger, fax)
            return None
        now = self._clock.now()
        if any(each.state is FaxState.SUBMITTING for each in self._matching.rivals(ledger, fax)):
            fax.lookup_at = now.timestamp() + self._settle
            return None
        if found := self._matching.uncontested(ledger, fax, active):
            job = as_submitted(found)
            return job if adopt_job(ledger, fax, job, Step(StepKind.ADOPTED, now, job)) else None
        self._go_on(ledger, fax, self._matching.of(ledger, fax, active).names)
        return None

    def _go_on(self, ledger: Ledger, fax: Fax, found: list[str]) -> None:
        """Record the candidates *found*, announce that a person has to decide, schedule the next lookup."""
        now = self._clock.now()
        fax.lookups += 1
        changed = found != fax.candidates
        fax.candidates = found
        submission = ledger.submission_of(fax.id)
        age = now.timestamp() - (submission.intent_at if submission else fax.created_at)
        if fax.state is FaxState.UNKNOWN and (fax.lookups >= LOOKS_BEFORE_ASKING or len(found) > 1):
            if not ledger.change_state(fax, FaxState.UNDECIDED):
                return
            announce_steps(ledger, fax, [Step(StepKind.ASKED, now, text=", ".join(found))])
        elif changed:
            refresh_cards(ledger, fax)
        enough = age >= LATEST_LOOK_SECONDS
        if fax.outcome in OVER_FOR_THE_SERVER:
            enough = fax.lookups >= LOOKS_AFTER_A_NO
        # An UNKNOWN fax gets another lookup even after a long stop, so that a person is asked first.
        over = enough and fax.state is not FaxState.UNKNOWN
        fax.lookup_at = None if over else now.timestamp() + self._settle * fax.lookups
        if over and fax.state is FaxState.ENDED:
            _forget_known_jobs(ledger, fax)


def _forget_known_jobs(ledger: Ledger, fax: Fax) -> None:
    """Clear the jobs that were active before the intent: no further lookup needs them."""
    if submission := ledger.submission_of(fax.id):
        submission.known_jobs = []
