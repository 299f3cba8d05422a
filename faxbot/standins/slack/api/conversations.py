"""conversations.info, list, members, open, join."""

from typing import Any

from faxbot.standins.slack.model.people import BOT_USER, DANA, FOUNDED, GENERAL, TEAM_ID, Channel
from faxbot.standins.slack.model.state import WorkspaceState

from .call import CallRefusedError, MethodAnswer, WebApiCall, method

_READ = ("channels:read", "groups:read", "im:read", "mpim:read")
_TYPES = {"public_channel": "channel", "private_channel": "group", "im": "im", "mpim": "mpim"}


def describe(state: WorkspaceState, channel: Channel) -> dict[str, Any]:
    """
    Slack's conversation object for the bot.

    Source: Slack's conversation object reference.
    """
    if channel.is_im:
        return {
            "id": channel.id,
            "created": channel.created,
            "is_archived": channel.is_archived,
            "is_im": True,
            "is_org_shared": False,
            "context_team_id": TEAM_ID,
            "updated": channel.created * 1000,
            "user": channel.partner,
            "is_user_deleted": False,
            "priority": 0,
        }
    return {
        "id": channel.id,
        "name": channel.name,
        "is_channel": not channel.is_private,
        "is_group": channel.is_private,
        "is_im": False,
        "is_mpim": False,
        "is_private": channel.is_private,
        "created": channel.created,
        "creator": DANA,
        "is_archived": channel.is_archived,
        "is_general": channel.id == GENERAL,
        "unlinked": 0,
        "name_normalized": channel.name,
        "is_shared": False,
        "is_ext_shared": False,
        "is_org_shared": False,
        "pending_shared": [],
        "is_pending_ext_shared": False,
        "context_team_id": TEAM_ID,
        "updated": channel.created * 1000,
        "is_member": state.bot_in(channel),
        "topic": {"value": channel.topic, "creator": DANA if channel.topic else "", "last_set": FOUNDED},
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "previous_names": [],
    }


def of_types(call: WebApiCall) -> list[Channel]:
    """
    The conversations of the types in the argument `types`.

    Raises:
        CallRefusedError: invalid_types, or missing_scope when the scope of a type is not granted.

    """
    names = [name.strip() for name in (call.text("types") or "public_channel").split(",")]
    if any(name not in _TYPES for name in names):
        raise CallRefusedError("invalid_types")
    scopes = {"public_channel": "channels:read", "private_channel": "groups:read", "im": "im:read"}
    for name in names:
        call.need_scope(scopes.get(name, "mpim:read"))
    kinds = {_TYPES[name] for name in names}
    hidden = call.flag("exclude_archived")
    return [c for c in call.state.channels.values() if c.kind in kinds and not (hidden and c.is_archived)]


@method("conversations.info", scopes=_READ, tier=3, required=("channel",))
async def info(call: WebApiCall) -> MethodAnswer:
    """Return one conversation; the bot need not be a member of a public channel."""
    channel = call.channel()
    call.need_scope(f"{channel.scope}:read")
    shown = describe(call.state, channel)
    if call.flag("include_num_members"):
        shown["num_members"] = len(channel.members)
    return {"channel": shown}


@method("conversations.list", scopes=_READ, tier=2)
async def list_conversations(call: WebApiCall) -> MethodAnswer:
    """List public channels, and private channels and direct messages with the bot as a member."""
    channels = [c for c in of_types(call) if not c.is_private or call.state.bot_in(c)]
    part, cursor = call.page(channels, 100, 999)
    shown = [describe(call.state, c) | ({} if c.is_im else {"num_members": len(c.members)}) for c in part]
    return {"channels": shown, "response_metadata": {"next_cursor": cursor}}


@method("conversations.members", scopes=_READ, tier=4, required=("channel",))
async def members(call: WebApiCall) -> MethodAnswer:
    """List the members of a conversation."""
    channel = call.channel()
    call.need_scope(f"{channel.scope}:read")
    part, cursor = call.page(channel.members, 100, 999)
    return {"members": part, "response_metadata": {"next_cursor": cursor}}


@method("conversations.open", scopes=("im:write", "mpim:write", "groups:write", "channels:manage"), json=True)
async def open_conversation(call: WebApiCall) -> MethodAnswer:
    """Return the direct message with one person; group direct messages are not imitated."""
    if call.text("channel"):
        channel: Channel | None = call.channel()
        if channel and not channel.is_im:
            raise CallRefusedError("method_not_supported_for_channel_type")
    else:
        channel = _with_user(call)
    if channel is None:
        raise CallRefusedError("user_not_found")
    shown: dict[str, Any] = {"id": channel.id}
    if call.flag("return_im"):
        shown = describe(call.state, channel)
    return {"no_op": True, "already_open": True, "channel": shown}


def _with_user(call: WebApiCall) -> Channel | None:
    users = [user.strip() for user in call.text("users").split(",") if user.strip()]
    if not users:
        raise CallRefusedError("users_list_not_supplied")
    if len(users) > 1:
        call.need_scope("mpim:write")
        raise CallRefusedError("method_not_supported_for_channel_type")
    call.need_scope("im:write")
    return call.state.im_with(users[0])


@method("conversations.join", scopes=("channels:join",), tier=3, required=("channel",), json=True)
async def join(call: WebApiCall) -> MethodAnswer:
    """Add the bot to a public channel."""
    channel = call.channel()
    if channel.is_private:
        raise CallRefusedError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise CallRefusedError("is_archived")
    if call.state.bot_in(channel):
        call.warnings.append("already_in_channel")
    else:
        call.installation.add_member(channel, BOT_USER)
    return {"channel": describe(call.state, channel)}
