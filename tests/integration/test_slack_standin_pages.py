"""The person API of the Slack stand-in: page, snapshot, events, files, second pane; and the process."""

import asyncio
import json
import signal
import sys

import aiohttp
import pytest
from aiohttp import web

from tests.support.slack_standin import CLAIMS, DANA, DANA_IM, MARCUS, RawClient, running, write_manifest


@pytest.fixture
async def raw(tmp_path):
    async with running(tmp_path) as workspace, aiohttp.ClientSession() as session:
        yield RawClient(workspace, session)


async def snapshot(raw, user):
    async with raw.session.get(f"{raw.workspace.url}/_/snapshot", params={"user": user}) as answer:
        return await answer.json()


async def test_the_snapshot(raw):
    """A snapshot has the visible people, channels, messages, commands and shortcuts."""
    await raw.person("say", user=DANA, channel=DANA_IM, text="private")
    await raw.person("say", user=DANA, channel=CLAIMS, text="public")
    dana, marcus = await snapshot(raw, DANA), await snapshot(raw, MARCUS)
    assert dana["me"]["id"] == DANA
    assert [u["name"] for u in dana["users"]] == ["dana", "marcus", "priya", "faxbot"]
    assert [m["text"] for m in dana["messages"]] == ["private", "public"]
    assert [(m["text"], m["channel"]) for m in marcus["messages"]] == [("public", CLAIMS)]
    assert [c["command"] for c in dana["commands"]] == ["/fax", "/esc"]
    assert {s["type"] for s in dana["shortcuts"]} == {"message", "global"}
    assert dana["bot"] == {"user_id": "U02FAXBOT1", "name": "faxbot"}
    assert (dana["connected"], dana["fax_pane"]) == (False, False)


async def test_events_are_streamed_and_replayed(raw):
    """The stream starts after `since`, numbers its events, and continues with new ones."""
    since = (await snapshot(raw, DANA))["seq"]
    await raw.person("say", user=DANA, channel=CLAIMS, text="missed")
    url = f"{raw.workspace.url}/_/events?user={DANA}&since={since}"
    async with raw.session.get(url) as stream:
        assert stream.content_type == "text/event-stream"
        first = [await stream.content.readline() for _ in range(3)]
        assert first[0] == f"id: {since + 1}\n".encode()
        assert json.loads(first[1].removeprefix(b"data: "))["message"]["text"] == "missed"
        await raw.person("say", user=MARCUS, channel=CLAIMS, text="now")
        await stream.content.readline()
        assert json.loads((await stream.content.readline()).removeprefix(b"data: "))["seq"] == since + 2


async def test_waiting(raw):
    """The long poll answers with the first event after `since`."""
    since = (await snapshot(raw, DANA))["seq"]
    url = f"{raw.workspace.url}/_/wait?user={DANA}&since={since}&timeout=5"
    waiting = asyncio.ensure_future(raw.session.get(url))
    await raw.person("say", user=DANA, channel=CLAIMS, text="x")
    async with await waiting as answer:
        found = await answer.json()
    assert (found["seq"], found["events"][0]["type"]) == (since + 1, "message")


async def test_files_for_the_page(raw):
    """The page downloads a file without a token; a deleted one is not found."""
    ident = await raw.person_file(DANA, "a.txt", b"hello")
    async with raw.session.get(f"{raw.workspace.url}/_/file/{ident}") as answer:
        assert (answer.content_type, await answer.read()) == ("text/plain", b"hello")
    await raw.person("delete_file", user=DANA, file=ident)
    async with raw.session.get(f"{raw.workspace.url}/_/file/{ident}") as answer:
        assert answer.status == 404


@pytest.mark.parametrize(
    ("action", "body", "error"),
    [
        ("say", {"user": "U0", "channel": CLAIMS, "text": "x"}, "user_not_found"),
        ("say", {"user": DANA, "channel": "C0", "text": "x"}, "channel_not_found"),
        ("say", {"user": DANA, "channel": CLAIMS, "text": "/fax"}, "is_command"),
        ("say", {"user": DANA, "channel": CLAIMS, "text": " "}, "no_text"),
        ("say", {"user": MARCUS, "channel": DANA_IM, "text": "x"}, "not_in_channel"),
        ("command", {"user": DANA, "channel": CLAIMS, "text": "/nope"}, "invalid_command"),
        ("edit", {"user": DANA, "channel": CLAIMS, "ts": "1.0", "text": "x"}, "message_not_found"),
        ("submit", {"user": DANA, "view": "V0"}, "view_not_found"),
        ("invite", {"channel": CLAIMS, "user": DANA}, "already_in_channel"),
    ],
)
async def test_invalid_actions(raw, action, body, error):
    """An invalid action is answered with an error code and a message for the person."""
    answer = await raw.person(action, **body)
    assert (answer["ok"], answer["error"]) == (False, error)
    assert answer["message"]


async def test_only_ones_own_messages_can_be_edited(raw):
    """A member may edit their own messages, an administrator any."""
    ts = (await raw.person("say", user=DANA, channel=CLAIMS, text="x"))["ts"]
    change = {"channel": CLAIMS, "ts": ts, "text": "y"}
    assert (await raw.person("edit", user=MARCUS, **change))["error"] == "cant_update_message"
    assert (await raw.person("edit", user="U02PRIYA01", **change))["ok"]


async def test_an_archived_channel(raw):
    """An archived channel accepts no messages until it is unarchived."""
    say = {"user": DANA, "channel": CLAIMS, "text": "x"}
    await raw.person("archive", channel=CLAIMS)
    assert (await raw.person("say", **say))["error"] == "is_archived"
    await raw.person("archive", channel=CLAIMS, undo=True)
    assert (await raw.person("say", **say))["ok"]


async def test_the_fax_servers_pane(raw, tmp_path):
    """Requests of the second pane are forwarded to the fax server's control API; without one they are 404."""
    url = f"{raw.workspace.url}/_/fax/arrive?line=2"
    async with raw.session.post(url, json={}) as answer:
        assert answer.status == 404

    async def echo(request):
        return web.json_response({"path": request.path_qs, "body": await request.text()})

    app = web.Application()
    app.router.add_route("*", "/control/{rest:.*}", echo)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        raw.workspace.installation.fax_control = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with raw.session.post(url, json={"pages": 2}) as answer:
            assert await answer.json() == {"path": "/control/arrive?line=2", "body": '{"pages": 2}'}
        assert (await snapshot(raw, DANA))["fax_pane"] is True
    finally:
        await runner.cleanup()
    async with raw.session.post(url, json={}) as answer:
        assert answer.status == 502


async def test_the_page_is_served(raw):
    """The page and its files are served at / and /page/; files outside the folder are not."""
    for path, status in (("/", 200), ("/page/index.html", 200), ("/page/../server.py", 404)):
        async with raw.session.get(raw.workspace.url + path) as answer:
            assert answer.status == status, path


async def test_the_process(tmp_path):
    """`python -m faxbot.standins.slack` prints one JSON line when ready, answers, and ends on SIGTERM."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "faxbot.standins.slack", "--dir", str(tmp_path / "ws")),
        *("--manifest", str(write_manifest(tmp_path))),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout
        ready = json.loads(await asyncio.wait_for(process.stdout.readline(), 20))
        assert set(ready) == {"url", "api_url", "bot_token", "app_token", "signing_secret"}
        headers = {"Authorization": f"Bearer {ready['bot_token']}"}
        async with (
            aiohttp.ClientSession() as session,
            session.post(ready["api_url"] + "auth.test", headers=headers) as answer,
        ):
            assert (await answer.json())["ok"]
    finally:
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 10) == 0
