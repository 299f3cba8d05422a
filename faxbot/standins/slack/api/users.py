"""users.info, users.list, users.conversations."""

from faxbot.standins.slack.model.people import BOT_USER

from .call import CallRefusedError, MethodAnswer, WebApiCall, method
from .conversations import describe, of_types


@method("users.info", scopes=("users:read",), tier=4, required=("user",))
async def users_info(call: WebApiCall) -> MethodAnswer:
    """Return one user."""
    user = call.state.users.get(call.text("user"))
    if user is None:
        raise CallRefusedError("user_not_found")
    return {"user": user}


@method("users.list", scopes=("users:read",), tier=2)
async def users_list(call: WebApiCall) -> MethodAnswer:
    """List all users, with pagination."""
    members, cursor = call.page(list(call.state.users.values()), 1000, 1000)
    return {
        "members": members,
        "cache_ts": int(call.state.clock()),
        "response_metadata": {"next_cursor": cursor},
    }


@method("users.conversations", scopes=("channels:read", "groups:read", "im:read", "mpim:read"), tier=3)
async def users_conversations(call: WebApiCall) -> MethodAnswer:
    """List the conversations of a user (default: the bot) that are visible to the bot."""
    user = call.text("user") or BOT_USER
    if user not in call.state.users:
        raise CallRefusedError("user_not_found")
    channels = [c for c in of_types(call) if user in c.members and (not c.is_private or call.state.bot_in(c))]
    part, cursor = call.page(channels, 100, 999)
    return {
        "channels": [describe(call.state, channel) for channel in part],
        "response_metadata": {"next_cursor": cursor},
    }
