"""views.open, push, update, publish."""

import json
from typing import Any

from faxbot.standins.slack.blocks.check import check_view
from faxbot.standins.slack.blocks.fill import fill_in
from faxbot.standins.slack.model.interaction_ids import InteractionRefusedError, Trigger
from faxbot.standins.slack.model.people import BOT_USER
from faxbot.standins.slack.model.views import OpenView

from .call import CallRefusedError, MethodAnswer, WebApiCall, invalid_arguments, method

_MAX_BYTES = 250_000
_MAX_VIEWS = 3


def checked_view(view: object, kind: str) -> dict[str, Any]:
    """
    The posted view, with block and action ids filled in.

    Raises:
        CallRefusedError: invalid_arguments with Slack's messages, or view_too_large.

    """
    if not isinstance(view, dict):
        raise invalid_arguments("must be a valid view [json-pointer:/view]")
    if len(json.dumps(view)) > _MAX_BYTES:
        raise CallRefusedError("view_too_large")
    problems = check_view(view, kind)
    if problems:
        raise invalid_arguments(*problems)
    return {**view, "blocks": fill_in(view["blocks"])}


def _definition(call: WebApiCall, kind: str) -> dict[str, Any]:
    return checked_view(call.structure("view", "invalid_arguments"), kind)


def _unique(call: WebApiCall, definition: dict[str, Any], replaced: OpenView | None = None) -> None:
    external_id = definition.get("external_id")
    other = call.state.views.by_external_id(external_id) if external_id else None
    if other and other is not replaced:
        raise CallRefusedError("duplicate_external_id")


def _trigger(call: WebApiCall) -> Trigger:
    given = call.text("trigger_id") or call.text("interactivity_pointer")
    if not given:
        raise invalid_arguments("missing required field: trigger_id")
    try:
        return call.state.interaction_ids.use_trigger(given, call.installation.settings.trigger_lifetime)
    except InteractionRefusedError as exc:
        raise CallRefusedError(str(exc)) from None


@method("views.open", tier=4, required=("view",), json=True)
async def open_view(call: WebApiCall) -> MethodAnswer:
    """Open a modal for the person of the trigger_id."""
    definition = _definition(call, "modal")
    _unique(call, definition)
    trigger = _trigger(call)
    for view in call.state.views.stack(trigger.user):
        call.state.close_view(view)
    view = call.state.views.start(trigger.user, definition)
    call.state.publish_view(view)
    return {"view": view.as_dict()}


@method("views.push", tier=4, required=("view",), json=True)
async def push(call: WebApiCall) -> MethodAnswer:
    """Open a modal on top of the one with the interaction."""
    definition = _definition(call, "modal")
    _unique(call, definition)
    trigger = _trigger(call)
    stack = call.state.views.stack(trigger.user)
    below = call.state.views.open.get(trigger.view)
    if below is None:
        raise CallRefusedError("not_found")
    if len(stack) >= _MAX_VIEWS:
        raise CallRefusedError("push_limit_reached")
    view = call.state.views.start(trigger.user, definition, below)
    call.state.publish_view(view)
    return {"view": view.as_dict()}


@method("views.update", tier=4, required=("view",), json=True)
async def update(call: WebApiCall) -> MethodAnswer:
    """Update an open modal or a Home tab, given by view_id or external_id."""
    views = call.state.views
    homes = {home.id: home for home in views.homes.values()}
    if call.text("view_id"):
        view = views.open.get(call.text("view_id")) or homes.get(call.text("view_id"))
    elif call.text("external_id"):
        view = views.by_external_id(call.text("external_id"))
    else:
        raise invalid_arguments("missing required field: view_id")
    if view is None:
        raise CallRefusedError("not_found")
    definition = _definition(call, view.definition["type"])
    _unique(call, definition, view)
    if call.text("hash") and call.text("hash") != view.hash:
        raise CallRefusedError("hash_conflict")
    views.replace(view, definition)
    call.state.publish_view(view)
    return {"view": view.as_dict()}


@method("views.publish", tier=4, required=("user_id", "view"), json=True)
async def publish(call: WebApiCall) -> MethodAnswer:
    """Publish a Home tab to one person."""
    if not call.installation.manifest.home_tab:
        raise CallRefusedError("not_enabled")
    user = call.text("user_id")
    if user not in call.state.users or user == BOT_USER:
        raise invalid_arguments("invalid user_id")
    home = call.state.views.homes.get(user)
    definition = _definition(call, "home")
    _unique(call, definition, home)
    if home and call.text("hash") and call.text("hash") != home.hash:
        raise CallRefusedError("hash_conflict")
    home = call.state.views.publish(user, definition)
    call.state.publish_view(home)
    return {"view": home.as_dict()}
