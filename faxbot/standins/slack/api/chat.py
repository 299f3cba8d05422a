"""chat.postMessage, update, delete, getPermalink."""

import copy

from faxbot.standins.slack.model.people import BOT_ID, BOT_USER, Channel

from .call import CallRefusedError, MethodAnswer, WebApiCall, method
from .compose import MAX_UPDATE_TEXT, read_content, read_metadata


def writable(call: WebApiCall, name: str = "channel") -> Channel:
    """
    The conversation to post in, given by its id, a person's id, or #name.

    Raises:
        CallRefusedError: channel_not_found, not_in_channel, is_archived, messages_tab_disabled.

    """
    target = call.text(name)
    state = call.state
    channel = state.channels.get(target) or state.im_with(target)
    if channel is None and target.startswith("#"):
        channel = next((c for c in state.channels.values() if c.name == target[1:]), None)
    if channel is None or (channel.is_private and not state.bot_in(channel)):
        raise CallRefusedError("channel_not_found")
    if channel.is_archived:
        raise CallRefusedError("is_archived")
    public = "chat:write.public" in call.installation.manifest.scopes and not channel.is_private
    if not state.bot_in(channel) and not public:
        raise CallRefusedError("not_in_channel")
    if channel.is_im and not call.installation.manifest.messages_tab:
        raise CallRefusedError("messages_tab_disabled")
    return channel


@method("chat.postMessage", scopes=("chat:write",), tier=5, required=("channel",), json=True)
async def post_message(call: WebApiCall) -> MethodAnswer:
    """Post a message, or a reply in a thread; an unknown thread_ts is ignored."""
    channel = writable(call)
    content = read_content(call)
    metadata = read_metadata(call)
    customised = [name for name in ("username", "icon_emoji", "icon_url") if call.text(name)]
    if customised:
        call.need_scope("chat:write.customize")
    message = call.state.bot_message(**content)
    if metadata:
        message["metadata"] = metadata
    _into_thread(call, channel, message)
    if call.text("username"):
        message |= {"subtype": "bot_message", "username": call.text("username")}
    call.state.add_message(channel, message)
    call.installation.events.message(channel, message, [])
    return {"channel": channel.id, "ts": message["ts"], "message": copy.deepcopy(message)}


def _into_thread(call: WebApiCall, channel: Channel, message: dict[str, object]) -> None:
    """Set the message's thread_ts; the ts of a reply selects its parent's thread, as in Slack."""
    target = call.text("thread_ts")
    if not target:
        return
    parent = call.state.messages.get(channel.id, target)
    if parent is None:
        return
    if parent.get("subtype") == "channel_join":
        raise CallRefusedError("cannot_reply_to_message")
    message["thread_ts"] = parent.get("thread_ts", parent["ts"])
    if call.flag("reply_broadcast"):
        message["subtype"] = "thread_broadcast"


@method("chat.update", scopes=("chat:write",), tier=3, required=("channel", "ts"), json=True)
async def update(call: WebApiCall) -> MethodAnswer:
    """Update one of the bot's own messages; omitted blocks, attachments and metadata are kept."""
    channel = writable(call)
    message = call.state.messages.get(channel.id, call.text("ts"))
    if message is None or message.get("subtype") == "tombstone":
        raise CallRefusedError("message_not_found")
    if message.get("bot_id") != BOT_ID:
        raise CallRefusedError("cant_update_message")
    if not any(call.text(name) for name in ("text", "markdown_text", "blocks", "attachments", "file_ids")):
        raise CallRefusedError("no_text")
    previous = copy.deepcopy(message)
    content = read_content(call, limit=MAX_UPDATE_TEXT)
    metadata = read_metadata(call)
    message |= content
    if metadata is not None:
        message["metadata"] = metadata
        if not metadata:
            del message["metadata"]
    if message.get("blocks") == []:
        del message["blocks"]
    message["edited"] = {"user": BOT_USER, "ts": call.state.timestamps.next()}
    call.state.publish_message(channel, message)
    call.installation.events.changed(channel, message, previous)
    return {
        "channel": channel.id,
        "ts": message["ts"],
        "text": message["text"],
        "message": copy.deepcopy(message),
    }


@method("chat.delete", scopes=("chat:write",), tier=3, required=("channel", "ts"), json=True)
async def delete(call: WebApiCall) -> MethodAnswer:
    """Delete one of the bot's own messages."""
    channel = call.channel()
    message = call.state.messages.get(channel.id, call.text("ts"))
    if message is None or message.get("subtype") == "tombstone":
        raise CallRefusedError("message_not_found")
    if message.get("bot_id") != BOT_ID:
        raise CallRefusedError("cant_delete_message")
    call.state.delete_message(channel, message["ts"])
    call.installation.events.deleted(channel, message)
    return {"channel": channel.id, "ts": message["ts"]}


@method("chat.getPermalink", tier=5, required=("channel", "message_ts"))
async def permalink(call: WebApiCall) -> MethodAnswer:
    """Return the permalink of a message."""
    channel = call.channel()
    message = call.state.messages.get(channel.id, call.text("message_ts"))
    if message is None:
        raise CallRefusedError("message_not_found")
    link = f"{call.state.base}/archives/{channel.id}/p{message['ts'].replace('.', '')}"
    if message.get("thread_ts", message["ts"]) != message["ts"]:
        link += f"?thread_ts={message['thread_ts']}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}
