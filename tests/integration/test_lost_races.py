"""Another session moves a fax between the read and the change: the loser does nothing."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import update
from sqlalchemy.orm import object_session

from faxbot.adapters import SystemClock
from faxbot.fax.job import Job, JobState
from faxbot.services.model.announcements import Announcement, AnnouncementKind, AnnouncementState
from faxbot.services.model.faxes import Fax, FaxState, Outcome
from faxbot.services.model.messages import Step, StepKind
from faxbot.services.model.request_bodies import RequestKind
from faxbot.services.model.requests import mark_done
from faxbot.services.outbox.announcements import end_fax, open_card
from faxbot.services.outbox.file_posting import FilePosting
from faxbot.services.outbox.posting import LOOKUPS, MessagePosting
from faxbot.services.sending import decisions
from faxbot.services.tracking.job_matching import JobMatch, JobMatching
from faxbot.store.engine import TransactionStore
from faxbot.store.queries import SqlLedger
from faxbot.store.tables import AnnouncementRow, FaxRow
from tests.support.services import CLAIMS, DANA, database_in, session_of
from tests.support.spooled import add_document
from tests.support.waiting import until

NOW = datetime(2026, 11, 28, 16, tzinfo=UTC)


def moved_by_another(session, to: FaxState | AnnouncementState, table=FaxRow) -> None:
    """What another session's commit does: the rows that *session* has read are stale."""
    session.execute(update(table).values(state=to), execution_options={"synchronize_session": False})


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
                document_id=add_document(ledger),
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
    fax = await a_fax(bot, FaxState.UNDECIDED)

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
    fax = await a_fax(bot, FaxState.READY, lookup_at=1.0)

    def seen_meanwhile(_matching, ledger, _fax, _active) -> JobMatch:
        moved_by_another(session_of(ledger), FaxState.SUBMITTING)
        return JobMatch(possible={"TX9": Job("TX9", JobState.READY)})

    monkeypatch.setattr(JobMatching, "of", seen_meanwhile)
    await bot.preparation.advance(fax.id)
    (known,) = await bot.faxes()
    assert known.state is FaxState.SUBMITTING
    assert ucx.submissions == []


async def nothing(*_args) -> None:
    """A callback that is not of interest."""


@pytest.fixture
def store(tmp_path):
    """A store without an outbox: the tests call its parts themselves."""
    made = TransactionStore(database_in(tmp_path))
    yield made
    made.close()


async def an_announcement(store, kind: AnnouncementKind, **more) -> Announcement:
    """An announcement in #claims."""
    row = Announcement(key="key", kind=kind, channel_id=CLAIMS, **more)
    return await store.write(lambda ledger: ledger.announce(row))


def lose(monkeypatch, to: AnnouncementState, read: str) -> None:
    """Another session moves all announcements to *to* just after the ledger's method *read* has read them."""
    original = getattr(SqlLedger, read)

    def read_then_move(ledger, key):
        rows = original(ledger, key)
        moved_by_another(session_of(ledger), to, AnnouncementRow)
        return rows

    monkeypatch.setattr(SqlLedger, read, read_then_move)


async def the_announcement(store, monkeypatch) -> Announcement:
    """The only announcement, after the race."""
    monkeypatch.undo()
    return await store.read(lambda ledger: ledger.announcement(1))


@pytest.mark.parametrize("found", [True, False])
async def test_a_lookup_that_was_decided_elsewhere_changes_no_message(store, slack, monkeypatch, found):
    """Another session saw Slack refuse the post: the lookup writes neither a message nor another try."""
    posting = MessagePosting(store, slack, SystemClock(), settle=0, outage=lambda: None, closed=nothing)
    row = await an_announcement(
        store,
        AnnouncementKind.CARD,
        state=AnnouncementState.SENDING,
        batch="key",
        lookups=LOOKUPS - 1,
        due_at=NOW.timestamp(),
    )
    if found:
        await slack.post(CLAIMS, None, key="key", thread_ts=None)
    lose(monkeypatch, AnnouncementState.DROPPED, "batch")
    await posting._look_up(row.id)  # noqa: SLF001 - the step that races
    known = await the_announcement(store, monkeypatch)
    assert (known.state, known.ts, known.sent_at) == (AnnouncementState.DROPPED, None, None)
    assert (known.lookups, known.revision, known.due_at) == (LOOKUPS - 1, 0, NOW.timestamp())


async def test_a_file_that_was_settled_elsewhere_is_not_written_again(store, slack, monkeypatch):
    """Another session has written the message of the file: its ts and its link stay."""
    posting = FilePosting(store, slack, SystemClock(), settle=0, closed=nothing, posted=lambda _seconds: None)
    row = await an_announcement(store, AnnouncementKind.FILE, stage="shared", ts="1.0")
    lose(monkeypatch, AnnouncementState.SENT, "announcement")
    await posting._done(row, "2.0", "https://files/F1")  # noqa: SLF001 - the step that races
    known = await the_announcement(store, monkeypatch)
    assert (known.state, known.ts, known.body) == (AnnouncementState.SENT, "1.0", {})


async def test_a_card_that_is_posted_again_elsewhere_keeps_its_message(store, slack, monkeypatch):
    """Two sessions find a card deleted: the one that loses does not erase the new message's ts."""
    posting = MessagePosting(store, slack, SystemClock(), settle=0, outage=lambda: None, closed=nothing)
    row = await an_announcement(store, AnnouncementKind.CARD, state=AnnouncementState.SENT, ts="1.0")
    lose(monkeypatch, AnnouncementState.SENDING, "announcement")
    assert not await posting._post_card_again(row.id)  # noqa: SLF001 - the step that races
    known = await the_announcement(store, monkeypatch)
    assert (known.state, known.ts, known.body) == (AnnouncementState.SENDING, "1.0", {})
