"""Another session moves a fax between the read and the change: whoever loses does nothing."""

from datetime import UTC, datetime

from sqlalchemy import update
from sqlalchemy.orm import object_session

from faxbot.fax.job import Job, JobState
from faxbot.services.model.faxes import Fax, FaxState, Outcome
from faxbot.services.model.messages import Step, StepKind
from faxbot.services.model.requests import RequestKind, mark_done
from faxbot.services.outbox.announcements import end_fax, open_card
from faxbot.services.sending import decisions
from faxbot.services.tracking.job_matching import JobMatch, JobMatching
from faxbot.store.tables import FaxRow
from tests.support.services import CLAIMS, DANA, session_of
from tests.support.waiting import until

NOW = datetime(2026, 11, 28, 16, tzinfo=UTC)


def moved_by_another(session, to: FaxState) -> None:
    """What another session's commit does: the rows that *session* has read are stale."""
    session.execute(update(FaxRow).values(state=to), execution_options={"synchronize_session": False})


async def a_fax(bot, state: FaxState, **more) -> Fax:
    """A fax of Dana's with a card, in *state*."""

    def write(ledger) -> Fax:
        fax = ledger.add_fax(
            Fax(
                state=state,
                user_id=DANA,
                channel_id=CLAIMS,
                number="+1 469-555-0101",
                dial="14695550101",
                line_id="1",
                **more,
            )
        )
        open_card(ledger, fax, CLAIMS, NOW)
        return fax

    return await bot.store.write(write)


async def test_an_end_that_was_lost_is_not_announced(bot):
    """Neither outcome nor step is written, and the caller learns it."""
    fax = await a_fax(bot, FaxState.READY)

    def end(ledger) -> tuple[bool, int]:
        row = ledger.fax(fax.id)
        moved_by_another(session_of(ledger), FaxState.SUBMITTING)
        ended = end_fax(ledger, row, Outcome.WITHDRAWN, Step(StepKind.WITHDRAWN, NOW))
        return ended, len(ledger.announcements_of(fax_id=fax.id))

    assert await bot.store.write(end) == (False, 1)
    (known,) = await bot.faxes()
    assert (known.state, known.outcome) == (FaxState.SUBMITTING, None)


async def test_send_again_that_was_decided_elsewhere_sends_nothing(bot, ucx, monkeypatch):
    """Two sessions, one question: the one that loses makes no second fax."""
    fax = await a_fax(bot, FaxState.UNDECIDED, path="/nowhere/fax.pdf", intent_at=NOW.timestamp())

    def then_another(request, now) -> None:
        mark_done(request, now)
        moved_by_another(object_session(request), FaxState.ENDED)

    monkeypatch.setattr(decisions, "mark_done", then_another)
    await bot.runner.accept(bot.request(RequestKind.ANSWER, fax_id=fax.id, answer="again"))
    await until(bot.runner.idle)
    assert [each.id for each in await bot.faxes()] == [fax.id]
    assert ucx.submissions == []


async def test_a_submission_of_another_session_is_left_to_it(bot, ucx, monkeypatch):
    """A fax that another session is submitting is not called lost by one that meant to."""
    fax = await a_fax(bot, FaxState.READY, path="/nowhere/fax.pdf", lookup_at=1.0)

    def seen_meanwhile(_matching, ledger, _fax, _active) -> JobMatch:
        moved_by_another(session_of(ledger), FaxState.SUBMITTING)
        return JobMatch(possible={"TX9": Job("TX9", JobState.READY)})

    monkeypatch.setattr(JobMatching, "of", seen_meanwhile)
    await bot.preparation.advance(fax.id)
    (known,) = await bot.faxes()
    assert known.state is FaxState.SUBMITTING
    assert ucx.submissions == []
