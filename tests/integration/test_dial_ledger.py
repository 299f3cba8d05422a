"""A fax is dialed at most once a request: every way to lose FileSend's answer, over a UCX of plain lists."""

import asyncio

import pytest

from faxbot.fax.errors import (
    AnswerLost,
    CredentialsRejected,
    RequestRefused,
    ServerBusy,
    ServerUnreachable,
)
from faxbot.fax.job import JobState
from faxbot.services.model.faxes import FaxState, Outcome
from faxbot.services.model.messages import Sentence
from faxbot.services.model.request_bodies import RequestKind
from tests.support.plain_ucx import StillClock, services_over_lists
from tests.support.services import DANA, PRIYA
from tests.support.waiting import until

TO = "469 555 0101"
DIAL = "14695550101"


def sent(ucx) -> list[str]:
    return [job_id for job_id, _, _ in ucx.submissions]


async def send(bot, number: str = TO) -> None:
    """Dana sends a fax; its submission has ended, with any outcome."""
    await bot.send(number)
    await carried_out(bot)


async def carried_out(bot) -> None:
    """Every request is done."""
    await until(bot.runner.idle)


async def decide(bot, fax, answer: str, user: str = DANA) -> None:
    request = bot.request(RequestKind.ANSWER, user=user, fax_id=fax.id, answer=answer)
    await bot.runner.accept(request)
    await carried_out(bot)
    await bot.until_posted()


async def ask(bot):
    """Lose a fax of which nothing is found, until the card asks; that fax."""
    bot.ucx.fail("submit_job", "before")
    await send(bot)
    await bot.tick()
    await bot.tick()
    (fax,) = await bot.faxes(FaxState.UNDECIDED)
    return fax


def words(slack) -> list[str]:
    return [message.text for _, message in slack.ephemerals if isinstance(message, Sentence)]


class TestLostAnswer:
    async def test_carried_out(self, bot, ucx, slack):
        """The job that appeared is adopted after the settle window, and followed to its end."""
        ucx.fail("submit_job", "after")
        await send(bot)
        assert "adopted" not in slack.steps()
        await bot.tick()
        (fax,) = await bot.faxes()
        assert (fax.state, fax.job_id) == (FaxState.ACCEPTED, "TX1")
        ucx.end("TX1")
        await bot.tick()
        assert slack.steps() == ["unknown", "adopted", "page", "delivered"]
        assert sent(ucx) == ["TX1"]

    async def test_not_before_the_settle_window(self, bot, ucx):
        """A call that timed out may still be processed: the lookup waits."""
        ucx.fail("submit_job", "after")
        await send(bot)
        calls = len(ucx.calls)
        await bot.search.tick()
        assert len(ucx.calls) == calls
        (fax,) = await bot.faxes()
        assert fax.state is FaxState.UNKNOWN

    async def test_one_lookup_is_not_enough(self, bot, ucx, slack):
        """What the first list does not hold may be in the second: no question is posted in between."""
        ucx.held_back = 1
        ucx.fail("submit_job", "after")
        await send(bot)
        await bot.tick()
        assert (await bot.faxes())[0].lookups == 1
        ucx.show_up()
        await bot.tick()
        assert slack.steps() == ["unknown", "adopted"]

    async def test_nothing_done(self, bot, ucx, slack):
        """After two lookups the sender gets a question; nothing is sent before the decision, then once."""
        fax = await ask(bot)
        assert sent(ucx) == []
        assert slack.steps() == ["unknown", "asked"]
        await decide(bot, fax, "again")
        await bot.tick()
        assert sent(ucx) == ["TX1"]
        assert [each.outcome for each in await bot.faxes()] == [Outcome.GIVEN_UP, None]

    async def test_found_in_the_records_only(self, bot, ucx, slack):
        """A job that has ended before the lookup is found among the records."""
        ucx.fail("submit_job", "after")
        await send(bot)
        ucx.end("TX1", known=False)
        await bot.tick()
        await bot.tick()
        (fax,) = await bot.faxes()
        assert (fax.state, fax.outcome, fax.job_id) == (FaxState.ENDED, Outcome.DELIVERED, "TX1")

    async def test_carried_out_late(self, bot, ucx, slack):
        """The job shows up after the question was asked: adopted, and the buttons are gone."""
        ucx.held_back = 1
        ucx.fail("submit_job", "after")
        await send(bot)
        for _ in range(3):
            await bot.tick()
        assert slack.steps() == ["unknown", "asked"]
        ucx.show_up()
        await bot.tick(60)
        (fax,) = await bot.faxes()
        assert (fax.state, fax.job_id) == (FaxState.ACCEPTED, "TX1")
        assert sent(ucx) == ["TX1"]

    async def test_lookups_end(self, bot, ucx):
        """An hour after the submission the lookups end."""
        fax = await ask(bot)
        for _ in range(61):
            await bot.tick(60)
        assert (await bot.faxes())[0].lookup_at is None
        calls = len(ucx.calls)
        bot.search.wake()
        await bot.search.tick()
        assert len(ucx.calls) == calls
        assert (await bot.faxes())[0].state is FaxState.UNDECIDED
        assert fax.id == 1

    async def test_a_stop_in_mid_call(self, tmp_path, ucx, slack):
        """A fax that a start finds during FileSend is looked up like any other."""
        clock = StillClock()
        async with services_over_lists(tmp_path, ucx, slack, clock) as bot:
            await send(bot)
            await bot.until_posted()

            def undo(ledger):
                fax = ledger.fax(1)
                ledger.change_state(fax, FaxState.SUBMITTING)
                fax.job_id = None

            await bot.store.write(undo)
        async with services_over_lists(tmp_path, ucx, slack, clock) as bot:
            await bot.tick()
            (fax,) = await bot.faxes()
            assert (fax.state, fax.job_id) == (FaxState.ACCEPTED, "TX1")
        assert sent(ucx) == ["TX1"]


