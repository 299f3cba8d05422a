"""Slack's answers become faults, the token has one place to go, reads are repeated and writes are not."""

import logging
from types import SimpleNamespace

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from faxbot.fax.errors import SlackBusy, SlackRefused, SlackUnclear
from faxbot.slack.web_api.client import build_client
from faxbot.slack.web_api.connections import SDK_LOG, Connections, answer_fault, may_carry_token, slack_fault
from tests.support.fake_slack import FakeSlack, free_pace, refusal, web_api

API = "https://slack.com/api/"
STAND_IN = "http://127.0.0.1:8080/api/"


@pytest.mark.parametrize(
    ("url", "api"),
    [
        ("https://files.slack.com/files-pri/T1-F1/download/a.pdf", API),
        ("https://FILES.Slack.com/a", API),
        ("https://slack.com/files/a", API),
        ("https://acme.enterprise.slack.com/a", API),
        ("https://files.slack.com/a", STAND_IN),
        ("http://127.0.0.1:8080/files/a", STAND_IN),
        ("http://127.0.0.1:9999/files/a", STAND_IN),
        ("https://127.0.0.1/files/a", STAND_IN),
        ("http://[::1]:9/a", "http://[::1]:8/api"),
    ],
)
def test_token_goes_to_slack(url, api):
    """The token may go to the API's own host on any port, and to https *.slack.com."""
    assert may_carry_token(url, api)


@pytest.mark.parametrize(
    ("url", "api"),
    [
        ("http://files.slack.com/a", API),
        ("http://slack.com/a", API),
        ("https://slack.com.evil.example/a", API),
        ("https://evilslack.com/a", API),
        ("https://evil.example/files.slack.com", API),
        ("https://files.slack.com@evil.example/a", API),
        ("https://evil.example#.slack.com", API),
        ("https://evil.example\\.slack.com/a", API),
        ("https://evil.example\\@files.slack.com/a", API),
        ("https://user@files.slack.com/a", API),
        ("ftp://files.slack.com/a", API),
        ("//files.slack.com/a", API),
        ("/files/a", STAND_IN),
        ("", STAND_IN),
        ("https://", ""),
        ("http://127.0.0.1:port/a", STAND_IN),
        ("http://127.0.0.1.evil.example/a", STAND_IN),
        ("http://127.0.0.2/a", STAND_IN),
        ("http://[half", STAND_IN),
    ],
)
def test_token_goes_nowhere_else(url, api):
    """Every other address, and every disguise of one, is no place for the token."""
    assert not may_carry_token(url, api)


@pytest.mark.parametrize("error", ["internal_error", "fatal_error", "service_unavailable", "request_timeout"])
def test_server_trouble_is_unclear(error):
    """Codes that say Slack itself stumbled leave open whether the call was carried out."""
    assert isinstance(answer_fault(200, {}, refusal(error)), SlackUnclear)


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, refusal("x")), (503, None), (302, None), (200, None), (200, {"ok": True}), (200, [])],
)
def test_unusable_answer_is_unclear(status, body):
    """5xx, redirects, pages and answers of another shape are no answer."""
    assert isinstance(answer_fault(status, {}, body), SlackUnclear)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "30"}, 30.0),
        ({"retry-after": "7"}, 7.0),
        ({"Retry-After": "0"}, 0.1),
        ({"Retry-After": "-5"}, 0.1),
        ({"Retry-After": "nan"}, 1.0),
        ({"Retry-After": "inf"}, 1.0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, 1.0),
        ({}, 1.0),
    ],
)
def test_429_says_how_long(headers, seconds):
    """HTTP 429 is a pause of Retry-After seconds, of one second where that cannot be read."""
    fault = answer_fault(429, headers, None)
    assert isinstance(fault, SlackBusy)
    assert fault.retry_after == seconds


@pytest.mark.parametrize("error", ["ratelimited", "rate_limited"])
def test_rate_limit_in_the_body(error):
    """Slack also says in the body that it is too much; nothing was carried out then."""
    assert isinstance(answer_fault(200, {}, refusal(error)), SlackBusy)


def test_refusal_keeps_the_code_and_what_is_needed():
    """A refusal carries Slack's code, and the scope that was wanting."""
    fault = answer_fault(200, {}, refusal("missing_scope", needed="files:read"))
    assert isinstance(fault, SlackRefused)
    assert fault.error == "missing_scope"
    assert "files:read" in str(fault)


@pytest.mark.parametrize(
    ("error", "kept"),
    [
        ("channel_not_found", "channel_not_found"),
        ("over_2_limits", "over_2_limits"),
        ("no_fax_to_14695550101", "no_code_given"),
        ("cannot post for Dana", "no_code_given"),
        ("x" * 100, "no_code_given"),
        ("a\nb", "no_code_given"),
        ("", "no_code_given"),
    ],
)
def test_a_refusal_carries_a_code_and_no_words(error, kept):
    """Codes go into the log; what could quote a number or a name is no code."""
    fault = answer_fault(200, {}, refusal(error))
    assert isinstance(fault, SlackRefused)
    assert fault.error == kept


