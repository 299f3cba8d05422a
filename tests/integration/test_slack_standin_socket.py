"""Socket Mode of the Slack stand-in: handshakes, acknowledgements, redelivery, closed connections."""

import asyncio

import aiohttp
import pytest

from tests.support.slack_standin import CLAIMS, DANA, DANA_IM, RawClient, running
from tests.support.waiting import until

FAST = {"ack_deadline": 0.1, "retry_after_second": 0.0, "retry_after_third": 0.0, "disconnect_notice": 0.05}


@pytest.fixture
async def raw(tmp_path):
    async with running(tmp_path, **FAST) as workspace, aiohttp.ClientSession() as session:
        yield RawClient(workspace, session)


async def test_the_address_works_once(raw):
    """A second handshake with the same address is refused."""
    url = (await raw.form("apps.connections.open", token=raw.workspace.app_token))["url"]
    async with raw.session.ws_connect(url) as stream:
        hello = await stream.receive_json()
        assert hello["type"] == "hello"
        assert hello["num_connections"] == 1
        assert hello["connection_info"] == {"app_id": "A02FAXBOT1"}
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await raw.session.ws_connect(url)


async def test_a_refused_handshake_uses_up_the_address(raw):
    """After a refused handshake the same address stays refused; a new one works."""
    await raw.control("socket", refuse_handshakes=1)
    url = (await raw.form("apps.connections.open", token=raw.workspace.app_token))["url"]
    for _ in range(2):
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await raw.session.ws_connect(url)
    async with raw.socket():
        assert raw.workspace.installation.socket.connected


async def test_pings_are_echoed(raw):
    """A pong has the payload of its ping."""
    url = (await raw.form("apps.connections.open", token=raw.workspace.app_token))["url"]
    async with raw.session.ws_connect(url, autoping=False) as stream:
        await stream.receive_json()
        await stream.ping(b"sdk-ping-pong:1.5")
        pong = await stream.receive(timeout=5)
    assert (pong.type, pong.data) == (aiohttp.WSMsgType.PONG, b"sdk-ping-pong:1.5")


async def test_too_many_connections(raw):
    """A connection above the limit gets too_many_websockets and is closed."""
    raw.workspace.settings.max_connections = 1
    async with raw.socket():
        url = (await raw.form("apps.connections.open", token=raw.workspace.app_token))["url"]
        async with raw.session.ws_connect(url) as stream:
            message = await stream.receive_json()
            assert (message["type"], message["reason"]) == ("disconnect", "too_many_websockets")
            assert (await stream.receive()).type is aiohttp.WSMsgType.CLOSE


async def test_acknowledged_events_are_delivered_once(raw):
    """An acknowledged event is not redelivered; its envelope has attempt 0 and accepts no payload."""
    async with raw.socket() as socket:
        await raw.person("say", user=DANA, channel=DANA_IM, text="one")
        await raw.person("say", user=DANA, channel=DANA_IM, text="two")
        await until(lambda: len(socket.events("message")) == 2)
        await until(lambda: len(raw.workspace.journal.of("envelope_acked")) == 2)
    envelope = socket.received[0]
    assert envelope["accepts_response_payload"] is False
    assert (envelope["retry_attempt"], envelope["retry_reason"]) == (0, "")
    assert len(raw.workspace.journal.of("envelope_sent")) == 2


async def test_unacknowledged_events_are_redelivered(raw):
    """An event that is never acknowledged is delivered four times, with the same event_id and a reason."""
    async with raw.socket(ack=False) as socket:
        await raw.person("say", user=DANA, channel=DANA_IM, text="one")
        await until(lambda: raw.workspace.journal.of("event_given_up"))
    envelopes = socket.received
    assert [e["retry_attempt"] for e in envelopes] == [0, 1, 2, 3]
    assert [e["retry_reason"] for e in envelopes] == ["", "timeout", "timeout", "timeout"]
    assert len({e["payload"]["event_id"] for e in envelopes}) == 1
    assert len({e["envelope_id"] for e in envelopes}) == 4


