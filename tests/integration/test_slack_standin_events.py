"""The events that the Slack stand-in sends, and their contents."""

import aiohttp
import pytest

from tests.support.slack_standin import (
    BOT,
    CLAIMS,
    DANA,
    DANA_IM,
    EVENTS,
    LEGAL,
    RawClient,
    running,
    write_manifest,
)
from tests.support.waiting import until


@pytest.fixture
async def raw(tmp_path):
    async with running(tmp_path) as workspace, aiohttp.ClientSession() as session:
        yield RawClient(workspace, session)


async def acknowledged(raw, count):
    await until(lambda: len(raw.workspace.journal.of("envelope_acked")) == count)


async def test_a_direct_message(raw):
    """A direct message is a message event of channel_type im in an event_callback, and no app_mention."""
    async with raw.socket() as socket:
        await raw.person("say", user=DANA, channel=DANA_IM, text=f"hello <@{BOT}> & co")
        await acknowledged(raw, 1)
    callback = socket.of("events_api")[0]
    event = callback["event"]
    assert (event["type"], event["channel_type"], event["channel"]) == ("message", "im", DANA_IM)
    assert (event["user"], event["text"]) == (DANA, f"hello <@{BOT}> &amp; co")
    assert event["event_ts"] == event["ts"]
    assert callback["type"] == "event_callback"
    assert callback["event_id"].startswith("Ev")
    assert isinstance(callback["event_time"], int)
    assert callback["authorizations"][0]["user_id"] == BOT
    assert socket.events("app_mention") == []


async def test_a_mention(raw):
    """A mention in a channel causes a message and an app_mention; typed @names become mentions."""
    async with raw.socket() as socket:
        await raw.person("say", user=DANA, channel=CLAIMS, text="@faxbot send it")
        await acknowledged(raw, 2)
    assert socket.events("app_mention")[0]["text"] == f"<@{BOT}> send it"
    assert socket.events("message")[0]["channel_type"] == "channel"


async def test_events_of_channels_the_bot_is_not_in(raw):
    """No event is sent for a conversation without the bot."""
    async with raw.socket() as socket:
        await raw.person("say", user=DANA, channel=LEGAL, text=f"<@{BOT}>")
        await raw.person("say", user=DANA, channel=CLAIMS, text="marker")
        await acknowledged(raw, 1)
    assert [e["text"] for e in socket.events("message")] == ["marker"]


async def test_unsubscribed_events(tmp_path):
    """Only events in the manifest are sent."""
    manifest = write_manifest(tmp_path, events=[e for e in EVENTS if e != "message.channels"])
    async with running(tmp_path, manifest) as workspace, aiohttp.ClientSession() as session:
        raw = RawClient(workspace, session)
        async with raw.socket() as socket:
            await raw.person("say", user=DANA, channel=CLAIMS, text="quiet")
            await raw.person("say", user=DANA, channel=DANA_IM, text="marker")
            await acknowledged(raw, 1)
    assert [e["text"] for e in socket.events("message")] == ["marker"]


async def test_a_shared_file(raw):
    """A share is a file_share message with files, an app_mention with files, and a file_shared of ids."""
    ident = await raw.person_file(DANA, "a.pdf", b"%PDF")
    async with raw.socket() as socket:
        await raw.person("say", user=DANA, channel=CLAIMS, text="@faxbot this", files=[ident])
        await acknowledged(raw, 3)
    message, mention, shared = (e["payload"]["event"] for e in socket.received)
    assert (message["subtype"], message["files"][0]["id"]) == ("file_share", ident)
    assert (mention["type"], mention["files"][0]["id"]) == ("app_mention", ident)
    assert shared.pop("event_ts")
    assert shared == {
        "type": "file_shared",
        "file_id": ident,
        "user_id": DANA,
        "file": {"id": ident},
        "channel_id": CLAIMS,
    }


