"""conversations.history and conversations.replies."""

import re
from typing import Any

from faxbot.standins.slack.model.people import Channel

from .call import CallRefusedError, MethodAnswer, WebApiCall, method

_HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")
_TIMESTAMP = re.compile(r"\d{1,12}(\.\d{1,6})?")


def _readable(call: WebApiCall) -> Channel:
    channel = call.channel()
    call.need_scope(f"{channel.scope}:history")
    if not call.state.bot_in(channel):
        raise CallRefusedError("not_in_channel")
    return channel


def _within(call: WebApiCall, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The *messages* between oldest and latest, which are excluded unless inclusive."""
    bounds: dict[str, int | None] = {}
    for name in ("oldest", "latest"):
        value = call.text(name)
        if value and not _TIMESTAMP.fullmatch(value):
            raise CallRefusedError(f"invalid_ts_{name}")
        bounds[name] = _micro(value) if value and value != "0" else None
    margin = 0 if call.flag("inclusive") else 1
    oldest, latest = bounds["oldest"], bounds["latest"]
    return [
        message
        for message in messages
        if (oldest is None or _micro(message["ts"]) >= oldest + margin)
        and (latest is None or _micro(message["ts"]) <= latest - margin)
    ]


def _micro(ts: str) -> int:
    seconds, _, fraction = ts.partition(".")
    return int(seconds) * 1_000_000 + int(fraction.ljust(6, "0"))


def _shown(call: WebApiCall, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if call.flag("include_all_metadata"):
        return [dict(message) for message in messages]
    return [{k: v for k, v in message.items() if k != "metadata"} for message in messages]


@method("conversations.history", scopes=_HISTORY, tier=3, required=("channel",), json=True)
async def history(call: WebApiCall) -> MethodAnswer:
    """List the messages of a conversation without thread replies, newest first."""
    channel = _readable(call)
    top_level = [
        message
        for message in call.state.messages.in_order(channel.id)
        if message.get("thread_ts", message["ts"]) == message["ts"]
        or message.get("subtype") == "thread_broadcast"
    ]
    part, cursor = call.page(_within(call, top_level)[::-1], 100, 999)
    answer: MethodAnswer = {
        "messages": _shown(call, part),
        "has_more": bool(cursor),
        "pin_count": 0,
        "channel_actions_ts": None,
        "channel_actions_count": 0,
    }
    if call.text("latest"):
        answer["latest"] = call.text("latest")
    if call.text("oldest"):
        answer["oldest"] = call.text("oldest")
    return answer | ({"response_metadata": {"next_cursor": cursor}} if cursor else {})


@method("conversations.replies", scopes=_HISTORY, tier=3, required=("channel", "ts"))
async def replies(call: WebApiCall) -> MethodAnswer:
    """List a thread: its parent (always, on the first page) and its replies, oldest first."""
    channel = _readable(call)
    named = call.state.messages.get(channel.id, call.text("ts"))
    if named is None:
        raise CallRefusedError("thread_not_found")
    parent = call.state.messages.get(channel.id, named.get("thread_ts", named["ts"]))
    first = [parent] if parent else []
    following = _within(call, call.state.messages.thread(channel.id, named.get("thread_ts", named["ts"])))
    part, cursor = call.page(first + following, 1000, 1000)
    answer: MethodAnswer = {"messages": _shown(call, part), "has_more": bool(cursor)}
    return answer | ({"response_metadata": {"next_cursor": cursor}} if cursor else {})
