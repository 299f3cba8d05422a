"""The use cases, against the simulated fax server and a Slack of plain lists."""

import asyncio
import errno
import time

import pytest

from faxbot.fax.errors import AnswerLost, SlackRefused, SlackUnclear
from faxbot.fax.job import Direction, JobState
from faxbot.services.model.faxes import FaxState, Outcome
from faxbot.services.model.messages import FaxConfirmation, Sentence
from faxbot.services.model.request_bodies import RequestKind
from tests.support.services import CLAIMS, DANA, INBOUND, PRIYA, PlainSlack, services_over, submissions
from tests.support.waiting import until


async def test_a_fax_goes_out_with_one_card_and_its_steps_in_the_thread(tmp_path, fax, slack):
    """Dana's fax is delivered: one card, edited in place, its steps as replies."""
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.send()
        await bot.tick_until(lambda: "delivered" in slack.steps())
        await until(lambda: slack.cards()[0].message.fax.outcome is Outcome.DELIVERED)
    assert len(slack.cards()) == 1
    steps = slack.steps()
    assert steps[0] == "queued"
    assert steps[-1] == "delivered"
    assert steps.count("page") == 2 or steps.count("page") == 1
    assert any(isinstance(message, FaxConfirmation) for _, message in slack.ephemerals)
    assert all(p.thread_ts == slack.cards()[0].ts for p in slack.posts if p is not slack.cards()[0])


async def test_a_received_fax_is_posted_once_with_its_details_in_the_thread(tmp_path, fax, slack):
    """A fax to one of our own lines arrives in the inbound channel: one file, one details card."""
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.send("+1 469 555 1112")
        await bot.tick_until(slack.details)
        await bot.inbox.tick(sweep=True)
    assert len(slack.received()) == 1
    cards = slack.details()
    assert [p.thread_ts for p in cards] == [slack.received()[0].ts]
    assert cards[0].message.line_name == "Support"


async def test_what_was_there_before_is_history(tmp_path, fax, slack):
    """Records that were on the fax server before faxbot are not posted."""
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.send("+1 469 555 1112")
        await bot.tick_until(slack.received)
    a_second_later = time.time() + 1  # a record of the second in which the first start begins counts as new
    await until(lambda: time.time() > a_second_later)
    other = PlainSlack()
    (tmp_path / "second").mkdir()
    async with services_over(tmp_path / "second", fax, other) as bot:
        await bot.inbox.tick(sweep=True)
        assert list(await bot.store.read(lambda ledger: ledger.pending())) == []
    assert other.posts == []


async def test_the_job_of_a_lost_answer_is_adopted(tmp_path, fax, slack):
    """FileSend carried out, its answer lost: the job is found, and nothing is dialed twice."""
    fax.faults.plan(fault="drop_after", method="filesend", times=1)
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.send()
        await bot.tick_until(lambda: "delivered" in slack.steps())
    assert "unknown" in slack.steps()
    assert "adopted" in slack.steps()
    assert len(submissions(fax)) == 1


async def test_a_lost_answer_without_a_job_gets_a_question(tmp_path, fax, slack):
    """FileSend dropped before it was carried out: a person decides, and only then it is sent again."""
    fax.faults.plan(fault="drop_before", method="filesend", times=1)
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.send()
        await bot.tick_until(lambda: "asked" in slack.steps())
        asked = (await bot.faxes(FaxState.UNDECIDED))[0]
        assert await bot.faxes(FaxState.ACCEPTED) == []
        await bot.runner.accept(bot.request(RequestKind.ANSWER, fax_id=asked.id, answer="again"))
        await bot.tick_until(lambda: "delivered" in slack.steps())
    assert "sent_again" in slack.steps()
    assert len(submissions(fax)) == 1


async def test_many_clicks_on_send_again_are_one_fax(tmp_path, fax, slack):
    """Two people decide about a lost fax, one of them twice: the first decision counts, and dials once."""
    fax.faults.plan(fault="drop_before", method="filesend", times=1)
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.send()
        await bot.tick_until(lambda: "asked" in slack.steps())
        asked = (await bot.faxes(FaxState.UNDECIDED))[0]
        decisions = [(DANA, "again"), (DANA, "again"), (PRIYA, "again"), (PRIYA, "went")]
        for user, answer in decisions:
            decided = bot.request(RequestKind.ANSWER, user=user, fax_id=asked.id, answer=answer)
            await bot.runner.accept(decided)
        await bot.tick_until(lambda: len(slack.sentences()) >= 3 and "delivered" in slack.steps())
        first = (await bot.faxes())[0]
    assert [text for text in slack.sentences() if "settled already" in text] == [
        "That is settled already."
    ] * 3
    assert (first.decided_by, len(submissions(fax))) == (DANA, 1)


