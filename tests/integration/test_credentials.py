"""
Promise 6 over real sockets: the bot's tokens go to Slack only, the UCX's credentials to the UCX only.

A server that answers everything with a redirect to another host, and that host, which must get no request.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from types import SimpleNamespace

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from faxbot.adapters import SystemClock
from faxbot.fax.errors import BadDocument, Fault, ServerFault
from faxbot.fax.job import Direction
from faxbot.services.model.messages import Sentence
from faxbot.slack.adapters.attachments import SlackAttachments
from faxbot.slack.adapters.directory import SlackDirectory
from faxbot.slack.adapters.messenger import SlackMessenger
from faxbot.slack.adapters.replies import Replies
from faxbot.slack.inbound.socket_mode import ReconnectBackoff, SocketMode
from faxbot.slack.payloads import Origin
from faxbot.slack.views import Rendered
from faxbot.slack.web_api.client import build_client
from faxbot.slack.web_api.connections import Connections
from faxbot.slack.web_api.web_api import WebApi
from faxbot.ucx.client import connect
from faxbot.ucx.transport import Timeouts
from tests.support.fake_slack import free_pace

BOT, APP = "xoxb-bot-secret", "xapp-app-secret"
CLIENT, SECRET, BEARER, TICKET = "client-id", "client-secret", "bearer-token", "ticket-secret"
REDIRECTS = [301, 302, 303, 307, 308]
SAY = Sentence("x")


@dataclass
class Heard:
    """A server with scripted responses, else a redirect to *elsewhere*; it records the requests."""

    status: int = 200
    elsewhere: str = ""
    answers: dict[str, object] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    base: str = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.paths.append(request.path)
        self.requests.append(f"{request.method} {request.path_qs}\n{dict(request.headers)}\n{body!r}")
        answer = self.answers.get(request.path)
        if isinstance(answer, dict):
            return web.json_response(answer)
        if isinstance(answer, bytes):
            return web.Response(body=answer)
        return web.Response(status=self.status, headers={"Location": f"{self.elsewhere}{request.path_qs}"})


@contextlib.asynccontextmanager
async def listening(heard: Heard, host: str) -> AsyncIterator[Heard]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", heard.answer)
    async with TestServer(app) as server:
        heard.base = f"http://{host}:{server.port}"
        yield heard


@pytest.fixture
async def trap() -> AsyncIterator[Heard]:
    """The other host."""
    async with listening(Heard(), "localhost") as heard:
        yield heard


@pytest.fixture(params=REDIRECTS)
async def server(request, trap) -> AsyncIterator[Heard]:
    """Slack, or a UCX, that points to the other host."""
    async with listening(Heard(request.param, trap.base), "127.0.0.1") as heard:
        yield heard


@pytest.fixture
async def api(server) -> AsyncIterator[WebApi]:
    connections = Connections(seconds=5)

    async def at_once(_seconds: float) -> None:
        return None

    yield WebApi(
        build_client(BOT, f"{server.base}/api/", connections, free_pace()), connections, sleep=at_once
    )
    await connections.close()


async def refused(call: Callable[[], Awaitable[object]]) -> None:
    """The call raises a fault, or returns nothing."""
    with contextlib.suppress(Fault):
        await call()


async def test_slacks_redirects_take_no_token_elsewhere(server, trap, api, tmp_path):
    """Every method that the bot calls, an upload, a download and a response address."""
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7")
    client, view = api.client, {"type": "modal", "title": {"type": "plain_text", "text": "x"}, "blocks": []}
    messenger = SlackMessenger(api, lambda _: Rendered("x", []), lambda _: "x")
    directory, place = (
        SlackDirectory(api, SystemClock().now),
        Origin("U1", response_url=f"{server.base}/respond"),
    )
    calls = [
        api.me,
        lambda: messenger.post("C1", SAY, key="k", thread_ts=None),
        lambda: messenger.update("C1", "1.1", SAY, key="k"),
        lambda: messenger.post_ephemeral("C1", "U1", SAY, response_url=None, thread_ts=None),
        lambda: messenger.post_ephemeral(
            "C1", "U1", SAY, response_url=f"{server.base}/respond", thread_ts=None
        ),
        lambda: Replies(api).respond(place, Rendered("x", [])),
        lambda: messenger.begin_upload(tmp_path / "a.pdf", "a.pdf"),
        lambda: messenger.put_bytes(f"{server.base}/upload/1", tmp_path / "a.pdf"),
        lambda: messenger.share_file("C1", "F1", "a.pdf", SAY, thread_ts=None),
        lambda: api.first_message("C1", lambda _: True, oldest=0.0),
        lambda: api.first_message("C1", lambda _: True, oldest=0.0, thread_ts="1.1"),
        lambda: api.file("F1"),
        lambda: directory.ensure_can_post("C1", "U1"),
        lambda: directory.is_workspace_admin("U1"),
        lambda: api.write(client.conversations_open(users="U1")),
        lambda: api.write(client.views_open(trigger_id="1", view=view)),
        lambda: api.write(client.views_update(view_id="V1", view=view)),
        lambda: api.read(lambda: client.apps_connections_open(app_token=APP)),
    ]
    for call in calls:
        await refused(call)
    file = {"id": "F1", "name": "a.pdf", "mode": "hosted", "size": 8, "url_private": f"{server.base}/file"}
    server.answers["/api/files.info"] = {"ok": True, "file": file}
    with pytest.raises(BadDocument):
        await SlackAttachments(api, max_bytes=1000).fetch("F1", tmp_path / "part0")
    assert trap.requests == []
    assert {path.removeprefix("/api/") for path in server.paths} == {
        *("auth.test", "apps.connections.open", "chat.postMessage", "chat.update", "chat.postEphemeral"),
        *("files.getUploadURLExternal", "files.completeUploadExternal", "files.info"),
        *("conversations.history", "conversations.replies", "conversations.info", "conversations.open"),
        *("users.info", "views.open", "views.update", "/upload/1", "/respond", "/file"),
    }


async def test_a_redirected_handshake_goes_nowhere_else(server, trap, api):
    """The address of a WebSocket is a secret by itself, and no other server may send envelopes."""
    server.answers["/api/apps.connections.open"] = {
        "ok": True,
        "url": f"{server.base.replace('http', 'ws')}/link/?ticket={TICKET}",
    }
    app = SimpleNamespace(client=api.client)
    sockets = SocketMode(
        app, APP, SystemClock(), backoff=ReconnectBackoff(first_pause=0.01, longest_pause=0.02)
    )
    opening = asyncio.create_task(sockets.open())
    async with asyncio.timeout(10):
        while server.paths.count("/link/") < 3:
            await asyncio.sleep(0.01)
    opening.cancel()
    await asyncio.gather(opening, return_exceptions=True)
    await sockets.close()
    assert trap.requests == []


async def test_a_file_on_another_host_is_not_requested_with_the_token(server, trap, api, tmp_path):
    """files.info names another host: nothing goes there at all."""
    for url in (
        f"{trap.base}/file",
        f"{trap.base}/slack.com",
        f"http://slack.com@localhost:{trap.base[-5:]}/x",
    ):
        file = {"id": "F1", "name": "a.pdf", "mode": "hosted", "size": 8, "url_private": url}
        server.answers["/api/files.info"] = {"ok": True, "file": file}
        with pytest.raises(BadDocument):
            await SlackAttachments(api, max_bytes=1000).fetch("F1", tmp_path / "part0")
    assert trap.requests == []


async def test_addresses_that_are_secrets_get_no_token(server, trap, api, tmp_path):
    """Upload and response URLs get their contents and no token, on any host."""
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7")
    trap.answers |= {"/upload": b"OK", "/respond": b"ok"}
    messenger = SlackMessenger(api, lambda _: Rendered("hello", []), lambda _: "x")
    await messenger.put_bytes(f"{trap.base}/upload", tmp_path / "a.pdf")
    await messenger.post_ephemeral("C1", "U1", SAY, response_url=f"{trap.base}/respond", thread_ts=None)
    await Replies(api).respond(Origin("U1", response_url=f"{trap.base}/respond"), Rendered("hello", []))
    assert trap.paths == ["/upload", "/respond", "/respond"]
    assert [each for each in trap.requests if BOT in each or "uthorization" in each] == []
    assert server.paths == []


async def test_the_ucxs_redirects_take_no_credentials_elsewhere(server, trap, tmp_path):
    """All eleven methods; the twelfth request is the one for the token."""
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7")
    document = {"name": "a.pdf", "content_type": "application/pdf", "dial": "14695550101", "line_id": "1"}

    def client(name: str):
        return connect(server.base, CLIENT, SECRET, token_file=tmp_path / name, timeouts=Timeouts(answer=5.0))

    async with client("none") as ucx:
        await refused(ucx.list_lines)
    assert server.paths == ["/restv1/efax/token"]
    server.answers["/restv1/efax/token"] = {"result": "Success", "token": BEARER}
    async with client("token") as ucx:
        for call in (
            ucx.list_lines,
            ucx.line_usage,
            lambda: ucx.submit_job(tmp_path / "a.pdf", **document),
            lambda: ucx.job_status("TX1"),
            lambda: ucx.cancel_job("TX1"),
            lambda: ucx.active_jobs(Direction.TX),
            lambda: ucx.count_records(Direction.RX),
            lambda: ucx.fetch_records(Direction.RX),
            lambda: ucx.delete_record("TX1"),
            lambda: ucx.download_document("TX1", tmp_path / "b.pdf"),
        ):
            with pytest.raises(ServerFault):
                await call()
    assert trap.requests == []
    assert {path.removeprefix("/restv1/efax/") for path in server.paths} == {
        *("token", "faxlist", "faxusage", "filesend", "jobstatus", "jobcancel", "activejobs"),
        *("recordcount", "recordsget", "recorddelete", "filedownload"),
    }
    assert [each for each in server.requests if "filesend" in each and f"Bearer {BEARER}" in each]


async def test_the_trap_would_hear_a_client_that_follows(server, trap):
    """The other host is there to be reached: what follows redirects ends up in it."""
    async with aiohttp.ClientSession() as session, session.get(f"{server.base}/x") as answer:
        await answer.read()
    assert trap.paths[:1] == ["/x"]
