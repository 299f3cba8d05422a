"""The outbox between a real store and a Slack of plain lists: once, in order, as fast as Slack takes it."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from faxbot.adapters import SystemClock
from faxbot.fax.errors import SlackBusy, SlackRefused, SlackUnclear
from faxbot.fax.job import Direction
from faxbot.services.model.announcements import Announcement, AnnouncementKind, AnnouncementState
from faxbot.services.model.faxes import Fax, FaxState, Outcome
from faxbot.services.model.messages import Sentence, Step, StepKind
from faxbot.services.model.ports import OutboxCall
from faxbot.services.model.records import FaxRecord, RecordState
from faxbot.services.outbox.announcements import (
    announce_received,
    announce_steps,
    end_fax,
    open_cards,
    post_notice,
    refresh_cards,
)
from faxbot.services.outbox.outbox import Outbox
from faxbot.slack.web_api.rate_limits import SlackRateLimits
from faxbot.store.engine import TransactionStore, open_engine
from tests.support.services import CLAIMS, INBOUND, PRIYA, PlainSlack, database_in, make_pdf
from tests.support.waiting import until

SETTLE = 0.05


class Gate(SlackRateLimits):
    """A pace without limits, but no call of a *shut* kind may be made."""

    def __init__(self) -> None:
        super().__init__(time.time, strict=False)
        self.shut: set[OutboxCall] = set()

    def wait(self, call, channel_id, *, urgent):
        return 60.0 if call in self.shut else super().wait(call, channel_id, urgent=urgent)


@dataclass
class OutboxHarness:
    """The outbox, running, and what it reads from and writes to."""

    slack: PlainSlack
    store: TransactionStore
    outbox: Outbox
    clock: SystemClock
    pace: "Gate"

    async def write(self, work):
        """Commit *work*, which wakes the outbox."""
        return await self.store.write(work)

    async def a_fax(self, channel: str = CLAIMS) -> int:
        """A fax with a card in *channel*."""

        def record(ledger):
            fax = ledger.add_fax(Fax(state=FaxState.ACCEPTED, channel_id=channel, number="+1 469-555-0101"))
            open_cards(ledger, fax, self.clock.now())
            return fax.id

        return await self.write(record)

    async def step(self, fax_id: int, kind: StepKind = StepKind.DIALLING) -> None:
        """A step of its way."""
        step = Step(kind, self.clock.now())
        await self.write(lambda ledger: announce_steps(ledger, ledger.fax(fax_id), [step]))

    async def end(self, fax_id: int) -> None:
        """It is given up."""
        step = Step(StepKind.GIVEN_UP, self.clock.now())
        await self.write(lambda ledger: end_fax(ledger, ledger.fax(fax_id), Outcome.GIVEN_UP, step))

    async def received(self, path: Path) -> int:
        """A received fax, whose document is at *path*, to be announced in the inbound channel."""
        facts = {"job_id": "RX1", "direction": "RX", "time": "2026-05-04T16:00:00Z", "state": "Done"}

        def record(ledger):
            row = FaxRecord(direction=Direction.RX, job_id="RX1", time=1.0, record=facts, path=str(path))
            row.state = RecordState.SPOOLED
            ledger.add_records([row])
            known = ledger.records_named("RX1")[0]
            announce_received(ledger, known, [INBOUND], self.clock.now())
            return known.id

        return await self.write(record)

    async def say(self, channel: str, text: str) -> None:
        """A notice."""
        await self.write(lambda ledger: post_notice(ledger, channel, Sentence(text), self.clock.now()))

    async def all_posted(self) -> None:
        """Wait until nothing is pending."""
        async with asyncio.timeout(10):
            while await self.store.read(lambda ledger: ledger.pending()):
                await asyncio.sleep(0.01)

    async def only_edits_wait(self) -> None:
        """Wait until every message is posted."""
        async with asyncio.timeout(10):
            while not self.outbox.idle or any(
                row.state is not AnnouncementState.SENT
                for row in await self.store.read(lambda ledger: ledger.pending())
            ):
                await asyncio.sleep(0.01)

    def texts(self, channel: str) -> list[str]:
        """The notices of a channel, in order."""
        return [p.message.text for p in self.slack.posts if p.channel == channel]


@contextlib.asynccontextmanager
async def running(folder, slack, *, settle: float = SETTLE) -> AsyncIterator[OutboxHarness]:
    """One run of the outbox."""
    store, clock = TransactionStore(database_in(folder)), SystemClock()
    pace = Gate()
    outbox = Outbox(
        store,
        slack,
        clock,
        pace=pace,
        settle=settle,
        outage=lambda: None,
        admins=[PRIYA],
    )
    store.on_commit(lambda touched: outbox.wake(touched.channels))
    task = asyncio.create_task(outbox.run())
    try:
        yield OutboxHarness(slack, store, outbox, clock, pace)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        store.close()


@pytest.fixture
async def harness(tmp_path):
    async with running(tmp_path, PlainSlack()) as made:
        yield made


async def test_a_pause_for_one_channel_holds_up_no_other(harness):
    """#claims is closed for a minute by a 429; #inbound-fax is posted to at once, and #claims not before."""
    harness.slack.fail("post", "before", SlackBusy(60))
    await harness.say(CLAIMS, "one")
    await until(lambda: "post" in harness.slack.calls)
    await harness.say(INBOUND, "two")
    await harness.say(CLAIMS, "three")
    await until(lambda: harness.texts(INBOUND) == ["two"])
    assert harness.texts(CLAIMS) == []


