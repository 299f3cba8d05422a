"""The adapters against the workspace stand-in: posts, files and people as a workspace has them."""

import asyncio
import json
import time
from datetime import UTC, datetime
from types import SimpleNamespace

import httpx
import pytest

from faxbot.fax.errors import BadDocument, CannotPost, SlackBusy, SlackRefused, SlackUnclear
from faxbot.services.model.messages import FetchedFile, Sentence
from faxbot.slack.adapters.attachments import SlackAttachments
from faxbot.slack.adapters.directory import SlackDirectory
from faxbot.slack.adapters.messenger import SlackMessenger
from faxbot.slack.views import BotProfile, render, render_comment
from faxbot.slack.web_api.client import build_client
from faxbot.slack.web_api.connections import Connections
from faxbot.slack.web_api.web_api import WebApi
from faxbot.standins.slack import Workspace
from faxbot.standins.slack.model.people import CLAIMS, DANA, LEGAL
from tests.support.fake_slack import free_pace

MANIFEST = {
    "display_information": {"name": "faxbot"},
    "features": {"bot_user": {"display_name": "faxbot"}},
    "oauth_config": {
        "scopes": {
            "bot": [
                "chat:write",
                "files:read",
                "files:write",
                "users:read",
                "channels:read",
                "groups:read",
                "im:read",
                "mpim:read",
                "channels:history",
                "groups:history",
                "im:history",
                "mpim:history",
            ]
        }
    },
    "settings": {"socket_mode_enabled": True},
}
SAY = Sentence("It went.")


@pytest.fixture
async def ws(tmp_path):
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps(MANIFEST))
    async with (
        Workspace(tmp_path / "workspace", manifest=manifest) as workspace,
        httpx.AsyncClient(base_url=workspace.url, trust_env=False) as http,
    ):

        async def ask(path, **body):
            answer = (await http.post(path, json=body)).json()
            assert answer.get("ok") is not False, answer
            return answer

        async def fault(**asked):
            await ask("/_/control/faults", **asked)

        async def share(name, content, **where):
            """Dana shares a file; its id and the message's ts."""
            sent = await http.post("/_/upload", data={"user": DANA}, files={"file": (name, content)})
            file_id = sent.json()["files"][0]["id"]
            said = await ask("/_/say", user=DANA, channel=CLAIMS, text="here", files=[file_id], **where)
            return file_id, said["ts"]

        yield SimpleNamespace(
            api_url=workspace.api_url,
            bot_token=workspace.bot_token,
            url=workspace.url,
            state=workspace.state,
            ask=ask,
            fault=fault,
            share=share,
            claims=CLAIMS,
            legal=LEGAL,
            dana=DANA,
        )


@pytest.fixture
async def api(ws):
    connections = Connections(seconds=5)

    async def no_wait(_seconds):
        return None

    yield WebApi(build_client(ws.bot_token, ws.api_url, connections, free_pace()), connections, sleep=no_wait)
    await connections.close()


@pytest.fixture
def messenger(api):
    now = datetime.now(UTC)
    return SlackMessenger(
        api, lambda m: render(m, BotProfile(), now), lambda m: render_comment(m, BotProfile(), now)
    )


def long_ago():
    return time.time() - 60


async def test_post_find_update(messenger, ws):
    """A post is found by its key, also after it was edited, and no other key finds it."""
    ts = await messenger.post(ws.claims, SAY, key="fax:1:card", thread_ts=None)
    reply = await messenger.post(ws.claims, SAY, key="fax:1:step", thread_ts=ts)
    await messenger.update(ws.claims, ts, Sentence("It went, really."), key="fax:1:card")
    assert await messenger.find(ws.claims, key="fax:1:card", since=long_ago(), thread_ts=None) == ts
    assert await messenger.find(ws.claims, key="fax:1:step", since=long_ago(), thread_ts=ts) == reply
    assert await messenger.find(ws.claims, key="fax:1:step", since=long_ago(), thread_ts=None) is None
    assert await messenger.find(ws.claims, key="fax:2:card", since=long_ago(), thread_ts=None) is None


