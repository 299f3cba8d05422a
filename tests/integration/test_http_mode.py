"""HTTP mode of the bot: which requests are accepted as Slack's, and the replies to the others."""

import asyncio
import hashlib
import hmac
import io
import json
import logging
from contextlib import asynccontextmanager
from urllib.parse import urlencode

import aiohttp
import pytest

from faxbot.fax.errors import NotAllowed
from faxbot.services.model.request_bodies import RequestKind
from faxbot.slack.action_ids import Action
from faxbot.slack.inbound import http_mode
from faxbot.slack.inbound.http_mode import HttpEndpoint
from tests.support.listeners import NOW, ListenerHarness, command, press, submission
from tests.support.waiting import until

SECRET = "0123456789abcdef0123456789abcdef"
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
SHARED = {
    "type": "event_callback",
    "event_id": "Ev1",
    "team_id": "T1",
    "event": {"type": "file_shared", "file_id": "F1", "user_id": "U1", "channel_id": "C1"},
}


class Slack:
    """Sends what a test says, signed as Slack does unless the test says otherwise."""

    def __init__(
        self, harness: ListenerHarness, endpoint: HttpEndpoint, session: aiohttp.ClientSession
    ) -> None:
        self.harness, self.endpoint, self.session = harness, endpoint, session

    async def send(
        self, body: str, kind: str, *, age: float = 0, secret: str = SECRET, **headers: str | None
    ) -> tuple[int, str]:
        """POST *body*; a header that is None is left out. The status and text of the answer."""
        stamp = str(int(NOW.timestamp() - age))
        digest = hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
        signed = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name: v for name, v in ({"Content-Type": kind} | signed | more).items() if v is not None}
        async with self.session.post(
            self.endpoint.url, data=io.BytesIO(body.encode()), headers=sent
        ) as answer:
            return answer.status, await answer.text()

    async def event(self, body: dict = SHARED, **more) -> tuple[int, str]:
        return await self.send(json.dumps(body), JSON, **more)

    async def command(self, text: str = "cancel TX82", **more) -> tuple[int, str]:
        return await self.send(urlencode(command(text)), FORM, **more)

    async def interaction(self, body: dict, **more) -> tuple[int, str]:
        return await self.send(urlencode({"payload": json.dumps(body)}), FORM, **more)

    @property
    def committed(self) -> list[str]:
        return [each.key for each in self.harness.runner.requests]


@asynccontextmanager
async def listening():
    """The bot's endpoint before its real Bolt app, with fakes behind the listeners."""
    harness = ListenerHarness()
    endpoint = HttpEndpoint(harness.app, SECRET, lambda: NOW, host="127.0.0.1", port=0)
    await endpoint.open()
    try:
        async with aiohttp.ClientSession() as session:
            yield Slack(harness, endpoint, session)
    finally:
        await endpoint.close()


@pytest.fixture
async def slack():
    async with listening() as made:
        yield made


async def test_a_signed_request_is_accepted(slack):
    """A command, an interaction and an event, each in Slack's own form."""
    assert (await slack.command())[0] == 200
    assert (await slack.event())[0] == 200
    assert (await slack.interaction(press(Action.CANCEL.value, "fax:12")))[0] == 200
    assert len(slack.committed) == 3


async def test_a_form_with_a_mistake_is_answered_beside_its_field(slack):
    """The answer to a submission carries the errors of its fields."""
    status, text = await slack.interaction(submission("{}", "12"))
    assert status == 200
    assert json.loads(text)["response_action"] == "errors"


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "f" * 32},
        {"X_Slack_Signature": None},
        {"X_Slack_Request_Timestamp": None},
        {"X_Slack_Signature": "v0="},
        {"X_Slack_Signature": "v0=" + "0" * 64},
        {"X_Slack_Signature": "v0=\u00e9\u00e9"},
        {"X_Slack_Request_Timestamp": "now"},
        {"X_Slack_Request_Timestamp": ""},
        {"X_Slack_Request_Timestamp": "9" * 5000},
        {"age": 301},
        {"age": -301},
        {"age": 86_400},
    ],
    ids=str,
)
async def test_an_unsigned_request_is_rejected(slack, wrong):
    """A wrong, missing, malformed or old signature, or one from the future: 401, and nothing happens."""
    for status, _ in (await slack.command(**wrong), await slack.event(**wrong)):
        assert status == 401
    assert slack.committed == []


