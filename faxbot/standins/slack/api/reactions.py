"""reactions.add."""

import re

from faxbot.standins.slack.model.people import BOT_USER

from .call import CallRefusedError, MethodAnswer, WebApiCall, method

_NAME = re.compile(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?")


@method(
    "reactions.add",
    scopes=("reactions:write",),
    tier=3,
    required=("channel", "timestamp", "name"),
    json=True,
)
async def add(call: WebApiCall) -> MethodAnswer:
    """Add the bot's reaction to a message."""
    channel = call.channel()
    if not call.state.bot_in(channel):
        raise CallRefusedError("not_in_channel")
    if channel.is_archived:
        raise CallRefusedError("is_archived")
    name = call.text("name")
    if not _NAME.fullmatch(name):
        raise CallRefusedError("invalid_name")
    message = call.state.messages.get(channel.id, call.text("timestamp"))
    if message is None:
        raise CallRefusedError("message_not_found")
    reactions = message.setdefault("reactions", [])
    reaction = next((r for r in reactions if r["name"] == name), None)
    if reaction is None:
        reaction = {"name": name, "users": [], "count": 0}
        reactions.append(reaction)
    if BOT_USER in reaction["users"]:
        raise CallRefusedError("already_reacted")
    reaction["users"].append(BOT_USER)
    reaction["count"] += 1
    call.state.publish_message(channel, message)
    return {}
