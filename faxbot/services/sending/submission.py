"""
Submits a fax that is READY: commit the intent, call FileSend, commit the outcome.

    READY -> SUBMITTING -> ACCEPTED
      ^          |-> ENDED (refused)
      |          |-> UNKNOWN (the answer was lost: services/sending/lost_answers.py)
      `----------' (no connection, or turned away)

Only a failed connection proves that nothing was dialed; the fax is submitted again when the server is back.
"Turned away" means that the server rejected the bot's token or was busy: the fax is submitted again after the
settle time, and only if no job has appeared that could be it. After a refusal the fax ends, but its job is
still looked up for a while: a server that refuses and queues the fax all the same is detected.
"""

import logging
from datetime import datetime
from pathlib import Path

from faxbot.fax.errors import (
    AnswerLost,
    BadDocument,
    CredentialsRejected,
    RequestRefused,
    ServerBusy,
    ServerFault,
    ServerUnreachable,
)
from faxbot.fax.job import Direction, Job, JobState
from faxbot.fax.receipt import SubmissionReceipt
from faxbot.services.fax_server.lines import LineDirectory
from faxbot.services.fax_server.record_feed import RecordFeed
from faxbot.services.model.documents import KeptDocument
from faxbot.services.model.faxes import Fax, FaxState, Outcome
from faxbot.services.model.ledger import Ledger, Store
from faxbot.services.model.messages import Sentence, Step, StepKind
from faxbot.services.model.ports import Clock, FaxServer
from faxbot.services.model.submissions import Submission, SubmissionState
from faxbot.services.outbox.announcements import announce_steps, cards_of, end_fax, open_cards, post_ephemeral
from faxbot.services.tracking.job_matching import JobMatching, adopt_job
from faxbot.services.tracking.job_watch import JobWatch
from faxbot.services.tracking.submission_answers import end_submission, is_open

log = logging.getLogger(__name__)

TIMES_TURNED_AWAY = 3
"""A fax whose token was rejected this many times ends as refused: the token is valid, since ActiveJobs
accepted it just before each FileSend."""


