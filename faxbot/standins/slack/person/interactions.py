"""What a person makes the app do: commands, presses, shortcuts, and typing into external selects."""

import re
from typing import Any

from faxbot.standins.slack.api.call import CallRefusedError
from faxbot.standins.slack.delivery import UnansweredError
from faxbot.standins.slack.input_values import action_of, values_of
from faxbot.standins.slack.interactivity import Payloads
from faxbot.standins.slack.model.people import Channel
from faxbot.standins.slack.model.views import OpenView, elements_of
from faxbot.standins.slack.responses import MessageResponses

from .membership import invite, kick
from .request import DeniedError, PersonRequest

_EVERY_LINK = re.compile(r"<([@#])([A-Z0-9]+)(?:\|([^>]*))?>")
_TROUBLE = {
    "operation_timeout": "That action failed: the app did not answer in time.",
    "dispatch_failed": "That action failed: the app is not connected.",
}


async def command(ask: PersonRequest) -> dict[str, object]:
    """POST /_/command: run a slash command; Slack's own /invite and /remove are understood too."""
    user, channel = ask.user, ask.open_channel
    name, _, text = ask.text("text").strip().partition(" ")
    if name in {"/invite", "/remove", "/kick"}:
        return await _membership(ask, name, text)
    installed = ask.site.manifest.command(name)
    if installed is None:
        raise DeniedError("invalid_command", f"{name} is not a valid command.")
    if ask.text("thread_ts"):
        raise DeniedError("not_in_threads", f"{name} is not supported in threads. Sorry!")
    text = _escaped(ask, text.strip()) if installed.get("should_escape") else _plain(ask, text.strip())
    payload = Payloads(ask.site).command(user, channel, name, text)
    try:
        answer = await ask.site.delivery.ask("slash_commands", payload, accepts=True)
        MessageResponses(ask.site).of_command(user, channel, answer)
    except (UnansweredError, CallRefusedError) as exc:
        said = f'{name} failed with the error "{exc}"'
        ask.site.state.feed.tell("toast", frozenset({user}), text=said, level="error")
        raise DeniedError(str(exc), said) from None
    return {}


async def _membership(ask: PersonRequest, name: str, text: str) -> dict[str, object]:
    wanted = text.strip().strip("<@>").split("|")[0]
    found = next(
        (u for u in ask.site.state.users.values() if wanted in {u["id"], u["name"], u["real_name"]}), None
    )
    if found is None:
        raise DeniedError("user_not_found", f"{name}: there is no such person here.")
    change = invite if name == "/invite" else kick
    return await change(PersonRequest(ask.site, {**ask.body, "by": ask.user, "user": found["id"]}))


def _plain(ask: PersonRequest, text: str) -> str:
    """What a command without should_escape gets: names as people write them."""
    state = ask.site.state

    def name(link: re.Match[str]) -> str:
        if link[1] == "@":
            user = state.users.get(link[2])
            return f"@{user['name']}" if user else link[0]
        channel = state.channels.get(link[2])
        return f"#{channel.name}" if channel else link[0]

    plain = _EVERY_LINK.sub(name, text)
    return plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _escaped(ask: PersonRequest, text: str) -> str:
    """What a command with should_escape gets: people and channels as <@U…|name> and <#C…|name>."""
    state = ask.site.state
    users = {user["name"]: user["id"] for user in state.users.values()}
    channels = {channel.name: channel.id for channel in state.channels.values() if channel.name}
    text = _plain(ask, text)
    text = re.sub(r"(?<!\S)@([\w.-]+)", lambda m: f"<@{users[m[1]]}|{m[1]}>" if m[1] in users else m[0], text)
    return re.sub(
        r"(?<!\S)#([\w-]+)", lambda m: f"<#{channels[m[1]]}|{m[1]}>" if m[1] in channels else m[0], text
    )


def _find(blocks: list[dict[str, Any]], ask: PersonRequest) -> tuple[dict[str, Any], dict[str, Any]]:
    for block in blocks:
        for element in elements_of(block):
            same = block["block_id"] == ask.text("block_id")
            if same and element.get("action_id") == ask.text("action_id"):
                return block, element
    raise DeniedError("action_not_found", "That is no longer there.")


def _view(ask: PersonRequest) -> OpenView:
    views = ask.site.state.views
    view = views.open.get(ask.text("view"))
    home = views.homes.get(ask.user)
    if home and home.id == ask.text("view"):
        view = home
    if view is None or view.user != ask.user:
        raise DeniedError("view_not_found", "That window is closed.")
    return view


