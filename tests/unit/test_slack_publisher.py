"""Messages carry their key, are found again by it, and are posted once."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from faxbot.fax.errors import SlackBusy, SlackRefused, SlackUnclear
from faxbot.services.model.messages import FetchedFile, Sentence
from faxbot.slack.adapters.messenger import EVENT_TYPE, SlackMessenger
from faxbot.slack.payloads import shares_in
from faxbot.slack.views import BotProfile, render, render_comment
from tests.support.fake_slack import FakeSlack, refusal, web_api

POSTED = {"ok": True, "ts": "1700000000.000100", "channel": "C1"}
NOW = 1_700_000_000.0


@dataclass
class Shown:
    text: str = "Faxing"
    blocks: list[dict[str, Any]] = field(default_factory=lambda: [{"type": "divider"}, {"type": "divider"}])


def publisher(client, shown=None):
    return SlackMessenger(web_api(client), lambda _: shown or Shown(), lambda _: "beside")


def own(key="k1", *, ts="1700000001.000100", **more):
    metadata = {"event_type": EVENT_TYPE, "event_payload": {"key": key}}
    return {"user": "UBOT", "bot_id": "BBOT", "ts": ts, "text": "x", "metadata": metadata} | more


def history(*messages, cursor="", **more):
    return {"ok": True, "messages": list(messages), "response_metadata": {"next_cursor": cursor}} | more


SAY = Sentence("x")


async def test_post_carries_its_key_twice():
    """The key travels as metadata and as the id of the first block, for servers that echo no metadata."""
    client = FakeSlack(chat_postMessage=POSTED)
    assert await publisher(client).post("C1", SAY, key="k1", thread_ts=None) == "1700000000.000100"
    (call,) = client.calls("chat.postMessage")
    assert call["metadata"] == {"event_type": EVENT_TYPE, "event_payload": {"key": "k1"}}
    assert [block.get("block_id") for block in call["blocks"]] == ["k-k1", None]
    assert call["unfurl_links"] is False
    assert call["unfurl_media"] is False
    assert call["parse"] == "none"
    assert "thread_ts" not in call


async def test_post_in_a_thread():
    """A step of a fax goes into the thread of its card."""
    client = FakeSlack(chat_postMessage=POSTED)
    await publisher(client).post("C1", SAY, key="k1", thread_ts="1.1")
    assert client.calls("chat.postMessage")[0]["thread_ts"] == "1.1"


async def test_a_block_keeps_the_id_it_has():
    """Only a block without an id of its own is given the key."""
    client = FakeSlack(chat_postMessage=POSTED)
    blocks = [{"type": "actions", "block_id": "mine"}, {"type": "divider"}]
    await publisher(client, Shown(blocks=blocks)).post("C1", SAY, key="k1", thread_ts=None)
    assert [block["block_id"] for block in client.calls("chat.postMessage")[0]["blocks"]] == ["mine", "k-k1"]
    assert "block_id" not in blocks[1]


async def test_a_long_key_still_fits_a_block_id():
    """A block_id has at most 255 characters; a longer key is found again by its hash."""
    key = "k" * 300
    client = FakeSlack(chat_postMessage=POSTED)
    messenger = publisher(client)
    await messenger.post("C1", SAY, key=key, thread_ts=None)
    (call,) = client.calls("chat.postMessage")
    ident = call["blocks"][0]["block_id"]
    assert len(ident) <= 255
    client.answer_with("conversations.history", history(own(metadata={}, blocks=[{"block_id": ident}])))
    assert await messenger.find("C1", key=key, since=NOW, thread_ts=None)


async def test_post_without_a_ts_is_unclear():
    """An answer without the message's ts does not say that it was posted."""
    with pytest.raises(SlackUnclear):
        await publisher(FakeSlack(chat_postMessage={"ok": True})).post("C1", SAY, key="k", thread_ts=None)


async def test_post_is_sent_once():
    """An unclear post is not repeated by the publisher."""
    client = FakeSlack(chat_postMessage=TimeoutError())
    with pytest.raises(SlackUnclear):
        await publisher(client).post("C1", SAY, key="k1", thread_ts=None)
    assert len(client.calls("chat.postMessage")) == 1


async def test_update_keeps_key_and_text_as_they_are():
    """An edit keeps the key, clears old blocks, and does not read names or links into the text."""
    client = FakeSlack(chat_update={"ok": True})
    await publisher(client, Shown(blocks=[])).update("C1", "1.1", SAY, key="k1")
    (call,) = client.calls("chat.update")
    assert call["parse"] == "none"
    assert call["blocks"] == []
    assert call["metadata"]["event_payload"] == {"key": "k1"}


async def test_find_by_metadata():
    """The message with the key is found among others, also when our clock is minutes ahead of Slack's."""
    client = FakeSlack(conversations_history=history(own("other", ts="3.1"), own("k1", ts="2.1")))
    assert await publisher(client).find("C1", key="k1", since=NOW, thread_ts=None) == "2.1"
    (call,) = client.calls("conversations.history")
    assert float(call["oldest"]) == NOW - 300
    assert call["include_all_metadata"] is True


