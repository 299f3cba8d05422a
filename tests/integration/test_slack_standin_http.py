"""HTTP mode of the Slack stand-in, tested with an app written from Slack's documentation alone."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import aiohttp
import pytest
from aiohttp import web

from faxbot.standins.slack import Workspace
from faxbot.standins.slack.settings import WorkspaceSettings
from tests.support.slack_standin import CLAIMS, DANA, DANA_IM, RawClient, running, write_manifest
from tests.support.waiting import until


@dataclass
class App:
    """An app at a request URL: its received deliveries, whether they were signed, and its answers."""

    url: str = ""
    secret: str = ""
    received: list[dict[str, Any]] = field(default_factory=list)
    challenges: int = 0
    answer: Callable[[dict[str, Any]], Awaitable[web.Response] | web.Response] = lambda _: web.Response()

    async def receive(self, request: web.Request) -> web.Response:
        body = await request.text()
        stamp = request.headers["X-Slack-Request-Timestamp"]
        digest = hmac.new(self.secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
        if request.content_type == "application/json":
            payload = json.loads(body)
        else:
            assert request.content_type == "application/x-www-form-urlencoded"
            fields = {name: values[0] for name, values in parse_qs(body, keep_blank_values=True).items()}
            payload = json.loads(fields["payload"]) if "payload" in fields else fields
        signed = hmac.compare_digest(f"v0={digest}", request.headers["X-Slack-Signature"])
        if payload.get("type") == "url_verification":
            self.challenges += 1
            return web.json_response({"challenge": payload["challenge"]})
        retry = (request.headers.get("X-Slack-Retry-Num"), request.headers.get("X-Slack-Retry-Reason"))
        fresh = abs(time.time() - int(stamp)) < 5
        self.received.append(
            {"payload": payload, "signed": signed and fresh, "retry": retry, "type": request.content_type}
        )
        answer = self.answer(payload)
        return await answer if isinstance(answer, Awaitable) else answer

    def events(self, kind: str) -> list[dict[str, Any]]:
        """The deliveries of this event type, redeliveries included."""
        return [each for each in self.received if each["payload"].get("event", {}).get("type") == kind]


@asynccontextmanager
async def listening(app: App):
    """Serve *app* on a free port."""
    application = web.Application()
    application.router.add_post("/slack/events", app.receive)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    installation = web.TCPSite(runner, "127.0.0.1", 0)
    await installation.start()
    app.url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    try:
        yield app
    finally:
        await runner.cleanup()


@pytest.fixture
async def raw(tmp_path):
    async with running(tmp_path, ack_deadline=2.0) as workspace, aiohttp.ClientSession() as session:
        yield RawClient(workspace, session)


@pytest.fixture
async def app(raw):
    """An app in HTTP mode."""
    async with listening(App(secret=raw.workspace.signing_secret)) as app:
        assert (await raw.control("request_url", url=app.url))["url"] == app.url
        yield app


async def test_a_url_that_answers_the_challenge_is_accepted(raw, app):
    """It receives one challenge; Socket Mode is then disabled, and enabled again without a URL."""
    assert app.challenges == 1
    opened = await raw.form("apps.connections.open", token=raw.workspace.app_token)
    async with raw.session.ws_connect(opened["url"]) as stream:
        assert (await stream.receive_json())["reason"] == "link_disabled"
    assert (await raw.control("request_url", url=""))["url"] == ""
    async with raw.socket() as socket:
        await raw.person("command", user=DANA, channel=CLAIMS, text="/fax lines")
        assert [each["text"] for each in socket.of("slash_commands")] == ["lines"]
    assert app.received == []


@pytest.mark.parametrize(
    ("status", "text"), [(200, "hello"), (200, ""), (404, "{challenge}"), (302, "{challenge}"), (500, "")]
)
async def test_a_url_that_does_not_answer_the_challenge_is_refused(raw, status, text):
    """Any answer but 200 with the challenge is refused; Socket Mode stays enabled."""

    async def answer(request: web.Request) -> web.Response:
        challenge = (await request.json())["challenge"]
        return web.Response(status=status, text=text.format(challenge=challenge))

    application = web.Application()
    application.router.add_post("/", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    refused = await raw.control("request_url", url=f"http://127.0.0.1:{runner.addresses[0][1]}/")
    await runner.cleanup()
    assert refused["status"] == 400
    assert "challenge" in refused["error"]
    async with raw.socket() as socket:
        assert (await raw.person("command", user=DANA, channel=CLAIMS, text="/fax"))["ok"]
        assert len(socket.of("slash_commands")) == 1


async def test_an_unreachable_url_is_refused(raw):
    """A URL without a server, and an invalid one, are refused."""
    for url in ("http://127.0.0.1:9/slack/events", "nonsense"):
        assert (await raw.control("request_url", url=url))["status"] == 400
    assert len(raw.workspace.journal.of("request_url_refused")) == 2


async def test_the_challenge_may_be_plain_text(raw):
    """An answer with only the challenge as plain text is accepted, as Slack documents."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=(await request.json())["challenge"])

    application = web.Application()
    application.router.add_post("/", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    accepted = await raw.control("request_url", url=f"http://127.0.0.1:{runner.addresses[0][1]}/")
    await runner.cleanup()
    assert accepted["status"] == 200


async def test_an_app_may_start_after_the_workspace(tmp_path):
    """With a request URL from the start, the challenge is repeated until it is answered."""
    async with listening(App()) as app:
        pass
    settings = WorkspaceSettings()
    port = int(app.url.split(":")[2].split("/")[0])
    workspace = Workspace(
        tmp_path / "ws", manifest=write_manifest(tmp_path), settings=settings, request_url=app.url
    )
    async with workspace:
        await until(lambda: workspace.journal.of("request_url_refused"))
        application = web.Application()
        application.router.add_post("/slack/events", app.receive)
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        await until(lambda: workspace.journal.of("request_url_verified"))
        await runner.cleanup()


async def test_every_delivery_is_signed_and_encoded_like_slacks(raw, app):
    """Events are JSON, a command is a form of its fields, an interaction is a form with `payload`."""
    await raw.person("command", user=DANA, channel=CLAIMS, text="/fax send +1 469 & more")
    await raw.person("shortcut", user=DANA, callback_id="send_fax")
    await raw.person("say", user=DANA, channel=DANA_IM, text="hello")
    await until(lambda: app.events("message"))
    command, shortcut, event = app.received
    assert [each["signed"] for each in app.received] == [True] * 3
    assert [each["type"].rpartition("/")[2] for each in app.received] == [
        "x-www-form-urlencoded",
        "x-www-form-urlencoded",
        "json",
    ]
    assert (command["payload"]["command"], command["payload"]["text"]) == ("/fax", "send +1 469 & more")
    assert shortcut["payload"]["type"] == "shortcut"
    assert (event["payload"]["type"], event["payload"]["event"]["text"]) == ("event_callback", "hello")
    assert {each["retry"] for each in app.received} == {(None, None)}


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (web.json_response({"response_type": "ephemeral", "text": "Faxing."}), ["Faxing."]),
        (web.Response(text="Plain words."), ["Plain words."]),
        (web.Response(), []),
        (web.Response(text=""), []),
    ],
    ids=["json", "text", "nothing", "empty"],
)
async def test_the_answer_to_a_command_is_shown(raw, app, answer, shown):
    """The body of the answer is shown: JSON or plain text."""
    body, kind = answer.text, answer.content_type
    app.answer = lambda _: web.Response(text=body, content_type=kind)
    assert (await raw.person("command", user=DANA, channel=CLAIMS, text="/fax"))["ok"]
    assert [each.content["text"] for each in raw.workspace.state.ephemerals.values()] == shown


