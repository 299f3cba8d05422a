"""The buttons "Cancel fax", "Download" and "Delete record"; each commits a request."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from faxbot.services.model.requests import RequestKind
from faxbot.slack.action_ids import Action, decode_target
from faxbot.slack.listeners.actions.keys import action_key, subject_of
from faxbot.slack.listeners.context import ListenerContext
from faxbot.slack.payloads import origin_of


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Register the three listeners."""
    _listen(app, context, Action.CANCEL, RequestKind.CANCEL)
    _listen(app, context, Action.DOWNLOAD, RequestKind.GET)
    _listen(app, context, Action.DELETE, RequestKind.DELETE)


def _listen(app: AsyncApp, context: ListenerContext, button: Action, kind: RequestKind) -> None:
    async def change(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        origin = origin_of(body)
        about = subject_of(decode_target(action.get("value")))
        if kind is RequestKind.GET:
            about["thread_ts"] = origin.thread_ts or origin.message_ts
        await context.accept(kind, origin, action_key(origin, action), about)
        await ack()

    app.action(button.pattern)(change)