@pytest.mark.parametrize(
    ("changes", "kinds", "mention_has_files"),
    [
        ({"mention_with_files": False}, ["message", "app_mention", "file_shared"], False),
        ({"mention_for_file_shares": False}, ["message", "file_shared"], None),
        ({"message_for_file_shares": False}, ["app_mention", "file_shared"], True),
        ({"file_shared_events": False}, ["message", "app_mention"], True),
        ({"file_shared_first": True}, ["file_shared", "message", "app_mention"], True),
    ],
)
async def test_variants_of_share_events(raw, changes, kinds, mention_has_files):
    """The events of a share can be sent without files, out of order, or omitted."""
    await raw.control("settings", **changes)
    ident = await raw.person_file(DANA, "a.pdf", b"%PDF")
    async with raw.socket() as socket:
        await raw.person("say", user=DANA, channel=CLAIMS, text="@faxbot this", files=[ident])
        await acknowledged(raw, len(kinds))
    assert [e["payload"]["event"]["type"] for e in socket.received] == kinds
    if mention_has_files is not None:
        assert ("files" in socket.events("app_mention")[0]) is mention_has_files


async def test_edits_and_deletions(raw):
    """Edits and deletions are hidden message events with the previous message."""
    async with raw.socket() as socket:
        ts = (await raw.person("say", user=DANA, channel=DANA_IM, text="one"))["ts"]
        await raw.person("edit", user=DANA, channel=DANA_IM, ts=ts, text="two")
        await raw.person("unsay", user=DANA, channel=DANA_IM, ts=ts)
        await acknowledged(raw, 3)
    _, changed, deleted = socket.events("message")
    assert (changed["subtype"], changed["hidden"]) == ("message_changed", True)
    assert (changed["message"]["text"], changed["previous_message"]["text"]) == ("two", "one")
    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", ts)


async def test_the_bots_own_messages(raw):
    """The bot receives its own messages, with its bot_id and without metadata."""
    async with raw.socket() as socket:
        metadata = {"event_type": "k", "event_payload": {}}
        await raw.json("chat.postMessage", channel=CLAIMS, text="own", metadata=metadata)
        await acknowledged(raw, 1)
    event = socket.events("message")[0]
    assert event["bot_id"]
    assert "metadata" not in event


async def test_joining(raw):
    """An invited bot gets member_joined_channel for itself and a channel_join message; then it may post."""
    assert (await raw.json("chat.postMessage", channel=LEGAL, text="x"))["error"] == "not_in_channel"
    async with raw.socket() as socket:
        assert (await raw.person("command", user=DANA, channel=LEGAL, text="/invite @faxbot"))["ok"]
        await acknowledged(raw, 2)
    joined = socket.events("member_joined_channel")[0]
    assert (joined["user"], joined["channel"], joined["inviter"]) == (BOT, LEGAL, DANA)
    assert socket.events("message")[0]["subtype"] == "channel_join"
    assert (await raw.json("chat.postMessage", channel=LEGAL, text="x"))["ok"]
    await raw.person("kick", channel=LEGAL, user=BOT)
    assert (await raw.json("chat.postMessage", channel=LEGAL, text="x"))["error"] == "not_in_channel"


async def test_the_home_tab(raw):
    """Opening the Home tab sends app_home_opened, with the published view."""
    async with raw.socket() as socket:
        await raw.json("views.publish", user_id=DANA, view={"type": "home", "blocks": [{"type": "divider"}]})
        await raw.person("open_home", user=DANA)
        await acknowledged(raw, 1)
    event = socket.events("app_home_opened")[0]
    assert (event["tab"], event["channel"], event["view"]["type"]) == ("home", DANA_IM, "home")


async def test_deleted_files_and_revoked_tokens(raw):
    """file_deleted names a file that was shared with the bot; revoking the token sends tokens_revoked."""
    ident = await raw.person_file(DANA, "a.pdf", b"%PDF")
    await raw.person("say", user=DANA, channel=CLAIMS, text="", files=[ident])
    async with raw.socket() as socket:
        await raw.person("delete_file", user=DANA, file=ident)
        await raw.control("token", revoked=True)
        await until(lambda: socket.events("tokens_revoked"))
        await until(lambda: socket.events("file_deleted"))
    assert socket.events("file_deleted")[0]["file_id"] == ident
