"""The bot's connections while Slack replaces, drops, refuses and freezes them, under a stream of commands."""

import asyncio
import logging
from dataclasses import replace

import pytest

from tests.support.socket_mode import QUICK, CountedClock, bot_at, slack
from tests.support.waiting import until


@pytest.fixture
async def raw(tmp_path):
    async with slack(tmp_path, disconnect_notice=1.0) as raw:
        yield raw


@pytest.fixture
async def bot(raw):
    async with bot_at(raw) as bot:
        await bot.connect()
        yield bot


def open_now(bot):
    return [c for c in bot.workspace.installation.socket.connections() if c.open]


async def until_renewed(bot, connections=2):
    """Until so many connections are open that were not there when this was called."""
    before = {c.id for c in bot.workspace.installation.socket.connections()}
    await until(lambda: len({c.id for c in open_now(bot)} - before) == connections)


async def test_a_refresh_of_every_connection_at_once_loses_nothing(bot):
    """While all connections are replaced at the same moment, no command and no click fails."""
    async with bot.busy() as came:
        await bot.control(refresh=True)
        await until(lambda: len(bot.of("socket_closed")) == 2)
        seen = len(came)
        await until(lambda: len(came) > seen + 10)
    assert [each for each in came if not each["ok"]] == []
    assert len(bot.runner.requests) == len(came) + 1
    assert {each["unacknowledged"] for each in bot.of("socket_closed")} == {0}
    assert (len(open_now(bot)), len(bot.sockets.open_since), bot.addresses) == (2, 2, 4)
    kinds = [
        e["kind"] for e in bot.workspace.journal.entries if e["kind"] in {"socket_open", "socket_closed"}
    ]
    assert kinds == ["socket_open"] * 4 + ["socket_closed"] * 2


@pytest.mark.parametrize("how", ["close", "cut"])
async def test_after_a_drop_without_a_word_everything_works_again_at_once(bot, how):
    """Connections that end with or without a closing handshake are back at once, and stay."""
    async with bot.busy() as came:
        await bot.control(**{how: True})
        await until(lambda: len(open_now(bot)) == 2)
        back = len(came) + 4  # what was under way when they ended may have failed
        await until(lambda: len(came) > back + 10)
    assert [each for each in came[back:] if not each["ok"]] == []
    lost = max(each["at"] for each in bot.of("socket_closed"))
    found = max(each["at"] for each in bot.of("socket_open"))
    assert found - lost < 2.0


async def test_every_handshake_has_an_address_of_its_own(raw):
    """A handshake that fails is followed by a fresh apps.connections.open, each time."""
    async with bot_at(raw) as bot:
        await bot.control(refuse_handshakes=5)
        await bot.connect()
        await until(lambda: len(open_now(bot)) == 2)
        assert (len(bot.of("handshake_refused")), bot.addresses) == (5, 7)
        assert (await bot.command())["ok"]


async def test_refused_handshakes_during_a_refresh_lose_nothing(bot):
    """The old connections go on for as long as new ones are refused."""
    async with bot.busy() as came:
        old = {c.id for c in open_now(bot)}
        await bot.control(refuse_handshakes=4)
        await bot.control(disconnect="warning")
        await until(lambda: len({c.id for c in open_now(bot)} - old) == 2)
        for ident in old:
            await bot.control(disconnect="refresh_requested", connection=ident)
        await until(lambda: len(bot.of("socket_closed")) == 2)
    assert len(bot.of("handshake_refused")) == 4
    assert [each for each in came if not each["ok"]] == []


async def test_pauses_between_failures_double_up_to_a_limit(raw):
    """The first try after a failure comes at once, the next ones later and later, for each connection."""
    clock, pace = CountedClock(), replace(QUICK, first_pause=0.5, longest_pause=30.0)
    async with bot_at(raw, backoff=pace, clock=clock, connections=1) as bot:
        await bot.control(refuse_handshakes=10)
        await bot.connect()
    assert clock.pauses == [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]


async def test_connections_that_never_last_are_not_replaced_in_a_rush(raw):
    """Slack that greets each connection and ends it at once is asked more and more slowly."""
    clock, pace = CountedClock(), replace(QUICK, first_pause=0.5, longest_pause=30.0)
    async with bot_at(raw, backoff=pace, clock=clock, connections=1) as bot:
        await bot.connect()
        for _ in range(4):
            before = {c.id for c in open_now(bot)}
            await bot.control(cut=True)
            await until(lambda gone=before: {c.id for c in open_now(bot)} - gone)
    assert clock.pauses == [0.0, 0.5, 1.0, 2.0]


async def test_slacks_retry_after_is_obeyed(raw):
    """A Retry-After of seven seconds is waited for."""
    clock = CountedClock()
    await raw.control("faults", method="apps.connections.open", fault="ratelimited", seconds=7)
    async with bot_at(raw, clock=clock, connections=1) as bot:
        await bot.connect()
    assert clock.pauses == [7.0]


