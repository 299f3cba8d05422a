"""A person's interactions with the app: commands, presses, shortcuts, typing into external selects."""

import re
from typing import Any

from faxbot.standins.slack.api.call import CallRefusedError
from faxbot.standins.slack.delivery import UnansweredError
from faxbot.standins.slack.input_values import action_of, values_of
from faxbot.standins.slack.interactivity import InteractionPayloads
from faxbot.standins.slack.model.people import Channel
from faxbot.standins.slack.model.views import OpenView, elements_of
from faxbot.standins.slack.responses import MessageResponses

from .membership import invite, remove
from .request import DeniedError, PersonRequest

_EVERY_LINK = re.compile(r"<([@#])([A-Z0-9]+)(?:\|([^>]*))?>")
_ERROR_TEXTS = {
    "operation_timeout": "That action failed: the app did not answer in time.",
    "dispatch_failed": "That action failed: the app is not connected.",
}


async def command(request: PersonRequest) -> dict[str, object]:
    """POST /_/command: run a slash command of the app, or Slack's own /invite and /remove."""
    user, channel = request.user, request.open_channel
    name, _, text = request.text("text").strip().partition(" ")
    if name in {"/invite", "/remove", "/kick"}:
        return await _membership(request, name, text)
    installed = request.installation.manifest.command(name)
    if installed is None:
        raise DeniedError("invalid_command", f"{name} is not a valid command.")
    if request.text("thread_ts"):
        raise DeniedError("not_in_threads", f"{name} is not supported in threads. Sorry!")
    text = (
        _escaped(request, text.strip()) if installed.get("should_escape") else _plain(request, text.strip())
    )
    payload = InteractionPayloads(request.installation).command(user, channel, name, text)
    try:
        answer = await request.installation.delivery.deliver_interaction(
            "slash_commands", payload, accepts=True
        )
        MessageResponses(request.installation).of_command(user, channel, answer)
    except (UnansweredError, CallRefusedError) as exc:
        text_shown = f'{name} failed with the error "{exc}"'
        request.state.feed.publish("toast", frozenset({user}), text=text_shown, level="error")
        raise DeniedError(str(exc), text_shown) from None
    return {}


async def _membership(request: PersonRequest, name: str, text: str) -> dict[str, object]:
    name_or_id = text.strip().strip("<@>").split("|")[0]
    found = next(
        (u for u in request.state.users.values() if name_or_id in {u["id"], u["name"], u["real_name"]}),
        None,
    )
    if found is None:
        raise DeniedError("user_not_found", f"{name}: there is no such person here.")
    change = invite if name == "/invite" else remove
    return await change(
        PersonRequest(request.installation, {**request.body, "by": request.user, "user": found["id"]})
    )


def _plain(request: PersonRequest, text: str) -> str:
    """The text for a command without should_escape: people and channels by name."""
    state = request.state

    def name(link: re.Match[str]) -> str:
        if link[1] == "@":
            user = state.users.get(link[2])
            return f"@{user['name']}" if user else link[0]
        channel = state.channels.get(link[2])
        return f"#{channel.name}" if channel else link[0]

    plain = _EVERY_LINK.sub(name, text)
    return plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _escaped(request: PersonRequest, text: str) -> str:
    """The text for a command with should_escape: people and channels as <@U…|name> and <#C…|name>."""
    state = request.state
    users = {user["name"]: user["id"] for user in state.users.values()}
    channels = {channel.name: channel.id for channel in state.channels.values() if channel.name}
    text = _plain(request, text)
    text = re.sub(r"(?<!\S)@([\w.-]+)", lambda m: f"<@{users[m[1]]}|{m[1]}>" if m[1] in users else m[0], text)
    return re.sub(
        r"(?<!\S)#([\w-]+)", lambda m: f"<#{channels[m[1]]}|{m[1]}>" if m[1] in channels else m[0], text
    )


def _find_element(
    blocks: list[dict[str, Any]], request: PersonRequest
) -> tuple[dict[str, Any], dict[str, Any]]:
    for block in blocks:
        for element in elements_of(block):
            same = block["block_id"] == request.text("block_id")
            if same and element.get("action_id") == request.text("action_id"):
                return block, element
    raise DeniedError("action_not_found", "That is no longer there.")


def _view(request: PersonRequest) -> OpenView:
    views = request.state.views
    view = views.open.get(request.text("view"))
    home = views.homes.get(request.user)
    if home and home.id == request.text("view"):
        view = home
    if view is None or view.user != request.user:
        raise DeniedError("view_not_found", "That window is closed.")
    return view


