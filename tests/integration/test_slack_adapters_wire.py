"""The adapters against a server that misbehaves on request: what goes over the wire, and how often."""

import asyncio
import logging
import os
import tracemalloc
from collections.abc import Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest

from faxbot.fax.errors import BadDocument, SlackBusy, SlackRefused, SlackUnclear
from faxbot.services.model.messages import Sentence
from faxbot.slack.adapters.attachments import SlackAttachments
from faxbot.slack.adapters.messenger import SlackMessenger
from faxbot.slack.web_api.client import build_client
from faxbot.slack.web_api.connections import Connections
from faxbot.slack.web_api.web_api import WebApi
from tests.support.fake_slack import free_pace
from tests.unit.test_slack_publisher import Shown

MEGABYTE = 1024 * 1024
SAY = Sentence("x")


class Slack:
    """A server that answers each path with what is listed for it, and notes every request."""

    def __init__(self):
        self.answers: dict[str, Callable] = {}
        self.seen: list[web.Request] = []
        self.sizes: list[int] = []
        self.bodies: list[bytes] = []

    async def answer(self, request):
        self.seen.append(request)
        size, body = 0, b""
        async for chunk in request.content.iter_any():
            size += len(chunk)
            body += chunk if size < 64 * 1024 else b""
        self.sizes.append(size)
        self.bodies.append(body)
        answering = self.answers.get(request.path)
        if answering is None:
            return web.json_response({"ok": False, "error": "unknown_method"})
        answer = answering(request)
        return await answer if asyncio.iscoroutine(answer) else answer

    def count(self, path):
        return sum(request.path == path for request in self.seen)


def cut(request):
    request.transport.abort()
    return web.Response()


def page(_request):
    return web.Response(text="<!DOCTYPE html><title>Sign in</title>", content_type="text/html")


def elsewhere(slack, status):
    """A redirect to another path of the same server."""
    return lambda _: web.Response(status=status, headers={"Location": f"{slack.base}/elsewhere"})


def in_turn(*answers):
    """Each answer once, in order."""
    waiting = list(answers)

    def answer(request):
        return waiting.pop(0)(request)

    return answer


@pytest.fixture
async def slack():
    served = Slack()
    app = web.Application(client_max_size=1024**3)
    app.router.add_route("*", "/{path:.*}", served.answer)
    server = TestServer(app)
    await server.start_server()
    served.base = str(server.make_url("/")).rstrip("/")
    yield served
    await server.close()


@pytest.fixture
async def api(slack):
    connections = Connections(seconds=2)

    async def no_wait(_seconds):
        return None

    yield WebApi(
        build_client("xoxb-secret", f"{slack.base}/api", connections, free_pace()), connections, sleep=no_wait
    )
    await connections.close()
    await asyncio.sleep(0)  # aiohttp closes its sockets in the next turn of the loop


@pytest.fixture
def messenger(api):
    return SlackMessenger(api, lambda _: Shown(), lambda _: "beside")


def hands_over(slack, *, size=None, url=None, **more):
    """files.info returns F1 at /file."""
    shown = {"id": "F1", "name": "a.pdf", "mimetype": "application/pdf", "mode": "hosted", **more}
    shown["url_private"] = url or f"{slack.base}/file"
    if size is not None:
        shown["size"] = size
    slack.answers["/api/files.info"] = lambda _: web.json_response({"ok": True, "file": shown})


def post(messenger):
    return messenger.post("C1", SAY, key="k1", thread_ts=None)


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (cut, SlackUnclear),
        (page, SlackUnclear),
        (lambda _: web.Response(status=500, text="upstream error"), SlackUnclear),
        (lambda _: web.Response(text="{half", content_type="application/json"), SlackUnclear),
        (lambda _: web.json_response([]), SlackUnclear),
        (lambda _: web.json_response([1]), SlackUnclear),
        (lambda _: web.json_response(None), SlackUnclear),
        (lambda _: web.Response(text="ok"), SlackUnclear),
        (lambda _: web.Response(body=b"\xff\xfe", content_type="application/json"), SlackUnclear),
        (lambda _: web.Response(status=204), SlackUnclear),
        (lambda _: web.json_response({"ok": False, "error": "fatal_error"}), SlackUnclear),
        (lambda _: web.json_response({"ok": False, "error": "no_text"}), SlackRefused),
        (lambda _: web.json_response({"ok": False, "error": "ratelimited"}, status=429), SlackBusy),
        (lambda _: web.Response(status=429, text="slow down"), SlackBusy),
    ],
)
async def test_post_is_sent_once_whatever_comes_back(slack, messenger, answer, fault):
    """However a post ends, one request went out and one named fault comes back."""
    slack.answers["/api/chat.postMessage"] = answer
    with pytest.raises(fault):
        await post(messenger)
    assert slack.count("/api/chat.postMessage") == 1


