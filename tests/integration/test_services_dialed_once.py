"""Whatever fails around FileSend: a fax is dialed once or not at all, and its sender is notified."""

import asyncio
import contextlib
from errno import ENOSPC

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from faxbot.documents.sandbox import DocumentSandbox
from faxbot.services.model.faxes import FaxState, Outcome
from faxbot.services.model.messages import FaxConfirmation
from faxbot.services.model.request_bodies import RequestKind
from tests.support.services import DANA, PlainSlack, make_pdf, services_over, submissions
from tests.support.waiting import until

NUMBER = "469 555 0101"
FULL = OSError(ENOSPC, "No space left on device")


@pytest.fixture
def slack(tmp_path):
    """The fax server reports the same for its two documents."""
    plain = PlainSlack()
    plain.files = {f"F{n}": make_pdf(tmp_path / f"{n}.pdf", height=792 - n) for n in (1, 2)}
    return plain


def files_of(slack, file_id):
    return [{"id": file_id, "name": slack.files[file_id].name}]


# -- the disk of this machine


@pytest.mark.parametrize("full", [(DocumentSandbox, "prepare"), (PlainSlack, "fetch")])
async def test_a_full_disk_ends_the_fax_and_its_sender_is_notified(tmp_path, fax, slack, monkeypatch, full):
    """The document cannot be written once: the sender is notified, and nothing is dialed later."""

    async def fail(*_, **__):
        raise FULL

    async with services_over(tmp_path, fax, slack) as bot:
        with monkeypatch.context() as patch:
            patch.setattr(*full, fail)
            await bot.send(NUMBER, files=files_of(slack, "F2"))
            await until(slack.sentences)
        for _ in range(3):
            await bot.tick()
        assert [each.outcome for each in await bot.faxes()] == [Outcome.UNSENDABLE]
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.tick()
    assert slack.sentences(DANA) == [
        "The document could not be prepared here, so nothing was sent. Try again."
    ]
    assert submissions(fax) == []


async def test_the_sender_sees_progress_while_the_fax_server_is_slow(tmp_path, fax, slack):
    """The confirmation is posted before FileSend has answered."""
    fax.faults.plan(fault="latency", method="filesend", when="after", seconds=60.0)
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.send(NUMBER)
        await until(lambda: any(isinstance(message, FaxConfirmation) for _, message in slack.ephemerals))
        await until(lambda: submissions(fax))
        assert [each.state for each in await bot.faxes()] == [FaxState.SUBMITTING]


@contextlib.contextmanager
def full_after_filesend(bot):
    """Once FileSend has answered, no commit succeeds until the block ends."""
    submit_job, answered = bot.server.submit_job, asyncio.Event()

    async def submit(*args, **named):
        receipt = await submit_job(*args, **named)
        while await bot.store.read(lambda ledger: ledger.pending()):
            await asyncio.sleep(0.01)  # the outbox has nothing to write down meanwhile
        answered.set()
        return receipt

    def refuse(_):
        if answered.is_set():
            raise OperationalError("COMMIT", {}, FULL)

    bot.server.submit_job = submit
    event.listen(bot.engine, "commit", refuse)
    try:
        yield answered
    finally:
        event.remove(bot.engine, "commit", refuse)
        bot.server.submit_job = submit_job


async def lose_the_outcome(bot):
    """Dana's fax is accepted there, and that cannot be written down here."""
    with full_after_filesend(bot) as answered:
        await bot.send(NUMBER)
        await until(answered.is_set)
        await until(bot.runner.idle)
        assert [each.state for each in await bot.faxes()] == [FaxState.SUBMITTING]


async def test_an_outcome_that_was_not_written_is_found_again(tmp_path, fax, slack):
    """FileSend answered and the commit of that failed: the job is looked up and adopted, never repeated."""
    async with services_over(tmp_path, fax, slack) as bot:
        await lose_the_outcome(bot)
        await bot.tick_until(lambda: "delivered" in slack.steps())
    async with services_over(tmp_path, fax, slack) as bot:
        for _ in range(3):
            await bot.tick()
        assert [each.job_id for each in await bot.faxes()] == ["TX1"]
    assert [step for step in slack.steps() if step in ("unknown", "adopted")] == ["unknown", "adopted"]
    assert [each["job_id"] for each in submissions(fax)] == ["TX1"]


async def test_an_outcome_neither_written_nor_found_gets_a_question(tmp_path, fax, slack):
    """The fax server lost the job as well: the sender gets a question, and nothing is repeated."""
    async with services_over(tmp_path, fax, slack) as bot:
        await lose_the_outcome(bot)
        fax.model.restart(keep_jobs=False, keep_records=False)
        await bot.tick_until(lambda: "asked" in slack.steps())
    async with services_over(tmp_path, fax, slack) as bot:
        for _ in range(3):
            await bot.tick()
        assert [each.state for each in await bot.faxes()] == [FaxState.UNDECIDED]
    assert len(submissions(fax)) == 1


