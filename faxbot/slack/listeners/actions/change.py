"""The buttons "Cancel fax", "Download" and "Delete record"; each commits a request."""

from collections.abc import Callable
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from faxbot.services.model.request_bodies import CancelBody, DeleteBody, GetBody, RequestBody
from faxbot.slack.action_ids import Action, decode_target
from faxbot.slack.listeners.actions.keys import action_key, subject_of
from faxbot.slack.listeners.context import ListenerContext
from faxbot.slack.payloads import Origin, origin_of


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Register the three listeners."""
    _listen(app, context, Action.CANCEL, lambda _origin, about: CancelBody(**about))
    _listen(app, context, Action.DOWNLOAD, _get)
    _listen(app, context, Action.DELETE, lambda _origin, about: DeleteBody(**about))


def _listen(
    app: AsyncApp,
    context: ListenerContext,
    button: Action,
    request: Callable[[Origin, dict[str, Any]], RequestBody],
) -> None:
    async def change(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        origin = origin_of(body)
        about = subject_of(decode_target(action.get("value")))
        await context.accept(origin, action_key(origin, action), request(origin, about))
        await ack()

    app.action(button.pattern)(change)


def _get(origin: Origin, about: dict[str, Any]) -> GetBody:
    return GetBody(**about, thread_ts=origin.thread_ts or origin.message_ts)
