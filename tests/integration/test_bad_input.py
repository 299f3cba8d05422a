"""Bad input gets a clear answer and nothing is lost: judged by the simulators' own logs."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest

from faxbot.fax.errors import UnknownJob, UnknownLine
from faxbot.services.model.faxes import FaxState, Outcome
from faxbot.services.model.messages import FaxCard, OutageBegan, OutageEnded
from faxbot.services.model.request_bodies import RequestKind
from faxbot.services.outbox import file_posting
from faxbot.services.queries.queries import Viewer
from faxbot.slack.adapters.attachments import SlackAttachments
from faxbot.slack.adapters.directory import SlackDirectory
from faxbot.slack.adapters.messenger import SlackMessenger
from faxbot.slack.views import BotProfile, render, render_comment
from faxbot.slack.web_api.client import build_client
from faxbot.slack.web_api.connections import Connections
from faxbot.slack.web_api.web_api import WebApi
from faxbot.standins.slack import Workspace
from faxbot.standins.slack.model import people
from faxbot.standins.slack.settings import WorkspaceSettings
from faxbot.standins.ucx.hylafax.records import JobType, StoredRecord
from faxbot.ucx.client import UcxClient
from tests.support.fake_slack import free_pace
from tests.support.services import (
    CLAIMS,
    DANA,
    INBOUND,
    PRIYA,
    PlainSlack,
    make_pdf,
    receive,
    services_over,
    submissions,
)
from tests.support.waiting import until

MANIFEST = Path(__file__).parents[2] / "manifest.yml"
PLACES = {INBOUND: people.INBOUND_FAX, CLAIMS: people.CLAIMS, "CLEGAL": people.LEGAL}
OWN_LINE = "+1 469 555 1112"
BUSY = "469 555 0200"


class StandInSlack(PlainSlack):
    """Plain lists where nothing depends on Slack; the real adapters to the stand-in where it does."""

    def __init__(self, workspace: Workspace, api: WebApi) -> None:
        super().__init__()
        self.workspace, self.api = workspace, api
        self._real_files = SlackAttachments(api, max_bytes=10 << 20)
        self._directory = SlackDirectory(api, lambda: datetime.now(UTC))
        now = datetime.now(UTC)
        self._told = SlackMessenger(
            api, lambda m: render(m, BotProfile(), now), lambda m: render_comment(m, BotProfile(), now)
        )

    async def post(self, channel_id, message, *, key, thread_ts):
        return await self._told.post(PLACES[channel_id], message, key=key, thread_ts=thread_ts)

    async def update(self, channel_id, ts, message, *, key):
        await self._told.update(PLACES[channel_id], ts, message, key=key)

    async def find(self, channel_id, *, key, since, thread_ts):
        return await self._told.find(PLACES[channel_id], key=key, since=since, thread_ts=thread_ts)

    async def begin_upload(self, path, name):
        return await self._told.begin_upload(path, name)

    async def put_bytes(self, address, path):
        await self._told.put_bytes(address, path)

    async def share_file(self, channel_id, file_id, title, message, *, thread_ts):
        await self._told.share_file(PLACES[channel_id], file_id, title, message, thread_ts=thread_ts)

    async def shared_ts(self, channel_id, file_id, since, *, thorough):
        return await self._told.shared_ts(PLACES[channel_id], file_id, since, thorough=thorough)

    async def fetch(self, file_id, into):
        return await self._real_files.fetch(file_id, into)

    async def ensure_can_post(self, channel_id, user_id):
        await self._directory.ensure_can_post(PLACES[channel_id], user_id)

    async def do(self, deed: str, **body: object) -> dict[str, object]:
        """A deed of a person, or of the control API."""
        async with self.api.connections.request(
            "POST", f"{self.workspace.url}/_/{deed}", json=body
        ) as answer:
            return dict(await answer.json())

    async def share(self, path: Path) -> dict[str, str]:
        """Dana shares a file in #claims."""
        async with self.api.connections.request(
            "POST",
            f"{self.workspace.url}/_/upload",
            data={"user": people.DANA, "file": path.open("rb")},
        ) as answer:
            file_id = str((await answer.json())["files"][0]["id"])
        await self.do("say", user=people.DANA, channel=people.CLAIMS, text="", files=[file_id])
        return {"id": file_id, "name": path.name}

    async def messages(self, channel_id: str) -> list[dict[str, object]]:
        """The bot's own messages in a channel itself, as they are without any fault."""
        self.workspace.installation.faults.clear()
        reply = await self.api.client.conversations_history(channel=PLACES[channel_id])
        return [each for each in reply["messages"] if each.get("user") == people.BOT_USER]


