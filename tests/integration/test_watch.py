"""Jobs are announced correctly with an unusual fax server: over a UCX of plain lists."""

from dataclasses import replace
from datetime import timedelta

import pytest

from faxbot.fax.errors import AnswerLost, JobNotFound, RequestRefused, ServerFault, ServerUnreachable
from faxbot.fax.job import JobState
from faxbot.services.model.faxes import FaxState, Outcome
from faxbot.services.model.request_bodies import RequestKind
from tests.support.plain_ucx import StillClock, services_over_lists
from tests.support.services import PRIYA
from tests.support.waiting import until

TO, DIAL = "469 555 0101", "14695550101"


async def send(bot, number: str = TO) -> None:
    """Dana sends a fax, and the fax server has it as a job."""
    before = len(await bot.faxes(FaxState.ACCEPTED))
    taken = len(bot.ucx.submissions)
    await bot.send(number)
    await until(lambda: len(bot.ucx.submissions) > taken)
    while len(await bot.faxes(FaxState.ACCEPTED)) <= before and len(await bot.faxes()) <= before:
        await bot.clock.sleep(0)
    await bot.tick()


async def the_fax(bot):
    (fax,) = await bot.faxes()
    return fax


class TestNeitherListNorRecord:
    async def test_an_empty_list_for_a_moment(self, bot, ucx, slack):
        """A list that is empty once, and a JobStatus without the job lose no job and announce nothing."""
        await send(bot)
        reply, jobs = slack.steps(), dict(ucx.jobs)
        ucx.jobs.clear()
        await bot.tick(30)
        ucx.jobs |= jobs
        for _ in range(3):
            await bot.tick(20)
        assert slack.steps() == reply
        assert (await the_fax(bot)).state is FaxState.ACCEPTED

    async def test_for_some_seconds(self, bot, ucx):
        """A job that is in neither list for some ticks has the end of its later record."""
        await send(bot)
        job = replace(ucx.jobs.pop("TX1"), state=JobState.FAILED, status_text="Busy signal detected")
        for _ in range(3):
            await bot.tick()
        assert (await the_fax(bot)).state is FaxState.ACCEPTED
        ucx.record(job)
        await bot.tick()
        assert (await the_fax(bot)).outcome is Outcome.FAILED

    async def test_for_good(self, bot, ucx, slack):
        """A job that no query returns is lost after a minute, not before, and announced once."""
        await send(bot)
        ucx.jobs.clear()
        for _ in range(10):
            await bot.tick(5)
        assert (await the_fax(bot)).state is FaxState.ACCEPTED
        for _ in range(10):
            await bot.tick(5)
        assert (await the_fax(bot)).outcome is Outcome.LOST
        assert slack.steps().count("lost") == 1

    async def test_a_minute_without_looks_is_not_enough(self, bot, ucx):
        """Five ticks are needed, however slow they are."""
        await send(bot)
        ucx.jobs.clear()
        for _ in range(4):
            await bot.tick(3600)
        assert (await the_fax(bot)).state is FaxState.ACCEPTED

    async def test_back_after_it_was_lost(self, bot, ucx, slack):
        """A server that took long to start lists the job again: the same card goes on."""
        await send(bot)
        jobs = dict(ucx.jobs)
        ucx.jobs.clear()
        for _ in range(20):
            await bot.tick(5)
        assert (await the_fax(bot)).outcome is Outcome.LOST
        ucx.jobs |= jobs
        await bot.tick(90)
        ucx.end("TX1")
        await bot.tick()
        fax = await the_fax(bot)
        assert (fax.job_id, fax.outcome) == ("TX1", Outcome.DELIVERED)
        assert slack.steps()[-4:] == ["lost", "adopted", "page", "delivered"]
        assert len(slack.cards()) == 1

    async def test_in_both(self, bot, ucx, slack):
        """Listed as active and recorded at once: its end is announced once."""
        await send(bot)
        job = ucx.jobs["TX1"]
        ucx.end("TX1")
        ucx.jobs["TX1"] = replace(job, state=JobState.ACTIVE)
        await bot.tick()
        del ucx.jobs["TX1"]
        for _ in range(3):
            await bot.tick()
        assert slack.steps().count("delivered") == 1
        assert (await the_fax(bot)).outcome is Outcome.DELIVERED


