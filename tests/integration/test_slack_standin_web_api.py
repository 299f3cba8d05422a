"""The Web API of the Slack stand-in, called as Slack documents it and by the SDK."""

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.support.slack_standin import (
    BOT,
    CLAIMS,
    DANA,
    DANA_IM,
    LEGAL,
    SCOPES,
    RawClient,
    running,
    write_manifest,
)


@pytest.fixture
async def raw(tmp_path):
    async with running(tmp_path) as workspace, aiohttp.ClientSession() as session:
        yield RawClient(workspace, session)


@pytest.fixture
def sdk(raw):
    return AsyncWebClient(token=raw.workspace.bot_token, base_url=raw.workspace.api_url, retry_handlers=[])


async def test_unknown_methods(raw):
    """A method that does not exist is answered with unknown_method and HTTP 200."""
    assert (await raw.form("chat.shout"))["error"] == "unknown_method"


async def test_tokens(raw):
    """A missing, invalid or revoked token and one of the wrong type have different errors."""
    assert (await raw.form("auth.test", token=""))["error"] == "not_authed"
    assert (await raw.form("auth.test", token="xoxb-wrong"))["error"] == "invalid_auth"
    assert (await raw.form("auth.test", token=raw.workspace.app_token))["error"] == "not_allowed_token_type"
    assert (await raw.form("apps.connections.open"))["error"] == "not_allowed_token_type"
    await raw.control("token", revoked=True)
    assert (await raw.form("auth.test"))["error"] == "token_revoked"


async def test_the_place_of_the_token(raw):
    """A token is accepted in a form, and ignored in the query and in a JSON body."""
    url, token = raw.workspace.api_url + "auth.test", raw.workspace.bot_token
    async with raw.session.post(url, data={"token": token}) as answer:
        assert (await answer.json())["user_id"] == BOT
    async with raw.session.get(url, params={"token": token}) as answer:
        assert (await answer.json())["error"] == "not_authed"
    async with raw.session.post(url, json={"token": token}) as answer:
        assert (await answer.json())["error"] == "not_authed"


async def test_app_token_only_in_the_header(raw):
    """apps.connections.open accepts its token in the header only."""
    url = raw.workspace.api_url + "apps.connections.open"
    async with raw.session.post(url, data={"token": raw.workspace.app_token}) as answer:
        assert (await answer.json())["error"] == "invalid_auth"


async def test_missing_scope(tmp_path):
    """A method without its scope is answered with missing_scope, the needed and the provided scopes."""
    manifest = write_manifest(tmp_path, scopes=[s for s in SCOPES if s != "chat:write"])
    async with running(tmp_path, manifest) as workspace, aiohttp.ClientSession() as session:
        answer = await RawClient(workspace, session).json("chat.postMessage", channel=CLAIMS, text="x")
    assert (answer["error"], answer["needed"]) == ("missing_scope", "chat:write")
    assert "files:read" in answer["provided"].split(",")


async def test_scopes_by_type_of_conversation(tmp_path):
    """With channels:history only, a channel's history is readable and a direct message's is not."""
    manifest = write_manifest(tmp_path, scopes=["channels:history"])
    async with running(tmp_path, manifest) as workspace, aiohttp.ClientSession() as session:
        raw = RawClient(workspace, session)
        assert (await raw.get("conversations.history", channel=CLAIMS))["ok"]
        assert (await raw.get("conversations.history", channel=DANA_IM))["needed"] == "im:history"


async def test_missing_arguments(raw):
    """A required argument that is absent is named."""
    answer = await raw.json("chat.update", channel=CLAIMS)
    assert answer["error"] == "invalid_arguments"
    assert answer["response_metadata"]["messages"] == ["[ERROR] missing required field: ts"]


async def test_invalid_bodies(raw):
    """A body that is not JSON, not an object, or of an unknown content type is refused."""
    url, json_type = raw.workspace.api_url + "chat.postMessage", {"Content-Type": "application/json"}
    for body, headers, error in (
        (b"{", json_type, "invalid_json"),
        (b"[]", json_type, "json_not_object"),
        (b"x", {"Content-Type": "text/plain"}, "invalid_post_type"),
    ):
        async with raw.session.post(url, data=body, headers={**raw.auth(None), **headers}) as answer:
            assert (await answer.json())["error"] == error


