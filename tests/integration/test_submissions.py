"""Each FileSend has a row: what was there before it, and what came of it."""

import pytest

from faxbot.fax.errors import RequestRefused, ServerBusy, ServerUnreachable
from faxbot.services.model.faxes import FaxState
from faxbot.services.model.request_bodies import RequestKind
from faxbot.services.model.submissions import Submission, SubmissionState
from faxbot.services.upkeep.restore import mark_unfinished_for_lookup
from tests.support.waiting import until

TO = "469 555 0101"


async def submissions(bot) -> list[Submission]:
    """The newest submission of each fax."""

    def read(ledger):
        return [ledger.submission_of(fax.id) for fax in ledger.faxes_in(*FaxState)]

    return await bot.store.read(read)


async def send(bot) -> None:
    await bot.send(TO)
    await until(bot.runner.idle)


async def test_an_answer_with_a_job(bot, ucx):
    """The job and the modem of the line are kept; what was active before no longer matters."""
    ucx.put("TX7")
    ucx.next_job = 8
    await send(bot)
    (submission,) = await submissions(bot)
    assert (submission.state, submission.job_id, submission.device) == (
        SubmissionState.ACCEPTED,
        "TX8",
        "ttyIAX1",
    )
    assert submission.answered_at is not None
    assert submission.known_jobs == []


async def test_the_active_list_is_kept_until_the_lookups_end(bot, ucx):
    """The answer is lost; then the job is found, which is written down, too."""
    ucx.put("TX7")
    ucx.next_job = 8
    ucx.fail("submit_job", "after")
    await send(bot)
    (lost,) = await submissions(bot)
    assert (lost.state, lost.job_id, lost.known_jobs) == (SubmissionState.LOST, None, ["TX7"])
    await bot.tick()
    (found,) = await submissions(bot)
    assert (found.id, found.state, found.job_id, found.known_jobs) == (
        lost.id,
        SubmissionState.FOUND,
        "TX8",
        [],
    )


@pytest.mark.parametrize(
    ("fault", "came_of_it", "said"),
    [
        (ServerUnreachable("refused"), SubmissionState.NOT_SENT, "refused"),
        (ServerBusy("429"), SubmissionState.TURNED_AWAY, "429"),
    ],
)
async def test_a_fax_that_is_submitted_again_has_another(bot, ucx, fault, came_of_it, said):
    """The first one stays as it was."""
    ucx.fail("submit_job", "before", fault)
    await send(bot)
    (first,) = await submissions(bot)
    assert first.state is came_of_it
    assert said in first.fault
    await bot.tick()
    (second,) = await submissions(bot)
    assert second.state is SubmissionState.ACCEPTED
    assert second.id > first.id


async def test_a_refusal_is_kept_in_the_words_of_the_server(bot, ucx):
    """Refused: there is no job."""
    ucx.fail("submit_job", "before", RequestRefused("Invalid destination"))
    await send(bot)
    (submission,) = await submissions(bot)
    assert (submission.state, submission.fault, submission.job_id) == (
        SubmissionState.REFUSED,
        "Invalid destination",
        None,
    )


async def test_a_restored_fax_that_was_turned_away_keeps_what_was_active(bot, ucx):
    """What was there before its first submission is not its job, also after a restore."""
    ucx.put("TX7")
    ucx.next_job = 8
    ucx.fail("submit_job", "before", ServerBusy("429"))
    await send(bot)
    (first,) = await submissions(bot)
    assert (first.state, first.known_jobs) == (SubmissionState.TURNED_AWAY, ["TX7"])
    await bot.store.write(lambda ledger: mark_unfinished_for_lookup(ledger, bot.clock.now()))
    (second,) = await submissions(bot)
    assert (second.state, second.known_jobs) == (SubmissionState.SENDING, ["TX7"])
    assert second.id > first.id


async def test_the_document_is_kept_with_its_size_and_hash(bot):
    """As it was prepared; the fax names its row."""
    await send(bot)
    (fax,) = await bot.faxes()
    document = await bot.store.read(lambda ledger: ledger.document_of(fax))
    assert (document.id, document.name, document.content_type) == (
        fax.document_id,
        "fax.pdf",
        "application/pdf",
    )
    assert (document.pages, document.bytes, document.sha256) == (2, 8, "0" * 64)


async def test_a_fax_that_is_sent_again_has_the_same_document(bot, ucx):
    """The answer is lost and no job found; a person sends it again: another submission, one document."""
    ucx.fail("submit_job", "before")
    await send(bot)
    await bot.tick()
    await bot.tick()
    (lost,) = await bot.faxes(FaxState.UNDECIDED)
    await bot.runner.accept(bot.request(RequestKind.ANSWER, fax_id=lost.id, answer="again"))
    await until(bot.runner.idle)
    (again,) = await bot.faxes(FaxState.ACCEPTED)
    assert again.id != lost.id
    assert again.document_id == lost.document_id is not None
    assert [each.state for each in await submissions(bot)] == [SubmissionState.LOST, SubmissionState.ACCEPTED]