class TestJobStatus:
    @pytest.mark.parametrize(
        "fault",
        [
            JobNotFound("Job not found"),
            RequestRefused("Internal error"),
            AnswerLost("no status"),
            ServerFault("There is no Fax API at this address."),
        ],
    )
    async def test_the_record_has_what_jobstatus_lacks(self, bot, ucx, fault):
        """With any answer of JobStatus the record's end is announced."""
        await send(bot)
        ucx.end("TX1")
        ucx.fail("job_status", "before", fault, times=99)
        await bot.tick()
        assert (await the_fax(bot)).outcome is Outcome.DELIVERED

    async def test_one_without_a_status_delays_no_other(self, bot, ucx):
        """Of two that ended, one JobStatus fails: the other's end is announced in the same tick."""
        await send(bot)
        await send(bot, "469 555 0102")
        ucx.end("TX1", recorded=False)
        ucx.end("TX2", recorded=False)
        ucx.fail("job_status", "before", RequestRefused("Internal error"))
        await bot.tick()
        assert sorted(fax.state for fax in await bot.faxes()) == [FaxState.ACCEPTED, FaxState.ENDED]

    async def test_a_server_that_goes_away_meanwhile(self, bot, ucx):
        """The updates before the connection broke are kept, and the tick counts as failed."""
        await send(bot)
        await send(bot, "469 555 0102")
        ucx.end("TX1")
        ucx.end("TX2")
        ucx.fail("job_status", "after", ServerUnreachable("gone"))
        with pytest.raises(ServerUnreachable):
            await bot.watch.tick()
        assert sorted(fax.state for fax in await bot.faxes()) == [FaxState.ACCEPTED, FaxState.ENDED]

    async def test_a_refusal_for_ever(self, bot, ucx):
        """Where JobStatus only ever says that it is at fault, the fax is lost after a quarter of an hour."""
        await send(bot)
        ucx.jobs.clear()
        ucx.fail("job_status", "before", RequestRefused("Internal error"), times=999)
        for _ in range(14):
            await bot.tick(60)
        assert (await the_fax(bot)).state is FaxState.ACCEPTED
        for _ in range(3):
            await bot.tick(60)
        assert (await the_fax(bot)).outcome is Outcome.LOST

    @pytest.mark.parametrize(("text", "outcome"), [("", Outcome.DELIVERED), ("No answer", Outcome.FAILED)])
    async def test_an_end_in_an_unknown_word(self, bot, ucx, text, outcome):
        """A state called "Complete" is an end once there is a record; the record's text decides which."""
        await send(bot)
        job = replace(ucx.jobs.pop("TX1"), state=JobState.UNKNOWN, state_text="Complete", status_text=text)
        ucx.remembered["TX1"] = job
        ucx.record(job)
        await bot.tick()
        assert (await the_fax(bot)).outcome is outcome

    async def test_a_status_that_stays_behind(self, bot, ucx):
        """JobStatus goes on saying Active although the record is there: the record is believed in the end."""
        await send(bot)
        ucx.end("TX1")
        ucx.remembered["TX1"] = replace(ucx.remembered["TX1"], state=JobState.ACTIVE)
        for _ in range(6):
            await bot.tick()
        assert (await the_fax(bot)).outcome is Outcome.DELIVERED