class TestTurnedAway:
    """Answers that say that nothing was done, and what if they lie."""

    @pytest.mark.parametrize("fault", [CredentialsRejected("401"), ServerBusy("429")])
    async def test_submitted_again_after_a_lookup(self, bot, ucx, slack, fault):
        """Refused because of the token or for now: kept, looked up, and then submitted again."""
        ucx.fail("submit_job", "before", fault)
        await send(bot)
        await bot.until_posted()
        assert slack.steps() in (["locked_out"], ["put_off"])
        await bot.tick()
        (fax,) = await bot.faxes()
        assert (fax.state, fax.job_id) == (FaxState.ACCEPTED, "TX1")
        assert sent(ucx) == ["TX1"]

    @pytest.mark.parametrize("fault", [CredentialsRejected("401"), ServerBusy("429")])
    async def test_not_before_the_settle_window(self, bot, ucx, fault):
        """It is not submitted again before the settle window has passed."""
        ucx.fail("submit_job", "before", fault)
        await send(bot)
        await bot.tick(0)
        assert ucx.calls.count("submit_job") == 1

    @pytest.mark.parametrize("fault", [CredentialsRejected("401"), ServerBusy("429")])
    async def test_carried_out_all_the_same(self, bot, ucx, slack, fault):
        """A refused fax that was dialed anyway is found before the fax is submitted again."""
        ucx.fail("submit_job", "after", fault)
        await send(bot)
        for _ in range(4):
            await bot.tick()
        (fax,) = await bot.faxes()
        assert (fax.state, fax.job_id) == (FaxState.ACCEPTED, "TX1")
        assert sent(ucx) == ["TX1"]

    async def test_a_token_that_is_good_for_all_else(self, bot, ucx):
        """Turned away three times over a token that reads are let in with, the fax is refused."""
        ucx.fail("submit_job", "before", CredentialsRejected("Unauthorized destination"), times=9)
        await send(bot)
        for _ in range(6):
            await bot.tick()
        (fax,) = await bot.faxes()
        assert fax.outcome is Outcome.REFUSED
        assert "Unauthorized destination" in fax.fault
        assert ucx.calls.count("submit_job") == 3

    async def test_only_rejected_tokens_count_as_such(self, bot, ucx):
        """Busy twice and one rejected token are no three rejections: the fax goes out."""
        for fault in (ServerBusy("429"), ServerBusy("429"), CredentialsRejected("401")):
            ucx.fail("submit_job", "before", fault)
        await send(bot)
        for _ in range(4):
            await bot.tick()
        (fax,) = await bot.faxes()
        assert (fax.state, fax.job_id) == (FaxState.ACCEPTED, "TX1")

    async def test_refused_and_dialed(self, bot, ucx, slack):
        """The server refuses and dials anyway: the job is found, and can be canceled."""
        ucx.fail("submit_job", "after", RequestRefused("Internal error"))
        await send(bot)
        await bot.until_posted()
        (fax,) = await bot.faxes()
        assert fax.outcome is Outcome.REFUSED
        await bot.tick()
        (fax,) = await bot.faxes()
        assert (fax.state, fax.outcome, fax.job_id) == (FaxState.ACCEPTED, None, "TX1")
        assert sent(ucx) == ["TX1"]

    async def test_refused_is_refused(self, bot, ucx, slack):
        """Nothing appears: after three lookups the queries end, and nothing more is posted."""
        ucx.fail("submit_job", "before", RequestRefused("Invalid destination"))
        await send(bot)
        for _ in range(8):
            await bot.tick()
        (fax,) = await bot.faxes()
        assert (fax.outcome, fax.lookup_at, fax.lookups) == (Outcome.REFUSED, None, 3)
        assert sent(ucx) == []

    async def test_a_refused_fax_takes_no_job_of_a_lost_one(self, bot, ucx):
        """Refused, corrected and sent again, its answer lost: the job is the second fax's."""
        ucx.fail("submit_job", "before", RequestRefused("Invalid file"))
        await send(bot)
        ucx.fail("submit_job", "after")
        await send(bot)
        for _ in range(2):
            await bot.tick()
        first, second = await bot.faxes()
        assert (first.outcome, first.job_id) == (Outcome.REFUSED, None)
        assert (second.state, second.job_id) == (FaxState.ACCEPTED, "TX1")

    async def test_no_connection(self, bot, ucx, slack):
        """Without a connection nothing was dialed: the fax is kept and sent automatically, once."""
        await bot.lines.lines()
        ucx.away = ServerUnreachable("no route")
        await bot.send(TO)
        await until(lambda: "kept" in slack.steps())
        for _ in range(3):
            await bot.tick()
        ucx.away = None
        await bot.tick()
        (fax,) = await bot.faxes()
        assert fax.state is FaxState.ACCEPTED
        assert sent(ucx) == ["TX1"]

    async def test_a_connection_lost_between_the_lookup_and_the_call(self, bot, ucx):
        """A job that another program creates meanwhile is not adopted."""
        ucx.fail("submit_job", "before", ServerUnreachable("refused"))
        await send(bot)
        ucx.put("TX7")
        ucx.next_job = 8
        await bot.tick()
        (fax,) = await bot.faxes()
        assert (fax.state, fax.job_id) == (FaxState.ACCEPTED, "TX8")

    async def test_one_lookup_serves_all(self, bot, ucx, slack):
        """While the fax server is away, ten waiting faxes cost one request a tick."""
        await bot.lines.lines()
        ucx.away = ServerUnreachable("no route")
        for _ in range(10):
            await bot.send(TO)
        await until(lambda: slack.steps().count("kept") == 10)
        ucx.calls.clear()
        await bot.preparation.tick()
        assert ucx.calls == ["active_jobs"]
        ucx.away = None
        await bot.preparation.tick()
        assert len(sent(ucx)) == 10