async def test_json_for_a_form_method(raw):
    """files.getUploadURLExternal does not support JSON: the arguments are ignored."""
    answer = await raw.json("files.getUploadURLExternal", filename="a.pdf", length=3)
    assert answer["error"] == "invalid_arguments"


async def test_arguments_in_every_place(raw):
    """Arguments are read from the query of GET and POST, a form and JSON; Bolt's team_id is accepted."""
    assert (await raw.get("users.info", user=DANA, team_id="T1"))["user"]["name"] == "dana"
    url = raw.workspace.api_url + "chat.postMessage"
    args = {"channel": CLAIMS, "text": "in the query", "team_id": "T1"}
    async with raw.session.post(url, params=args, headers=raw.auth(None)) as answer:
        assert (await answer.json())["message"]["text"] == "in the query"
    assert (await raw.form("chat.postMessage", channel=CLAIMS, text="f"))["ok"]
    assert (await raw.json("chat.postMessage", channel=CLAIMS, text="j"))["ok"]


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({"channel": "C0NOWHERE0", "text": "x"}, "channel_not_found"),
        ({"channel": "claims", "text": "x"}, "channel_not_found"),
        ({"channel": LEGAL, "text": "x"}, "not_in_channel"),
        ({"channel": CLAIMS}, "no_text"),
        ({"channel": CLAIMS, "text": "  "}, "no_text"),
        ({"channel": CLAIMS, "text": "x", "blocks": "nonsense"}, "invalid_blocks_format"),
        ({"channel": CLAIMS, "text": "x", "blocks": [{"type": "nonsense"}]}, "invalid_blocks"),
        ({"channel": CLAIMS, "text": "x", "metadata": "nonsense"}, "invalid_metadata_format"),
        ({"channel": CLAIMS, "text": "x", "metadata": {"event_type": "k"}}, "invalid_metadata_schema"),
        ({"channel": CLAIMS, "text": "x", "markdown_text": "y"}, "markdown_text_conflict"),
    ],
)
async def test_refused_messages(raw, args, error):
    """chat.postMessage refuses invalid messages with Slack's error codes."""
    answer = await raw.json("chat.postMessage", **args)
    assert answer["error"] == error


async def test_archived_channels(raw):
    """Nothing can be posted in an archived channel."""
    await raw.control("archive", channel=CLAIMS)
    assert (await raw.json("chat.postMessage", channel=CLAIMS, text="x"))["error"] == "is_archived"


async def test_names_of_channels(raw):
    """chat.postMessage accepts #name and a person's id; other methods accept channel ids only."""
    assert (await raw.json("chat.postMessage", channel="#claims", text="x"))["channel"] == CLAIMS
    assert (await raw.json("chat.postMessage", channel=DANA, text="x"))["channel"] == DANA_IM
    assert (await raw.get("conversations.info", channel="#claims"))["error"] == "channel_not_found"


async def test_text_over_the_limit(raw):
    """A posted text is truncated at 40,000 characters; an update's is refused above 4,000."""
    posted = await raw.json("chat.postMessage", channel=CLAIMS, text="x" * 40_001)
    assert len(posted["message"]["text"]) == 40_000
    assert posted["warning"] == "message_truncated"
    changed = await raw.json("chat.update", channel=CLAIMS, ts=posted["ts"], text="x" * 4_001)
    assert changed["error"] == "msg_too_long"


async def test_blocks_come_back_with_ids(raw):
    """Missing block and action ids are filled in and returned."""
    button = {"type": "button", "text": {"type": "plain_text", "text": "Go"}}
    posted = await raw.form(
        "chat.postMessage", channel=CLAIMS, text="x", blocks=[{"type": "actions", "elements": [button]}]
    )
    block = posted["message"]["blocks"][0]
    assert block["block_id"]
    assert block["elements"][0]["action_id"]