class TestReset:
    async def test_the_same_id_to_the_same_number(self, bot, ucx, slack):
        """Forgotten by a reset, sent again by a person to the same number: another TX1, another card."""
        await send(bot)
        ucx.reset()
        await send(bot)
        ucx.end("TX1")
        await bot.tick()
        old, new = await bot.faxes()
        assert (old.outcome, new.outcome) == (Outcome.LOST, Outcome.DELIVERED)
        assert [card.message.fax.outcome for card in slack.cards()] == [Outcome.LOST, Outcome.DELIVERED]

    async def test_an_old_end_is_not_the_new_jobs(self, bot, ucx):
        """JobStatus still returns the TX1 from before the reset: it does not end the new TX1."""
        await send(bot)
        ucx.end("TX1")
        await bot.tick()
        await bot.tick()
        old_record = ucx.records[0]
        remembered = ucx.remembered["TX1"]
        ucx.reset(keep_records=True)
        await send(bot)
        ucx.remembered["TX1"] = remembered
        new = ucx.jobs.pop("TX1")
        for _ in range(3):
            await bot.tick()
        assert old_record in ucx.records
        assert (await bot.faxes())[1].state is FaxState.ACCEPTED
        ucx.remembered["TX1"] = replace(new, state=JobState.FAILED, time=ucx.tick())
        await bot.tick()
        assert (await bot.faxes())[1].outcome is Outcome.FAILED

    async def test_an_old_record_is_not_the_new_jobs(self, bot, ucx):
        """The record of the TX1 from before the reset does not end a new TX1 that no query returns."""
        await send(bot)
        ucx.end("TX1")
        await bot.tick()
        await bot.tick()
        ucx.reset(keep_records=True)
        await send(bot)
        ucx.jobs.clear()
        for _ in range(3):
            await bot.tick()
        assert (await bot.faxes())[1].state is FaxState.ACCEPTED

    async def test_one_to_another_number_is_another(self, bot, ucx):
        """The TX1 of another program, to another number, ends nothing of ours."""
        await send(bot)
        ucx.reset()
        ucx.put("TX1", "14695550102")
        await bot.tick()
        ucx.end("TX1")
        for _ in range(2):
            await bot.tick()
        assert (await the_fax(bot)).state is FaxState.ACCEPTED

    async def test_one_that_starts_over_is_another(self, bot, ucx, slack):
        """Gone, and then an active TX1 to the same number that was never dialed: another program's."""
        await send(bot)
        ucx.change("TX1", state=JobState.ACTIVE, dials=2, sent_pages=1)
        await bot.tick()
        ucx.reset()
        await bot.tick()
        ucx.put("TX1", dials=0, total_pages=None)
        for _ in range(20):
            await bot.tick(5)
        ucx.end("TX1", recorded=False)
        await bot.tick()
        fax = (await bot.faxes())[0]
        assert fax.outcome is Outcome.LOST
        assert "delivered" not in slack.steps()

    async def test_buttons_of_an_old_card_reach_no_new_job(self, bot, ucx, slack):
        """Delete and Download on the card of a TX1 from before the reset leave the new TX1 alone."""
        await send(bot)
        ucx.end("TX1")
        await bot.tick()
        await bot.tick()
        ucx.reset()
        await send(bot)
        ucx.end("TX1")
        ucx.files["TX1"] = "the new one"
        await bot.tick()
        await bot.tick()
        old = (await bot.faxes())[0]
        for kind in (RequestKind.DELETE, RequestKind.GET):
            await bot.runner.accept(bot.request(kind, fax_id=old.id))
        gone = "The fax server has that TX1 no more."
        await until(lambda: [getattr(m, "text", "") for _, m in slack.ephemerals].count(gone) == 2)
        assert "delete_record" not in ucx.calls
        assert "download_document" not in ucx.calls


@pytest.mark.parametrize(
    "writes", [lambda dial: dial[1:], lambda dial: f"+{dial}", lambda _: "(469) 555-0101", lambda _: ""]
)
class TestNumbersAsTheServerWritesThem:
    async def test_in_the_lists(self, bot, ucx, slack, writes):
        """A job is followed to its end although the list spells its number in another way, or not at all."""
        ucx.writes = writes
        await send(bot)
        ucx.change("TX1", state=JobState.ACTIVE)
        await bot.tick()
        ucx.end("TX1")
        for _ in range(2):
            await bot.tick()
        assert (await the_fax(bot)).outcome is Outcome.DELIVERED
        assert slack.steps() == ["queued", "dialling", "page", "delivered"]

    async def test_in_the_records(self, bot, ucx, writes):
        """Its record is found although that spells the number in another way, or not at all."""
        ucx.writes_in_records = writes
        await send(bot)
        ucx.end("TX1", known=False)
        await bot.tick()
        assert (await the_fax(bot)).outcome is Outcome.DELIVERED


