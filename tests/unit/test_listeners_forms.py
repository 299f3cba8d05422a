"""The form, opened while its trigger lives."""

import asyncio
import json

import pytest

from faxbot.fax.errors import ServerUnreachable, SlackRefused, SlackUnclear
from faxbot.fax.line import FaxLine
from faxbot.slack.action_ids import decode_form_start
from faxbot.slack.adapters.forms import FaxForms
from faxbot.slack.views import BotProfile
from tests.support.fake_slack import FakeSlack, refusal, web_api
from tests.support.waiting import until

LINES = [FaxLine("1", "Support"), FaxLine("2", "Sales")]
FILES = [{"id": "F1", "name": "a.pdf"}]
OPENED = {"ok": True, "view": {"id": "V1"}}
DIRECT = {"ok": True, "channel": {"id": "D1"}}


class Asked:
    """What the form asks of the services; *gate* makes it slow."""

    def __init__(self, lines=LINES, files=FILES, gate=None):
        self.answered, self.files, self.gate = lines, files, gate

    async def lines(self):
        if self.gate:
            await self.gate.wait()
        if isinstance(self.answered, Exception):
            raise self.answered
        return self.answered

    async def recent(self, channel_id, user_id, before, seconds):
        if isinstance(self.files, Exception):
            raise self.files
        return self.files


def slack(**answers):
    answered = {"views_open": OPENED, "views_update": OPENED, "conversations_open": DIRECT}
    return FakeSlack(**answered | answers)


def forms(client, asked, patience=5.0):
    return FaxForms(web_api(client), asked, asked, BotProfile(), load_seconds=patience)


def shown(client, method="views.open"):
    (call,) = client.calls(method)
    view = call["view"]
    return json.loads(view) if isinstance(view, str) else view


def block_ids(view):
    return [block.get("block_id", block["type"]) for block in view["blocks"]]


async def test_the_form_opens_at_once_when_all_is_known():
    """One views.open with the whole form, and nothing else."""
    client = slack()
    await forms(client, Asked()).open("t1", channel_id="C1", user_id="U1", thread_ts="4.1", number="469")
    assert [method for method, _ in client.asked] == ["views.open"]
    assert client.calls("views.open")[0]["trigger_id"] == "t1"
    view = shown(client)
    assert block_ids(view) == ["number", "line", "files"]
    start = decode_form_start(view["private_metadata"])
    assert (start.channel_id, start.thread_ts, start.number) == ("C1", "4.1", "469")


async def test_what_is_slow_opens_something_first_and_becomes_the_form():
    """A trigger lives for three seconds, however long the fax server takes."""
    gate = asyncio.Event()
    client = slack()
    opening = asyncio.create_task(
        forms(client, Asked(gate=gate), patience=0.0).open("t1", channel_id="C1", user_id="U1")
    )
    await until(lambda: client.calls("views.open"))
    assert "submit" not in shown(client)
    gate.set()
    await opening
    (update,) = client.calls("views.update")
    assert update["view_id"] == "V1"
    assert block_ids(shown(client, "views.update")) == ["number", "line", "files"]


async def test_a_form_that_was_closed_meanwhile_is_no_fault():
    """The person changed their mind."""
    client = slack(views_update=refusal("not_found"))
    gate = asyncio.Event()
    asyncio.get_running_loop().call_later(0.02, gate.set)
    await forms(client, Asked(gate=gate), patience=0.0).open("t1", channel_id="C1", user_id="U1")
    assert len(client.calls("views.update")) == 1


async def test_files_just_shared_are_in_the_form():
    """They are listed instead of asked for."""
    client = slack()
    await forms(client, Asked()).open_with_recent(
        "t1", channel_id="C1", user_id="U1", thread_ts=None, line_id="sales", before=100.0
    )
    view = shown(client)
    assert "files" not in block_ids(view)
    assert decode_form_start(view["private_metadata"]).files == tuple(FILES)


async def test_a_line_is_chosen_by_what_people_call_it():
    """`/fax send from sales` begins with that line."""
    client = slack()
    await forms(client, Asked()).open("t1", channel_id="C1", user_id="U1", line_id="sales")
    line = next(block for block in shown(client)["blocks"] if block.get("block_id") == "line")
    assert line["element"]["initial_option"]["value"] == "2"


async def test_without_the_fax_server_the_form_opens_without_lines():
    """The fax is kept until the server is back, and the form says so."""
    client = slack()
    asked = Asked(lines=ServerUnreachable("down"))
    await forms(client, asked).open("t1", channel_id="C1", user_id="U1")
    view = shown(client)
    assert block_ids(view) == ["context", "number", "files"]
    assert "doesn't answer" in view["blocks"][0]["elements"][0]["text"]


async def test_without_a_look_at_recent_files_the_form_asks_for_them():
    """A history that cannot be read blocks no fax."""
    client = slack()
    await forms(client, Asked(files=SlackUnclear("no answer"))).open_with_recent(
        "t1", channel_id="C1", user_id="U1", thread_ts=None, line_id="", before=100.0
    )
    assert "files" in block_ids(shown(client))


async def test_without_a_conversation_the_fax_belongs_to_the_direct_messages():
    """The global shortcut names none."""
    client = slack()
    await forms(client, Asked()).open("t1", channel_id="", user_id="U1")
    assert client.calls("conversations.open")[0]["users"] == "U1"
    assert decode_form_start(shown(client)["private_metadata"]).channel_id == "D1"


async def test_a_trigger_that_is_too_old_is_a_fault():
    """The caller informs the user in another way."""
    client = slack(views_open=refusal("expired_trigger_id"))
    with pytest.raises(SlackRefused) as refused:
        await forms(client, Asked()).open("t1", channel_id="C1", user_id="U1")
    assert refused.value.error == "expired_trigger_id"


async def test_where_nothing_can_be_faxed_the_view_says_why():
    """There is nothing to submit."""
    client = slack()
    await forms(client, Asked()).refuse("t1", "That message has no files.")
    view = shown(client)
    assert "submit" not in view
    assert view["blocks"][0]["text"]["text"] == "That message has no files."
