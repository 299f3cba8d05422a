"""Cancel fax, Download, Delete record."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from faxbot.services.model.requests import RequestKind
from faxbot.slack.action_ids import Action, target
from faxbot.slack.listeners.actions.keys import press_key, subject_of
from faxbot.slack.listeners.context import ListenerContext
from faxbot.slack.payloads import place_of


def register(app: AsyncApp, board: ListenerContext) -> None:
    """Listen to the buttons that act on one fax."""
    _listen(app, board, Action.CANCEL, RequestKind.CANCEL)
    _listen(app, board, Action.DOWNLOAD, RequestKind.GET)
    _listen(app, board, Action.DELETE, RequestKind.DELETE)


def _listen(app: AsyncApp, board: ListenerContext, button: Action, kind: RequestKind) -> None:
    async def change(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        place = place_of(body)
        about = subject_of(target(action.get("value")))
        if kind is RequestKind.GET:
            about["thread_ts"] = place.thread_ts or place.message_ts
        await board.accept(kind, place, press_key(place, action), about)
        await ack()

    app.action(button.pattern)(change)