class TestWhoseJob:
    """Only jobs that were not there before and belong to no other request."""

    async def test_it_was_there_before(self, bot, ucx):
        """A job to the same number from before the intent is not the fax, also when it ends meanwhile."""
        ucx.put("TX5")
        ucx.fail("submit_job", "before")
        await send(bot)
        await bot.tick()
        ucx.end("TX5")
        for _ in range(3):
            await bot.tick()
        (fax,) = await bot.faxes()
        assert (fax.state, fax.candidates) == (FaxState.UNDECIDED, [])

    async def test_its_record_was_there_before(self, bot, ucx):
        """Another program's fax to that number, over before the intent, is not the lost one."""
        ucx.put("TX5")
        ucx.end("TX5")
        ucx.fail("submit_job", "before")
        await send(bot)
        for _ in range(3):
            await bot.tick()
        (fax,) = await bot.faxes()
        assert (fax.state, fax.candidates) == (FaxState.UNDECIDED, [])

    async def test_it_left_the_list_just_before(self, bot, ucx):
        """A job on its way from the list to the records at the moment of the intent was there before it."""
        ucx.put("TX5")
        await bot.tick()
        job = ucx.jobs["TX5"]
        ucx.end("TX5", recorded=False)
        await bot.tick()
        ucx.fail("submit_job", "before")
        await send(bot)
        ucx.record(job)
        for _ in range(3):
            await bot.tick()
        (fax,) = await bot.faxes()
        assert (fax.state, fax.candidates) == (FaxState.UNDECIDED, [])

    async def test_the_late_record_of_an_earlier_fax(self, bot, ucx):
        """The record of our own earlier fax to that number comes after the intent: it stays that fax's."""
        await send(bot)
        job = ucx.jobs["TX1"]
        ucx.end("TX1", recorded=False)
        await bot.tick()
        assert (await bot.faxes())[0].outcome is Outcome.DELIVERED
        bot.clock.let_pass(120)
        ucx.fail("submit_job", "before")
        await send(bot)
        ucx.record(job)
        for _ in range(3):
            await bot.tick()
        lost = (await bot.faxes())[1]
        assert (lost.state, lost.candidates) == (FaxState.UNDECIDED, [])

    async def test_another_number_another_line(self, bot, ucx):
        """Jobs of other programs to another number, or surely on another line, do not count."""
        await send(bot, "469 555 0199")  # teaches the modem of line 1
        await bot.tick()
        await bot.store.write(lambda ledger: ledger.teach_modem("ttyIAX2", "2"))
        await bot.lines.start()
        ucx.fail("submit_job", "after")
        await send(bot)
        ucx.put("TX8", "14695550102")
        ucx.put("TX9", modem="ttyIAX2")
        await bot.tick()
        lost = (await bot.faxes())[1]
        assert (lost.state, lost.job_id) == (FaxState.ACCEPTED, "TX2")

    async def test_two_that_could_be_it(self, bot, ucx, slack):
        """Ours and another program's to the same number: the card asks at once and names both."""
        ucx.fail("submit_job", "after")
        await send(bot)
        ucx.put("TX2")
        await bot.tick()
        (fax,) = await bot.faxes()
        assert (fax.state, fax.candidates) == (FaxState.UNDECIDED, ["TX1", "TX2"])

    @pytest.mark.parametrize("odd", [{"total_pages": 7}, {"destination": ""}, {"modem": "ttyIAX2"}])
    async def test_one_that_might_be_it(self, bot, ucx, odd):
        """Another page count, no number, an assumed line: shown as a candidate, not adopted."""
        ucx.fail("submit_job", "before")
        await send(bot)
        ucx.put("TX4", **odd)
        for _ in range(3):
            await bot.tick()
        (fax,) = await bot.faxes()
        assert (fax.state, fax.candidates) == (FaxState.UNDECIDED, ["TX4"])

    async def test_two_lost_and_one_job(self, bot, ucx):
        """Two lost answers, one job: a person decides which fax it is, and the other adopts none."""
        ucx.held_back = 1
        ucx.fail("submit_job", "after")
        ucx.fail("submit_job", "before")
        await send(bot)
        await send(bot)
        ucx.show_up()
        for _ in range(3):
            await bot.tick()
        first, second = await bot.faxes()
        assert (first.candidates, second.candidates) == (["TX1"], ["TX1"])
        await decide(bot, first, "went")
        await bot.tick(60)
        first, second = await bot.faxes()
        assert (first.job_id, second.job_id, second.state) == ("TX1", None, FaxState.UNDECIDED)
        assert sent(ucx) == ["TX1"]

    async def test_an_id_from_before_a_reset(self, bot, ucx):
        """Ids start again: the new TX1 is the lost fax's, and the old TX1's card stays as it was."""
        await send(bot)
        ucx.end("TX1")
        for _ in range(2):
            await bot.tick()
        bot.clock.let_pass(120)
        ucx.reset()
        ucx.fail("submit_job", "after")
        await send(bot)
        await bot.tick()
        old, new = await bot.faxes()
        assert (old.outcome, old.job_id) == (Outcome.DELIVERED, "TX1")
        assert (new.state, new.job_id) == (FaxState.ACCEPTED, "TX1")

    async def test_an_id_of_a_fax_that_is_followed_elsewhere(self, bot, ucx):
        """After a reset the lost fax's job has the id of one that is followed, to another number."""
        await send(bot, "469 555 0200")
        ucx.reset()
        ucx.fail("submit_job", "after")
        await send(bot)
        for _ in range(2):
            await bot.tick()
        old, new = await bot.faxes()
        assert (old.outcome, new.state, new.job_id) == (Outcome.LOST, FaxState.ACCEPTED, "TX1")

    @pytest.mark.parametrize(
        "writes", [lambda dial: dial[1:], lambda dial: f"+{dial}", lambda _: "+1 (469) 555-0101"]
    )
    async def test_numbers_as_the_server_writes_them(self, bot, ucx, writes):
        """Without its 1, with a plus sign, formatted: the job is found all the same."""
        ucx.writes = writes
        ucx.fail("submit_job", "after")
        await send(bot)
        await bot.tick()
        (fax,) = await bot.faxes()
        assert (fax.state, fax.job_id) == (FaxState.ACCEPTED, "TX1")

    async def test_a_candidate_job_is_not_announced_to_subscribers(self, bot, ucx, slack):
        """A candidate job is not announced as another program's fax."""
        await bot.runner.accept(
            bot.request(RequestKind.SUBSCRIBE, user=PRIYA, channel="CLEGAL", direction="TX")
        )
        await until(lambda: slack.ephemerals)
        ucx.fail("submit_job", "after")
        await send(bot)
        await bot.watch.tick()
        await bot.tick()
        await bot.tick()
        assert len(await bot.faxes()) == 1
        assert len(slack.cards("CLEGAL")) == 1