@pytest.mark.parametrize("age", [0, 299, -299])
async def test_five_minutes_are_allowed(slack, age):
    """The two clocks need not agree to the second."""
    assert (await slack.command(age=age))[0] == 200


async def test_a_signature_is_of_this_body(slack):
    """Another body under a good signature is refused."""
    stamp = str(int(NOW.timestamp()))
    signed = urlencode(command("lines"))
    digest = hmac.new(SECRET.encode(), f"v0:{stamp}:{signed}".encode(), hashlib.sha256).hexdigest()
    assert (await slack.command("cancel TX82", X_Slack_Signature=f"v0={digest}"))[0] == 401
    assert slack.committed == []


async def test_a_replayed_request_has_one_effect(slack):
    """The very same signed bytes within the five minutes: both are acknowledged, one is carried out."""
    body = urlencode(command("cancel TX82"))
    assert [(await slack.send(body, FORM))[0] for _ in range(3)] == [200, 200, 200]
    assert len(slack.committed) == 1


async def test_a_redelivered_event_has_one_effect(slack):
    """With Slack's retry headers, and with a new signature for each redelivery."""
    for attempt in range(4):
        retold = (
            {"X_Slack_Retry_Num": str(attempt), "X_Slack_Retry_Reason": "http_timeout"} if attempt else {}
        )
        assert (await slack.event(age=-attempt, **retold))[0] == 200
    assert len(slack.committed) == 1


async def test_a_hint_is_given_once_for_one_message(slack):
    """A redelivered query is answered once, too."""
    event = {
        "type": "message",
        "channel_type": "im",
        "user": "U1",
        "channel": "D1",
        "text": "hi",
        "ts": "1.2",
    }
    for _ in range(3):
        assert (await slack.event(SHARED | {"event": event}))[0] == 200
    await until(lambda: slack.harness.replies.responses)
    assert len(slack.harness.replies.responses) == 1


async def test_what_could_not_be_committed_is_not_acknowledged(slack):
    """An event whose commit fails is answered with 5xx, so that Slack sends it again; then it is taken."""
    slack.harness.runner.failure = OSError("disk full")
    assert (await slack.event())[0] >= 500
    slack.harness.runner.failure = None
    assert (await slack.event(X_Slack_Retry_Num="1", X_Slack_Retry_Reason="http_error"))[0] == 200
    assert len(slack.committed) == 1


async def test_a_command_whose_commit_fails_says_so(slack):
    """The person reads it in the answer, as in Socket Mode: Slack would not send it again."""
    slack.harness.runner.failure = OSError("disk full")
    status, text = await slack.command()
    assert status == 200
    assert "reference" in json.loads(text)["text"]


async def test_a_refusal_is_the_answer(slack):
    """A forbidden action is answered in the acknowledgement."""
    slack.harness.runner.failure = NotAllowed("Only Dana or an admin can cancel TX82.")
    status, text = await slack.command()
    assert (status, "Only Dana" in text) == (200, True)


async def test_the_acknowledgement_waits_for_the_commit_only(slack):
    """While the commit is held up there is no answer; with the commit there is one."""
    slack.harness.runner.gate = asyncio.Event()
    asking = asyncio.create_task(slack.event())
    done, _ = await asyncio.wait({asking}, timeout=0.2)
    assert not done
    slack.harness.runner.gate.set()
    assert (await asking)[0] == 200
    assert slack.harness.runner.requests[0].kind is RequestKind.SHARED_FILE