async def _deliver_interaction(
    request: PersonRequest, payload: dict[str, Any], *, accepts: bool
) -> dict[str, Any]:
    if not request.installation.manifest.interactivity:
        raise DeniedError("not_interactive", "This app is not configured to handle interactive responses.")
    try:
        return await request.installation.delivery.deliver_interaction(
            "interactive", payload, accepts=accepts
        )
    except UnansweredError as exc:
        raise DeniedError(str(exc), _ERROR_TEXTS[str(exc)]) from None


async def press(request: PersonRequest) -> dict[str, object]:
    """POST /_/press: use an element of a message, an ephemeral message, a modal or the Home tab."""
    payloads = InteractionPayloads(request.installation)
    state, user = request.state, request.user
    entered = request.body.get("values") or {}
    if request.text("view"):
        view = _view(request)
        block, element = _find_element(view.definition["blocks"], request)
        _store_entered(entered, block, element, request.body)
        view.values = values_of(state, view.definition["blocks"], entered)
        payload = payloads.press_in_view(user, view, action_of(block, element, request.body))
    elif request.text("ephemeral"):
        ephemeral = state.ephemerals.get(request.text("ephemeral"))
        if ephemeral is None or ephemeral.user != user:
            raise DeniedError("message_not_found", "That message is gone.")
        blocks = ephemeral.content.get("blocks") or []
        block, element = _find_element(blocks, request)
        _store_entered(entered, block, element, request.body)
        payload = payloads.press_on_ephemeral(
            user,
            state.channels[ephemeral.channel],
            ephemeral,
            action_of(block, element, request.body),
            values_of(state, blocks, entered),
        )
    else:
        message, channel = request.message(), request.channel
        blocks = message.get("blocks") or []
        block, element = _find_element(blocks, request)
        _store_entered(entered, block, element, request.body)
        payload = payloads.press_on_message(
            user, channel, message, action_of(block, element, request.body), values_of(state, blocks, entered)
        )
    await _deliver_interaction(request, payload, accepts=True)
    return {}


def _store_entered(
    entered: dict[str, Any], block: dict[str, Any], element: dict[str, Any], given: dict[str, Any]
) -> None:
    """Add the value chosen by this press to the entered values, which the payload's state contains."""
    members = {name: value for name, value in given.items() if name.startswith(("selected_", "rich_text"))}
    if element["type"] not in {"button", "overflow"} and (members or "value" in given):
        chosen = members or {"value": given["value"]}
        entered.setdefault(block["block_id"], {})[element["action_id"]] = chosen


async def shortcut(request: PersonRequest) -> dict[str, object]:
    """POST /_/shortcut: run a global shortcut, or with a channel and ts a message shortcut."""
    user, on_message = request.user, bool(request.text("ts"))
    callback_id = request.text("callback_id")
    if request.installation.manifest.shortcut(callback_id, "message" if on_message else "global") is None:
        raise DeniedError("shortcut_not_found", "There is no such shortcut.")
    payloads = InteractionPayloads(request.installation)
    if on_message:
        payload = payloads.message_action(user, callback_id, request.channel, request.message())
    else:
        payload = payloads.shortcut(user, callback_id)
    await _deliver_interaction(request, payload, accepts=False)
    return {}


async def suggest(request: PersonRequest) -> dict[str, object]:
    """POST /_/suggest: get the options of an external select for the typed text."""
    source, blocks = _suggestion_source(request)
    _find_element(blocks, request)
    payload = InteractionPayloads(request.installation).block_suggestion(
        request.user, source, request.text("block_id"), request.text("action_id"), request.text("value")
    )
    answer = await _deliver_interaction(request, payload, accepts=True)
    groups = answer.get("option_groups")
    return {"options": answer.get("options") or [], **({"option_groups": groups} if groups else {})}


def _suggestion_source(request: PersonRequest) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    if request.text("view"):
        view = _view(request)
        container = {"type": "view", "view_id": view.id}
        return {"container": container, "view": view.as_dict()}, view.definition["blocks"]
    if request.text("ephemeral"):
        ephemeral = request.state.ephemerals.get(request.text("ephemeral"))
        if ephemeral is None or ephemeral.user != request.user:
            raise DeniedError("message_not_found", "That message is gone.")
        channel = request.state.channels[ephemeral.channel]
        return _message_source(channel, ephemeral.ts, ephemeral=True), ephemeral.content.get("blocks") or []
    message = request.message()
    return (
        {**_message_source(request.channel, message["ts"]), "message": message},
        message.get("blocks") or [],
    )


def _message_source(channel: Channel, ts: str, *, ephemeral: bool = False) -> dict[str, Any]:
    return {
        "container": {
            "type": "message",
            "message_ts": ts,
            "channel_id": channel.id,
            "is_ephemeral": ephemeral,
        },
        "channel": {"id": channel.id, "name": channel.name},
    }
