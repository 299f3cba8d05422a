"""Cancellation of outgoing faxes: before, during and after their submission."""

import logging

from faxbot.fax.errors import AnswerLost, JobNotFound, NotAllowed, RequestRefused, UnknownJob
from faxbot.fax.job import Direction
from faxbot.services.model.faxes import SUBMISSION_PAUSE, FaxState, Outcome
from faxbot.services.model.ledger import Ledger, Store
from faxbot.services.model.messages import Sentence, Step, StepKind
from faxbot.services.model.ports import Clock, FaxServer
from faxbot.services.model.request_bodies import CancelBody
from faxbot.services.model.requests import Request
from faxbot.services.outbox.announcements import announce_steps, cards_of, end_fax, post_ephemeral
from faxbot.services.requests.permissions import Permissions
from faxbot.services.requests.targets import Targets

log = logging.getLogger(__name__)


class Cancellation:
    """Carries out `/fax cancel` and the Cancel button. `cancel` may run again after a stop."""

    def __init__(
        self, *, server: FaxServer, store: Store, clock: Clock, permissions: Permissions, targets: Targets
    ) -> None:
        self._server, self._store, self._clock = server, store, clock
        self._permissions, self._targets = permissions, targets

    async def cancel(self, request: Request) -> None:
        """
        Cancel a fax; wait while it is being submitted.

        If several people cancel a fax, only the first request calls JobCancel. The runner repeats that one
        while the server does not answer.

        Raises:
            NotAllowed: The person may not.
            UnknownJob: Another program's job does not exist, or its cancellation was not confirmed.
            ServerFault: The fax server does not answer.
        """
        fax = await self._targets.fax_of(request)
        if fax is None:
            await self._cancel_foreign(request)
            return
        name = fax.job_id or "this fax"
        await self._permissions.may_change_sent(request.user_id, fax, "cancel", name)
        fax_id = fax.id
        while not await self._begin_cancel(request, fax_id):
            await self._clock.sleep(SUBMISSION_PAUSE)
        fax = await self._store.read(lambda ledger: ledger.fax(fax_id))
        if fax.state is not FaxState.ACCEPTED or fax.cancel_request != request.id or not fax.job_id:
            return
        try:
            await self._server.cancel_job(fax.job_id)
        except JobNotFound:
            log.info("job had ended before it was canceled", extra={"fax": fax_id})
        except RequestRefused as refused:
            said = refused.said
            await self._store.write(lambda ledger: self._cancel_refused(ledger, fax_id, said))

    async def _begin_cancel(self, request: Request, fax_id: int) -> bool:
        """
        Commit the cancellation according to the state of the fax; False: call again after a pause.

        False while the fax is being submitted, or if its state has just changed.
        """
        now = self._clock.now()

        def record(ledger: Ledger) -> bool:
            fax = ledger.fax(fax_id)
            if fax.state is FaxState.SUBMITTING:
                return False
            mine = ledger.request(request.id)
            if fax.state in (FaxState.FETCHING, FaxState.READY):
                step = Step(StepKind.WITHDRAWN, now, by=request.user_id)
                if not end_fax(ledger, fax, Outcome.WITHDRAWN, step):
                    return False
                fax.cancel_by = request.user_id
                if not cards_of(ledger, fax):
                    post_ephemeral(ledger, mine, Sentence("Canceled. Nothing was sent."), now)
            elif fax.state is FaxState.ENDED:
                post_ephemeral(ledger, mine, Sentence("That fax has already ended."), now)
            elif fax.state in (FaxState.UNKNOWN, FaxState.UNDECIDED):
                post_ephemeral(
                    ledger, mine, Sentence("Nobody knows yet whether that fax went; its card asks."), now
                )
            elif not fax.cancel_request:
                fax.cancel_by, fax.cancel_request = request.user_id, request.id
                announce_steps(ledger, fax, [Step(StepKind.CANCELLING, now, by=request.user_id)])
            elif fax.cancel_request != request.id:
                post_ephemeral(ledger, mine, Sentence("That fax is being canceled already."), now)
            return True

        return await self._store.write(record)

    def _cancel_refused(self, ledger: Ledger, fax_id: int, said: str) -> None:
        """Withdraw the cancellation and announce the server's text *said*."""
        fax = ledger.fax(fax_id)
        if fax.state is FaxState.ENDED:
            return
        fax.cancel_by, fax.cancel_request = None, 0
        announce_steps(ledger, fax, [Step(StepKind.CANCEL_REFUSED, self._clock.now(), text=said)])

    async def _cancel_foreign(self, request: Request) -> None:
        """Cancel another program's job, which has no fax here."""
        job_id = request.body_as(CancelBody).job_id
        if Direction.of(job_id) is Direction.RX:
            raise NotAllowed(f"{job_id} is being received. A fax that is coming in can't be canceled.")
        await self._permissions.may_change_sent(request.user_id, None, "cancel", job_id)
        try:
            await self._server.cancel_job(job_id)
        except JobNotFound as exc:
            raise UnknownJob(
                f"The fax server has no job {job_id}. `/fax active` shows what is running."
            ) from exc
        except AnswerLost as exc:
            raise UnknownJob(
                f"The fax server did not say whether {job_id} was canceled. Look again."
            ) from exc
        await self._targets.answer(request, f"{job_id} is canceled.")
