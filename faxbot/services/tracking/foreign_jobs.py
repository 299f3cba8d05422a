"""
Foreign jobs: active jobs that belong to no unfinished fax, as far as is known.

Such a job is another program's, or the job of a fax that is listed before its FileSend answer was recorded or
after its end. Another program's job becomes a fax here only if a channel is subscribed to it.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from faxbot.fax import number
from faxbot.fax.job import Direction, Job, changes, is_another_job
from faxbot.fax.routing import SubscriptionFilter, subscribed_channels
from faxbot.services.fax_server.lines import LineDirectory
from faxbot.services.model.faxes import Fax, FaxState, Outcome
from faxbot.services.model.ledger import Ledger, Store
from faxbot.services.model.messages import Step, StepKind
from faxbot.services.model.ports import Clock
from faxbot.services.outbox.announcements import announce_steps, interests, open_cards
from faxbot.services.tracking.job_matching import JobMatching, adopt_job

RECENT_SECONDS = 60.0
"""For this long after a fax ended, a list of active jobs may still contain its job."""
BACK_SECONDS = 3600.0
"""For this long after a job was given up as lost, it is adopted if it is active again."""


class ForeignJobs:
    """Classifies active jobs that are not followed: another program's, or a fax that is back."""

    def __init__(
        self, store: Store, clock: Clock, lines: LineDirectory, matching: JobMatching, region: str
    ) -> None:
        self._store, self._clock, self._lines = store, clock, lines
        self._matching, self._region = matching, region
        self._ignored: set[str] = set()
        """Active jobs that no channel is subscribed to: the next ticks read no row for them."""

    def reconsider(self) -> None:
        """Classify all foreign jobs again in the next tick, because subscriptions changed."""
        self._ignored.clear()

    def forget(self, job_id: str) -> None:
        """Do not ignore *job_id* any more: it is followed now."""
        self._ignored.discard(job_id)

    async def compare(self, active: dict[str, Job], followed: Collection[str]) -> None:
        """Record the jobs of *active* that are not *followed* and were not in the list before."""
        self._ignored &= active.keys()
        known = self._ignored.union(followed)
        if fresh := [job for job_id, job in active.items() if job_id not in known]:
            await self._lines.lines()
            now = self._clock.now()
            await self._store.write(lambda ledger: self._record(ledger, fresh, now))

    def _record(self, ledger: Ledger, jobs: Sequence[Job], now: datetime) -> None:
        """Adopt those of *jobs* that were given up as lost, add the subscribed ones, ignore the others."""
        subscriptions = interests(ledger)
        for job in jobs:
            if self._matching.could_be_of_a_lost_one(ledger, job):
                continue  # LostAnswers decides whether it is the job of a fax
            owner = ledger.newest_fax(job.job_id)
            if owner and self._is_back(owner, ledger.job_of(owner.id), job, now):
                adopt_job(ledger, owner, job, Step(StepKind.ADOPTED, now, job))
            elif owner and self._is_to(owner, job) and _is_recent(owner, now):
                continue  # accepted after the list was requested, or ended just before
            elif not self._add(ledger, subscriptions, job, now):
                # Set inside the transaction, so that a later change of subscriptions clears it (reconsider).
                self._ignored.add(job.job_id)

    def _add(
        self, ledger: Ledger, subscriptions: Sequence[SubscriptionFilter], job: Job, now: datetime
    ) -> bool:
        """Record another program's job as a fax; False if no channel is subscribed to it."""
        line = self._lines.of_modem(job.modem)
        line_id = line.line_id if line else ""
        if not subscribed_channels(subscriptions, Direction.TX, line_id=line_id):
            return False
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
            ledger, fax, [Step(StepKind(each.kind.value), now, job) for each in changes(None, job)]
        )
        return True

    def _is_back(self, owner: Fax, known: Job | None, job: Job, now: datetime) -> bool:
        """Whether *job* was given up as lost and is active again, as after a slow start of the server."""
        lately = now.timestamp() - (owner.ended_at or 0.0) < BACK_SECONDS
        same_job = self._is_to(owner, job) and not (known and is_another_job(known, job))
        return owner.outcome is Outcome.LOST and lately and same_job

    def _is_to(self, fax: Fax, job: Job) -> bool:
        """Whether *job* has the destination of *fax*."""
        return number.same(fax.dial, job.destination, self._region)


def _is_recent(fax: Fax, now: datetime) -> bool:
    """Whether *fax* is accepted, or ended so recently that a list may still contain its job."""
    return fax.state is FaxState.ACCEPTED or now.timestamp() - (fax.ended_at or 0.0) < RECENT_SECONDS
