"""`/healthz`, `/readyz` and `/metrics` of a bot between both stand-ins."""

import asyncio
import contextlib
import socket

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from faxbot.demo.person import Person
from faxbot.settings import SettingsProblem
from faxbot.standins.slack import Workspace
from faxbot.standins.slack.model.people import CLAIMS, DANA, INBOUND_FAX
from faxbot.standins.ucx import SimulatedUcx
from tests.support.in_process import MANIFEST, running_bot, settings_for
from tests.support.services import make_pdf

SUPPORT = "+1 469 555 1112"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
async def stand_ins(tmp_path):
    async with (
        SimulatedUcx(tmp_path / "ucx", speed=200) as fax,
        Workspace(tmp_path / "ws", manifest=MANIFEST) as workspace,
    ):
        yield fax, workspace


def settings(stand_ins, folder, port):
    looks = {"faxbot_poll_active_seconds": 0.2, "faxbot_inbox_seconds": 0.2}
    return settings_for(*stand_ins, folder, faxbot_metrics_port=port, **looks)


@contextlib.asynccontextmanager
async def measured(stand_ins, folder):
    """The bot, ready; gives the address of its metrics."""
    port = free_port()
    async with running_bot(settings(stand_ins, folder, port)):
        yield f"http://127.0.0.1:{port}"


async def get(address):
    async with aiohttp.ClientSession() as session, session.get(address) as answer:
        return answer.status, await answer.text()


async def samples(address):
    """Every sample by its name and labels."""
    _, text = await get(f"{address}/metrics")
    return {
        (each.name, *sorted(each.labels.values())): each.value
        for family in text_string_to_metric_families(text)
        for each in family.samples
    }


async def test_what_happens_is_counted(tmp_path, stand_ins):
    """A fax goes out and comes in: calls of both servers, acknowledgements, the way of what was received."""
    _, workspace = stand_ins
    async with measured(stand_ins, tmp_path) as address, Person(workspace.url, DANA) as dana:
        await dana.post(CLAIMS, "", files=await dana.upload(make_pdf(tmp_path / "letter.pdf")))
        await dana.command(CLAIMS, f"/fax send {SUPPORT}")
        await dana.until(
            "the received file",
            lambda sight: [m for m in sight.in_channel(INBOUND_FAX) if m.get("files")],
            within=20,
        )
        async with asyncio.timeout(10):
            while (await samples(address)).get(("faxbot_received_to_posted_seconds_count",)) != 1:
                await asyncio.sleep(0.05)
        found = await samples(address)
    assert found["faxbot_calls_total", "filesend", "ok", "ucx"] == 1
    assert found["faxbot_calls_total", "chat.postMessage", "ok", "slack"] >= 1
    assert found["faxbot_acknowledgement_seconds_count", "command"] == 1
    assert found["faxbot_tick_age_seconds", "watch"] < 30
    assert found["faxbot_slack_connections",] == 2
    assert found["faxbot_fax_server_answers",] == 1
    assert ("faxbot_outbox_depth",) in found
    assert SUPPORT.removeprefix("+1 ") not in str(found)


async def test_ready_while_slack_can_reach_the_bot(tmp_path, stand_ins):
    """A fax server that is away changes nothing; without a connection to Slack it is not ready, yet alive."""
    fax, workspace = stand_ins
    async with measured(stand_ins, tmp_path) as address:
        status, text = await get(f"{address}/readyz")
        assert (status, '"ready": true' in text) == (200, True)
        await fax.start_outage(60)
        assert (await get(f"{address}/readyz"))[0] == 200
        trouble = {"close": True, "refuse_handshakes": 1000}
        async with aiohttp.ClientSession() as session:
            await session.post(f"{workspace.url}/_/control/socket", json=trouble)
        async with asyncio.timeout(10):
            while (await get(f"{address}/readyz"))[0] != 503:
                await asyncio.sleep(0.05)
        assert (await get(f"{address}/healthz"))[0] == 200


async def test_a_port_in_use_is_named(tmp_path, stand_ins):
    """The bot does not start without the metrics that were asked for."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SettingsProblem, match=f"FAXBOT_METRICS_PORT {port}"):
            async with running_bot(settings(stand_ins, tmp_path, port)):
                pass