async def test_a_post_whose_answer_is_lost_is_not_posted_twice(tmp_path, fax, slack):
    """The card was posted, its answer lost: it is found by its key."""
    slack.fail("post", "after", SlackUnclear("lost"))
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.send()
        await bot.tick_until(lambda: "delivered" in slack.steps())
    assert len(slack.cards()) == 1


async def test_a_share_whose_answer_is_lost_is_not_shared_twice(tmp_path, fax, slack):
    """The received file was shared, the answer lost: files.info has the share, and it is shared once."""
    slack.fail("share_file", "after", SlackUnclear("lost"))
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.send("+1 469 555 1112")
        await bot.tick_until(slack.details)
    assert len(slack.received()) == 1


async def test_many_clicks_on_cancel_are_one_cancel(tmp_path, fax, slack):
    """Two people press Cancel: one JobCancel, and the card says who stopped it."""
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.send("469 555 0200")
        await bot.tick_until(slack.cards)
        job = (await bot.faxes(FaxState.ACCEPTED))[0]
        for user in (DANA, PRIYA, DANA):
            await bot.runner.accept(bot.request(RequestKind.CANCEL, user=user, fax_id=job.id))
        await bot.tick_until(lambda: "cancelled" in slack.steps())
        ended = (await bot.faxes(FaxState.ENDED))[0]
    assert ended.outcome is Outcome.CANCELLED
    assert slack.steps().count("cancelling") == 1
    assert len([e for e in fax.log.entries("call") if e.get("method") == "jobcancel"]) == 1


async def test_a_stranger_may_not_cancel(tmp_path, fax, slack):
    """Only the sender or an admin can cancel; the refusal names the rule."""
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.send("469 555 0200")
        await bot.tick_until(slack.cards)
        job = (await bot.faxes(FaxState.ACCEPTED))[0]
        await bot.runner.accept(bot.request(RequestKind.CANCEL, user="UMARCUS", fax_id=job.id))
        await until(lambda: any(user == "UMARCUS" for user, _ in slack.ephemerals))
    reply = next(message for user, message in slack.ephemerals if user == "UMARCUS")
    assert isinstance(reply, Sentence)
    assert reply.text.startswith("Only Dana or an admin can cancel TX")


async def test_while_the_fax_server_is_down_a_fax_is_kept_and_goes_out_later(tmp_path, fax, slack):
    """No connection: the fax waits, is dialed once when the server is back."""
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.tick()
        await fax.start_outage(60)
        await bot.send()
        await until(lambda: "kept" in slack.steps())
        await fax.end_outage()
        await bot.tick_until(lambda: "delivered" in slack.steps())
    assert len(slack.cards()) == 1


async def test_a_quiet_tick_asks_once_and_touches_no_row(tmp_path, fax, slack):
    """One ActiveJobs, no transaction, no Slack call."""
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.tick()
        calls = len(fax.log.entries("call"))
        before, slack_calls = bot.store.counts.commits + bot.store.counts.reads, len(slack.calls)
        await bot.watch.tick()
        assert bot.store.counts.commits + bot.store.counts.reads == before
        assert len(fax.log.entries("call")) == calls + 1
        assert len(slack.calls) == slack_calls


async def test_the_same_request_twice_is_one_fax(tmp_path, fax, slack):
    """Slack delivers one share three times: one fax."""
    (ts,) = slack.share_ts
    async with services_over(tmp_path, fax, slack) as bot:
        share = bot.request(RequestKind.SHARE, ts=ts, text="to 469 555 0101", files=None, dm=False)
        share.key = f"share:{CLAIMS}:{ts}"
        assert await bot.runner.accept(share)
        assert not await bot.runner.accept(share)
        await bot.runner.accept(bot.request(RequestKind.SHARED_FILE, file_id="F0"))
        await bot.tick_until(lambda: "delivered" in slack.steps())
        assert len(await bot.faxes()) == 1


async def test_a_channel_that_subscribed_has_its_own_card_and_file(tmp_path, fax, slack):
    """Subscribed to both directions, #legal gets a card of the sending and the received file."""
    async with services_over(tmp_path, fax, slack) as bot:
        for direction in ("TX", "RX"):
            await bot.runner.accept(
                bot.request(RequestKind.SUBSCRIBE, user=PRIYA, channel="CLEGAL", direction=direction)
            )
        await until(lambda: len(slack.ephemerals) == 2)
        await bot.send("+1 469 555 1112")
        await bot.tick_until(lambda: slack.received("CLEGAL") and slack.received(INBOUND))
        await bot.tick_until(lambda: "delivered" in slack.steps("CLEGAL"))
    assert len(slack.cards("CLEGAL")) == len(slack.cards(CLAIMS)) == 1
    assert len(slack.received("CLEGAL")) == len(slack.received(INBOUND)) == 1