async def test_slow_answer_is_unclear(slack, api):
    """Nothing is waited for without end."""
    never = asyncio.Event()

    async def hold(_request):
        await never.wait()
        return web.Response()

    slack.answers["/api/chat.update"] = hold
    hasty = Connections(seconds=0.1)
    try:
        quick = WebApi(build_client("xoxb-secret", api.client.base_url, hasty, free_pace()), hasty)
        with pytest.raises(SlackUnclear):
            await SlackMessenger(quick, lambda _: Shown(), lambda _: "").update("C1", "1.1", SAY, key="k")
    finally:
        never.set()
        await hasty.close()


async def test_no_server_means_that_nothing_happened(api):
    """At a closed port nothing was carried out; the call can be made later."""
    connections = Connections()
    nobody = WebApi(
        build_client("xoxb-secret", "http://127.0.0.1:1/api", connections, free_pace()), connections
    )
    with pytest.raises(SlackBusy):
        await post(SlackMessenger(nobody, lambda _: Shown(), lambda _: ""))
    await connections.close()


async def test_closed_connections_send_nothing(slack, api, messenger):
    """After the end slack_sdk does not go on with a session of its own, which would follow redirects."""
    await api.connections.close()
    with pytest.raises(SlackUnclear):
        await post(messenger)
    assert slack.seen == []


async def test_read_is_repeated_after_a_cut(slack, messenger):
    """A read survives two dropped connections."""
    slack.answers["/api/auth.test"] = in_turn(
        cut, cut, lambda _: web.json_response({"ok": True, "user_id": "UBOT"})
    )
    slack.answers["/api/conversations.history"] = lambda _: web.json_response({"ok": True, "messages": []})
    assert await messenger.find("C1", key="k", since=0.0, thread_ts=None) is None
    assert slack.count("/api/auth.test") == 3


@pytest.mark.parametrize("status", [302, 303, 307])
async def test_redirects_are_not_followed(slack, api, messenger, status):
    """A redirect carries the token nowhere, neither a write's nor a read's: not even to the same server."""
    for method in ("chat.postMessage", "files.info"):
        slack.answers[f"/api/{method}"] = elsewhere(slack, status)
    with pytest.raises(SlackUnclear):
        await post(messenger)
    with pytest.raises(SlackUnclear):
        await api.file("F1")
    assert slack.count("/elsewhere") == 0