@pytest.fixture
async def standin(tmp_path):
    settings = WorkspaceSettings()
    settings.change({"share_delay": 0.0})
    connections = Connections(seconds=5)
    async with Workspace(tmp_path / "workspace", manifest=MANIFEST, settings=settings) as workspace:
        api = WebApi(
            build_client(workspace.bot_token, workspace.api_url, connections, free_pace()), connections
        )
        yield StandInSlack(workspace, api)
        await connections.close()


def called(fax, method):
    return [call for call in fax.log.entries("call") if call["method"] == method]


def notices(slack, kind):
    return [p for p in slack.posts if isinstance(p.message, kind)]


def put_record(fax, number, *, file=None, at=0.0):
    """A received fax on the server's records, as if it had arrived at *at*."""
    line = fax.model.resources.modems["1"].line
    record = StoredRecord(
        jobid=f"RX{number}",
        kind=JobType.RX,
        time=at or 1_700_000_000.0 + number,
        phone_number="14695550199",
        cid_name="",
        station_id="",
        state="Done",
        sent_pages=1,
        total_pages=1,
        attempts=0,
        duration=9,
        status_text="",
        requestor="",
        modem=line.modem,
        destination=line.cidnumber,
        file=file,
    )
    fax.model.resources.records.add(record)


# -- what people share


async def test_a_file_deleted_meanwhile_is_reported_and_nothing_is_sent(tmp_path, fax, standin):
    """Dana deletes her file before it is fetched: Slack no longer has it, and nothing is dialed."""
    file = await standin.share(make_pdf(tmp_path / "referral.pdf"))
    await standin.do("delete_file", user=people.DANA, file=file["id"])
    async with services_over(tmp_path, fax, standin) as bot:
        await bot.send(files=[file])
        await until(standin.sentences)
    assert standin.sentences() == ["Slack no longer has that file. Share it again."]
    assert submissions(fax) == []
    assert await standin.messages(CLAIMS) == []


async def test_a_web_page_instead_of_the_file_is_reported_and_nothing_is_sent(tmp_path, fax, standin):
    """Slack answers the download with HTML: the sentence names files:read, and no page is faxed."""
    file = await standin.share(make_pdf(tmp_path / "referral.pdf"))
    standin.workspace.installation.faults.add({"method": "download", "fault": "html", "times": None})
    async with services_over(tmp_path, fax, standin) as bot:
        await bot.send(files=[file])
        await until(standin.sentences)
    assert "referral.pdf" in standin.sentences()[0]
    assert "files:read" in standin.sentences()[0]
    assert submissions(fax) == []


def _locked(path: Path) -> Path:
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(path, encryption=pikepdf.Encryption(owner="o", user="u"))
    return path


def _cut(path: Path) -> Path:
    whole = make_pdf(path).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return path


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("make", "name", "words"),
    [
        (_cut, "cut.pdf", "cut.pdf is damaged or cut short."),
        (_locked, "locked.pdf", "locked.pdf is locked with a password."),
        (lambda path: _written(path, b""), "nothing.pdf", "nothing.pdf is empty."),
        (
            lambda path: _written(path, b"{\\rtf1\\ansi Dear Mercy Clinic,}"),
            "letter.rtf",
            "letter.rtf can't be faxed. Save it as a PDF and share that.",
        ),
    ],
)
async def test_what_is_no_document_is_refused_by_name(tmp_path, fax, make, name, words):
    """Through the whole service: one sentence to the sender, no card, nothing submitted."""
    slack = PlainSlack()
    slack.files["F0"] = make(tmp_path / name)
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.send()
        await until(lambda: slack.ephemerals)
        await bot.tick()
    assert len(slack.sentences()) == 1
    assert slack.sentences()[0].startswith(words)
    assert slack.posts == []
    assert submissions(fax) == []


# -- what people name