async def test_after_the_pause_everything_is_posted_once_and_in_order(harness):
    """What a 429 turned away was not posted: it is posted then, before what came after it."""
    harness.slack.fail("post", "before", SlackBusy(0.1))
    for text in ("one", "two", "three"):
        await harness.say(CLAIMS, text)
    await harness.all_posted()
    assert harness.texts(CLAIMS) == ["one", "two", "three"]


async def test_a_pause_for_edits_closes_them_everywhere_and_stops_no_reply(harness):
    """chat.update counts by workspace: no channel edits, and the steps still come in the threads."""
    faxes = [await harness.a_fax(channel) for channel in (CLAIMS, INBOUND)]
    await harness.all_posted()
    harness.slack.fail("update", "before", SlackBusy(60))
    await harness.step(faxes[0])
    await until(lambda: "update" in harness.slack.calls and harness.slack.steps(CLAIMS))
    await harness.step(faxes[1])
    await until(lambda: harness.slack.steps(INBOUND))
    assert harness.slack.calls.count("update") == 1


async def test_ends_go_ahead_of_progress_in_all_channels(harness):
    """Five channels have progress to post, the last one an end; with room for one edit, it is that one."""
    places = [f"C{i}" for i in range(6)]
    faxes = [await harness.a_fax(channel) for channel in places]
    await harness.all_posted()
    harness.pace.shut.add(OutboxCall.EDIT)
    for fax_id in faxes[:5]:
        await harness.step(fax_id)
    await harness.end(faxes[5])
    await harness.only_edits_wait()
    edited: list[str] = []
    update = harness.slack.update

    async def watch(channel_id, ts, message, *, key):
        edited.append(channel_id)
        await update(channel_id, ts, message, key=key)

    harness.slack.update = watch
    harness.pace.shut.clear()
    harness.outbox.wake(())
    await harness.all_posted()
    assert edited[0] == places[5]
    assert sorted(set(edited)) == places


async def test_many_changes_that_had_to_wait_are_one_edit(harness):
    """The newest state wins: one call for all of them."""
    fax_id = await harness.a_fax()
    await harness.all_posted()
    harness.pace.shut.add(OutboxCall.EDIT)
    for _ in range(10):
        await harness.write(lambda ledger: refresh_cards(ledger, ledger.fax(fax_id)))
    harness.pace.shut.clear()
    harness.outbox.wake(())
    await harness.all_posted()
    assert harness.slack.cards()[0].edits == 1