class TestDecisions:
    async def test_sent_again_once_for_any_number_of_clicks(self, bot, ucx, slack):
        """Two people press "Send again": one new fax; the second gets the answer that it is settled."""
        fax = await ask(bot)
        first = bot.request(RequestKind.ANSWER, user=DANA, fax_id=fax.id, answer="again")
        second = bot.request(RequestKind.ANSWER, user=PRIYA, fax_id=fax.id, answer="again")
        await bot.runner.accept(first)
        await bot.runner.accept(second)
        await until(lambda: "That is settled already." in words(slack))
        await bot.tick()
        assert sent(ucx) == ["TX1"]
        assert len(await bot.faxes()) == 2

    async def test_the_first_counts(self, bot, ucx):
        """The first click on "Send again" decides, although the other needs no lookup."""
        fax = await ask(bot)
        active_jobs, asked, answer = ucx.active_jobs, asyncio.Event(), asyncio.Event()

        async def slow(direction):
            asked.set()
            await answer.wait()
            return await active_jobs(direction)

        ucx.active_jobs = slow
        await bot.runner.accept(bot.request(RequestKind.ANSWER, user=DANA, fax_id=fax.id, answer="again"))
        await asked.wait()
        await bot.runner.accept(bot.request(RequestKind.ANSWER, user=PRIYA, fax_id=fax.id, answer="went"))
        for _ in range(20):  # time enough for Priya
            await bot.store.read(lambda ledger: ledger.open_requests())
        answer.set()
        await carried_out(bot)
        first = (await bot.faxes())[0]
        assert (first.decided_by, first.outcome) == (DANA, Outcome.GIVEN_UP)
        assert sent(ucx) == ["TX1"]

    async def test_pressed_when_it_has_turned_up(self, bot, ucx, slack):
        """The click looks up once more: the job is there by now, so nothing is sent."""
        ucx.held_back = 1
        ucx.fail("submit_job", "after")
        await send(bot)
        await bot.tick()
        await bot.tick()
        (fax,) = await bot.faxes(FaxState.UNDECIDED)
        ucx.show_up()
        await decide(bot, fax, "again")
        assert sent(ucx) == ["TX1"]
        assert words(slack) == ["It has turned up on the fax server, so I did not send it again."]
        assert (await bot.faxes())[0].job_id == "TX1"

    async def test_pressed_when_something_has_turned_up_that_may_be_it(self, bot, ucx, slack):
        """One job for two lost answers: the click shows the candidates, and sends nothing."""
        ucx.held_back = 1
        ucx.fail("submit_job", "after")
        ucx.fail("submit_job", "before")
        for _ in range(2):
            await send(bot)
        for _ in range(3):
            await bot.tick()
        first, _ = await bot.faxes(FaxState.UNDECIDED)
        ucx.show_up()
        await decide(bot, first, "again")
        assert sent(ucx) == ["TX1"]
        assert words(slack) == ["TX1 has just shown up and may be this fax. Look at its card, then decide."]
        assert (await bot.faxes())[0].candidates == ["TX1"]
        await decide(bot, first, "again")
        assert sent(ucx) == ["TX1", "TX2"]

    async def test_a_decision_waits_for_none_about_another_fax(self, bot, ucx):
        """While the fax server is away, "Send again" of one fax holds up no "Give up" of another."""
        for to in (TO, "469 555 0200"):
            bot.ucx.fail("submit_job", "before")
            await send(bot, to)
        for _ in range(2):
            await bot.tick()
        first, second = await bot.faxes(FaxState.UNDECIDED)
        gate = asyncio.Event()

        async def never(*_):
            await gate.wait()

        bot.search.look_now = never
        await bot.runner.accept(bot.request(RequestKind.ANSWER, fax_id=first.id, answer="again"))
        await bot.runner.accept(bot.request(RequestKind.ANSWER, fax_id=second.id, answer="give_up"))
        async with asyncio.timeout(10):
            while (await bot.faxes())[1].outcome is not Outcome.GIVEN_UP:
                await asyncio.sleep(0)
        gate.set()

    async def test_pressed_while_another_goes_to_that_number(self, bot, ucx, slack, monkeypatch):
        """The click waits until the other is submitted and the jobs are distinguished: nothing is sent."""
        ucx.held_back = 1
        ucx.fail("submit_job", "after")
        await send(bot)
        await bot.tick()
        await bot.tick()
        (fax,) = await bot.faxes(FaxState.UNDECIDED)
        submit_job, submitting, gate = ucx.submit_job, asyncio.Event(), asyncio.Event()

        async def slowly(*args, **more):
            submitting.set()
            await gate.wait()
            return await submit_job(*args, **more)

        monkeypatch.setattr(ucx, "submit_job", slowly)
        await bot.send(TO)
        await submitting.wait()
        ucx.show_up()
        looked = ucx.calls.count("active_jobs")
        await bot.runner.accept(bot.request(RequestKind.ANSWER, fax_id=fax.id, answer="again"))
        await until(lambda: ucx.calls.count("active_jobs") >= looked + 2)
        gate.set()
        await carried_out(bot)
        await bot.until_posted()
        assert sent(ucx) == ["TX1", "TX2"]
        assert [each.job_id for each in await bot.faxes()] == ["TX1", "TX2"]
        assert words(slack) == ["It has turned up on the fax server, so I did not send it again."]

    async def test_pressed_while_the_server_is_away(self, bot, ucx, slack):
        """The click waits for the fax server, looks up, and only then sends."""
        fax = await ask(bot)
        ucx.away = ServerUnreachable("no route")
        await bot.runner.accept(bot.request(RequestKind.ANSWER, fax_id=fax.id, answer="again"))
        await until(lambda: "The fax server doesn't answer. I keep trying." in words(slack))
        assert (await bot.faxes())[0].state is FaxState.UNDECIDED
        ucx.away = None
        await until(lambda: sent(ucx))
        assert sent(ucx) == ["TX1"]

    @pytest.mark.parametrize(("answer", "outcome"), [("went", Outcome.WENT), ("give_up", Outcome.GIVEN_UP)])
    async def test_a_job_that_shows_up_after_the_decision(self, bot, ucx, slack, answer, outcome):
        """Closed by a person, then the job is there: the card says so, and goes on to its end."""
        ucx.held_back = 1
        ucx.fail("submit_job", "after")
        await send(bot)
        await bot.tick()
        await bot.tick()
        (fax,) = await bot.faxes(FaxState.UNDECIDED)
        await decide(bot, fax, answer)
        assert (await bot.faxes())[0].outcome is outcome
        ucx.show_up()
        await bot.tick(60)
        (fax,) = await bot.faxes()
        assert (fax.state, fax.outcome, fax.job_id) == (FaxState.ACCEPTED, None, "TX1")
        ucx.end("TX1", JobState.FAILED)
        await bot.tick()
        assert slack.steps()[-3:] == ["adopted", "page", "failed"]
        assert sent(ucx) == ["TX1"]

    async def test_the_first_shows_up_after_it_was_sent_again(self, bot, ucx):
        """Sent again, then the first job is there as well: each card has its own, so one can be canceled."""
        ucx.held_back = 1
        ucx.fail("submit_job", "after")
        await send(bot)
        await bot.tick()
        await bot.tick()
        (fax,) = await bot.faxes(FaxState.UNDECIDED)
        await decide(bot, fax, "again")
        ucx.show_up()
        await bot.tick(60)
        first, second = await bot.faxes()
        assert (first.job_id, first.state) == ("TX1", FaxState.ACCEPTED)
        assert (second.job_id, second.state) == ("TX2", FaxState.ACCEPTED)
        assert sent(ucx) == ["TX1", "TX2"]

    @pytest.mark.parametrize("answer", ["went", "give_up", "again"])
    async def test_a_stop_right_after_the_decision(self, tmp_path, ucx, slack, answer):
        """Decided and committed, then faxbot stops: the next run completes it without another message."""
        clock = StillClock()
        async with services_over_lists(tmp_path, ucx, slack, clock) as bot:
            fax = await ask(bot)
            write, decided = bot.running.store.write, asyncio.Event()

            async def write_and_stop(work):
                written = await write(work)
                if await bot.faxes(FaxState.ENDED):
                    decided.set()
                    await asyncio.Event().wait()
                return written

            bot.running.store.write = write_and_stop
            await bot.runner.accept(bot.request(RequestKind.ANSWER, fax_id=fax.id, answer=answer))
            await decided.wait()
        async with services_over_lists(tmp_path, ucx, slack, clock) as bot:
            await bot.tick()
            await carried_out(bot)
            await bot.until_posted()
        assert len(sent(ucx)) == (answer == "again")
        assert words(slack) == []

    async def test_an_unclear_answer_is_unclear_again(self, bot, ucx):
        """The fax that was sent again loses its answer, too: it is looked up, and gets its own question."""
        fax = await ask(bot)
        ucx.fail("submit_job", "before", AnswerLost("again"))
        await decide(bot, fax, "again")
        for _ in range(3):
            await bot.tick()
        first, second = await bot.faxes()
        assert (first.outcome, second.state) == (Outcome.GIVEN_UP, FaxState.UNDECIDED)
        assert sent(ucx) == []