async def test_find_by_block_id():
    """Where metadata is not echoed, the block's id shows whose message it is."""
    message = own(blocks=[{"block_id": "x"}, {"block_id": "k-k1"}])
    del message["metadata"]
    client = FakeSlack(conversations_history=history(message))
    assert await publisher(client).find("C1", key="k1", since=NOW, thread_ts=None) == message["ts"]


async def test_find_ignores_what_others_wrote():
    """Someone else's message with our key is not ours."""
    client = FakeSlack(conversations_history=history(own(user="U2", bot_id="B2")))
    assert await publisher(client).find("C1", key="k1", since=NOW, thread_ts=None) is None


async def test_find_reads_every_page():
    """Absence is only reported after the last page."""
    client = FakeSlack(conversations_history=[history(own("a"), cursor="more"), history(own("k1", ts="1.5"))])
    assert await publisher(client).find("C1", key="k1", since=NOW, thread_ts=None) == "1.5"
    assert client.calls("conversations.history")[1]["cursor"] == "more"


@pytest.mark.parametrize("page", [history(cursor="on and on"), history(has_more=True)])
async def test_find_does_not_guess(page):
    """Messages that cannot be read to the end prove nothing."""
    with pytest.raises(SlackUnclear):
        await publisher(FakeSlack(conversations_history=page)).find("C1", key="k", since=NOW, thread_ts=None)


async def test_find_in_a_thread():
    """A reply is looked for among the replies."""
    client = FakeSlack(conversations_replies=history(own("k1", ts="2.1")))
    assert await publisher(client).find("C1", key="k1", since=NOW, thread_ts="1.1") == "2.1"
    assert client.calls("conversations.replies")[0]["ts"] == "1.1"


async def test_find_in_a_thread_that_is_gone():
    """A thread that was deleted holds no message of ours."""
    client = FakeSlack(conversations_replies=refusal("thread_not_found"))
    assert await publisher(client).find("C1", key="k1", since=NOW, thread_ts="1.1") is None


async def test_find_without_the_scope_finds_nothing():
    """Where the app may read no history, the post is made without looking."""
    client = FakeSlack(conversations_history=refusal("missing_scope", needed="channels:history"))
    assert await publisher(client).find("C1", key="k1", since=NOW, thread_ts=None) is None


async def test_find_does_not_take_silence_for_absence():
    """A history that does not answer raises, or the message would be posted twice."""
    with pytest.raises(SlackUnclear):
        await publisher(FakeSlack(conversations_history=TimeoutError())).find(
            "C1", key="k1", since=NOW, thread_ts=None
        )


async def test_ephemeral_message_without_a_response_url():
    """Without a response address the message is ephemeral in the conversation."""
    client = FakeSlack(chat_postEphemeral={"ok": True})
    await publisher(client).post_ephemeral("C1", "U1", SAY, response_url=None, thread_ts="1.1")
    (call,) = client.calls("chat.postEphemeral")
    assert (call["channel"], call["user"], call["thread_ts"]) == ("C1", "U1", "1.1")


async def test_upload_begins_with_a_form(tmp_path):
    """The address is asked for with name and length in the body: a query ends up in logs."""
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    client = FakeSlack(files_getUploadURLExternal={"ok": True, "file_id": "F1", "upload_url": "http://up/1"})
    assert await publisher(client).begin_upload(path, "fax.pdf") == ("F1", "http://up/1")
    assert client.calls("files.getUploadURLExternal") == [{"filename": "fax.pdf", "length": "5"}]


async def test_upload_without_an_address_is_unclear(tmp_path):
    """An answer without an address is none."""
    path = tmp_path / "a"
    path.write_bytes(b"1")
    with pytest.raises(SlackUnclear):
        await publisher(FakeSlack(files_getUploadURLExternal={"ok": True})).begin_upload(path, "a")


async def test_share_has_a_comment_and_no_blocks():
    """Beside a file goes the text alone: with an initial_comment Slack ignores blocks."""
    client = FakeSlack(files_completeUploadExternal={"ok": True, "files": []})
    message = FetchedFile(job_id="7", user_id="U1")
    await publisher(client).share_file("C1", "F1", "a.pdf", message, thread_ts="1.1")
    (call,) = client.calls("files.completeUploadExternal")
    assert json.loads(call["files"]) == [{"id": "F1", "title": "a.pdf"}]
    assert call["initial_comment"] == "beside"
    assert call["thread_ts"] == "1.1"
    assert "blocks" not in call


def file(**more):
    return {"ok": True, "file": {"id": "F1", "permalink": "https://x/F1", **more}}


