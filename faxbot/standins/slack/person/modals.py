"""Submitting and closing modals, and looking at the Home tab."""

from typing import Any

from faxbot.standins.slack.api.call import CallRefusedError
from faxbot.standins.slack.api.views import checked_view
from faxbot.standins.slack.delivery import UnansweredError
from faxbot.standins.slack.input_values import complaints, values_of
from faxbot.standins.slack.interactivity import Payloads
from faxbot.standins.slack.model.views import OpenView

from .request import DeniedError, PersonRequest

_DEEPEST = 3


def _modal(ask: PersonRequest) -> OpenView:
    view = ask.site.state.views.open.get(ask.text("view"))
    if view is None or view.user != ask.user:
        raise DeniedError("view_not_found", "That window is closed.")
    return view


async def submit(ask: PersonRequest) -> dict[str, object]:
    """POST /_/submit: send a modal to the app, and do what its response_action says."""
    view, state = _modal(ask), ask.site.state
    view.values = values_of(state, view.definition["blocks"], ask.body.get("values") or {})
    problems = complaints(view)
    if problems:
        return _wrong(ask, view, problems)
    payload = Payloads(ask.site).view_submission(ask.user, view)
    try:
        answer = await ask.site.delivery.ask("interactive", payload, accepts=True)
    except UnansweredError as exc:
        raise DeniedError(str(exc), "We had some trouble connecting. Try again?") from None
    try:
        return _respond(ask, view, answer)
    except CallRefusedError as exc:
        ask.site.journal.note("response_action_refused", error=exc.code, **exc.more)
        raise DeniedError(
            exc.code, "The app responded with something that Slack does not understand."
        ) from None


def _respond(ask: PersonRequest, view: OpenView, answer: dict[str, Any]) -> dict[str, object]:
    state, action = ask.site.state, answer.get("response_action")
    if action is None:
        state.close_view(view)
    elif action == "clear":
        for other in state.views.stack(view.user):
            state.close_view(other)
    elif action == "errors":
        errors = answer.get("errors")
        inputs = {b["block_id"] for b in view.definition["blocks"] if b["type"] == "input"}
        if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
            raise CallRefusedError("invalid_response_action_errors", errors=errors)
        return _wrong(ask, view, {block: str(text) for block, text in errors.items()})
    elif action == "update":
        state.views.replace(view, checked_view(answer.get("view"), "modal"))
        state.show_view(view)
    elif action == "push":
        if len(state.views.stack(view.user)) >= _DEEPEST:
            raise CallRefusedError("push_limit_reached")
        state.show_view(state.views.start(view.user, checked_view(answer.get("view"), "modal"), view))
    else:
        raise CallRefusedError("invalid_response_action", response_action=action)
    return {}


def _wrong(ask: PersonRequest, view: OpenView, errors: dict[str, str]) -> dict[str, object]:
    view.errors = errors
    ask.site.state.show_view(view)
    return {
        "ok": False,
        "error": "view_errors",
        "message": "Please correct what is marked.",
        "errors": errors,
    }


async def close(ask: PersonRequest) -> dict[str, object]:
    """POST /_/close: dismiss a modal (with clear_on_close, all); notify_on_close tells the app."""
    view, state = _modal(ask), ask.site.state
    cleared = bool(view.definition.get("clear_on_close"))
    for other in reversed(state.views.stack(ask.user) if cleared else [view]):
        state.close_view(other)
        if other.definition.get("notify_on_close") and ask.site.manifest.interactivity:
            payload = Payloads(ask.site).view_closed(ask.user, other, is_cleared=cleared)
            ask.site.delivery.in_background(_tell(ask, payload))
    return {}


async def _tell(ask: PersonRequest, payload: dict[str, Any]) -> None:
    try:
        await ask.site.delivery.ask("interactive", payload, accepts=False)
    except UnansweredError as exc:
        ask.site.journal.note("view_closed_unanswered", error=str(exc))


async def open_home(ask: PersonRequest) -> dict[str, object]:
    """POST /_/open_home: look at the app's Home tab, or with {"tab": "messages"} at its Messages tab."""
    channel = ask.site.state.im_with(ask.user)
    if channel is None:
        raise DeniedError("channel_not_found", "There is no direct message with the app.")
    tab = "messages" if ask.text("tab") == "messages" else "home"
    ask.site.events.home_opened(ask.user, channel, tab)
    home = ask.site.state.views.homes.get(ask.user)
    return {"view": home.for_person() if home and tab == "home" else None}