class Submissions:
    """
    Submits faxes, each at most once.

    *settle*: seconds for which the fax server may still carry out a call that it did not answer.
    """

    def __init__(
        self,
        *,
        server: FaxServer,
        store: Store,
        clock: Clock,
        lines: LineDirectory,
        sent_records: RecordFeed,
        matching: JobMatching,
        watch: JobWatch,
        settle: float,
    ) -> None:
        self._server, self._store, self._clock, self._lines = server, store, clock, lines
        self._sent_records, self._matching, self._watch, self._settle = sent_records, matching, watch, settle

    async def hand_over(self, fax_id: int) -> bool:
        """
        Submit the fax if it is READY and due; False if the fax server was unavailable.

        Every outcome is committed before this returns; faults of the fax server are not raised.
        """
        try:
            intended = await self._intend(fax_id)
        except ServerFault as fault:
            await self._wait_out(fax_id, fault)
            return False
        if intended is None:
            return True
        fax, document = intended
        try:
            receipt = await self._server.submit_job(
                Path(document.path or ""),
                name=document.name,
                content_type=document.content_type,
                dial=fax.dial,
                line_id=fax.line_id,
            )
        except RequestRefused as refused:
            said = refused.said
            await self._store.write(lambda ledger: self._end_refused(ledger, fax_id, said))
        except AnswerLost:
            await self._store.write(lambda ledger: self.lose_answer(ledger, ledger.fax(fax_id), ""))
        except ServerUnreachable as fault:
            await self._wait_out(fax_id, fault)
            return False
        except ServerFault as fault:
            await self._turn_away(fax_id, fault)
        except (OSError, BadDocument):
            log.exception("document could not be read", extra={"fax": fax_id})
            why = "The document is no longer here, so nothing was sent. Share it again."
            await self._store.write(lambda ledger: refuse(ledger, fax_id, why, self._clock.now()))
        else:
            await self._accept(fax, receipt)
        return True

    async def _intend(self, fax_id: int) -> tuple[Fax, KeptDocument] | None:
        """
        Commit the intent, with the jobs and records that existed before; None if the fax is not due.

        Raises:
            ServerFault: The fax server did not answer; nothing was committed.
        """
        now = self._clock.now().timestamp()
        ready = await self._store.read(lambda ledger: ledger.fax(fax_id))
        if ready.state is not FaxState.READY or (ready.lookup_at or 0) > now:
            return None
        active = await self._server.active_jobs(Direction.TX)
        await self._sent_records.catch_up()
        left = self._watch.left_lately()

        def record(ledger: Ledger) -> tuple[Fax, KeptDocument] | None:
            fax = ledger.fax(fax_id)
            document = ledger.document_of(fax)
            if fax.state is not FaxState.READY or document is None:
                return None
            if fax.lookup_at is not None and self._matching.of(ledger, fax, active).names:
                # The server turned the fax away, but has a job that could be it.
                if ledger.change_state(fax, FaxState.SUBMITTING):
                    self.lose_answer(ledger, fax, "The fax server turned it away.", settle=0.0)
                return None
            if not ledger.change_state(fax, FaxState.SUBMITTING):
                return None
            fax.lookup_at = None
            fax.known_record = ledger.newest_record(Direction.TX)
            ledger.add_submission(
                Submission(
                    fax_id=fax_id,
                    intent_at=self._clock.now().timestamp(),
                    known_jobs=sorted({job.job_id for job in active} | left),
                )
            )
            return fax, document

        return await self._store.write(record)

    async def _accept(self, fax: Fax, receipt: SubmissionReceipt) -> None:
        await self._lines.learn(receipt.device, fax.line_id)
        now = self._clock.now()
        job = Job(
            receipt.job_id,
            JobState.READY,
            destination=receipt.destination or fax.dial,
            modem=receipt.device,
        )

        def record(ledger: Ledger) -> None:
            adopt_job(ledger, ledger.fax(fax.id), job, Step(StepKind.QUEUED, now, job))

        await self._store.write(record)
        log.info("fax accepted", extra={"fax": fax.id, "job": job.job_id})

    def _end_refused(self, ledger: Ledger, fax_id: int, said: str) -> None:
        fax = ledger.fax(fax_id)
        fax.fault = said
        end_submission(ledger, fax_id, SubmissionState.REFUSED, self._clock.now(), fault=said)
        had_card = bool(cards_of(ledger, fax))
        self._look_later(fax)  # a server that says no and dials all the same is found out
        ended = end_fax(ledger, fax, Outcome.REFUSED, Step(StepKind.REFUSED, self._clock.now(), text=said))
        if ended and not had_card:
            open_cards(ledger, fax, self._clock.now())

    async def _wait_out(self, fax_id: int, fault: ServerFault) -> None:
        """Keep the fax READY, because the fax server is unavailable."""
        log.info("fax waits for the fax server", extra={"fax": fax_id, "fault": type(fault).__name__})
        await self._store.write(lambda ledger: self._keep(ledger, ledger.fax(fax_id), fault))

    async def _turn_away(self, fax_id: int, fault: ServerFault) -> None:
        """Submit the fax again after a job lookup: the server replied that it did nothing."""

        def record(ledger: Ledger) -> None:
            fax = ledger.fax(fax_id)
            turned_away = fax.lookups + isinstance(fault, CredentialsRejected)
            if turned_away >= TIMES_TURNED_AWAY:
                self._end_refused(ledger, fax_id, str(fault))
                return
            self._keep(ledger, fax, fault)
            self._look_later(fax)
            fax.lookups = turned_away

        await self._store.write(record)
        log.warning("fax was turned away", extra={"fax": fax_id, "fault": type(fault).__name__})

    def _keep(self, ledger: Ledger, fax: Fax, fault: ServerFault) -> None:
        """Return the fax to READY, end its submission, and open its card if it has none."""
        if fax.state not in (FaxState.READY, FaxState.SUBMITTING):
            return  # withdrawn meanwhile
        if fax.state is FaxState.SUBMITTING:
            if not ledger.change_state(fax, FaxState.READY):
                return
            away = isinstance(fault, ServerUnreachable)
            came_of_it = SubmissionState.NOT_SENT if away else SubmissionState.TURNED_AWAY
            end_submission(ledger, fax.id, came_of_it, self._clock.now(), fault=str(fault))
        if cards_of(ledger, fax):
            return
        kind = {CredentialsRejected: StepKind.LOCKED_OUT, ServerBusy: StepKind.PUT_OFF}
        open_cards(ledger, fax, self._clock.now())
        announce_steps(ledger, fax, [Step(kind.get(type(fault), StepKind.KEPT), self._clock.now())])

    def _look_later(self, fax: Fax) -> None:
        """Schedule the first job lookup after the settle time."""
        fax.lookups, fax.lookup_at = 0, self._clock.now().timestamp() + self._settle

    def lose_answer(self, ledger: Ledger, fax: Fax, why: str, *, settle: float | None = None) -> None:
        """
        Make the fax UNKNOWN: its job may exist, and is looked up after *settle* seconds.

        By default, *settle* is the time after which the server can no longer carry out the call.
        """
        now = self._clock.now()
        if fax.state is not FaxState.SUBMITTING:
            return
        if not ledger.change_state(fax, FaxState.UNKNOWN):
            return
        if is_open(ledger, fax.id):
            end_submission(ledger, fax.id, SubmissionState.LOST, now, fault=why)
        fax.fault, fax.lookups = why, 0
        fax.lookup_at = now.timestamp() + (self._settle if settle is None else settle)
        if not cards_of(ledger, fax):
            open_cards(ledger, fax, now)
        announce_steps(ledger, fax, [Step(StepKind.UNKNOWN, now)])


def refuse(ledger: Ledger, fax_id: int, why: str, now: datetime) -> None:
    """End the fax as unsendable, with the reason *why* for its sender: nothing was dialed."""
    fax = ledger.fax(fax_id)
    if fax.state not in (FaxState.FETCHING, FaxState.READY, FaxState.SUBMITTING):
        return  # withdrawn meanwhile
    if not end_fax(ledger, fax, Outcome.UNSENDABLE, Step(StepKind.REFUSED, now, text=why)):
        return
    fax.fault = why
    if is_open(ledger, fax_id):
        end_submission(ledger, fax_id, SubmissionState.REFUSED, now, fault=why)
    if fax.request_id:
        post_ephemeral(ledger, ledger.request(fax.request_id), Sentence(why), now)
