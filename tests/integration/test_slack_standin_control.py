"""Faults, rate limits and the journal of the Slack stand-in."""

import asyncio
import json

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncConnectionErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from faxbot.standins.slack import Workspace
from tests.support.slack_standin import CLAIMS, DANA, RawClient, running, write_manifest
from tests.support.waiting import until

POST = {"channel": CLAIMS, "text": "x"}


@pytest.fixture
async def raw(tmp_path):
    async with running(tmp_path) as workspace, aiohttp.ClientSession() as session:
        yield RawClient(workspace, session)


def texts(raw):
    return [m["text"] for m in raw.workspace.state.messages.in_order(CLAIMS)]


async def test_an_error_on_demand(raw):
    """A fault skips `after` calls, applies to the next `times`, and only to calls that match."""
    await raw.control(
        "faults",
        method="chat.postMessage",
        fault="error",
        error="fatal_error",
        after=1,
        times=2,
        match={"channel": CLAIMS},
    )
    answers = [(await raw.json("chat.postMessage", **POST)).get("error") for _ in range(4)]
    other = await raw.json("chat.postMessage", channel="C02GENERAL", text="x")
    assert answers == [None, "fatal_error", "fatal_error", None]
    assert other["ok"]


async def test_invalid_control_calls_are_refused(raw):
    """An unknown fault, setting, file or channel is refused with HTTP 400."""
    assert (await raw.control("faults", method="x", fault="gremlins"))["status"] == 400
    assert (await raw.control("settings", gravity=0))["status"] == 400
    assert (await raw.control("settings", share_delay="soon"))["status"] == 400
    assert (await raw.control("file", file="F0", mode="hosted"))["status"] == 400
    assert (await raw.control("archive", channel="C0"))["status"] == 400


async def test_http_faults(raw):
    """HTTP 5xx, HTML for JSON, and 429 with Retry-After are returned as planned; nothing is posted."""
    url = raw.workspace.api_url + "chat.postMessage"
    for fault, status, kind in (("http", 503, "text/plain"), ("html", 200, "text/html")):
        await raw.control("faults", method="chat.postMessage", fault=fault, status=503)
        async with raw.session.post(url, data=POST, headers=raw.auth(None)) as answer:
            assert (answer.status, answer.content_type) == (status, kind)
    await raw.control("faults", method="chat.postMessage", fault="ratelimited", seconds=7)
    async with raw.session.post(url, data=POST, headers=raw.auth(None)) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
        assert (await answer.json())["error"] == "ratelimited"
    assert texts(raw) == []


@pytest.mark.parametrize(("fault", "posted"), [("drop_before", 0), ("drop_after", 1)])
async def test_dropped_connections(raw, fault, posted):
    """A connection can be cut before the call runs, or after."""
    await raw.control("faults", method="chat.postMessage", fault=fault)
    with pytest.raises(aiohttp.ClientError):
        await raw.json("chat.postMessage", **POST)
    await until(lambda: len(raw.workspace.journal.of("api", method="chat.postMessage")) == 1)
    assert len(texts(raw)) == posted


async def test_the_sdk_retries_a_lost_answer(raw):
    """The SDK's default retry handler repeats a post without an answer: the message is posted twice."""
    await raw.control("faults", method="chat.postMessage", fault="drop_after")
    sdk = AsyncWebClient(
        token=raw.workspace.bot_token,
        base_url=raw.workspace.api_url,
        retry_handlers=[AsyncConnectionErrorRetryHandler()],
    )
    await sdk.chat_postMessage(**POST)
    assert texts(raw) == ["x", "x"]


async def test_a_call_runs_after_the_client_timed_out(raw):
    """A delayed call runs although its client has disconnected."""
    await raw.control("faults", method="chat.postMessage", fault="latency", seconds=1.0)
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=0.05)) as hasty:
        with pytest.raises(asyncio.TimeoutError):
            await RawClient(raw.workspace, hasty).json("chat.postMessage", **POST)
    assert texts(raw) == []
    await until(lambda: texts(raw) == ["x"])


async def test_a_slow_answer(raw):
    """A slow answer is returned after the call has run."""
    await raw.control("faults", method="chat.postMessage", fault="slow_answer", seconds=0.1)
    call = asyncio.ensure_future(raw.json("chat.postMessage", **POST))
    await until(lambda: texts(raw) == ["x"])
    assert not call.done()
    assert (await call)["ok"]