async def test_an_edit_without_an_answer_is_made_again(harness, monkeypatch):
    """Editing twice does no harm; the card is current in the end."""
    monkeypatch.setattr("faxbot.services.outbox.posting.FIRST_EDIT_PAUSE", 0.02)
    fax_id = await harness.a_fax()
    await harness.all_posted()
    for _ in range(3):
        harness.slack.fail("update", "before", SlackUnclear("lost"))
    await harness.end(fax_id)
    await harness.all_posted()
    assert harness.slack.cards()[0].message.fax.outcome is Outcome.GIVEN_UP


async def test_an_edit_that_is_carried_out_late_does_not_stay(harness, monkeypatch):
    """Given up here, it lands over its own repetition there: the card is brought up to date once more."""
    monkeypatch.setattr("faxbot.services.outbox.posting.FIRST_EDIT_PAUSE", 0.02)
    fax_id = await harness.a_fax()
    await harness.all_posted()
    update, late = harness.slack.update, []

    async def update_late(channel_id, ts, message, *, key):
        if not late:
            late.append((channel_id, ts, message))
            raise SlackUnclear("given up")
        await update(channel_id, ts, message, key=key)
        if len(late) == 1:
            late.append(None)
            await update(*late[0], key=key)

    monkeypatch.setattr(harness.slack, "update", update_late)
    await harness.step(fax_id)
    await until(lambda: late)
    await harness.end(fax_id)
    await harness.all_posted()
    assert harness.slack.cards()[0].message.fax.outcome is Outcome.GIVEN_UP


async def test_the_end_of_a_fax_whose_card_was_deleted_is_shown_in_a_new_card(harness):
    """Somebody deleted the card: it is posted once more, with the end."""
    fax_id = await harness.a_fax()
    await harness.all_posted()
    harness.slack.fail("update", "before", SlackRefused("message_not_found"))
    await harness.end(fax_id)
    await harness.all_posted()
    assert len(harness.slack.cards()) == 2
    assert harness.slack.cards()[1].message.fax.outcome is Outcome.GIVEN_UP
    assert harness.slack.steps()[-1] == "given_up"


async def test_a_reply_without_a_thread_begins_a_new_one_once(harness):
    """thread_not_found: the card is posted again, the reply goes there; a second time it is given up."""
    fax_id = await harness.a_fax()
    await harness.all_posted()
    harness.pace.shut.add(OutboxCall.EDIT)
    harness.slack.fail("post", "before", SlackRefused("thread_not_found"))
    await harness.end(fax_id)
    await until(lambda: len(harness.slack.cards()) == 2)
    harness.pace.shut.clear()
    harness.outbox.wake(())
    await harness.all_posted()
    assert len(harness.slack.cards()) == 2
    steps = [p for p in harness.slack.posts if p.thread_ts]
    assert [p.thread_ts for p in steps] == [harness.slack.cards()[1].ts]
    harness.slack.fail("update", "before", SlackRefused("message_not_found"))
    await harness.write(lambda ledger: refresh_cards(ledger, ledger.fax(fax_id)))
    await harness.all_posted()
    assert len(harness.slack.cards()) == 2


async def test_a_closed_channel_is_dropped_and_one_admin_is_notified_once(harness):
    """is_archived will not change by trying: the notices are dropped, Priya is notified."""
    post = harness.slack.post

    async def closed(channel_id, message, *, key, thread_ts):
        if channel_id == CLAIMS:
            raise SlackRefused("is_archived")
        return await post(channel_id, message, key=key, thread_ts=thread_ts)

    harness.slack.post = closed
    for text in ("one", "two"):
        await harness.say(CLAIMS, text)
    await harness.all_posted()
    assert harness.texts(CLAIMS) == []
    assert len(harness.texts(PRIYA)) == 1
    assert CLAIMS in harness.texts(PRIYA)[0]


async def test_any_other_refusal_is_kept(harness, monkeypatch):
    """A revoked token comes back: nothing was lost meanwhile."""
    monkeypatch.setattr("faxbot.services.outbox.posting.RETRY_SECONDS", 0.05)
    harness.slack.fail("post", "before", SlackRefused("token_revoked"))
    await harness.say(CLAIMS, "one")
    await harness.all_posted()
    assert harness.texts(CLAIMS) == ["one"]