async def test_clients_of_bolt_follow_no_redirects_and_take_no_proxy(slack, api, monkeypatch):
    """The client that Bolt makes for each request goes over the same connections as ours."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    slack.answers["/api/chat.postMessage"] = elsewhere(slack, 302)
    app = AsyncApp(client=api.client, signing_secret="s", request_verification_enabled=False)
    request = AsyncBoltRequest(body="{}", mode="socket_mode")
    app._init_context(request)  # noqa: SLF001 - Bolt calls it for each request; nothing public does only this
    theirs = request.context["client"]
    assert theirs is not api.client
    with pytest.raises(SlackUnclear):
        await api.write(theirs.chat_postMessage(channel="C1", text="x"))
    assert slack.count("/api/chat.postMessage") == 1
    assert slack.count("/elsewhere") == 0


async def test_each_write_has_a_connection_of_its_own(slack, messenger):
    """A write never rides on a kept connection that the server may just be closing."""
    slack.answers["/api/chat.postMessage"] = lambda _: web.json_response({"ok": True, "ts": "1.1"})
    peers = []
    slack.answers["/api/chat.update"] = lambda request: (
        peers.append(request.transport.get_extra_info("peername")) or web.json_response({"ok": True})
    )
    for _ in range(3):
        await messenger.update("C1", "1.1", SAY, key="k")
    assert len(set(peers)) == 3


async def test_ephemeral_message_by_response_url(slack, messenger):
    """The response_url is posted to once, without the token, for that person only."""
    slack.answers["/respond"] = lambda _: web.Response(text="ok")
    await messenger.post_ephemeral("C1", "U1", SAY, response_url=f"{slack.base}/respond", thread_ts=None)
    assert [request.path for request in slack.seen] == ["/respond"]
    assert "Authorization" not in slack.seen[0].headers
    assert b'"response_type": "ephemeral"' in slack.bodies[0]
    assert b'"replace_original": false' in slack.bodies[0]


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: web.json_response({"ok": False, "error": "used_url"}, status=404),
        lambda _: web.json_response({"ok": False, "error": "expired_url"}),
        lambda _: web.Response(status=403, text="invalid_token"),
    ],
)
async def test_ephemeral_message_after_the_response_url_is_used_up(slack, messenger, answer):
    """An address that is used up showed nothing: the message is ephemeral in the conversation then."""
    slack.answers["/respond"] = answer
    slack.answers["/api/chat.postEphemeral"] = lambda _: web.json_response({"ok": True})
    await messenger.post_ephemeral("C1", "U1", SAY, response_url=f"{slack.base}/respond", thread_ts=None)
    assert [request.path for request in slack.seen] == ["/respond", "/api/chat.postEphemeral"]


@pytest.mark.parametrize("answer", [cut, page, lambda _: web.Response(status=500)])
async def test_an_ephemeral_message_is_not_sent_twice(slack, messenger, answer):
    """Where the response address gave no usable answer, the person may have got it."""
    slack.answers["/respond"] = answer
    with pytest.raises(SlackUnclear):
        await messenger.post_ephemeral("C1", "U1", SAY, response_url=f"{slack.base}/respond", thread_ts=None)
    assert [request.path for request in slack.seen] == ["/respond"]


async def test_upload_is_streamed_without_the_token(slack, messenger, tmp_path):
    """The bytes go up as they are, with their length, in little memory, and no token goes along."""
    path = tmp_path / "fax.pdf"
    with path.open("wb") as file:
        os.truncate(file.fileno(), 40 * MEGABYTE)
    slack.answers["/up"] = lambda _: web.Response(text="OK")
    tracemalloc.start()
    try:
        await messenger.put_bytes(f"{slack.base}/up", path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    (request,) = slack.seen
    assert slack.sizes == [40 * MEGABYTE]
    assert request.headers["Content-Length"] == str(40 * MEGABYTE)
    assert request.headers["Content-Type"] == "application/octet-stream"
    assert "Authorization" not in request.headers
    assert peak < 16 * MEGABYTE


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (cut, SlackUnclear),
        (page, SlackUnclear),
        (lambda _: web.Response(status=500), SlackUnclear),
        (lambda _: web.Response(status=302, headers={"Location": "/up2"}), SlackUnclear),
        (lambda _: web.Response(status=404, text="upload ticket not found"), SlackRefused),
        (lambda _: web.Response(status=429, headers={"Retry-After": "3"}), SlackBusy),
    ],
)
async def test_upload_that_fails(slack, messenger, tmp_path, answer, fault):
    """Each end of an upload has its fault, and it is sent once."""
    path = tmp_path / "fax.pdf"
    path.write_bytes(b"%PDF-" + bytes(100_000))
    slack.answers["/up"] = answer
    with pytest.raises(fault):
        await messenger.put_bytes(f"{slack.base}/up", path)
    assert len(slack.seen) == 1


async def test_upload_is_not_in_the_query(slack, messenger, tmp_path):
    """Names and texts go in bodies: addresses end up in the logs of everything on the way."""
    path = tmp_path / "a"
    path.write_bytes(b"1")
    slack.answers["/api/files.getUploadURLExternal"] = lambda _: web.json_response(
        {"ok": True, "file_id": "F1", "upload_url": "http://x/y"}
    )
    slack.answers["/api/files.completeUploadExternal"] = lambda _: web.json_response({"ok": True})
    await messenger.begin_upload(path, "private.pdf")
    await messenger.share_file("C1", "F1", "private.pdf", SAY, thread_ts=None)
    assert [request.query_string for request in slack.seen] == ["", ""]
    assert all(b"private.pdf" in body for body in slack.bodies)


async def fetch(api, tmp_path, max_bytes=MEGABYTE):
    return await SlackAttachments(api, max_bytes=max_bytes).fetch("F1", tmp_path / "part")


async def test_fetch_brings_the_file(slack, api, tmp_path):
    """The bytes arrive under the name that was asked for, fetched with the token."""
    hands_over(slack, size=8)
    slack.answers["/file"] = lambda _: web.Response(body=b"%PDF-1.7", content_type="application/pdf")
    part = await fetch(api, tmp_path)
    assert part.path.read_bytes() == b"%PDF-1.7"
    assert part.name == "a.pdf"
    assert [each.name for each in tmp_path.iterdir()] == ["part"]
    assert slack.seen[-1].headers["Authorization"] == "Bearer xoxb-secret"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (page, "files:read"),
        (lambda _: web.Response(text="<!-- --><title>Sign", content_type="text/html"), "files:read"),
        (lambda _: web.Response(body=b"\xef\xbb\xbf\n <HTML>", content_type="application/pdf"), "files:read"),
        (lambda _: web.Response(status=302, headers={"Location": "/signin"}), "files:read"),
        (lambda _: web.Response(status=403), "files:read"),
        (lambda _: web.Response(status=404), "no longer has"),
        (lambda _: web.Response(body=b"%PDF"), "did not come whole"),
        (lambda _: web.Response(body=b""), "did not come whole"),
    ],
)
async def test_what_is_not_the_file(slack, api, tmp_path, answer, words):
    """A sign-in page, a redirect to one, or half a file is never taken for the document."""
    hands_over(slack, size=8)
    slack.answers["/file"] = answer
    with pytest.raises(BadDocument, match=words):
        await fetch(api, tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert slack.count("/signin") == 0


async def test_page_that_is_the_file(slack, api, tmp_path):
    """A web page that somebody shared is their file."""
    body = b"<!DOCTYPE html><p>hello"
    hands_over(slack, size=len(body), mimetype="text/html")
    slack.answers["/file"] = lambda _: web.Response(body=body, content_type="text/html")
    assert (await fetch(api, tmp_path)).path.read_bytes() == body


async def test_sign_in_page_in_place_of_a_page(slack, api, tmp_path):
    """Even where a page was expected, one of another length is the sign-in page."""
    hands_over(slack, size=8, mimetype="text/html")
    slack.answers["/file"] = page
    with pytest.raises(BadDocument, match="files:read"):
        await fetch(api, tmp_path)


async def test_fetch_stops_at_the_limit(slack, api, tmp_path):
    """A file that turns out larger than allowed is not stored."""
    hands_over(slack)
    slack.answers["/file"] = lambda _: web.Response(body=b"%PDF-" + bytes(MEGABYTE))
    with pytest.raises(BadDocument, match="up to 1 MB"):
        await fetch(api, tmp_path)
    assert list(tmp_path.iterdir()) == []


async def test_fetch_asks_again_after_a_cut(slack, api, tmp_path):
    """An interrupted download is restarted; no partial file is left behind."""

    async def half(request):
        response = web.StreamResponse(headers={"Content-Length": "8"})
        await response.prepare(request)
        await response.write(b"%PDF")
        request.transport.abort()
        return response

    hands_over(slack, size=8)
    slack.answers["/file"] = in_turn(half, cut, lambda _: web.Response(body=b"%PDF-1.7"))
    assert (await fetch(api, tmp_path)).path.read_bytes() == b"%PDF-1.7"
    assert [each.name for each in tmp_path.iterdir()] == ["part"]


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (cut, SlackUnclear),
        (lambda _: web.Response(status=503), SlackUnclear),
        (lambda _: web.Response(status=429, headers={"Retry-After": "30"}), SlackBusy),
    ],
)
async def test_fetch_without_an_answer(slack, api, tmp_path, answer, fault):
    """When Slack does not answer, the document is not to blame."""
    hands_over(slack, size=8)
    slack.answers["/file"] = answer
    with pytest.raises(fault):
        await fetch(api, tmp_path)
    assert list(tmp_path.iterdir()) == []


async def test_token_does_not_leave_the_host(slack, api, tmp_path):
    """A file at another host is not asked for at all: the token would go along."""
    hands_over(slack, size=8, url=slack.base.replace("127.0.0.1", "localhost") + "/file")
    slack.answers["/file"] = lambda _: web.Response(body=b"%PDF-1.7")
    with pytest.raises(BadDocument, match="not kept at Slack"):
        await fetch(api, tmp_path)
    assert slack.count("/file") == 0


async def test_logs_hold_no_secrets(slack, api, messenger, tmp_path, caplog):
    """At DEBUG, neither token, text, names nor addresses are in the log."""
    caplog.set_level(logging.DEBUG)
    hands_over(slack, size=8, name="private.pdf", url=f"{slack.base}/file?t=secret-ticket")
    slack.answers["/file"] = lambda _: web.Response(body=b"%PDF-1.7")
    slack.answers["/respond"] = lambda _: web.Response(text="ok")
    slack.answers["/api/chat.postMessage"] = lambda _: web.json_response({"ok": True, "ts": "1.1"})
    await post(messenger)
    await messenger.post_ephemeral("C1", "U1", SAY, response_url=f"{slack.base}/respond", thread_ts=None)
    await fetch(api, tmp_path)
    with pytest.raises(BadDocument):
        await SlackAttachments(api, max_bytes=1).fetch("F1", tmp_path / "b")
    # aiohttp's own access log belongs to the server of this test.
    said = "\n".join(r.getMessage() for r in caplog.records if not r.name.startswith("aiohttp."))
    for secret in ("xoxb", "Faxing", "private.pdf", "secret-ticket", "/respond"):
        assert secret not in said
