"""Both users of a response_url, the listeners' replies and the outbox, read its status the same way."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from faxbot.fax.errors import SlackBusy, SlackUnclear
from faxbot.services.model.messages import Sentence
from faxbot.slack.adapters.messenger import SlackMessenger
from faxbot.slack.adapters.replies import Replies
from faxbot.slack.payloads import Origin
from faxbot.slack.views import Rendered
from faxbot.slack.web_api.connections import Connections
from faxbot.slack.web_api.web_api import WebApi
from tests.support.fake_slack import FakeSlack

SHOWN = Rendered("Two faxes.", [])


class Address:
    """A response_url that gives one answer to every message, and counts them."""

    def __init__(self):
        self.status, self.text, self.posts, self.url = 200, "ok", 0, ""

    async def answer(self, _request):
        self.posts += 1
        return web.Response(status=self.status, text=self.text, headers={"Retry-After": "7"})


@pytest.fixture
async def address():
    address = Address()
    app = web.Application()
    app.router.add_post("/r", address.answer)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    address.url = str(server.make_url("/r"))
    yield address
    await server.close()


@pytest.fixture
async def client():
    return FakeSlack(chat_postEphemeral={"ok": True})


@pytest.fixture(params=["replies", "messenger"])
async def post(request, address, client):
    """Post one message with each caller."""
    connections = Connections()
    api = WebApi(client, connections)
    if request.param == "replies":

        async def posting():
            await Replies(api).respond(Origin("U1", "C1", None, address.url), SHOWN)
    else:

        async def posting():
            await SlackMessenger(api, lambda _: SHOWN, lambda _: "").post_ephemeral(
                "C1", "U1", Sentence("x"), response_url=address.url, thread_ts=None
            )

    yield posting
    await connections.close()


async def test_a_message_that_was_shown_is_not_posted_again(address, client, post):
    """200 with a plain text is Slack's yes."""
    await post()
    assert (address.posts, client.asked) == (1, [])


@pytest.mark.parametrize("text", ["", "<html>", '{"ok":false,"error":"used_url"}', '{"ok":false}'])
@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 418])
async def test_a_client_error_is_final(address, client, post, status, text):
    """Nothing was shown, whatever the body: chat.postEphemeral follows."""
    address.status, address.text = status, text
    await post()
    assert (address.posts, [method for method, _ in client.asked]) == (1, ["chat.postEphemeral"])


async def test_a_refusal_in_the_body_is_final(address, client, post):
    """`ok: false` with a code means that nothing was shown, although the status is 200."""
    address.text = '{"ok":false,"error":"expired_url"}'
    await post()
    assert [method for method, _ in client.asked] == ["chat.postEphemeral"]


@pytest.mark.parametrize(("status", "text"), [(429, ""), (400, '{"ok":false,"error":"ratelimited"}')])
async def test_a_rate_limit_is_transient(address, client, post, status, text):
    """Nothing was shown; the pause that Slack asked for is in the fault."""
    address.status, address.text = status, text
    with pytest.raises(SlackBusy) as busy:
        await post()
    assert (busy.value.retry_after, address.posts, client.asked) == (7, 1, [])


@pytest.mark.parametrize(
    ("status", "text"),
    [(500, "oops"), (503, ""), (302, ""), (202, ""), (200, "<html>"), (200, '{"ok":false}')],
)
async def test_what_may_have_been_shown_is_not_posted_again(address, client, post, status, text):
    """At most once: the fault says that the outcome is not known."""
    address.status, address.text = status, text
    with pytest.raises(SlackUnclear):
        await post()
    assert (address.posts, client.asked) == (1, [])