async def test_a_view_submission_is_answered_in_the_response(raw, app):
    """The errors of a view_submission are in the acknowledgement."""

    async def respond(payload: dict[str, Any]) -> web.Response:
        if payload.get("type") == "view_submission":
            return web.json_response({"response_action": "errors", "errors": {"n": "No number."}})
        return web.Response()

    app.answer = respond
    await raw.person("command", user=DANA, channel=CLAIMS, text="/fax")
    plain = {"type": "plain_text", "text": "x"}
    block = {
        "type": "input",
        "block_id": "n",
        "label": plain,
        "element": {"type": "plain_text_input", "action_id": "a"},
    }
    view = {"type": "modal", "callback_id": "c", "title": plain, "submit": plain, "blocks": [block]}
    opened = await raw.json("views.open", trigger_id=app.received[0]["payload"]["trigger_id"], view=view)
    values = {"n": {"a": {"value": "12"}}}
    answer = await raw.person("submit", user=DANA, view=opened["view"]["id"], values=values)
    assert answer["errors"] == {"n": "No number."}


@pytest.mark.parametrize(("status", "shown"), [(500, "dispatch_failed"), (404, "dispatch_failed")])
async def test_a_failed_command_is_not_redelivered(raw, app, status, shown):
    """A command without a 2xx answer fails for the person and is not redelivered."""
    app.answer = lambda _: web.Response(status=status)
    answer = await raw.person("command", user=DANA, channel=CLAIMS, text="/fax")
    assert answer["error"] == shown
    assert len(app.received) == 1