async def test_an_unknown_line_is_named_with_the_lines_there_are(tmp_path, fax, slack):
    """`/fax send … from Accounting`: no such line, nothing submitted; `/fax lines` says the same."""
    async with services_over(tmp_path, fax, slack) as bot:
        new_request = bot.request(RequestKind.SEND, number="469 555 0101", line="Accounting", recent=True)
        await bot.runner.accept(new_request)
        await until(slack.sentences)
        with pytest.raises(UnknownLine, match="Accounting"):
            await bot.queries.lines("Accounting")
    assert "Accounting" in slack.sentences()[0]
    assert "Sales" in slack.sentences()[0]
    assert submissions(fax) == []


@pytest.mark.parametrize("job_id", ["TX998", "RX999"])
async def test_status_of_an_unknown_job(tmp_path, fax, slack, job_id):
    """The answer about an unknown job contains its id."""
    async with services_over(tmp_path, fax, slack) as bot:
        with pytest.raises(UnknownJob, match=f"The fax server has no job {job_id}"):
            await bot.queries.status(job_id, Viewer(DANA, CLAIMS))


@pytest.mark.parametrize(
    ("kind", "job_id", "words"),
    [
        (RequestKind.CANCEL, "TX998", "The fax server has no job TX998."),
        (RequestKind.CANCEL, "RX999", "RX999 is being received."),
        (RequestKind.DELETE, "TX998", "The fax server has no record TX998."),
        (RequestKind.DELETE, "RX999", "The fax server has no record RX999."),
        (RequestKind.GET, "TX998", "The fax server has no file for TX998."),
        (RequestKind.GET, "RX999", "The fax server has no file for RX999."),
    ],
)
async def test_a_change_of_an_unknown_job(tmp_path, fax, kind, job_id, words):
    """Cancel, delete and get of a job that is not there: one sentence that names it, and nothing posted."""
    slack = PlainSlack()
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.runner.accept(bot.request(kind, user=PRIYA, job_id=job_id))
        await until(slack.sentences)
    assert len(slack.sentences()) == 1
    assert slack.sentences()[0].startswith(words)
    assert slack.posts == []


async def test_where_the_bot_is_no_member_nothing_is_dialed(tmp_path, fax, standin):
    """The bot cannot post in #legal: the answer says how to invite it."""
    file = await standin.share(make_pdf(tmp_path / "referral.pdf"))
    async with services_over(tmp_path, fax, standin) as bot:
        await bot.runner.accept(
            bot.request(RequestKind.SEND, channel="CLEGAL", number=OWN_LINE, line="", files=[file])
        )
        await until(standin.sentences)
        await bot.tick()
    assert "/invite @faxbot" in standin.sentences()[0]
    assert submissions(fax) == []


# -- the fax server


@contextlib.asynccontextmanager
async def ticking(bot) -> AsyncIterator[None]:
    """The ticks run by themselves."""
    bot.ticks.start()
    try:
        yield
    finally:
        bot.ticks.stop()
        await until(bot.ticks.idle)


async def test_an_outage_is_announced_once_and_its_end_once(tmp_path, fax, slack):
    """One message each, for any number of failing ticks and over a restart."""
    async with services_over(tmp_path, fax, slack) as bot, ticking(bot):
        await until(lambda: called(fax, "activejobs") and called(fax, "recordcount"))
        await fax.start_outage()
        await until(lambda: bot.outages.failures >= 4, 20)
        await until(lambda: notices(slack, OutageBegan))
    async with services_over(tmp_path, fax, slack) as bot, ticking(bot):
        await until(lambda: bot.outages.failures >= 2, 20)
        await fax.end_outage()
        await until(lambda: notices(slack, OutageEnded), 20)
        calls = len(called(fax, "activejobs"))
        await until(lambda: len(called(fax, "activejobs")) >= calls + 3)
    assert [p.channel for p in notices(slack, OutageBegan)] == [INBOUND]
    assert [p.channel for p in notices(slack, OutageEnded)] == [INBOUND]


async def test_a_revoked_token_is_renewed_once_without_a_notice(tmp_path, fax, slack):
    """The UCX takes its token back: the next fax fetches another, and goes out once."""
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.tick()
        fax.credentials.revoke()
        await bot.send()
        await bot.tick_until(lambda: "delivered" in slack.steps())
    assert len(called(fax, "token")) == 2
    assert len(submissions(fax)) == 1
    assert "kept" not in slack.steps()


