"""A person's decision about a fax whose answer was lost: It went, Send again, Give up."""

import asyncio
from weakref import WeakValueDictionary

from faxbot.services.model.faxes import Fax, FaxState, Outcome
from faxbot.services.model.ledger import Ledger, Store
from faxbot.services.model.messages import Sentence, Step, StepKind
from faxbot.services.model.ports import Clock
from faxbot.services.model.request_bodies import AnswerBody, Decision
from faxbot.services.model.requests import Request, mark_done
from faxbot.services.outbox.announcements import end_fax, post_ephemeral
from faxbot.services.requests.permissions import Permissions
from faxbot.services.sending.lost_answers import LostAnswers
from faxbot.services.sending.preparation import Preparation

_DECISIONS = {
    Decision.WENT: (StepKind.WENT, Outcome.WENT),
    Decision.AGAIN: (StepKind.SENT_AGAIN, Outcome.GIVEN_UP),
    Decision.GIVE_UP: (StepKind.GIVEN_UP, Outcome.GIVEN_UP),
}
_SETTLED = "That is settled already."


class Decisions:
    """Carries out the first decision about each UNDECIDED fax. `decide` may run again after a stop."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        permissions: Permissions,
        preparation: Preparation,
        search: LostAnswers,
    ) -> None:
        self._store, self._clock, self._permissions = store, clock, permissions
        self._preparation, self._search = preparation, search
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        """A lock per fax id: decisions about one fax run in order, so that the first one counts."""

    async def decide(self, request: Request) -> None:
        """
        Carry out a decision (AnswerBody). Before a fax is sent again, its job is looked up once more.

        Raises:
            NotAllowed: The person may not decide.
            ServerFault: "Send again", and the fax server does not answer.
        """
        turn = self._turns.setdefault(request.body_as(AnswerBody).fax_id, asyncio.Lock())
        async with turn:
            copy = await self._settle(request)
        if copy is not None:
            await self._preparation.advance(copy.id)

    async def _settle(self, request: Request) -> Fax | None:
        """Record the decision and mark *request* as done; return the new fax to submit, if any."""
        body = request.body_as(AnswerBody)
        fax_id, answer = body.fax_id, body.answer
        fax = await self._store.read(lambda ledger: ledger.fax(fax_id))
        await self._permissions.may_change_sent(request.user_id, fax, "decide about", "this fax")
        if answer is Decision.AGAIN and fax.state is FaxState.UNDECIDED:
            await self._search.look_now(fax_id)
        now = self._clock.now()

        def record(ledger: Ledger) -> Fax | None:
            known, mine = ledger.fax(fax_id), ledger.request(request.id)
            mark_done(mine, now)
            if objection := _objection(fax, known, answer):
                post_ephemeral(ledger, mine, Sentence(objection), now)
                return None
            kind, outcome = _DECISIONS[answer]
            if not end_fax(ledger, known, outcome, Step(kind, now, by=request.user_id)):
                post_ephemeral(ledger, mine, Sentence(_SETTLED), now)
                return None
            known.decided_by = request.user_id
            if answer is Decision.WENT and len(known.candidates) == 1:
                known.job_id = known.candidates[0]  # so that this job matches no other fax
            if answer is not Decision.AGAIN:
                return None
            return ledger.add_fax(_copy(known, request, now.timestamp()))

        return await self._store.write(record)


def _objection(asked: Fax, known: Fax, answer: Decision) -> str:
    """
    Why a decision is not carried out; empty if it is.

    *asked*: the fax before the last lookup, as the person saw it. *known*: the fax now.
    """
    if known.state is not FaxState.UNDECIDED:
        if asked.state is FaxState.UNDECIDED and known.state is FaxState.ACCEPTED:
            return "It has turned up on the fax server, so I did not send it again."
        return _SETTLED
    if answer is Decision.AGAIN and (news := sorted(set(known.candidates) - set(asked.candidates))):
        return f"{', '.join(news)} has just shown up and may be this fax. Look at its card, then decide."
    return ""


def _copy(fax: Fax, request: Request, now: float) -> Fax:
    """A READY fax with the same document, number and line, requested by the person who decided."""
    same = {"channel_id", "number", "dial", "line_id", "line_name", "files", "document_id"}
    return Fax(
        request_id=request.id,
        state=FaxState.READY,
        created_at=now,
        user_id=request.user_id,
        **fax.model_dump(include=same),
    )