class Slow:
    """FileSend that is carried out at once and answers when it may."""

    def __init__(self, ucx):
        self._submit, self.answer = ucx.submit_job, asyncio.Event()
        ucx.submit_job = self

    async def __call__(self, path, **fax):
        receipt = await self._submit(path, **fax)
        await self.answer.wait()
        return receipt


async def under_way(bot):
    """Dana's fax is being submitted."""
    await bot.send(TO)
    async with asyncio.timeout(10):
        while not await bot.faxes(FaxState.SUBMITTING):
            await asyncio.sleep(0)


class TestSideBySide:
    async def test_a_tick_leaves_a_call_alone(self, bot, ucx, slack):
        """During FileSend no other task processes the fax or declares its answer lost."""
        slow = Slow(ucx)
        await under_way(bot)
        for _ in range(3):
            await bot.tick(60)
            await bot.preparation.advance(1)  # as its request does after a stop, beside the tick
        assert len(await bot.faxes(FaxState.SUBMITTING)) == 1
        slow.answer.set()
        await carried_out(bot)
        (fax,) = await bot.faxes()
        await bot.until_posted()
        assert (fax.state, fax.job_id) == (FaxState.ACCEPTED, "TX1")
        assert "unknown" not in slack.steps()
        assert sent(ucx) == ["TX1"]

    async def test_a_submission_under_way_is_waited_for(self, bot, ucx):
        """The lookup waits while another fax to the same number is being submitted."""
        ucx.fail("submit_job", "before")
        await send(bot)
        slow = Slow(ucx)
        await under_way(bot)
        for _ in range(3):
            await bot.tick(60)
        lost, _ = await bot.faxes()
        assert (lost.state, lost.candidates) == (FaxState.UNKNOWN, [])
        slow.answer.set()
        await carried_out(bot)
        for _ in range(3):
            await bot.tick(60)
        lost, other = await bot.faxes()
        assert (lost.state, lost.candidates, other.job_id) == (FaxState.UNDECIDED, [], "TX1")