async def test_a_reset_that_uses_ids_again_is_another_received_fax(tmp_path, fax, slack):
    """A second RX1 has another file and card; the first one's card stays, and deletes nothing."""
    async with services_over(tmp_path, fax, slack) as bot:
        receive(fax, make_pdf(tmp_path / "one.pdf", 1))
        await bot.tick_until(lambda: len(slack.details()) == 1)
        old = slack.details()[0]
        before = (old.message, old.edits)
        fax.model.restart(keep_jobs=False, keep_records=False, reuse_ids=True)
        fax.model.clock.skew = 60.0
        receive(fax, make_pdf(tmp_path / "three.pdf", 3))
        await bot.tick_until(lambda: len(slack.details()) == 2)
        assert (old.message, old.edits) == before
        new = slack.details()[1]
        new_request = bot.request(
            RequestKind.DELETE, user=PRIYA, channel=INBOUND, record_id=old.message.record_id
        )
        await bot.runner.accept(new_request)
        await until(slack.sentences)
    assert [p.message.record.job_id for p in (old, new)] == ["RX1", "RX1"]
    assert [p.message.pages for p in (old, new)] == [1, 3]
    assert new.message.record_id != old.message.record_id
    assert len(slack.received()) == 2
    assert slack.sentences() == ["The fax server has that RX1 no more."]
    assert called(fax, "recorddelete") == []


async def test_a_reset_that_uses_ids_again_is_another_sent_fax(tmp_path, fax, slack):
    """A second TX1 has another card; the delivered one's card stays as it was."""
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.send()
        await bot.tick_until(lambda: "delivered" in slack.steps())
        await until(lambda: slack.cards()[0].message.fax.outcome is Outcome.DELIVERED)
        await bot.tick()
        fax.model.restart(keep_jobs=False, keep_records=False, reuse_ids=True)
        fax.model.clock.skew = 60.0
        await bot.send(BUSY)
        await bot.tick_until(lambda: "retrying" in slack.steps() or "blocked" in slack.steps())
        await bot.tick()
    first, second = slack.cards()
    assert [sub["job_id"] for sub in submissions(fax)] == ["TX1", "TX1"]
    assert first.message.fax.outcome is Outcome.DELIVERED
    assert second.message.fax.job_id == "TX1"
    assert second.message.fax.outcome is not Outcome.DELIVERED
    assert all(isinstance(card.message, FaxCard) for card in (first, second))


async def test_a_deletion_and_an_arrival_that_cancel_out_are_found_by_the_sweep(tmp_path, fax, slack):
    """The count did not move, so only the sweep sees the new fax; it is posted once."""
    for number in range(1, 4):
        put_record(fax, number)
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.inbox.tick()
        fax.model.resources.records.delete("RX1")
        put_record(fax, 4, file=make_pdf(tmp_path / "new.pdf"))
        await bot.inbox.tick()
        assert slack.posts == []
        await bot.inbox.tick(sweep=True)
        await until(slack.details)
        await bot.inbox.tick(sweep=True)
    assert [p.message.record.job_id for p in slack.received()] == ["RX4"]


async def test_records_deleted_while_paging_hide_nothing(tmp_path, fax, slack, monkeypatch):
    """A deletion between two pages moves the new fax to the page already read; it is posted anyway."""
    for number in range(1, 103):
        put_record(fax, number)
    pages = []
    fetch = UcxClient.fetch_records

    async def fetch_then_delete(self, direction, limit, offset):
        page = await fetch(self, direction, limit, offset)
        pages.append(offset)
        if offset == 0 and len(page) == 100 and fax.model.resources.records.find("RX3"):
            fax.model.resources.records.delete("RX3")
        return page

    async with services_over(tmp_path, fax, slack) as bot:
        for gone in ("RX1", "RX2"):
            fax.model.resources.records.delete(gone)
        put_record(fax, 103, file=make_pdf(tmp_path / "new.pdf"))
        monkeypatch.setattr(UcxClient, "fetch_records", fetch_then_delete)
        await bot.inbox.tick()
        await until(slack.details)
        await bot.inbox.tick(sweep=True)
    assert fax.model.resources.records.find("RX3") is None
    assert pages.count(0) >= 2
    assert [p.message.record.job_id for p in slack.received()] == ["RX103"]