async def test_update_and_delete_need_an_own_message(raw):
    """A bot can update and delete only its own messages; a deleted one is not found."""
    said = await raw.person("say", user=DANA, channel=CLAIMS, text="mine")
    update = await raw.json("chat.update", channel=CLAIMS, ts=said["ts"], text="x")
    assert update["error"] == "cant_update_message"
    assert (await raw.json("chat.delete", channel=CLAIMS, ts=said["ts"]))["error"] == "cant_delete_message"
    own = await raw.json("chat.postMessage", channel=CLAIMS, text="own")
    assert (await raw.json("chat.update", channel=CLAIMS, ts=own["ts"], text="new"))["text"] == "new"
    assert (await raw.json("chat.delete", channel=CLAIMS, ts=own["ts"]))["ts"] == own["ts"]
    assert (await raw.json("chat.delete", channel=CLAIMS, ts=own["ts"]))["error"] == "message_not_found"


async def test_update_keeps_omitted_members(raw):
    """An update keeps omitted blocks and metadata; an empty list or object removes them."""
    blocks = [{"type": "divider"}]
    metadata = {"event_type": "job", "event_payload": {"n": 1}}
    posted = await raw.json("chat.postMessage", channel=CLAIMS, text="x", blocks=blocks, metadata=metadata)
    ts = posted["ts"]
    kept = (await raw.json("chat.update", channel=CLAIMS, ts=ts, text="y"))["message"]
    assert kept["blocks"][0]["type"] == "divider"
    assert kept["metadata"] == metadata
    bare = (await raw.json("chat.update", channel=CLAIMS, ts=ts, text="z", blocks=[], metadata={}))["message"]
    assert "blocks" not in bare
    assert "metadata" not in bare


async def test_ephemeral_needs_a_member(raw):
    """An ephemeral message can be posted to a member of the conversation only."""
    posted = await raw.json("chat.postEphemeral", channel=CLAIMS, user=DANA, text="x")
    assert posted["ok"]
    assert "message_ts" in posted
    answer = await raw.json("chat.postEphemeral", channel=DANA_IM, user="U02MARCUS1", text="x")
    assert answer["error"] == "user_not_in_channel"


async def test_history_newest_first_in_pages(raw):
    """History is newest first, paged by cursor, and bounded by oldest and latest, inclusive or not."""
    stamps = [(await raw.json("chat.postMessage", channel=CLAIMS, text=str(n)))["ts"] for n in range(5)]
    first = await raw.get("conversations.history", channel=CLAIMS, limit="2")
    assert [m["text"] for m in first["messages"]] == ["4", "3"]
    cursor = first["response_metadata"]["next_cursor"]
    second = await raw.get("conversations.history", channel=CLAIMS, limit="2", cursor=cursor)
    assert [m["text"] for m in second["messages"]] == ["2", "1"]
    bounds = {"channel": CLAIMS, "oldest": stamps[1], "latest": stamps[3]}
    inside = await raw.get("conversations.history", **bounds)
    assert [m["text"] for m in inside["messages"]] == ["2"]
    inclusive = await raw.get("conversations.history", inclusive="1", **bounds)
    assert [m["text"] for m in inclusive["messages"]] == ["3", "2", "1"]
    answer = await raw.get("conversations.history", channel=CLAIMS, cursor="nonsense")
    assert answer["error"] == "invalid_cursor"


async def test_threads(raw):
    """Replies are listed by conversations.replies, oldest first after their parent, which counts them."""
    parent = (await raw.json("chat.postMessage", channel=CLAIMS, text="p"))["ts"]
    reply = await raw.json("chat.postMessage", channel=CLAIMS, text="r1", thread_ts=parent)
    await raw.json("chat.postMessage", channel=CLAIMS, text="r2", thread_ts=reply["ts"])
    history = (await raw.get("conversations.history", channel=CLAIMS))["messages"]
    assert [(m["text"], m["reply_count"]) for m in history] == [("p", 2)]
    thread = (await raw.get("conversations.replies", channel=CLAIMS, ts=parent))["messages"]
    assert [m["text"] for m in thread] == ["p", "r1", "r2"]
    assert thread[2]["thread_ts"] == parent
    answer = await raw.get("conversations.replies", channel=CLAIMS, ts="1.000001")
    assert answer["error"] == "thread_not_found"


