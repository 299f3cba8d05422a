"""`faxbot backup`: a copy made while the bot runs, and what putting it back may and may not do."""

import asyncio
import shutil
import sqlite3
from datetime import UTC, datetime

import pytest

from faxbot.backup import BackupProblem, back_up
from faxbot.services.model.faxes import FaxState
from faxbot.services.model.messages import Sentence
from faxbot.services.outbox.announcements import post_notice
from tests.support.processes import settings_of
from tests.support.services import CLAIMS, services_over
from tests.support.waiting import until

NOW = datetime(2026, 5, 4, 16, 0, tzinfo=UTC)


@pytest.fixture
def live(tmp_path):
    """The data directory of the running bot."""
    (tmp_path / "live").mkdir()
    return tmp_path / "live"


def put_back(made, live):
    """As docs/operations.md says."""
    shutil.rmtree(live)
    shutil.copytree(made.folder, live)


def submissions(fax):
    return fax.log.entries("submission")


async def test_a_backup_holds_the_database_and_the_documents(tmp_path, live, fax, slack):
    """Made in mid-flight: the copy is sound, alone in its folder, and closed to others."""
    async with services_over(live, fax, slack) as bot:
        await bot.send("+1 469 555 1112")
        await bot.tick_until(slack.received)
        made = back_up(settings_of(live), tmp_path / "backups", NOW)
        await bot.tick_until(lambda: "delivered" in slack.steps())
    assert made.folder.name == "faxbot-20260504-160000"
    assert {path.name for path in made.folder.iterdir()} == {"faxbot.db", "spool"}
    assert made.documents >= 2
    whole = [path.read_bytes() for path in (live / "spool").rglob("*") if path.is_file()]
    assert all(path.read_bytes() in whole for path in (made.folder / "spool").rglob("*.pdf"))
    assert made.folder.stat().st_mode & 0o077 == 0
    with sqlite3.connect(made.folder / "faxbot.db") as copy:
        assert copy.execute("SELECT count(*) FROM faxes").fetchone() == (1,)
    copy.close()


async def test_a_folder_of_any_name(tmp_path, fax, slack):
    """The data directory's name may hold what means something in an address."""
    odd = tmp_path / "fax #1"
    odd.mkdir()
    async with services_over(odd, fax, slack) as bot:
        await bot.send()
        await until(slack.steps)
        made = back_up(settings_of(odd), tmp_path / "backups", NOW)
    with sqlite3.connect(made.folder / "faxbot.db") as copy:
        assert copy.execute("SELECT count(*) FROM faxes").fetchone() == (1,)
    copy.close()


@pytest.mark.parametrize("content", [b"", b"no database"])
def test_an_incomplete_backup_is_not_mistaken_for_a_complete_one(tmp_path, live, content):
    """A file that is not a faxbot database is reported, and leaves no folder that looks like a backup."""
    (live / "faxbot.db").write_bytes(content)
    with pytest.raises(BackupProblem, match="can't be copied"):
        back_up(settings_of(live), tmp_path / "backups", NOW)
    assert [path.suffix for path in (tmp_path / "backups").iterdir()] == [".part"]


async def test_a_fax_sent_after_the_backup_is_not_dialed_again(tmp_path, live, fax, slack):
    """The copy says "ready"; put back, its job is found on the fax server, and nothing is dialed."""
    async with services_over(live, fax, slack) as bot:
        await bot.tick()
        await fax.start_outage(60)
        await bot.send()
        await until(lambda: "kept" in slack.steps())
        made = back_up(settings_of(live), tmp_path / "backups", NOW)
        await fax.end_outage()
        await bot.tick_until(lambda: "delivered" in slack.steps())
    put_back(made, live)
    async with services_over(live, fax, slack) as bot:
        await bot.tick_until(lambda: "adopted" in slack.steps())
        await bot.tick_until(lambda: slack.steps().count("delivered") == 2)
    assert made.under_way > 0
    assert len(submissions(fax)) == 1
    assert len(slack.cards()) == 1


async def test_a_fax_that_was_never_sent_gets_a_question(tmp_path, live, fax, slack):
    """Put back, no job can be found for it: a person decides."""
    async with services_over(live, fax, slack) as bot:
        await bot.tick()
        await fax.start_outage(60)
        await bot.send()
        await until(lambda: "kept" in slack.steps())
        made = back_up(settings_of(live), tmp_path / "backups", NOW)
    await fax.end_outage()
    put_back(made, live)
    async with services_over(live, fax, slack) as bot:
        await bot.tick_until(lambda: "asked" in slack.steps())
        asked = await bot.store.read(lambda ledger: ledger.faxes_in(FaxState.UNDECIDED))
        assert len(asked) == 1
    assert submissions(fax) == []


async def test_a_request_that_was_under_way_is_not_carried_out_again(tmp_path, live, fax, slack):
    """Its files were still being downloaded: the conversation gets a message, and nothing is sent."""

    def reopen(ledger):
        request = ledger.request(1)
        request.done, request.forget_at = False, None

    async with services_over(live, fax, slack) as bot:
        slack.closed.add(CLAIMS)  # Slack refuses a look: the request ends; so it is opened again below
        await bot.send()
        await until(lambda: slack.ephemerals)
        await bot.store.write(reopen)
        made = back_up(settings_of(live), tmp_path / "backups", NOW)
    slack.closed.clear()
    with sqlite3.connect(made.folder / "faxbot.db") as copy:
        never = copy.execute("SELECT count(*) FROM requests WHERE forget_at IS NULL").fetchone()
    copy.close()
    assert never == (0,), "kept for ever"
    put_back(made, live)
    async with services_over(live, fax, slack) as bot:
        answer = await bot.tick_until(lambda: slack.posts) or slack.posts[0].message
        assert await bot.store.read(lambda ledger: ledger.open_requests()) == []
        await bot.tick()
        assert await bot.faxes() == []
    assert isinstance(answer, Sentence)
    assert "from a backup" in answer.text
    assert submissions(fax) == []


async def test_a_message_that_was_posted_after_the_backup_is_not_posted_again(tmp_path, live, fax, slack):
    """The copy says that it waits; put back, it is found in its channel."""
    post, free = slack.post, asyncio.Event()

    async def held_up(*args, **named):
        await free.wait()
        return await post(*args, **named)

    def tell(ledger):
        for words in ("one", "two"):
            post_notice(ledger, CLAIMS, Sentence(words), NOW)

    slack.post = held_up
    async with services_over(live, fax, slack) as bot:
        await bot.store.write(tell)
        made = back_up(settings_of(live), tmp_path / "backups", NOW)
        free.set()
        await until(lambda: len(slack.posts) == 2)
    put_back(made, live)
    async with services_over(live, fax, slack) as bot:
        async with asyncio.timeout(15):
            while await bot.store.read(lambda ledger: ledger.pending()):
                await asyncio.sleep(0.01)
    assert [each.message.text for each in slack.posts] == ["one", "two"]


def test_without_a_database_there_is_nothing_to_copy(tmp_path, live):
    """Wrong settings are an error, not an empty backup."""
    with pytest.raises(BackupProblem, match="no database"):
        back_up(settings_of(live), tmp_path / "backups", NOW)