async def test_the_challenge_is_answered(slack):
    """url_verification, when somebody saves the request URL at Slack."""
    body = {"type": "url_verification", "token": "x", "challenge": "3eZbrw1aB"}
    status, text = await slack.event(body)
    assert (status, json.loads(text)) == (200, {"challenge": "3eZbrw1aB"})
    assert (await slack.event(body, secret="f" * 32))[0] == 401


async def test_the_ssl_check_is_answered(slack):
    """Slack checks the certificate of a command's URL now and then."""
    assert await slack.send(urlencode({"ssl_check": "1", "token": "x"}), FORM) == (200, "")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "", 405), ("PUT", "", 405), ("DELETE", "", 405), ("GET", "/../..", 404), ("POST", "/more", 404)],
)
async def test_other_requests_get_nothing(slack, method, path, status):
    """There is one address and one way to ask."""
    async with slack.session.request(method, slack.endpoint.url + path) as answer:
        assert answer.status == status


async def test_the_root_is_nothing(slack):
    """No page discloses the server software."""
    async with slack.session.get(slack.endpoint.url.removesuffix("/slack/events")) as answer:
        assert answer.status == 404


async def test_a_body_that_is_too_large_is_refused(slack):
    """Though it is signed: no envelope of Slack's is so long."""
    body = urlencode(command("send " + "1" * (4 << 20)))
    assert (await slack.send(body, FORM))[0] == 413
    assert slack.committed == []


async def test_a_body_that_trickles_is_given_up(slack, monkeypatch):
    """A connection is closed after the time that Slack itself would take."""
    monkeypatch.setattr(http_mode, "_READ_SECONDS", 0.1)
    port = int(slack.endpoint.url.split(":")[2].split("/")[0])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = "POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"
    signed = "X-Slack-Request-Timestamp: 1\r\nX-Slack-Signature: v0=1\r\n\r\nxx"
    writer.write((head + signed).encode())
    assert b"408" in await asyncio.wait_for(reader.readline(), 5)
    writer.close()


async def test_a_signed_body_that_is_no_json_is_no_crash(slack, caplog):
    """It is an error, which the log knows, and the next request is answered."""
    assert (await slack.send("{nonsense", JSON))[0] == 500
    assert "request from Slack failed" in caplog.messages
    assert (await slack.send("\x00\xff", FORM))[0] >= 400
    assert (await slack.command())[0] == 200


async def test_only_slacks_own_headers_are_passed_on(slack):
    """The signature does not cover headers: Bolt's internal ones have no effect."""
    lazy = {"X_Slack_Bolt_Lazy_Only": "1", "X_Slack_Bolt_Lazy_Function_Name": "x"}
    assert (await slack.command(**lazy))[0] == 200
    assert len(slack.committed) == 1


async def test_refusals_are_logged_once_and_without_the_payload(slack, caplog):
    """However many bad requests come, the log has one line of them until a good one has come."""
    with caplog.at_level(logging.DEBUG):
        for _ in range(3):
            await slack.command("cancel TX4695550101", secret="f" * 32)
        await slack.command()
        await slack.command("cancel TX4695550101", secret="f" * 32)
    lines = [each.getMessage() for each in caplog.records if each.name == "faxbot.slack.inbound.http_mode"]
    assert len(lines) == 2
    assert "SLACK_SIGNING_SECRET" in lines[0]
    assert "4695550101" not in caplog.text


async def test_nothing_is_taken_after_the_end():
    """Closed, the port is free again; open, it says where it is."""
    async with listening() as slack:
        assert slack.endpoint.connection_count == 1
        url = slack.endpoint.url
    assert slack.endpoint.connection_count == 0
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.post(url)


async def test_a_port_in_use():
    """It is an OSError, and nothing is left open."""
    async with listening() as slack:
        port = int(slack.endpoint.url.split(":")[2].split("/")[0])
        second = HttpEndpoint(slack.harness.app, SECRET, lambda: NOW, host="127.0.0.1", port=port)
        with pytest.raises(OSError, match="in use"):
            await second.open()
        assert second.connection_count == 0
        await second.close()