async def test_metadata_only_on_request(raw):
    """History contains metadata only with include_all_metadata."""
    metadata = {"event_type": "job", "event_payload": {"key": "k1"}}
    await raw.json("chat.postMessage", channel=CLAIMS, text="x", metadata=metadata)
    plain = (await raw.get("conversations.history", channel=CLAIMS))["messages"][0]
    assert "metadata" not in plain
    full = await raw.get("conversations.history", channel=CLAIMS, include_all_metadata="true")
    assert full["messages"][0]["metadata"] == metadata


async def test_history_needs_membership(raw):
    """A bot cannot read a channel without being a member."""
    assert (await raw.get("conversations.history", channel=LEGAL))["error"] == "not_in_channel"
    assert (await raw.form("conversations.join", channel=LEGAL))["channel"]["is_member"]
    assert (await raw.get("conversations.history", channel=LEGAL))["ok"]


async def test_private_channels_are_not_found_by_non_members(raw):
    """A private channel without the bot is answered with channel_not_found."""
    made = await raw.control("channels", name="board", is_private=True, members=[DANA])
    answer = await raw.json("chat.postMessage", channel=made["channel"], text="x")
    assert answer["error"] == "channel_not_found"


async def test_a_deleted_parent_leaves_a_tombstone(raw):
    """Deleting a message with replies leaves a tombstone, and the thread stays readable."""
    parent = (await raw.json("chat.postMessage", channel=CLAIMS, text="p"))["ts"]
    await raw.json("chat.postMessage", channel=CLAIMS, text="r", thread_ts=parent)
    await raw.json("chat.delete", channel=CLAIMS, ts=parent)
    thread = (await raw.get("conversations.replies", channel=CLAIMS, ts=parent))["messages"]
    assert [m.get("subtype") for m in thread] == ["tombstone", None]


async def test_reactions(raw):
    """A second identical reaction is refused."""
    ts = (await raw.json("chat.postMessage", channel=CLAIMS, text="x"))["ts"]
    args = {"channel": CLAIMS, "timestamp": ts, "name": "eyes"}
    assert (await raw.form("reactions.add", **args))["ok"]
    assert (await raw.form("reactions.add", **args))["error"] == "already_reacted"


async def test_the_sdks_calls(sdk):
    """The SDK's calls work: reads, writes, open, list, permalink, and errors as exceptions."""
    assert (await sdk.auth_test())["user_id"] == BOT
    assert (await sdk.api_test(foo="bar"))["args"] == {"foo": "bar"}
    assert (await sdk.users_list())["members"][0]["id"] == DANA
    assert (await sdk.conversations_open(users=DANA))["channel"]["id"] == DANA_IM
    mine = await sdk.users_conversations(types="public_channel,im")
    assert LEGAL not in {c["id"] for c in mine["channels"]}
    members = await sdk.conversations_members(channel=CLAIMS)
    assert BOT in members["members"]
    posted = await sdk.chat_postMessage(channel=CLAIMS, text="x", blocks=[{"type": "divider"}])
    link = await sdk.chat_getPermalink(channel=CLAIMS, message_ts=posted["ts"])
    assert link["permalink"].endswith("/archives/C02CLAIMS1/p" + posted["ts"].replace(".", ""))
    assert (await sdk.bots_info(bot=posted["message"]["bot_id"]))["bot"]["user_id"] == BOT
    with pytest.raises(SlackApiError, match="message_not_found"):
        await sdk.chat_update(channel=CLAIMS, ts="1.000001", text="x")
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        await sdk.views_publish(user_id=DANA, view={"type": "modal", "blocks": []})
    home = await sdk.views_publish(user_id=DANA, view={"type": "home", "blocks": [{"type": "divider"}]})
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await sdk.views_publish(user_id=DANA, view={"type": "home", "blocks": []}, hash="0.stale")
    assert home["view"]["type"] == "home"