async def test_an_ignored_acknowledgement(raw):
    """An event whose acknowledgement is lost is redelivered."""
    await raw.control("socket", ignore_acks=1)
    async with raw.socket() as socket:
        await raw.person("say", user=DANA, channel=DANA_IM, text="one")
        await until(lambda: [e["attempt"] for e in socket.events("message")] == [0, 1])
        await until(lambda: raw.workspace.journal.of("envelope_acked"))


async def test_duplicates_on_demand(raw):
    """With duplicate_events an acknowledged event is delivered a second time."""
    await raw.control("settings", duplicate_events=True)
    async with raw.socket() as socket:
        await raw.person("say", user=DANA, channel=DANA_IM, text="one")
        await until(lambda: len(socket.events("message")) == 2)
        assert len({e["event_id"] for e in socket.events("message")}) == 1


async def test_duplicate_interactions_on_demand(raw):
    """With duplicate_interactions a command is delivered three times, round robin."""
    await raw.control("settings", duplicate_interactions=True)
    async with raw.socket() as first, raw.socket() as second:
        assert (await raw.person("command", user=DANA, channel=CLAIMS, text="/fax"))["ok"]
        await until(lambda: len(raw.workspace.journal.of("envelope_acked")) == 3)
    payloads = first.of("slash_commands") + second.of("slash_commands")
    assert [len(first.received), len(second.received)] == [2, 1]
    assert payloads[0] == payloads[1] == payloads[2]


async def test_each_envelope_goes_to_one_connection(raw):
    """Each envelope is sent to exactly one connection, and the connections take turns."""
    async with raw.socket() as first, raw.socket() as second:
        for n in range(4):
            await raw.person("say", user=DANA, channel=DANA_IM, text=str(n))
        await until(lambda: len(first.events("message")) + len(second.events("message")) == 4)
        await until(lambda: len(raw.workspace.journal.of("envelope_acked")) == 4)
    assert len(first.events("message")) == len(second.events("message")) == 2


async def test_a_connection_that_closes_before_acknowledging(raw):
    """An event that is unacknowledged when its connection closes is redelivered to another connection."""
    raw.workspace.settings.ack_deadline = 3.0
    async with raw.socket(ack=False) as first:
        await raw.person("say", user=DANA, channel=DANA_IM, text="one")
        await until(lambda: first.events("message"))
        async with raw.socket() as second:
            await first.stream.close()
            await until(lambda: second.events("message"))
    assert second.events("message")[0]["attempt"] == 1


async def test_events_wait_for_a_connection(raw):
    """An event without a connection is delivered when one opens in time."""
    raw.workspace.settings.ack_deadline = 3.0
    await raw.person("say", user=DANA, channel=DANA_IM, text="one")
    async with raw.socket() as socket:
        await until(lambda: socket.events("message"))


async def test_refresh(raw):
    """A refresh sends warning and refresh_requested, and closes the connection."""
    async with raw.socket() as socket:
        await raw.control("socket", refresh=True)
        await until(lambda: socket.stream.closed)
    reasons = [m["reason"] for m in socket.received if m["type"] == "disconnect"]
    assert reasons == ["warning", "refresh_requested"]


async def test_link_disabled(raw):
    """Disabling Socket Mode sends link_disabled to every connection, new ones included, and closes it."""
    async with raw.socket() as socket:
        await raw.control("socket", disable=True)
        await until(lambda: socket.stream.closed)
    assert [m["reason"] for m in socket.received] == ["link_disabled"]
    url = (await raw.form("apps.connections.open", token=raw.workspace.app_token))["url"]
    async with raw.session.ws_connect(url) as stream:
        assert (await stream.receive_json())["reason"] == "link_disabled"
        assert (await stream.receive()).type is aiohttp.WSMsgType.CLOSE
    await raw.control("socket", disable=False)
    async with raw.socket():
        assert raw.workspace.installation.socket.connected