async def test_lost_answer_then_found(messenger, ws):
    """A post whose answer was lost is found, and one that never arrived is not; without metadata too."""
    await ws.fault(method="chat.postMessage", fault="drop_after")
    with pytest.raises(SlackUnclear):
        await messenger.post(ws.claims, SAY, key="k1", thread_ts=None)
    await ws.fault(method="chat.postMessage", fault="drop_before")
    with pytest.raises(SlackUnclear):
        await messenger.post(ws.claims, SAY, key="k2", thread_ts=None)
    await ws.fault(method="conversations.history", fault="metadata_not_echoed", times=2)
    assert await messenger.find(ws.claims, key="k1", since=long_ago(), thread_ts=None)
    assert await messenger.find(ws.claims, key="k2", since=long_ago(), thread_ts=None) is None


async def until_shared(messenger, channel, file_id):
    deadline = time.monotonic() + 5
    while True:
        known = await messenger.shared_ts(channel, file_id, long_ago(), thorough=True)
        if known[1] or time.monotonic() > deadline:
            return known
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("fault", [None, "shares_absent"])
async def test_a_fax_goes_up_and_comes_back(messenger, api, ws, tmp_path, fault):
    """A document is uploaded, shared, found in its message, and fetched again byte for byte."""
    if fault:
        await ws.fault(method="files.info", fault=fault, times=None)
    path = tmp_path / "RX34.pdf"
    path.write_bytes(b"%PDF-" + bytes(range(256)) * 1000)
    file_id, address = await messenger.begin_upload(path, "RX34.pdf")
    assert await messenger.shared_ts(ws.claims, file_id, long_ago(), thorough=True) == (False, None, "")
    await messenger.put_bytes(address, path)
    assert (await messenger.shared_ts(ws.claims, file_id, long_ago(), thorough=True))[:2] == (False, None)
    message = FetchedFile(job_id="34", user_id=ws.dana)
    await messenger.share_file(ws.claims, file_id, "RX34.pdf", message, thread_ts=None)
    shared, ts, permalink = await until_shared(messenger, ws.claims, file_id)
    assert shared
    assert ts
    assert permalink
    files = SlackAttachments(api, max_bytes=2**20)
    assert await files.of_message(ws.claims, ts, None) == [{"id": file_id, "name": "RX34.pdf"}]
    part = await files.fetch(file_id, tmp_path / "back")
    assert part.path.read_bytes() == path.read_bytes()


async def test_a_share_that_never_came_is_repeated(messenger, ws, tmp_path):
    """Where the request to share was lost, the file does not count as shared, and sharing it works."""
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-")
    file_id, address = await messenger.begin_upload(path, "a.pdf")
    await messenger.put_bytes(address, path)
    await ws.fault(method="files.completeUploadExternal", fault="drop_before")
    with pytest.raises(SlackUnclear):
        await messenger.share_file(ws.claims, file_id, "a.pdf", SAY, thread_ts=None)
    assert (await messenger.shared_ts(ws.claims, file_id, long_ago(), thorough=True))[:2] == (False, None)
    await messenger.share_file(ws.claims, file_id, "a.pdf", SAY, thread_ts=None)
    assert (await until_shared(messenger, ws.claims, file_id))[1]


async def test_without_files_read_there_is_no_document(api, messenger, ws, tmp_path):
    """The sign-in page that comes without files:read is not accepted as the file."""
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-")
    file_id, address = await messenger.begin_upload(path, "a.pdf")
    await messenger.put_bytes(address, path)
    await messenger.share_file(ws.claims, file_id, "a.pdf", SAY, thread_ts=None)
    await until_shared(messenger, ws.claims, file_id)
    await ws.fault(method="download", fault="missing_scope")
    with pytest.raises(BadDocument, match="files:read"):
        await SlackAttachments(api, max_bytes=2**20).fetch(file_id, tmp_path / "back")
    await ws.fault(method="files.info", fault="missing_scope")
    with pytest.raises(BadDocument, match="files:read"):
        await SlackAttachments(api, max_bytes=2**20).fetch(file_id, tmp_path / "back")