async def _interact(ask: PersonRequest, payload: dict[str, Any], *, accepts: bool) -> dict[str, Any]:
    if not ask.site.manifest.interactivity:
        raise DeniedError("not_interactive", "This app is not configured to handle interactive responses.")
    try:
        return await ask.site.delivery.ask("interactive", payload, accepts=accepts)
    except UnansweredError as exc:
        raise DeniedError(str(exc), _TROUBLE[str(exc)]) from None


async def press(ask: PersonRequest) -> dict[str, object]:
    """POST /_/press: use an element of a message, an ephemeral message, a modal or the Home tab."""
    payloads, state, user = Payloads(ask.site), ask.site.state, ask.user
    entered = ask.body.get("values") or {}
    if ask.text("view"):
        view = _view(ask)
        block, element = _find(view.definition["blocks"], ask)
        _remember(entered, block, element, ask.body)
        view.values = values_of(state, view.definition["blocks"], entered)
        payload = payloads.press_in_view(user, view, action_of(block, element, ask.body))
    elif ask.text("ephemeral"):
        ephemeral = state.ephemerals.get(ask.text("ephemeral"))
        if ephemeral is None or ephemeral.user != user:
            raise DeniedError("message_not_found", "That message is gone.")
        blocks = ephemeral.content.get("blocks") or []
        block, element = _find(blocks, ask)
        _remember(entered, block, element, ask.body)
        payload = payloads.press_on_ephemeral(
            user,
            state.channels[ephemeral.channel],
            ephemeral,
            action_of(block, element, ask.body),
            values_of(state, blocks, entered),
        )
    else:
        message, channel = ask.message(), ask.channel
        blocks = message.get("blocks") or []
        block, element = _find(blocks, ask)
        _remember(entered, block, element, ask.body)
        payload = payloads.press_on_message(
            user, channel, message, action_of(block, element, ask.body), values_of(state, blocks, entered)
        )
    await _interact(ask, payload, accepts=True)
    return {}


def _remember(
    entered: dict[str, Any], block: dict[str, Any], element: dict[str, Any], given: dict[str, Any]
) -> None:
    """What is chosen by this very press belongs to the state that goes with it."""
    members = {name: value for name, value in given.items() if name.startswith(("selected_", "rich_text"))}
    if element["type"] not in {"button", "overflow"} and (members or "value" in given):
        chosen = members or {"value": given["value"]}
        entered.setdefault(block["block_id"], {})[element["action_id"]] = chosen


async def shortcut(ask: PersonRequest) -> dict[str, object]:
    """POST /_/shortcut: a global shortcut, or with a channel and ts one on a message."""
    user, on_message = ask.user, bool(ask.text("ts"))
    callback_id = ask.text("callback_id")
    if ask.site.manifest.shortcut(callback_id, "message" if on_message else "global") is None:
        raise DeniedError("shortcut_not_found", "There is no such shortcut.")
    payloads = Payloads(ask.site)
    if on_message:
        payload = payloads.message_action(user, callback_id, ask.channel, ask.message())
    else:
        payload = payloads.shortcut(user, callback_id)
    await _interact(ask, payload, accepts=False)
    return {}


async def suggest(ask: PersonRequest) -> dict[str, object]:
    """POST /_/suggest: the options of an external select for what was typed."""
    place, blocks = _suggestion_place(ask)
    _find(blocks, ask)
    payload = Payloads(ask.site).block_suggestion(
        ask.user, place, ask.text("block_id"), ask.text("action_id"), ask.text("value")
    )
    answer = await _interact(ask, payload, accepts=True)
    groups = answer.get("option_groups")
    return {"options": answer.get("options") or [], **({"option_groups": groups} if groups else {})}


def _suggestion_place(ask: PersonRequest) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    if ask.text("view"):
        view = _view(ask)
        container = {"type": "view", "view_id": view.id}
        return {"container": container, "view": view.as_dict()}, view.definition["blocks"]
    if ask.text("ephemeral"):
        ephemeral = ask.site.state.ephemerals.get(ask.text("ephemeral"))
        if ephemeral is None or ephemeral.user != ask.user:
            raise DeniedError("message_not_found", "That message is gone.")
        channel = ask.site.state.channels[ephemeral.channel]
        return _message_place(channel, ephemeral.ts, ephemeral=True), ephemeral.content.get("blocks") or []
    message = ask.message()
    return (
        {**_message_place(ask.channel, message["ts"]), "message": message},
        message.get("blocks") or [],
    )


def _message_place(channel: Channel, ts: str, *, ephemeral: bool = False) -> dict[str, Any]:
    return {
        "container": {
            "type": "message",
            "message_ts": ts,
            "channel_id": channel.id,
            "is_ephemeral": ephemeral,
        },
        "channel": {"id": channel.id, "name": channel.name},
    }