# -- two at once


async def send_both(bot, slack):
    """Dana asks for the same number from the same line twice in one moment, for two documents."""
    for file_id in slack.files:
        new_request = bot.request(RequestKind.SEND, number=NUMBER, line="", files=files_of(slack, file_id))
        await bot.runner.accept(new_request)


async def documents(bot, faxes) -> list[str]:
    """The SHA-256 of the document of each fax."""
    return await bot.store.read(lambda ledger: [ledger.document_of(fax).sha256 for fax in faxes])


def jobs_by_document(fax):
    """Which job the fax server made of which document, by its own log."""
    return {each["sha256"]: each["job_id"] for each in submissions(fax)}


@pytest.mark.parametrize("slow", [0.0, 1.0], ids=["the other answered", "the other still under way"])
async def test_of_two_alike_the_one_whose_answer_is_lost_finds_its_own_job(tmp_path, fax, slack, slow):
    """Both were carried out, one answer is lost: each has its own job, whichever is known first."""
    fax.faults.plan(fault="drop_after", method="filesend", times=1)
    fax.faults.plan(fault="latency", method="filesend", when="after", seconds=slow, after=1)
    async with services_over(tmp_path, fax, slack) as bot:
        await send_both(bot, slack)
        await bot.tick_until(lambda: slack.steps().count("delivered") == 2)
        both = await bot.faxes()
        for _ in range(3):
            await bot.tick()
        hashes = await documents(bot, both)
    assert {sha256: each.job_id for sha256, each in zip(hashes, both, strict=True)} == jobs_by_document(fax)
    assert len(submissions(fax)) == len(set(jobs_by_document(fax).values())) == 2
    assert "adopted" in slack.steps()
    assert "asked" not in slack.steps()


@pytest.mark.parametrize("slow", [0.0, 1.0], ids=["the other answered", "the other still under way"])
async def test_of_two_alike_the_one_that_was_not_carried_out_takes_no_job(tmp_path, fax, slack, slow):
    """One was never carried out: it does not adopt the other's job, and gets a question."""
    fax.faults.plan(fault="drop_before", method="filesend", times=1)
    fax.faults.plan(fault="latency", method="filesend", when="after", seconds=slow)
    async with services_over(tmp_path, fax, slack) as bot:
        await send_both(bot, slack)
        await bot.tick_until(lambda: {"asked", "delivered"} <= set(slack.steps()))
        for _ in range(3):
            await bot.tick()
        lost, other = sorted(await bot.faxes(), key=lambda each: each.job_id or "")
        (sha256,) = await documents(bot, [other])
    assert (lost.state, lost.job_id) == (FaxState.UNDECIDED, None)
    assert (other.outcome, other.job_id) == (Outcome.DELIVERED, "TX1")
    assert jobs_by_document(fax) == {sha256: "TX1"}
    assert "adopted" not in slack.steps()


async def test_of_two_alike_whose_answers_are_lost_neither_takes_the_only_job(tmp_path, fax, slack):
    """One was carried out, which one is unknown: both get a question, and a person assigns the job."""
    fax.faults.plan(fault="drop_before", method="filesend", times=1)
    fax.faults.plan(fault="drop_after", method="filesend", times=1)
    async with services_over(tmp_path, fax, slack) as bot:
        await send_both(bot, slack)
        await bot.tick_until(lambda: slack.steps().count("asked") == 2)
        for _ in range(3):
            await bot.tick()
        first, second = await bot.faxes(FaxState.UNDECIDED)
        assert first.candidates == second.candidates == ["TX1"]
        await bot.runner.accept(bot.request(RequestKind.ANSWER, fax_id=first.id, answer="went"))
        await until(lambda: "went" in slack.steps())
        looks = second.lookups
        async with asyncio.timeout(15):
            while second.lookups < looks + 2:
                await bot.tick()
                first, second = await bot.faxes()
                assert second.state is FaxState.UNDECIDED
    assert (first.outcome, first.job_id) == (Outcome.WENT, "TX1")
    assert (second.state, second.job_id) == (FaxState.UNDECIDED, None)
    assert len(submissions(fax)) == 1


async def test_a_stop_during_a_submission_does_not_submit_again(tmp_path, fax, slack):
    """FileSend was carried out and the bot stopped before the answer: the next start finds the job."""
    fax.faults.plan(fault="latency", method="filesend", when="after", seconds=60.0)
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.send(NUMBER)
        await until(lambda: submissions(fax))
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.tick_until(lambda: "delivered" in slack.steps())
    assert [step for step in slack.steps() if step in ("unknown", "adopted")] == ["unknown", "adopted"]
    assert [each["job_id"] for each in submissions(fax)] == ["TX1"]
