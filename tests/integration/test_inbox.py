"""Each received fax is posted once, complete and in order, whatever order the fax server lists."""

import asyncio

import pytest

from faxbot.fax.errors import AnswerLost, RequestRefused, ServerFault, ServerUnreachable
from faxbot.services.model.messages import ReceivedFax
from faxbot.services.model.records import RecordState
from faxbot.services.receiving import inbox
from tests.support.plain_ucx import StillClock, services_over_lists
from tests.support.services import INBOUND


def posted(slack) -> list[str]:
    """The received faxes whose files are in the channel, in their order."""
    return [post.message.record.job_id for post in slack.received(INBOUND)]


def cannot_fetch(ucx, job_id: str, fault: Exception, times: int = 1) -> None:
    """The next *times* the document of *job_id* is asked for, that fails."""
    download = ucx.download_document
    left = [fault] * times

    async def failing(asked, into):
        if asked == job_id and left:
            raise left.pop()
        return await download(asked, into)

    ucx.download_document = failing


def cards(slack) -> list[ReceivedFax]:
    return [p.message for p in slack.posts if isinstance(p.message, ReceivedFax) and not p.file_id]


async def test_what_came_in_a_stop_is_posted_once_each_in_order(tmp_path, ucx, slack):
    """Fifteen faxes from while the bot was down, listed newest first: posted in the order they came."""
    ucx.order = "desc"
    clock = StillClock()
    async with services_over_lists(tmp_path, ucx, slack, clock):
        pass
    for number in range(1, 16):
        ucx.receive(number)
    async with services_over_lists(tmp_path, ucx, slack, clock) as bot:
        await bot.tick()
        await bot.tick()
    assert posted(slack) == [f"RX{number}" for number in range(1, 16)]


async def test_a_start_while_the_server_is_away(tmp_path, ucx, slack):
    """The bot starts in an outage, catches up when it ends, and posts what came meanwhile, once each."""
    clock = StillClock()
    async with services_over_lists(tmp_path, ucx, slack, clock):
        pass
    for number in (1, 2, 3):
        ucx.receive(number)
    ucx.away = ServerUnreachable("no route")
    async with services_over_lists(tmp_path, ucx, slack, clock) as bot:
        await bot.tick()
        assert posted(slack) == []
        ucx.away = None
        await bot.tick()
        await bot.tick()
    assert posted(slack) == ["RX1", "RX2", "RX3"]


async def test_slow_documents_are_posted_in_order(bot, ucx, slack):
    """The first document takes longest: the others wait for their turn."""
    download = ucx.download_document
    first = asyncio.Event()

    async def slow(job_id, into):
        if job_id == "RX1":
            await first.wait()
        elif job_id == "RX3":
            first.set()
        return await download(job_id, into)

    ucx.download_document = slow
    for number in (1, 2, 3):
        ucx.receive(number)
    await bot.tick()
    assert posted(slack) == ["RX1", "RX2", "RX3"]


async def test_a_few_documents_at_a_time(bot, ucx, slack):
    """However many came, no more than four documents are on their way at once."""
    download, under_way, most, all_there = ucx.download_document, 0, 0, asyncio.Event()

    async def counted(job_id, into):
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        if under_way == inbox.FETCHED_AT_ONCE:
            all_there.set()
        await all_there.wait()
        await asyncio.sleep(0.01)  # time enough for a fifth
        found = await download(job_id, into)
        under_way -= 1
        return found

    ucx.download_document = counted
    for number in range(1, 13):
        ucx.receive(number)
    await bot.tick()
    assert most == inbox.FETCHED_AT_ONCE
    assert len(posted(slack)) == 12


@pytest.mark.parametrize(
    "fault",
    [
        AnswerLost("The document broke off on the way."),
        RequestRefused("Access denied"),
        ServerFault("There is no Fax API at this address."),
        OSError("a full disk"),
    ],
)
async def test_one_that_cannot_be_fetched_holds_up_no_other(bot, ucx, slack, fault):
    """Whatever is wrong with the first document: the second is posted, and the first when it can be had."""
    for number in (1, 2):
        ucx.receive(number)
    cannot_fetch(ucx, "RX1", fault)
    await bot.tick()
    assert posted(slack) == ["RX2"]
    await bot.tick()
    assert posted(slack) == ["RX2", "RX1"]


