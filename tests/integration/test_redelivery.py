"""Every redelivery is one request with one effect: judged by the logs of the two servers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from faxbot.demo.person import NotAllowedError, Person
from faxbot.standins.slack import Workspace
from faxbot.standins.slack.model.people import BOT_USER, CLAIMS, DANA
from faxbot.standins.slack.settings import WorkspaceSettings
from faxbot.standins.ucx import SimulatedUcx
from faxbot.store.engine import TransactionStore
from faxbot.store.queries import SqlLedger
from tests.support.in_process import MANIFEST, running_bot, settings_for
from tests.support.services import make_pdf, submissions
from tests.support.waiting import until

NUMBER = "469 555 0101"
BUSY = "469 555 0200"
QUICK = {"share_delay": 0.0, "ack_deadline": 1.0, "retry_after_second": 0.2, "retry_after_third": 0.2}
TWICE = QUICK | {"duplicate_events": True, "duplicate_interactions": True}


@dataclass
class Scene:
    """Both servers, and Dana with a letter."""

    fax: SimulatedUcx
    workspace: Workspace
    dana: Person
    letter: Path

    @property
    def im(self) -> str:
        return next(each.id for each in self.workspace.state.channels.values() if each.partner == DANA)

    async def share(self, channel: str, text: str = "") -> None:
        await self.dana.post(channel, text, files=await self.dana.upload(self.letter))

    async def settled(self) -> None:
        """Until Slack has nothing to deliver any more, and no request is open."""
        delivery = self.workspace.installation.delivery
        await until(lambda: delivery.idle and not _requests(), 20)

    def calls(self, method: str) -> int:
        return len([each for each in self.fax.log.entries("call") if each["method"] == method])

    def asked_slack(self, method: str) -> int:
        return len(self.workspace.journal.of("api", method=method))

    def ephemerals(self, text: str) -> list[str]:
        shown = (str(each.content.get("text")) for each in self.workspace.state.ephemerals.values())
        return [each for each in shown if text in each]

    def tellings(self) -> dict[str, list[int]]:
        """The attempts of each event that was sent more than once, but for what the bot posts and edits."""
        answer: dict[str, list[int]] = {}
        for each in self.workspace.journal.of("envelope_sent", type="events_api"):
            event = each["payload"]["event"]
            if not event.get("bot_id") and event.get("subtype") != "message_changed":
                answer.setdefault(each["payload"]["event_id"], []).append(each["attempt"])
        return {event: attempts for event, attempts in answer.items() if len(attempts) > 1}

    def bot(self, folder: Path) -> Any:
        return running_bot(settings_for(self.fax, self.workspace, folder, faxbot_poll_active_seconds=0.2))


def _requests() -> list[str]:
    names = (each.get_name() for each in asyncio.all_tasks())
    return [name for name in names if name.startswith("request ")]


@contextlib.asynccontextmanager
async def scene(folder: Path, **dials: Any) -> AsyncIterator[Scene]:
    settings = WorkspaceSettings()
    settings.change(dials)
    async with (
        SimulatedUcx(folder / "ucx", speed=400) as fax,
        Workspace(folder / "ws", manifest=MANIFEST, settings=settings) as workspace,
        Person(workspace.url, DANA) as dana,
    ):
        yield Scene(fax, workspace, dana, make_pdf(folder / "letter.pdf"))


@pytest.fixture
async def twice(tmp_path):
    async with scene(tmp_path, **TWICE) as there, there.bot(tmp_path):
        yield there


async def test_a_share_is_one_fax_in_any_order_of_its_events(twice):
    """message, app_mention and file_shared, each of them twice, with and without files, first or last."""
    ways = [
        (twice.im, {}),
        (twice.im, {"file_shared_first": True}),
        (twice.im, {"message_for_file_shares": False}),
        (twice.im, {"file_shared_events": False}),
        (CLAIMS, {}),
        (CLAIMS, {"file_shared_first": True}),
        (CLAIMS, {"mention_with_files": False}),
        (CLAIMS, {"mention_for_file_shares": False}),
    ]
    wanted = [f"469555030{number}" for number in range(len(ways))]
    for number, (channel, dials) in zip(wanted, ways, strict=True):
        twice.workspace.settings.change(WorkspaceSettings().as_dict() | TWICE | dials)
        await twice.share(channel, number if channel == twice.im else f"<@{BOT_USER}> {number}")
    await until(lambda: len(submissions(twice.fax)) >= len(ways), 20)
    await twice.settled()
    assert sorted(each["destination"][-10:] for each in submissions(twice.fax)) == wanted
    assert len(twice.tellings()) == 2 * len(ways) - 3, "two events for each, but where a dial leaves one out"
    assert twice.calls("filesend") == len(ways)


async def test_a_command_is_one_fax(twice):
    """`/fax send` delivered three times, twice at once over both connections, is sent and answered once."""
    await twice.share(CLAIMS)
    await twice.dana.command(CLAIMS, f"/fax send {NUMBER}")
    await until(lambda: submissions(twice.fax))
    await twice.settled()
    assert len(twice.workspace.journal.of("envelope_sent", type="slash_commands")) == 3
    assert len({each["connection"] for each in twice.workspace.journal.of("envelope_sent")}) == 2
    assert (twice.calls("filesend"), len(twice.ephemerals("Faxing"))) == (1, 1)


async def test_a_question_has_one_answer(twice):
    """What only reads is answered once, too."""
    await twice.dana.command(CLAIMS, "/fax lines")
    await until(lambda: twice.ephemerals("Sales"))
    await twice.settled()
    assert len(twice.ephemerals("Sales")) == 1


async def test_words_get_one_hint(twice):
    """A message without a file is answered, and once."""
    await twice.dana.post(twice.im, "hello")
    await until(lambda: twice.ephemerals("Send me the files"))
    await twice.settled()
    assert len(twice.tellings()) == 1
    assert len(twice.ephemerals("Send me the files")) == 1


async def test_a_form_opens_once_and_sends_once(twice):
    """The form is opened with its trigger once, and what is submitted in it three times is one fax."""
    await twice.share(CLAIMS)
    await twice.dana.command(CLAIMS, "/fax send")
    (view,) = await twice.dana.until("the form", lambda sight: list(sight.views.values()), within=5)
    await twice.settled()
    assert (twice.asked_slack("views.open"), twice.ephemerals("trigger")) == (1, [])
    await twice.dana.submit(view, {"number": {"number": {"value": NUMBER}}})
    await until(lambda: submissions(twice.fax))
    await twice.settled()
    assert twice.calls("filesend") == 1
    assert len(twice.workspace.journal.of("envelope_sent", type="interactive")) == 3


async def test_a_click_is_one_cancellation(twice):
    """A press of Cancel that comes over both connections and once more is one JobCancel."""
    await twice.share(CLAIMS)
    await twice.dana.command(CLAIMS, f"/fax send {BUSY}")

    def busy(sight):
        cards = [m for m in sight.in_channel(CLAIMS) if "Fax to" in str(m["text"]) and m.get("blocks")]
        return next((m for m in cards if "Cancel fax" in str(m["blocks"]) and "Busy" in str(m)), None)

    card = await twice.dana.until("the busy card", busy, within=10)
    await twice.dana.press(card, "Cancel fax")
    await twice.settled()
    assert len(twice.workspace.journal.of("envelope_sent", type="interactive")) == 3
    assert (twice.calls("jobcancel"), twice.ephemerals("canceled already")) == (1, [])


async def test_lost_acknowledgements_change_nothing(tmp_path):
    """Events whose acknowledgements Slack never saw come again, and are one fax."""
    async with scene(tmp_path, **QUICK) as there, there.bot(tmp_path):
        there.workspace.installation.socket.ignore_acks = 4
        await there.share(there.im, NUMBER)
        await until(lambda: there.tellings() and submissions(there.fax))
        await there.settled()
        assert len(there.workspace.journal.of("ack_ignored")) == 4
        assert there.calls("filesend") == 1


async def test_a_command_whose_acknowledgement_is_lost_has_its_effect_once(tmp_path):
    """Dana reads that it failed, and her fax goes once: it was committed before the acknowledgement."""
    async with scene(tmp_path, **QUICK) as there, there.bot(tmp_path):
        await there.share(CLAIMS)
        await there.settled()
        there.workspace.installation.socket.ignore_acks = 1
        with pytest.raises(NotAllowedError, match="operation_timeout"):
            await there.dana.command(CLAIMS, f"/fax send {NUMBER}")
        await until(lambda: submissions(there.fax))
        await there.settled()
        assert there.calls("filesend") == 1


@pytest.mark.parametrize("turnover", ["refresh", "cut"])
async def test_connections_that_go_in_the_middle_of_a_delivery(tmp_path, monkeypatch, turnover):
    """While a share is being committed every connection is replaced or cut: it is one fax."""
    gate, write = asyncio.Event(), TransactionStore.write
    gate.set()

    async def gated(store, work):
        await gate.wait()
        return await write(store, work)

    monkeypatch.setattr(TransactionStore, "write", gated)
    async with scene(tmp_path, **QUICK, disconnect_notice=0.2) as there, there.bot(tmp_path):
        gate.clear()
        await there.share(there.im, NUMBER)
        socket = there.workspace.installation.socket
        await until(lambda: there.workspace.journal.of("envelope_sent"))
        if turnover == "refresh":
            await socket.refresh(socket.connections())
        else:
            for each in socket.connections():
                each.cut()
        await until(lambda: len(there.workspace.journal.of("socket_open")) >= 4)
        await until(there.tellings)
        gate.set()
        await until(lambda: submissions(there.fax))
        await there.settled()
        assert there.calls("filesend") == 1


async def test_what_could_not_be_committed_is_not_acknowledged(tmp_path, monkeypatch):
    """Slack redelivers a share that the database refused until it is committed; then it is one fax."""
    broken, add = [True], SqlLedger.add_request

    def refusing(ledger, request):
        if broken:
            raise OperationalError("INSERT", {}, Exception("database or disk is full"))
        return add(ledger, request)

    monkeypatch.setattr(SqlLedger, "add_request", refusing)
    async with scene(tmp_path, **QUICK) as there, there.bot(tmp_path):
        await there.share(there.im, NUMBER)
        await until(lambda: len(there.tellings()) == 2)
        assert there.workspace.journal.of("envelope_acked") == []
        broken.clear()
        await until(lambda: submissions(there.fax))
        await there.settled()
        assert there.calls("filesend") == 1
        assert there.workspace.journal.of("event_given_up") == []


async def test_a_restart_between_two_deliveries(tmp_path):
    """A request committed before a restart is recognized when it is redelivered after it."""
    async with scene(tmp_path, **QUICK | {"ack_deadline": 5.0}) as there:
        socket = there.workspace.installation.socket
        async with there.bot(tmp_path):
            socket.ignore_acks = 100
            await there.share(there.im, NUMBER)
            await until(lambda: submissions(there.fax))
        socket.ignore_acks = 0
        async with there.bot(tmp_path):
            await until(lambda: len(there.tellings()) >= 2)
            await there.settled()
        assert len(there.tellings()) == 2
        assert there.calls("filesend") == 1
