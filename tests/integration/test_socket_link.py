"""Servers that speak Socket Mode in their own way, acknowledgements, and how connections end."""

import asyncio
import json
import logging
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web

from faxbot.adapters import SystemClock
from faxbot.slack.bolt_app import build_bolt_app
from faxbot.slack.inbound.socket_mode import ReconnectBackoff, SocketMode
from faxbot.slack.listeners import ListenerContext
from faxbot.slack.views import BotProfile
from faxbot.slack.web_api.client import build_client
from faxbot.slack.web_api.connections import Connections
from faxbot.slack.web_api.web_api import BotIdentity
from tests.support.fake_slack import free_pace
from tests.support.listeners import NOW, FakeForms, FakeQueries, FakeReplies, FakeRunner, command
from tests.support.socket_mode import QUICK, bot_at, slack
from tests.support.waiting import until

HELLO = {"type": "hello"}


def envelope(ident, **more):
    return {"envelope_id": ident, "type": "slash_commands", "payload": command("cancel TX82", **more)}


@dataclass
class OtherSlack:
    """As much of Slack as a connection needs; *first* is what it says to everyone."""

    first: list = field(default_factory=lambda: [HELLO])
    pongs: bool = True
    address: str = ""
    sockets: list = field(default_factory=list)
    heard: list = field(default_factory=list)
    """Which connection said what."""
    pings: int = 0

    async def open(self, _request):
        return web.json_response({"ok": True, "url": f"{self.address}/link"})

    async def link(self, request):
        socket = web.WebSocketResponse(autoping=False, autoclose=False)
        await socket.prepare(request)
        self.sockets.append(socket)
        for word in self.first:
            await self.say(word, socket)
        async for message in socket:
            if message.type is aiohttp.WSMsgType.PING:
                self.pings += 1
                if self.pongs:
                    await socket.pong(message.data)
            elif message.type is aiohttp.WSMsgType.TEXT:
                self.heard.append((self.sockets.index(socket), json.loads(message.data)["envelope_id"]))
        return socket

    async def say(self, word, socket):
        if isinstance(word, bytes):
            await socket.send_bytes(word)
        else:
            await socket.send_str(word if isinstance(word, str) else json.dumps(word))


@asynccontextmanager
async def connected(other: OtherSlack, *, backoff: ReconnectBackoff = QUICK, connections: int = 1):
    """The bot's connections to *other*, and the runner behind them."""
    app = web.Application()
    app.router.add_post("/apps.connections.open", other.open)
    app.router.add_get("/link", other.link)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    other.address = "http://{}:{}".format(*runner.addresses[0])
    session, requests = Connections(), FakeRunner()
    board = ListenerContext(
        requests, FakeQueries(), FakeForms(), FakeReplies(), BotProfile(), "UBOT", lambda: NOW
    )
    client = build_client("xoxb-1", other.address, session, free_pace())
    bolt = build_bolt_app(client, BotIdentity("UBOT", "BBOT", "faxbot"), board)
    sockets = SocketMode(
        bolt, "xapp-1", SystemClock(), backoff=backoff, connections=connections, jitter=lambda: 0.0
    )
    try:
        async with asyncio.timeout(10):
            await sockets.open()
        yield sockets, requests
    finally:
        await sockets.close()
        await session.close()
        await runner.cleanup()


async def test_a_server_that_says_no_hello():
    """Who is silent after the handshake is taken to be ready after a while, and is answered."""
    other = OtherSlack(first=[])
    quick = ReconnectBackoff(ping=5.0, hello=0.1)
    async with connected(other, backoff=quick) as (sockets, requests):
        assert len(sockets.open_since) == 1
        await other.say(envelope("E1"), other.sockets[0])
        await until(lambda: other.heard == [(0, "E1")])
        assert len(requests.requests) == 1


async def test_what_the_bot_does_not_know_is_passed_over():
    """Nonsense, binary frames, unknown messages and empty envelopes leave the connection as it is."""
    odd = [
        "hello?",
        "[1]",
        b"\x00\xff",
        HELLO,
        {"type": "weather", "forecast": "rain"},
        {"type": "weather", "envelope_id": "E1"},
        {"type": "weather", "envelope_id": "E2", "payload": None},
        {"type": "weather", "envelope_id": "E3", "payload": {}},
        {},
    ]
    other = OtherSlack(first=odd)
    async with connected(other):
        await other.say(envelope("E4"), other.sockets[0])
        await until(lambda: other.heard == [(0, "E4")])
        assert len(other.sockets) == 1


async def test_an_unknown_reason_to_go_is_a_reason():
    """A disconnect with an unknown reason replaces the connection."""
    other = OtherSlack()
    async with connected(other):
        await other.say({"type": "disconnect"}, other.sockets[0])
        await until(lambda: len(other.sockets) == 2)
        await other.say(envelope("E1"), other.sockets[0])
        await until(lambda: other.heard == [(0, "E1")])