async def test_metadata_not_echoed(raw):
    """With the fault metadata_not_echoed the answer has no metadata, but the message has."""
    await raw.control("faults", method="chat.postMessage", fault="metadata_not_echoed")
    metadata = {"event_type": "k", "event_payload": {}}
    answer = await raw.json("chat.postMessage", **POST, metadata=metadata)
    assert "metadata" not in answer["message"]
    assert raw.workspace.state.messages.in_order(CLAIMS)[0]["metadata"] == metadata


async def test_a_missing_scope_as_a_fault(raw):
    """The fault missing_scope answers as if the method's scope were not granted."""
    await raw.control("faults", method="files.info", fault="missing_scope")
    assert (await raw.get("files.info", file="F0"))["needed"] == "files:read"


async def test_rate_limits_off_and_on(raw):
    """Rate limits are off by default; when on, a tier's calls per minute pass and the next is 429."""
    for _ in range(25):
        assert (await raw.get("users.list"))["ok"]
    await raw.control("settings", rate_limits=True)
    sdk = AsyncWebClient(token=raw.workspace.bot_token, base_url=raw.workspace.api_url, retry_handlers=[])
    for _ in range(20):
        await sdk.users_list()
    with pytest.raises(SlackApiError) as caught:
        await sdk.users_list()
    assert caught.value.response.status_code == 429
    assert 1 <= int(caught.value.response.headers["Retry-After"]) <= 60
    await sdk.users_info(user=DANA)


async def test_posts_per_channel(raw):
    """A burst of posts to one channel passes and the next is limited; another channel is not affected."""
    await raw.control("settings", rate_limits=True, post_burst=2, post_interval=60)
    codes = []
    for channel in (CLAIMS, CLAIMS, CLAIMS, "C02GENERAL"):
        answer = await raw.json("chat.postMessage", channel=channel, text="x")
        codes.append(answer.get("error"))
    assert codes == [None, None, "ratelimited", None]


async def test_the_journal(raw):
    """The journal has every call with its arguments and outcome, and neither tokens nor file bytes."""
    await raw.form("chat.postMessage", token="", **POST)
    await raw.form("chat.postMessage", **POST)
    await raw.upload("a.pdf", b"secret bytes")
    async with raw.session.get(f"{raw.workspace.url}/_/control/log", params={"kind": "api"}) as answer:
        entries = (await answer.json())["entries"]
    assert [(e["method"], e["outcome"]) for e in entries[:2]] == [
        ("chat.postMessage", "not_authed"),
        ("chat.postMessage", "ok"),
    ]
    assert entries[1]["args"] == POST
    text = json.dumps(raw.workspace.journal.entries)
    assert raw.workspace.bot_token not in text
    assert "secret bytes" not in text


async def test_the_journal_on_disk(tmp_path):
    """The journal is also written to a file, one JSON object per line."""
    path = tmp_path / "journal.jsonl"
    manifest = write_manifest(tmp_path)
    async with (
        Workspace(tmp_path / "ws", manifest=manifest, journal=path) as workspace,
        aiohttp.ClientSession() as session,
    ):
        await RawClient(workspace, session).form("auth.test")
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert lines[0]["method"] == "auth.test"


async def test_reset(raw):
    """A reset removes messages, faults and settings; the tokens are kept."""
    await raw.json("chat.postMessage", **POST)
    await raw.control("faults", method="*", fault="http")
    await raw.control("settings", share_delay=9)
    await raw.control("reset")
    assert texts(raw) == []
    assert (await raw.form("auth.test"))["ok"]
    async with raw.session.get(f"{raw.workspace.url}/_/control/state") as answer:
        state = await answer.json()
    assert (state["messages"], state["faults"], state["settings"]["share_delay"]) == ({}, [], 0.2)


async def test_other_origins_are_refused(raw):
    """A request with another web page's Origin is refused."""
    headers = {"Origin": "https://elsewhere.example"}
    async with raw.session.post(f"{raw.workspace.url}/_/say", json={}, headers=headers) as answer:
        assert answer.status == 403


async def test_loopback_only(raw):
    """The server listens on 127.0.0.1 and nowhere else."""
    assert raw.workspace.url.startswith("http://127.0.0.1:")
    port = int(raw.workspace.url.rsplit(":", 1)[1])
    with pytest.raises(ConnectionRefusedError):  # a socket on all addresses listens on this one, too
        await asyncio.open_connection("127.0.0.2", port)