async def test_a_connection_too_many_is_left_for_later(raw):
    """Where Slack allows one connection the bot keeps one, without repeated requests."""
    raw.workspace.settings.max_connections = 1
    async with bot_at(raw) as bot:
        await bot.connect()
        assert (await bot.command())["ok"]
        assert (len(open_now(bot)), len(bot.sockets.open_since)) == (1, 1)
        async with bot.busy() as came:
            await until(lambda: len(came) > 40)
        assert bot.addresses == 2
        raw.workspace.settings.disconnect_notice = 0.0
        await bot.control(refresh=True)
        await until(lambda: len(bot.of("socket_open")) == 2)
        assert (await bot.command())["ok"]
        assert bot.addresses <= 4


async def test_the_place_of_a_connection_that_ends_is_taken_at_once(raw):
    """A replacement that was one too many comes when the old connection has gone, not minutes later."""
    raw.workspace.settings.max_connections = 1
    async with bot_at(raw, connections=1) as bot:
        await bot.connect()
        await bot.control(refresh=True)
        await until(lambda: bot.of("socket_sent_away", reason="too_many_websockets"))
        await until(lambda: len(bot.of("socket_open")) == 2)
        assert bot.addresses == 3


async def test_with_no_room_at_all_the_bot_asks_more_and_more_slowly(raw):
    """Ten connections of somebody else do not make it try in a rush, and it connects when one has gone."""
    clock, pace = CountedClock(), replace(QUICK, first_pause=0.5, longest_pause=30.0)
    raw.workspace.settings.max_connections = 0
    async with bot_at(raw, backoff=pace, clock=clock, connections=1) as bot:
        connecting = asyncio.create_task(bot.connect())
        await until(lambda: [each for each in clock.pauses if each == 30.0])
        assert not connecting.done()
        raw.workspace.settings.max_connections = 1
        await connecting
    assert [each for each in clock.pauses if each != pace.grace][:6] == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0]


async def test_switched_off_socket_mode_is_an_error_with_its_remedy(bot, caplog):
    """The log says once what to do, the bot looks again slowly, and is back when it is switched on."""
    await bot.control(disable=True)
    await until(lambda: len(bot.of("socket_sent_away", reason="link_disabled")) >= 4)
    (error,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert "api.slack.com/apps, your app, Socket Mode" in error.getMessage()
    tries = [each["at"] for each in bot.of("api", method="apps.connections.open")][2:]
    assert all(later - earlier > 0.09 for earlier, later in zip(tries, tries[2:], strict=False))
    await bot.control(disable=False)
    await until(lambda: len(open_now(bot)) == 2)
    assert (await bot.command())["ok"]


async def test_a_token_that_slack_no_longer_takes_is_an_error_with_its_remedy(bot, caplog):
    """The log names the setting, and the bot looks again."""
    await bot.raw.control(
        "faults", method="apps.connections.open", fault="error", error="invalid_auth", times=4
    )
    await bot.control(cut=True)
    await until(lambda: len(open_now(bot)) == 2)
    (error,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert "invalid_auth" in error.getMessage()
    assert "SLACK_APP_TOKEN" in error.getMessage()


async def test_an_unexpected_error_does_not_stop_the_reconnecting(bot, monkeypatch, caplog):
    """Whatever goes wrong while a connection is opened is logged, and tried again."""
    opened, surprises = (
        bot.app.client.apps_connections_open,
        [RuntimeError("no"), RuntimeError("no")],
    )

    async def surprising(**arguments):
        if surprises:
            raise surprises.pop()
        return await opened(**arguments)

    monkeypatch.setattr(bot.app.client, "apps_connections_open", surprising)
    await bot.control(cut=True)
    await until(lambda: len(open_now(bot)) == 2)
    assert [each.levelno for each in caplog.records if each.exc_info] == [logging.ERROR] * 2


async def test_a_frozen_connection_is_replaced(bot):
    """A connection that answers no ping any more makes way for another, and what comes then is answered."""
    await bot.control(freeze=True)
    await until_renewed(bot)
    frozen = [c.id for c in bot.workspace.installation.socket.connections() if c.frozen]
    for ident in frozen:
        await bot.control(close=True, connection=ident)  # Slack notices at some time, too
    for _ in range(4):
        assert (await bot.command())["ok"]
    assert len(bot.sockets.open_since) == 2


async def test_open_since(bot):
    """Operators can ask how many connections are open and since when."""
    first = bot.sockets.open_since
    assert len(first) == 2
    await bot.control(cut=True)
    await until(lambda: len(open_now(bot)) == 2 and len(bot.sockets.open_since) == 2)
    assert min(bot.sockets.open_since) > max(first)
    await bot.sockets.close()
    assert bot.sockets.open_since == ()
