"""Submitting and closing modals, and opening the Home tab."""

from typing import Any

from faxbot.standins.slack.api.call import CallRefusedError
from faxbot.standins.slack.api.views import checked_view
from faxbot.standins.slack.delivery import UnansweredError
from faxbot.standins.slack.input_values import input_errors, values_of
from faxbot.standins.slack.interactivity import InteractionPayloads
from faxbot.standins.slack.model.views import OpenView

from .request import DeniedError, PersonRequest

_MAX_VIEWS = 3


def _modal(request: PersonRequest) -> OpenView:
    view = request.state.views.open.get(request.text("view"))
    if view is None or view.user != request.user:
        raise DeniedError("view_not_found", "That window is closed.")
    return view


async def submit(request: PersonRequest) -> dict[str, object]:
    """POST /_/submit: submit a modal to the app and apply its response_action."""
    view, state = _modal(request), request.state
    view.values = values_of(state, view.definition["blocks"], request.body.get("values") or {})
    problems = input_errors(view)
    if problems:
        return _show_errors(request, view, problems)
    payload = InteractionPayloads(request.installation).view_submission(request.user, view)
    try:
        answer = await request.installation.delivery.deliver_interaction("interactive", payload, accepts=True)
    except UnansweredError as exc:
        raise DeniedError(str(exc), "We had some trouble connecting. Try again?") from None
    try:
        return _respond(request, view, answer)
    except CallRefusedError as exc:
        request.installation.journal.note("response_action_refused", error=exc.code, **exc.more)
        raise DeniedError(
            exc.code, "The app responded with something that Slack does not understand."
        ) from None


def _respond(request: PersonRequest, view: OpenView, answer: dict[str, Any]) -> dict[str, object]:
    state, action = request.state, answer.get("response_action")
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
        return _show_errors(request, view, {block: str(text) for block, text in errors.items()})
    elif action == "update":
        state.views.replace(view, checked_view(answer.get("view"), "modal"))
        state.publish_view(view)
    elif action == "push":
        if len(state.views.stack(view.user)) >= _MAX_VIEWS:
            raise CallRefusedError("push_limit_reached")
        state.publish_view(state.views.start(view.user, checked_view(answer.get("view"), "modal"), view))
    else:
        raise CallRefusedError("invalid_response_action", response_action=action)
    return {}


def _show_errors(request: PersonRequest, view: OpenView, errors: dict[str, str]) -> dict[str, object]:
    view.errors = errors
    request.state.publish_view(view)
    return {
        "ok": False,
        "error": "view_errors",
        "message": "Please correct what is marked.",
        "errors": errors,
    }


async def close(request: PersonRequest) -> dict[str, object]:
    """POST /_/close: close a modal, or all with clear_on_close; notify_on_close sends view_closed."""
    view, state = _modal(request), request.state
    cleared = bool(view.definition.get("clear_on_close"))
    for other in reversed(state.views.stack(request.user) if cleared else [view]):
        state.close_view(other)
        if other.definition.get("notify_on_close") and request.installation.manifest.interactivity:
            payload = InteractionPayloads(request.installation).view_closed(
                request.user, other, is_cleared=cleared
            )
            request.installation.delivery.run_in_background(_deliver_view_closed(request, payload))
    return {}


async def _deliver_view_closed(request: PersonRequest, payload: dict[str, Any]) -> None:
    try:
        await request.installation.delivery.deliver_interaction("interactive", payload, accepts=False)
    except UnansweredError as exc:
        request.installation.journal.note("view_closed_unanswered", error=str(exc))


async def open_home(request: PersonRequest) -> dict[str, object]:
    """POST /_/open_home: open the app's Home tab, or with {"tab": "messages"} its Messages tab."""
    channel = request.state.im_with(request.user)
    if channel is None:
        raise DeniedError("channel_not_found", "There is no direct message with the app.")
    tab = "messages" if request.text("tab") == "messages" else "home"
    request.installation.events.home_opened(request.user, channel, tab)
    home = request.state.views.homes.get(request.user)
    return {"view": home.for_person() if home and tab == "home" else None}