def test_refusal_names_the_complaint():
    """The first of Slack's explanations is kept with the fault."""
    body = refusal(
        "invalid_blocks", response_metadata={"messages": ["[ERROR] must be less than 3001 characters"]}
    )
    assert "3001" in str(answer_fault(200, {}, body))


def test_no_connection_means_that_nothing_happened():
    """A connection that was never made carried nothing out: the call may be repeated after a second."""
    key = SimpleNamespace(host="127.0.0.1", port=1, ssl=True, is_ssl=False)
    refused = aiohttp.ClientConnectorError(key, OSError(111, "refused"))
    assert isinstance(slack_fault(refused), SlackBusy)
    assert isinstance(slack_fault(aiohttp.ConnectionTimeoutError()), SlackBusy)


@pytest.mark.parametrize(
    "exc",
    [
        TimeoutError(),
        ConnectionResetError(),
        aiohttp.ServerDisconnectedError(),
        aiohttp.ClientPayloadError(),
        aiohttp.SocketTimeoutError(),
        ValueError("no JSON"),
        AttributeError("list has no get"),
        SlackApiError("odd", None),
    ],
)
def test_lost_answers_are_unclear(exc):
    """Once the request was under way, an answer that did not come leaves everything open."""
    assert isinstance(slack_fault(exc), SlackUnclear)


def test_sdk_answer_is_read():
    """The fault of a SlackApiError is read off the answer that it carries."""
    answer = AsyncSlackResponse(
        client=None,
        http_verb="POST",
        api_url="chat.postMessage",
        req_args={},
        data=refusal("not_in_channel"),
        headers={},
        status_code=200,
    )
    fault = slack_fault(SlackApiError("no", answer))
    assert isinstance(fault, SlackRefused)
    assert fault.error == "not_in_channel"


@pytest.mark.parametrize(
    "given", ["http://127.0.0.1:8080/api", "http://127.0.0.1:8080/api/", " http://127.0.0.1:8080/api "]
)
def test_the_client_uses_the_given_url(given):
    """SLACK_API_URL is taken with and without its last slash."""
    assert build_client("xoxb-1", given, Connections(), free_pace()).base_url == STAND_IN


def test_client_sends_once_and_takes_no_proxy(monkeypatch):
    """The client has none of slack_sdk's re-sending handlers and ignores HTTPS_PROXY."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    client = build_client("xoxb-1", API, Connections(), free_pace())
    assert client.retry_handlers == []
    assert client.proxy is None
    assert client.trust_env_in_session is False


def test_sdk_does_not_write_messages_to_the_log(caplog):
    """slack_sdk's logger never goes down to DEBUG, where it writes whole messages."""
    caplog.set_level(logging.DEBUG)
    assert not SDK_LOG.isEnabledFor(logging.DEBUG)
    assert build_client("xoxb-1", API, Connections(), free_pace()).logger is SDK_LOG


async def test_read_is_tried_three_times():
    """A read without an answer is tried three times, with growing pauses, and is unclear then."""
    client, pauses = FakeSlack(users_info=TimeoutError()), []
    with pytest.raises(SlackUnclear):
        await web_api(client, pauses).read(lambda: client.users_info(user="U1"))
    assert len(client.asked) == 3
    assert pauses == [0.4, 0.8]


async def test_read_recovers():
    """One lost answer does not fail a read."""
    client = FakeSlack(users_info=[ConnectionResetError(), {"ok": True, "user": {}}])
    assert await web_api(client).read(lambda: client.users_info(user="U1")) == {"ok": True, "user": {}}


async def test_read_waits_a_little_for_a_busy_slack():
    """A pause of up to two seconds is waited out by the read itself."""
    client, pauses = FakeSlack(users_info=[refusal("ratelimited"), {"ok": True}]), []
    await web_api(client, pauses).read(lambda: client.users_info(user="U1"))
    assert pauses == [1.0]


async def test_refused_read_is_not_repeated():
    """What Slack refused it would refuse again."""
    client = FakeSlack(users_info=refusal("user_not_found"))
    with pytest.raises(SlackRefused):
        await web_api(client).read(lambda: client.users_info(user="U1"))
    assert len(client.asked) == 1


async def test_write_is_sent_once():
    """A write without an answer is not repeated: the message may be there."""
    client = FakeSlack(chat_postMessage=TimeoutError())
    with pytest.raises(SlackUnclear):
        await web_api(client).write(client.chat_postMessage(channel="C1", text="x"))
    assert len(client.asked) == 1


@pytest.mark.parametrize("error", ["unknown_method", "missing_scope"])
async def test_what_is_optional_is_missed_once(caplog, error):
    """Where a method is not to be had, one warning is logged however often it is asked for."""
    client = FakeSlack(files_info=refusal(error))
    api = web_api(client)
    assert await api.file("F1") is None
    assert await api.file("F2") is None
    assert [record.levelname for record in caplog.records] == ["WARNING"]


async def test_me_is_asked_once():
    """Who the bot is does not change while it runs."""
    client = FakeSlack()
    api = web_api(client)
    assert await api.me() == await api.me()
    assert len(client.calls("auth.test")) == 1