async def test_a_command_that_is_answered_late(raw, app):
    """After the deadline the person's client shows operation_timeout."""
    raw.workspace.settings.ack_deadline = 0.1
    released = asyncio.Event()

    async def late(_: dict[str, Any]) -> web.Response:
        await released.wait()
        return web.Response()

    app.answer = late
    answer = await raw.person("command", user=DANA, channel=CLAIMS, text="/fax")
    released.set()
    assert answer["error"] == "operation_timeout"


async def test_an_event_is_redelivered_until_it_is_acknowledged(raw, app):
    """It is redelivered up to three times, with retry number and reason, and the same event_id."""
    await raw.control("settings", retry_after_second=0.01, retry_after_third=0.01)
    statuses = iter([500, 503, 200])
    app.answer = lambda _: web.Response(status=next(statuses))
    await raw.person("say", user=DANA, channel=DANA_IM, text="hello")
    await until(lambda: len(app.events("message")) == 3)
    deliveries = app.events("message")
    assert [each["retry"] for each in deliveries] == [(None, None), ("1", "http_error"), ("2", "http_error")]
    assert len({each["payload"]["event_id"] for each in deliveries}) == 1
    assert all(each["signed"] for each in deliveries)


async def test_an_unacknowledged_event_is_given_up(raw, app):
    """It is delivered four times in all."""
    await raw.control("settings", retry_after_second=0.01, retry_after_third=0.01)
    app.answer = lambda _: web.Response(status=500)
    await raw.person("say", user=DANA, channel=DANA_IM, text="hello")
    await until(lambda: raw.workspace.journal.of("event_given_up"))
    assert len(app.events("message")) == 4


async def test_the_app_may_decline_redeliveries(raw, app):
    """An error with X-Slack-No-Retry: 1 ends the deliveries."""
    app.answer = lambda _: web.Response(status=500, headers={"X-Slack-No-Retry": "1"})
    await raw.person("say", user=DANA, channel=DANA_IM, text="hello")
    await until(lambda: raw.workspace.journal.of("event_given_up"))
    assert len(app.events("message")) == 1


async def test_reasons_of_redeliveries(raw, app):
    """A late answer is http_timeout; a lost answer is connection_failed."""
    await raw.control("settings", retry_after_second=0.01, retry_after_third=0.01, ack_deadline=0.1)
    released = asyncio.Event()
    calls = iter(range(9))

    async def answer(_: dict[str, Any]) -> web.Response:
        if next(calls) == 0:
            await released.wait()
        return web.Response()

    app.answer = answer
    await raw.person("say", user=DANA, channel=DANA_IM, text="one")
    await until(lambda: len(app.received) == 2)
    released.set()
    await raw.control("request_url", lose_answers=1)
    await raw.person("say", user=DANA, channel=DANA_IM, text="two")
    await until(lambda: len(app.received) == 4)
    assert [each["retry"][1] for each in app.received] == [None, "http_timeout", None, "connection_failed"]


async def test_the_journal_has_requests_and_answers(raw, app):
    """The journal has each delivery, and each acknowledgement with its duration."""
    await raw.person("command", user=DANA, channel=CLAIMS, text="/fax")
    (sent,), (acked,) = raw.workspace.journal.of("envelope_sent"), raw.workspace.journal.of("envelope_acked")
    assert (sent["connection"], sent["type"]) == (app.url, "slash_commands")
    assert acked["envelope_id"] == sent["envelope_id"]
    assert acked["seconds"] < 2
    app.answer = lambda _: web.Response(status=418)
    await raw.person("command", user=DANA, channel=CLAIMS, text="/fax")
    assert [each["status"] for each in raw.workspace.journal.of("envelope_refused")] == [418]