async def test_a_received_fax_that_was_cut_is_shown_as_incomplete(tmp_path, fax, slack):
    """A status text on a received fax: the file's text says how much arrived, the card why."""
    async with services_over(tmp_path, fax, slack) as bot:
        receive(fax, make_pdf(tmp_path / "long.pdf", 5), cut=2)
        await bot.tick_until(slack.details)
    status = str(fax.log.entries("reception")[0]["status_text"])
    now = datetime.now(UTC)
    assert status
    assert "Incomplete fax from" in render_comment(slack.received()[0].message, BotProfile(), now)
    assert "before the line was cut" in render_comment(slack.received()[0].message, BotProfile(), now)
    card = str(render(slack.details()[0].message, BotProfile(), now))
    assert "Incomplete: the sender may try again" in card
    assert status in card


# -- what a Slack may lack


async def test_a_slack_that_never_names_the_share_has_the_card_beside_the_file(
    tmp_path, fax, slack, monkeypatch
):
    """`shares` stays away: one file, and its card in the channel itself with where the file is."""
    monkeypatch.setattr(file_posting, "SHARE_LOOKUPS", 2)
    monkeypatch.setattr(file_posting, "FIRST_LOOKUP_PAUSE", 0.02)
    slack.names_shares = False
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.send(OWN_LINE)
        await bot.tick_until(lambda: slack.details() and "delivered" in slack.steps())
    card = slack.details()[0]
    assert card.thread_ts is None
    assert card.message.permalink == f"https://files/{slack.received()[0].file_id}"
    assert len(slack.received()) == len(slack.details()) == len(slack.cards()) == 1


@pytest.mark.parametrize(
    "lacking",
    [
        [{"method": "files.info", "fault": "shares_absent"}],
        [{"method": method, "fault": "metadata_not_echoed"} for method in ("*",)],
        [{"method": "conversations.info", "fault": "error", "error": "unknown_method"}],
    ],
    ids=["shares", "metadata", "conversations.info"],
)
async def test_what_a_slack_lacks_never_blocks_a_fax(tmp_path, fax, standin, lacking):
    """Without an optional field or method: one fax goes out, with one card, and one file arrives."""
    file = await standin.share(make_pdf(tmp_path / "referral.pdf"))
    faults = standin.workspace.installation.faults
    for fault in lacking:
        faults.add({**fault, "times": None})
    async with services_over(tmp_path, fax, standin) as bot:
        await bot.send(OWN_LINE, files=[file])
        began = time.monotonic()
        while True:
            await bot.tick()
            untold = await bot.store.read(lambda ledger: ledger.pending())
            if fax.log.entries("reception") and fax.log.entries("ended") and not untold:
                records = await bot.store.read(lambda ledger: ledger.records_named("RX1"))
                if records and await bot.store.read(
                    lambda ledger: ledger.announcements_of(record_id=records[0].id)  # noqa: B023 - read at once
                ):
                    break
            assert time.monotonic() - began < 15, untold
            await asyncio.sleep(0.02)
    assert len(submissions(fax)) == 1
    assert len(await standin.messages(CLAIMS)) == 1
    inbound = await standin.messages(INBOUND)
    assert [len(each.get("files") or []) for each in inbound] == [1]


async def test_a_card_whose_answer_is_lost_is_found_without_metadata(tmp_path, fax, standin):
    """The Slack echoes no metadata and loses the answer to the card: still one card, and one fax."""
    file = await standin.share(make_pdf(tmp_path / "referral.pdf"))
    faults = standin.workspace.installation.faults
    faults.add({"method": "conversations.history", "fault": "metadata_not_echoed", "times": None})
    faults.add({"method": "chat.postMessage", "fault": "drop_after"})
    async with services_over(tmp_path, fax, standin) as bot:
        await bot.send(BUSY, files=[file])
        async with asyncio.timeout(10):
            while not await bot.faxes(FaxState.ACCEPTED) or await bot.store.read(lambda led: led.pending()):
                await asyncio.sleep(0.02)
    assert len(await standin.messages(CLAIMS)) == 1
    assert len(submissions(fax)) == 1