async def test_a_post_is_repeated_only_after_two_lookups(harness):
    """Its answer is lost and it is absent: two lookups, then one more post."""
    harness.slack.fail("post", "before", SlackUnclear("lost"))
    await harness.say(CLAIMS, "one")
    await harness.all_posted()
    assert harness.slack.calls == ["post", "find", "find", "post"]
    assert harness.texts(CLAIMS) == ["one"]


async def test_no_lookup_before_the_settle_window(tmp_path):
    """Found `sending` at a start: the call may still be processed, so the lookup waits."""
    slack = PlainSlack()
    async with running(tmp_path, slack) as harness:
        await harness.all_posted()

    def under_way(ledger):
        ledger.announce(
            Announcement(
                key="k1",
                kind=AnnouncementKind.NOTICE,
                channel_id=CLAIMS,
                state=AnnouncementState.SENDING,
                batch="k1",
                body={"message": "Sentence", "facts": {"text": "one", "command": ""}},
                created_at=harness.clock.now().timestamp(),
            )
        )

    engine = open_engine(f"sqlite:///{tmp_path / 'faxbot.db'}")
    store = TransactionStore(engine)
    await store.write(under_way)
    store.close()
    async with running(tmp_path, slack, settle=60.0) as harness:
        began = harness.clock.now().timestamp()
        await harness.say(INBOUND, "two")
        await until(lambda: harness.texts(INBOUND) == ["two"])
        (row,) = await harness.store.read(lambda ledger: ledger.pending([CLAIMS]))
        assert row.due_at >= began + 55
        assert "find" not in slack.calls
    async with running(tmp_path, slack) as harness:
        await harness.all_posted()
    assert harness.texts(CLAIMS) == ["one"]


async def test_an_ephemeral_is_posted_at_most_once(harness):
    """No lookup can find it: after a lost answer it is not repeated."""
    harness.slack.fail("post_ephemeral", "after", SlackUnclear("lost"))
    await harness.write(
        lambda ledger: ledger.announce(
            Announcement(
                key="w1",
                kind=AnnouncementKind.EPHEMERAL,
                channel_id=CLAIMS,
                user_id=PRIYA,
                body={"message": "Sentence", "facts": {"text": "psst", "command": ""}, "thread_ts": None},
            )
        )
    )
    await harness.all_posted()
    assert harness.slack.calls == ["post_ephemeral"]


async def test_a_document_that_left_the_spool_is_fetched_once_more(harness, tmp_path, monkeypatch):
    """Somebody emptied the spool: the record is to be fetched again, and then its file is posted."""
    monkeypatch.setattr("faxbot.services.outbox.file_posting.RETRY_SECONDS", 0.05)
    path = tmp_path / "RX1.pdf"

    def begin_upload(path, name):
        path.stat()
        return original(path, name)

    original, harness.slack.begin_upload = harness.slack.begin_upload, begin_upload

    record_id = await harness.received(path)

    async def state():
        return (await harness.store.read(lambda ledger: ledger.record(record_id))).state

    async with asyncio.timeout(5):
        while await state() is not RecordState.SEEN:
            await asyncio.sleep(0.01)
    make_pdf(path)
    await harness.all_posted()
    assert len(harness.slack.received()) == 1


async def test_a_share_is_repeated_only_after_two_lookups(harness, tmp_path):
    """Its answer is lost and the share is absent: two lookups, then the same file is shared once more."""
    harness.slack.fail("share_file", "before", SlackUnclear("lost"))
    await harness.received(make_pdf(tmp_path / "RX1.pdf"))
    await harness.all_posted()
    calls = ["begin_upload", "put_bytes", "share_file", "shared_ts", "shared_ts", "share_file"]
    assert harness.slack.calls[: len(calls)] == calls
    assert harness.slack.calls.count("share_file") == 2
    assert len(harness.slack.received()) == 1


async def test_what_is_due_at_once_has_a_real_moment(harness):
    """That of its writing, not the year 1970: an admin reads the table."""
    harness.pace.shut.add(OutboxCall.POST)
    await harness.say(CLAIMS, "hello")
    (row,) = await harness.store.read(lambda ledger: ledger.pending())
    assert row.due_at == row.created_at > 0