async def test_missing_pongs_alone_do_not_reconnect():
    """A server that has never answered a ping is not judged by pings."""
    other = OtherSlack(pongs=False)
    quick = ReconnectBackoff(ping=0.01)
    async with connected(other, backoff=quick):
        await until(lambda: other.pings > 20)
        assert len(other.sockets) == 1


async def test_who_has_answered_pings_is_judged_by_them():
    """A connection on which answers stop is replaced, and closed at once: what comes by it is lost."""
    other = OtherSlack()
    quick = ReconnectBackoff(ping=0.02)
    async with connected(other, backoff=quick):
        await until(lambda: other.pings > 10)
        assert len(other.sockets) == 1
        other.pongs = False
        await until(lambda: len(other.sockets) == 2)
        other.pongs = True
        await until(lambda: other.sockets[0].closed)


async def test_an_acknowledgement_goes_where_the_envelope_came_from():
    """Of two connections each carries the answers to its own envelopes."""
    other = OtherSlack()
    async with connected(other, connections=2):
        for nth in (0, 1, 1, 0):
            ident = f"E{len(other.heard)}"
            await other.say(envelope(ident, trigger_id=ident), other.sockets[nth])
            await until(lambda said=(nth, ident): said in other.heard)
        assert [nth for nth, _ in other.heard] == [0, 1, 1, 0]


async def test_a_closing_handshake_waits_for_acknowledgements():
    """What came before Slack's close is acknowledged before the bot closes its side."""
    other = OtherSlack()
    async with connected(other) as (_, requests):
        requests.gate = asyncio.Event()
        await other.say(envelope("E1"), other.sockets[0])
        writer = other.sockets[0]._writer  # noqa: SLF001 - `close` would wait for the bot's close frame
        await writer.send_frame(b"\x03\xe9", aiohttp.WSMsgType.CLOSE)
        await until(lambda: len(other.sockets) == 2)
        assert other.heard == []
        requests.gate.set()
        await until(lambda: other.heard == [(0, "E1")])
        await until(lambda: other.sockets[0].closed)


async def test_a_replaced_connection_is_closed_when_slack_never_does():
    """After the grace period the bot closes the connection that Slack announced to close."""
    other = OtherSlack()
    async with connected(other, backoff=ReconnectBackoff(grace=0.1)):
        await other.say({"type": "disconnect", "reason": "warning"}, other.sockets[0])
        await until(lambda: other.sockets[0].closed)
        assert len(other.sockets) == 2


@pytest.fixture
async def bot(tmp_path):
    async with slack(tmp_path) as raw, bot_at(raw) as bot:
        await bot.connect()
        yield bot


def tasks():
    return {each.get_name() for each in asyncio.all_tasks() if not each.get_name().startswith("Task-")}


async def test_a_stop_lets_acknowledgements_out(bot):
    """A command whose request is being committed when faxbot stops is acknowledged, and works."""
    bot.runner.gate = asyncio.Event()
    asked = asyncio.create_task(bot.command())
    await until(lambda: bot.of("envelope_sent"))
    closing = asyncio.create_task(bot.sockets.close())
    await until(lambda: "socket" not in tasks())
    bot.runner.gate.set()
    assert (await asked)["ok"]
    await closing
    assert tasks() == set()


async def test_a_stop_is_over_within_a_second(bot):
    """Not even a commit that hangs and a Slack that is frozen hold it up, and no task is left."""
    bot.runner.gate = asyncio.Event()
    asked = asyncio.create_task(bot.command())
    await until(lambda: bot.of("envelope_sent"))
    await bot.control(freeze=True)
    assert {"socket", "envelope"} <= tasks()
    async with asyncio.timeout(1):
        await bot.sockets.close()
    assert tasks() == set()
    bot.runner.gate.set()
    await bot.control(close=True)
    await asked


async def test_a_stop_while_connecting(tmp_path):
    """Handshakes that are under way are given up."""
    async with slack(tmp_path, max_connections=0) as raw, bot_at(raw) as bot:
        connecting = asyncio.create_task(bot.connect())
        await until(lambda: bot.of("socket_sent_away"))
        connecting.cancel()
        await bot.sockets.close()
        assert tasks() == set()


async def test_the_log_has_no_content_of_envelopes(bot, caplog):
    """At DEBUG, with a connection replaced, nothing of what people write is logged."""
    caplog.set_level(logging.DEBUG)
    async with bot.busy(people=1):
        await bot.command("/fax send 469 555 0177")
        await bot.command("/fax cancel quintessence")
        await bot.control(cut=True)
        await until(lambda: len(bot.of("socket_open")) == 4)
        await bot.command()
    words = ("469 555 0177", "quintessence", bot.workspace.app_token, "ticket=", "cancel TX82")
    assert [word for word in words if word in caplog.text] == []
    assert "connection to Slack is open" in caplog.text