@pytest.mark.parametrize("hours", [-30, -5, 0, 5, 30])
async def test_clocks_that_are_hours_apart(bot, ucx, slack, hours):
    """Whatever the server's clock says: the same steps, also for a fax whose answer is lost."""
    ucx.clock = bot.clock.now() + timedelta(hours=hours)
    ucx.fail("submit_job", "after")
    await bot.send(TO)
    await until(lambda: ucx.submissions)
    while (await the_fax(bot)).state is not FaxState.UNKNOWN:
        await bot.clock.sleep(0)
    await bot.tick()
    ucx.end("TX1", known=False)
    await bot.tick()
    assert slack.steps() == ["unknown", "adopted", "page", "delivered"]


class TestSlow:
    async def test_announced_once_with_the_lines_state(self, tmp_path, ucx, slack):
        """Ready on an idle line for two minutes: announced with the line's state, once over a restart."""
        clock = StillClock()
        async with services_over_lists(tmp_path, ucx, slack, clock) as bot:
            await send(bot)
            await bot.tick(100)
            assert "slow" not in slack.steps()
            await bot.tick(30)
            assert slack.steps()[-1] == "slow"
        async with services_over_lists(tmp_path, ucx, slack, clock) as bot:
            ucx.calls.clear()
            for _ in range(3):
                await bot.tick(200)
            assert "line_usage" not in ucx.calls
        assert slack.steps().count("slow") == 1
        reply = [step for p in slack.posts for step in getattr(p.message, "steps", ())]
        assert reply[-1].text == "Running and idle"

    async def test_a_restart_does_not_restart_the_two_minutes(self, tmp_path, ucx, slack):
        """A minute before the restart and a good minute after it make two."""
        clock = StillClock()
        async with services_over_lists(tmp_path, ucx, slack, clock) as bot:
            await send(bot)
            await bot.tick(60)
        async with services_over_lists(tmp_path, ucx, slack, clock) as bot:
            await bot.tick(70)
        assert slack.steps().count("slow") == 1

    async def test_a_line_that_cannot_be_asked(self, bot, ucx, slack):
        """While FaxUsage fails it is not announced yet; it is announced when it answers."""
        await send(bot)
        ucx.fail("line_usage", "before", times=2)
        for _ in range(2):
            await bot.tick(200)
        assert "slow" not in slack.steps()
        await bot.tick()
        assert slack.steps().count("slow") == 1


async def test_the_answering_machine_of_a_record_that_comes_late(bot, ucx, slack):
    """The record comes some ticks after the end: its CSID is still shown."""
    await send(bot)
    job = replace(ucx.jobs["TX1"], state=JobState.DONE)
    ucx.end("TX1", recorded=False)
    await bot.tick()
    await bot.csids.look_up()
    ucx.record(job, station_id="MERCY CLINIC")
    await bot.csids.look_up()
    assert (await the_fax(bot)).answered_by == "MERCY CLINIC"


async def test_a_foreign_job_is_announced_to_subscribers(bot, ucx, slack):
    """A job of another program has a card where somebody wants it, and its end there."""
    await bot.runner.accept(bot.request(RequestKind.SUBSCRIBE, user=PRIYA, channel="CLEGAL", direction="TX"))
    await until(lambda: slack.ephemerals)
    ucx.put("TX9")
    await bot.tick()
    ucx.end("TX9")
    await bot.tick()
    assert slack.steps("CLEGAL") == ["queued", "page", "delivered"]