async def test_a_stop_in_mid_flight_loses_nothing(tmp_path, fax, slack):
    """The bot stops after acceptance; the next run announces the end once."""
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.send()
        await bot.tick_until(lambda: "queued" in slack.steps())
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.tick_until(lambda: "delivered" in slack.steps())
    assert slack.steps().count("delivered") == 1
    assert len(slack.cards()) == 1


async def test_unsubscribe_without_words_drops_everything(tmp_path, fax, slack):
    """A channel that subscribed to one line's faxes gets no messages any more."""
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.runner.accept(
            bot.request(RequestKind.SUBSCRIBE, user=PRIYA, channel="CLEGAL", direction="TX", line="Sales")
        )
        await until(lambda: len(slack.ephemerals) == 1)
        assert await bot.store.read(lambda ledger: len(ledger.subscriptions("CLEGAL"))) == 1
        await bot.runner.accept(bot.request(RequestKind.UNSUBSCRIBE, channel="CLEGAL"))
        await until(lambda: len(slack.ephemerals) == 2)
        assert await bot.store.read(lambda ledger: len(ledger.subscriptions("CLEGAL"))) == 0


async def test_a_fax_canceled_during_a_server_query_is_not_dialed(tmp_path, fax, slack):
    """Canceled while the submission waits for the fax server: it stays canceled when that fails."""
    async with services_over(tmp_path, fax, slack) as bot:
        asked, go_on = asyncio.Event(), asyncio.Event()

        async def hang(direction):
            asked.set()
            await go_on.wait()
            raise AnswerLost("gone")

        active_jobs, bot.server.active_jobs = bot.server.active_jobs, hang
        await bot.send()
        await asked.wait()
        waiting = (await bot.faxes(FaxState.READY))[0]
        await bot.runner.accept(bot.request(RequestKind.CANCEL, fax_id=waiting.id))
        await until(lambda: any(isinstance(reply, Sentence) for _, reply in slack.ephemerals))
        go_on.set()
        bot.server.active_jobs = active_jobs
        for _ in range(3):
            await bot.tick()
        assert [each.outcome for each in await bot.faxes()] == [Outcome.WITHDRAWN]
    assert submissions(fax) == []


async def test_a_refused_lookup_does_not_share_a_file_again(tmp_path, fax, slack, monkeypatch):
    """The share's answer is lost and the lookup refused: one file, after any time."""
    monkeypatch.setattr("faxbot.services.outbox.file_posting.RETRY_SECONDS", 0.05)
    slack.fail("share_file", "after", SlackUnclear("lost"))
    slack.fail("shared_ts", "before", SlackRefused("token_revoked"))
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.send("+1 469 555 1112")
        await bot.tick_until(slack.details)
    assert len(slack.received()) == 1


async def test_one_announcement_that_fails_does_not_mute_its_channel(tmp_path, fax, slack):
    """A message that cannot be built waits; what comes after it in the channel is posted."""
    slack.fail("post", "before", ValueError("a fault of ours"))
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.send()
        await bot.tick_until(lambda: "post" in slack.calls)
        await bot.runner.accept(bot.request(RequestKind.SUBSCRIBE, user=PRIYA, direction="TX"))
        await until(lambda: any(isinstance(reply, Sentence) for _, reply in slack.ephemerals))


async def test_a_job_without_a_status_delays_no_other(tmp_path, fax, slack):
    """JobStatus fails for one job: the tick completes anyway."""
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.send()
        await bot.tick_until(slack.cards)
        fax.faults.plan(fault="error", method="jobstatus", times=1000)
        await until(lambda: fax.log.entries("ended"))
        for _ in range(3):
            await bot.watch.tick()
        fax.faults.clear()
        await bot.tick_until(lambda: "delivered" in slack.steps())


async def test_a_change_that_could_not_be_written_is_announced_by_the_next_tick(
    tmp_path, fax, slack, monkeypatch
):
    """The disk is full for a moment: the next tick finds the same change again."""

    async def full_disk(work):
        raise OSError(errno.ENOSPC, "full")

    async with services_over(tmp_path, fax, slack) as bot:
        await bot.send("469 555 0800")  # blocked, and then nothing changes any more
        await until(slack.cards)
        async with asyncio.timeout(10):
            while (await bot.server.active_jobs(Direction.TX))[0].state is not JobState.BLOCKED:
                await asyncio.sleep(0.01)
        with monkeypatch.context() as patched:
            patched.setattr(bot.store, "write", full_disk)
            with pytest.raises(OSError, match="full"):
                await bot.watch.tick()
        assert bot.watch.states() == {JobState.READY.value: 1}
        await bot.watch.tick()
        assert bot.watch.states() == {JobState.BLOCKED.value: 1}