async def test_shared_ts_from_the_shares():
    """files.info names the message; the first of several is ours, people share it on later."""
    shares = {"private": {"C1": [{"ts": "9.1"}, {"ts": "5.1"}], "C2": [{"ts": "1.1"}]}}
    client = FakeSlack(files_info=file(shares=shares))
    assert await publisher(client).shared_ts("C1", "F1", NOW, thorough=True) == (True, "5.1", "https://x/F1")


@pytest.mark.parametrize(
    "shares", [{}, {"shares": {}}, {"shares": None}, {"shares": {"public": {"C2": [{"ts": "1.1"}]}}}]
)
async def test_shared_ts_from_the_history(shares):
    """Where files.info names no message there, the bot's message with the file is looked for."""
    ours = own(ts="8.1", files=[{"id": "F0"}, {"id": "F1"}])
    client = FakeSlack(files_info=file(**shares), conversations_history=history(own(), ours))
    assert await publisher(client).shared_ts("C1", "F1", NOW, thorough=True) == (True, "8.1", "https://x/F1")


async def test_not_shared():
    """A file that nothing shows was not shared, known to files.info or not: else a fax could be lost."""
    client = FakeSlack(files_info=file(), conversations_history=history())
    assert await publisher(client).shared_ts("C1", "F1", NOW, thorough=True) == (False, None, "https://x/F1")
    client = FakeSlack(files_info=file(shares={}), conversations_history=refusal("missing_scope"))
    assert (await publisher(client).shared_ts("C1", "F1", NOW, thorough=True))[0] is False


@pytest.mark.parametrize("kind", ["channels", "groups", "ims"])
async def test_shared_in_a_message_that_is_not_named(kind):
    """The file's list of conversations shows that it was shared, though not in which message."""
    client = FakeSlack(files_info=file(**{kind: ["C1"]}), conversations_history=history())
    assert await publisher(client).shared_ts("C1", "F1", NOW, thorough=True) == (True, None, "https://x/F1")


async def test_shared_when_slack_gives_no_proof():
    """A file without shares in a conversation that cannot be read counts as shared: it is not sent twice."""
    client = FakeSlack(files_info=file(), conversations_history=refusal("missing_scope"))
    assert await publisher(client).shared_ts("C1", "F1", NOW, thorough=True) == (True, None, "https://x/F1")


async def test_someone_else_sharing_it_is_not_our_share():
    """In the history only the bot's own message counts."""
    message = own(user="U2", bot_id="", files=[{"id": "F1"}])
    client = FakeSlack(files_info=file(), conversations_history=history(message))
    assert (await publisher(client).shared_ts("C1", "F1", NOW, thorough=True))[1] is None


@pytest.mark.parametrize(("error", "complete"), [("file_not_found", False), ("file_deleted", True)])
async def test_file_that_is_not_there(error, complete):
    """An unknown file was never completed; a deleted one was."""
    assert await publisher(FakeSlack(files_info=refusal(error))).shared_ts(
        "C1", "F1", NOW, thorough=True
    ) == (
        complete,
        None,
        "",
    )


async def test_shares_without_files_info():
    """Without files.info the history is read; if it cannot be read either, what was completed counts."""
    missing = refusal("missing_scope")
    shown = own(ts="8.1", files=[{"id": "F1", "permalink": "https://x/F1"}])
    client = FakeSlack(files_info=missing, conversations_history=history(shown))
    assert await publisher(client).shared_ts("C1", "F1", NOW, thorough=True) == (True, "8.1", "https://x/F1")
    client.answer_with("conversations.history", history())
    assert await publisher(client).shared_ts("C1", "F1", NOW, thorough=True) == (False, None, "")
    client.answer_with("conversations.history", missing)
    assert await publisher(client).shared_ts("C1", "F1", NOW, thorough=True) == (True, None, "")


async def test_a_busy_slack_fault_is_raised():
    """A pause that Slack requests reaches the rate limits of the outbox."""
    with pytest.raises(SlackBusy):
        await publisher(FakeSlack(chat_update=refusal("ratelimited"))).update("C1", "1.1", SAY, key="k")


async def test_a_refusal_is_raised():
    """A final refusal of Slack is raised with its code."""
    with pytest.raises(SlackRefused) as caught:
        await publisher(FakeSlack(chat_postMessage=refusal("is_archived"))).post(
            "C1", SAY, key="k", thread_ts=None
        )
    assert caught.value.error == "is_archived"


def test_shares_of_an_odd_file():
    """Shares of an unexpected shape are none."""
    assert shares_in(
        {"shares": {"public": [], "private": {"C1": [{}, None, {"ts": "1.1"}], "C2": None}}}
    ) == [("C1", "1.1")]


async def test_the_views_fit():
    """The publisher takes what slack/views render."""
    client = FakeSlack(chat_postMessage=POSTED)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    messenger = SlackMessenger(
        web_api(client),
        lambda m: render(m, BotProfile(), now),
        lambda m: render_comment(m, BotProfile(), now),
    )
    await messenger.post("C1", Sentence("It went."), key="k1", thread_ts=None)
    assert client.calls("chat.postMessage")[0]["text"]