async def test_ephemeral_message_in_the_conversation(messenger, ws):
    """A member gets an ephemeral; a user outside the channel cannot."""
    await messenger.post_ephemeral(ws.claims, ws.dana, SAY, response_url=None, thread_ts=None)
    with pytest.raises(SlackRefused) as caught:
        await messenger.post_ephemeral(ws.claims, "U0NOBODY", SAY, response_url=None, thread_ts=None)
    assert caught.value.error == "user_not_in_channel"


async def test_rate_limit(messenger, ws):
    """HTTP 429 has the length of the pause."""
    await ws.fault(method="chat.update", fault="ratelimited", seconds=7)
    with pytest.raises(SlackBusy) as caught:
        await messenger.update(ws.claims, "1.1", SAY, key="k")
    assert caught.value.retry_after == 7


async def test_people_and_channels(api, ws):
    """Names, admins, and channels in which the bot is not a member."""
    directory = SlackDirectory(api, lambda: datetime.now(UTC))
    assert await directory.name_of(ws.dana) != ws.dana
    assert await directory.name_of("U0NOBODY") == "U0NOBODY"
    assert not await directory.is_workspace_admin("U0NOBODY")
    await directory.ensure_can_post(ws.claims, ws.dana)
    with pytest.raises(CannotPost, match="Type `/invite @faxbot` and try again"):
        await directory.ensure_can_post(ws.legal, ws.dana)
    with pytest.raises(CannotPost, match="between other people"):
        await directory.ensure_can_post("D0OTHERS", ws.dana)


async def test_what_dana_shared(api, ws, tmp_path):
    """The newest message with files is found, in the channel and in a thread, and its file fetched."""
    files = SlackAttachments(api, max_bytes=2**20)
    first, ts = await ws.share("old.pdf", b"%PDF-old")
    newer, newer_ts = await ws.share("referral.pdf", b"%PDF-new")
    reply, reply_ts = await ws.share("reply.pdf", b"%PDF-reply", thread_ts=ts)
    soon = time.time() + 60
    assert await files.recent(ws.claims, ws.dana, soon, 900) == [{"id": newer, "name": "referral.pdf"}]
    assert await files.recent(ws.claims, "U0OTHER", soon, 900) == []
    assert await files.of_message(ws.claims, ts, None) == [{"id": first, "name": "old.pdf"}]
    for thread_ts in (ts, None):
        found = await files.of_message(ws.claims, reply_ts, thread_ts)
        assert found == [{"id": reply, "name": "reply.pdf"}]
    assert await files.message_text(ws.claims, reply_ts) == (ws.dana, "here", ts)
    assert await files.shares_of(newer) == [(ws.claims, newer_ts)]
    part = await files.fetch(newer, tmp_path / "part")
    assert part.path.read_bytes() == b"%PDF-new"


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("external", "outside Slack"),
        ("tombstone", "no longer has"),
        ("hidden_by_limit", "over its limit"),
        ("access_denied", "does not let me see"),
    ],
)
async def test_states_of_a_file(api, ws, tmp_path, mode, words):
    """A file deleted or changed since it was shared has its sentence."""
    file_id, _ = await ws.share("a.pdf", b"%PDF-a")
    await ws.ask("/_/control/file", file=file_id, mode=mode)
    with pytest.raises(BadDocument, match=words):
        await SlackAttachments(api, max_bytes=2**20).fetch(file_id, tmp_path / "part")


async def test_response_url_until_it_is_used_up(messenger, ws):
    """A response address takes five messages; the sixth goes another way and is seen all the same."""
    address = ws.state.interaction_ids.new_response_url("commands", ws.dana, ws.claims)
    url = f"{ws.url}/commands/T1/1/{address.id}"
    for _ in range(6):
        await messenger.post_ephemeral(ws.claims, ws.dana, SAY, response_url=url, thread_ts=None)
    assert len(ws.state.ephemerals) == 6
    assert all(each.user == ws.dana for each in ws.state.ephemerals.values())