async def test_half_a_document_is_not_posted(bot, ucx, slack, tmp_path):
    """What does not open is fetched again, until it does."""
    bot.documents.damaged.add("half")
    ucx.receive(1, text="half")
    for _ in range(3):
        await bot.tick()
    assert posted(slack) == []
    ucx.files["RX1"] = "whole"
    await bot.tick()
    assert posted(slack) == ["RX1"]


async def test_a_document_that_stays_damaged_is_posted_as_it_is(bot, ucx, slack, monkeypatch):
    """After some tries: half a fax is more than none."""
    monkeypatch.setattr(inbox, "TRIES", 3)
    bot.documents.damaged.add("half")
    ucx.receive(1, text="half")
    for _ in range(3):
        assert posted(slack) == []
        await bot.tick()
    assert posted(slack) == ["RX1"]


async def test_a_document_that_is_fetched_once_more_is_posted_once(bot, ucx, slack):
    """It had left the spool; its channel got the notice, and gets it once."""
    ucx.receive(1)
    await bot.tick()
    await bot.store.write(lambda ledger: ledger.change_state(ledger.record(1), RecordState.SEEN))
    await bot.inbox.tick(sweep=True)
    await bot.until_posted()
    assert ucx.calls.count("download_document") == 2
    assert posted(slack) == ["RX1"]
    assert len(cards(slack)) == 1


async def test_a_missing_file_is_announced_and_posted_when_it_comes(bot, ucx, slack):
    """After half an hour the fax is announced without its file; when the file is there, it is posted."""
    ucx.receive(1)
    text = ucx.files.pop("RX1")
    for _ in range(inbox.TRIES):
        await bot.tick(10)
    assert [card.has_file for card in cards(slack)] == [False]
    await bot.inbox.tick(sweep=True)
    ucx.files["RX1"] = text
    await bot.tick()
    assert posted(slack) == []
    await bot.inbox.tick(sweep=True)
    await bot.until_posted()
    await bot.inbox.tick(sweep=True)
    await bot.until_posted()
    assert posted(slack) == ["RX1"]
    assert [card.has_file for card in cards(slack)] == [True]


async def test_a_file_that_never_comes_is_given_up(bot, ucx, slack, monkeypatch):
    """After a day the fax server is left in peace."""
    monkeypatch.setattr(inbox, "TRIES", 2)
    monkeypatch.setattr(inbox, "LATE_TRIES", 4)
    ucx.receive(1)
    ucx.files.clear()
    for _ in range(6):
        await bot.inbox.tick(sweep=True)
    assert ucx.calls.count("download_document") == 4
    assert len(cards(slack)) <= 1


async def test_the_file_of_a_new_fax_is_not_an_old_ones(bot, ucx, slack):
    """Not fetched before a reset, and now another RX1: announced without a file; the new one with its own."""
    ucx.receive(1)
    ucx.fail("download_document", "before")
    await bot.tick()
    ucx.reset()
    ucx.receive(1, text="the new one")
    await bot.tick()
    await bot.tick()
    assert posted(slack) == ["RX1"]
    assert sorted(card.has_file for card in cards(slack)) == [False, True]
    (upload,) = slack.uploads.values()
    assert upload.read_text() == "the new one"


async def test_the_sweep_fetches_nothing_twice(bot, ucx, slack):
    """The two ticks that look into the inbox come at once: one download, one post."""
    ucx.receive(1)
    await asyncio.gather(bot.inbox.tick(), bot.inbox.tick(sweep=True))
    await bot.until_posted()
    assert ucx.calls.count("download_document") == 1
    assert posted(slack) == ["RX1"]


async def test_a_server_that_goes_away_meanwhile(bot, ucx, slack):
    """Of twelve documents the third meets an outage: the first two are posted, then all in their order."""
    for number in range(1, 13):
        ucx.receive(number)
    cannot_fetch(ucx, "RX3", ServerUnreachable("no route"))
    with pytest.raises(ServerUnreachable):
        await bot.inbox.tick()
    await bot.until_posted()
    assert posted(slack) == ["RX1", "RX2"]
    await bot.tick()
    assert posted(slack) == [f"RX{number}" for number in range(1, 13)]