async def test_one_connection_of_several(raw):
    """A connection given by its id is disconnected with any reason; the other one is not affected."""
    async with raw.socket() as first, raw.socket() as second:
        (one, _) = (await raw.control("socket"))["connections"]
        await raw.control("socket", disconnect="a_new_reason", connection=one["id"])
        await until(lambda: first.stream.closed)
        (left,) = (await raw.control("socket"))["connections"]
        assert [m["reason"] for m in first.received] == ["a_new_reason"]
        assert (second.received, left["id"] == one["id"]) == ([], False)
    assert (await raw.control("socket", close=True, connection="S0"))["status"] == 400


async def test_a_refreshed_connection_is_closed_when_its_envelopes_are_acknowledged(raw):
    """Envelopes sent before the `disconnect` can still be acknowledged; no new ones are sent."""
    raw.workspace.settings.ack_deadline = 3.0
    release = asyncio.Event()
    async with raw.socket(ack=lambda _: release.wait()) as socket:
        command = asyncio.create_task(raw.person("command", user=DANA, channel=CLAIMS, text="/fax"))
        await until(lambda: socket.of("slash_commands"))
        await raw.control("socket", disconnect="refresh_requested")
        await until(lambda: raw.workspace.journal.of("socket_told"))
        late = await raw.person("command", user=DANA, channel=CLAIMS, text="/fax")
        release.set()
        assert (await command)["ok"]
        assert late["error"] == "dispatch_failed"
        await until(lambda: socket.stream.closed)


async def test_a_cut_connection(raw):
    """A connection can end without a closing handshake."""
    async with raw.socket() as socket:
        await raw.control("socket", cut=True)
        await until(lambda: socket.stream.closed)
        assert socket.stream.close_code == aiohttp.WSCloseCode.ABNORMAL_CLOSURE
        await until(lambda: raw.workspace.journal.of("socket_closed"))


async def test_a_frozen_connection(raw):
    """A frozen connection sends envelopes but reads neither acknowledgements nor pings until unfrozen."""
    url = (await raw.form("apps.connections.open", token=raw.workspace.app_token))["url"]
    async with raw.session.ws_connect(url, autoping=False) as stream:
        await stream.receive_json()
        await raw.control("socket", freeze=True)
        await stream.ping(b"1")
        command = asyncio.create_task(raw.person("command", user=DANA, channel=CLAIMS, text="/fax"))
        envelope = await stream.receive_json(timeout=5)
        await stream.send_json({"envelope_id": envelope["envelope_id"]})
        assert (await command)["error"] == "operation_timeout"
        await raw.control("socket", freeze=False)
        assert (await stream.receive(timeout=5)).type is aiohttp.WSMsgType.PONG
        await until(lambda: raw.workspace.journal.of("ack_late_or_unknown"))


async def test_pings_that_are_not_answered(raw):
    """With answer_pings off no pong is sent; envelopes still are."""
    raw.workspace.settings.answer_pings = False
    url = (await raw.form("apps.connections.open", token=raw.workspace.app_token))["url"]
    async with raw.session.ws_connect(url, autoping=False) as stream:
        await stream.receive_json()
        await stream.ping(b"1")
        await raw.person("say", user=DANA, channel=DANA_IM, text="one")
        assert (await stream.receive(timeout=5)).type is aiohttp.WSMsgType.TEXT


async def test_commands_need_an_answer_in_time(raw):
    """A command fails with dispatch_failed without a connection and operation_timeout without an ack."""
    command = {"user": DANA, "channel": CLAIMS, "text": "/fax"}
    assert (await raw.person("command", **command))["error"] == "dispatch_failed"
    async with raw.socket(ack=False):
        answer = await raw.person("command", **command)
    assert answer["error"] == "operation_timeout"
    assert answer["message"] == '/fax failed with the error "operation_timeout"'
    assert len(raw.workspace.journal.of("envelope_sent")) == 1


async def test_a_late_acknowledgement_is_ignored(raw):
    """An acknowledgement after the deadline has no effect."""

    async def late(_envelope):
        await asyncio.sleep(0.3)
        return {"text": "too late"}

    async with raw.socket(ack=late):
        answer = await raw.person("command", user=DANA, channel=CLAIMS, text="/fax")
        assert answer["error"] == "operation_timeout"
        await until(lambda: raw.workspace.journal.of("ack_late_or_unknown"))
    assert not raw.workspace.state.ephemerals
