"""Answers through response addresses, over a socket."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from faxbot.fax.errors import SlackBusy, SlackUnclear
from faxbot.slack.adapters.replies import Replies
from faxbot.slack.payloads import Origin
from faxbot.slack.views import Rendered
from faxbot.slack.web_api.connections import Connections
from faxbot.slack.web_api.web_api import WebApi
from tests.support.fake_slack import FakeSlack

SHOWN = Rendered("Two faxes.", [{"type": "section", "text": {"type": "mrkdwn", "text": "Two faxes."}}])


class Address:
    """A response_url with a given answer that records the bodies it gets."""

    def __init__(self):
        self.answer, self.got = (200, "ok"), []

    async def take(self, request):
        self.got.append(await request.json())
        status, text = self.answer
        if status == 0:
            request.transport.close()
        return web.Response(status=status or 200, text=text, headers={"Retry-After": "7"})


@pytest.fixture
async def address():
    address = Address()
    app = web.Application()
    app.router.add_post("/r", address.take)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    address.origin = Origin("U1", "C1", "4.1", str(server.make_url("/r")))
    yield address
    await server.close()


@pytest.fixture
async def client():
    return FakeSlack(chat_postEphemeral={"ok": True}, chat_postMessage={"ok": True, "ts": "1.1"})


@pytest.fixture
async def replies(client):
    connections = Connections()
    yield Replies(WebApi(client, connections))
    await connections.close()


async def test_an_answer_goes_to_the_response_address(address, replies, client):
    """Only the asker sees it, in the thread where it was asked."""
    await replies.respond(address.origin, SHOWN)
    (body,) = address.got
    assert (body["text"], body["blocks"], body["thread_ts"]) == (SHOWN.text, SHOWN.blocks, "4.1")
    assert (body["response_type"], body["replace_original"]) == ("ephemeral", False)
    assert client.asked == []


async def test_a_page_replaces_the_one_shown(address, replies):
    """The answer has replace_original."""
    await replies.respond(address.origin, SHOWN, replace=True)
    assert address.got[0]["replace_original"] is True


@pytest.mark.parametrize(
    "answer",
    [(404, "expired_url"), (403, "used_url"), (400, '{"ok":false,"error":"used_url"}')],
)
async def test_a_used_up_address_is_followed_by_an_ephemeral_message(address, replies, client, answer):
    """Nothing was shown there, so it is shown otherwise."""
    address.answer = answer
    await replies.respond(address.origin, SHOWN)
    (call,) = client.calls("chat.postEphemeral")
    assert (call["channel"], call["user"], call["thread_ts"]) == ("C1", "U1", "4.1")


@pytest.mark.parametrize("answer", [(500, "oops"), (200, "<html>"), (0, "")], ids=["500", "html", "cut"])
async def test_an_unclear_answer_is_not_repeated(address, replies, client, answer):
    """It may have been shown: at most once."""
    address.answer = answer
    with pytest.raises(SlackUnclear):
        await replies.respond(address.origin, SHOWN)
    assert (len(address.got), client.asked) == (1, [])


async def test_a_pause_is_passed_on(address, replies):
    """Slack says how long."""
    address.answer = (429, "")
    with pytest.raises(SlackBusy) as busy:
        await replies.respond(address.origin, SHOWN)
    assert busy.value.retry_after == 7


async def test_without_an_address_it_is_an_ephemeral_message(replies, client):
    """A submitted form has none."""
    await replies.respond(Origin("U1", "C1"), SHOWN)
    assert [method for method, _ in client.asked] == ["chat.postEphemeral"]


async def test_without_a_conversation_the_person_is_written_to(replies, client):
    """A global shortcut has neither."""
    await replies.respond(Origin("U1"), SHOWN)
    assert client.calls("chat.postMessage")[0]["channel"] == "U1"
