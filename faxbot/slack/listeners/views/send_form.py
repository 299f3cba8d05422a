"""The form "Send a fax", filled in."""

from dataclasses import replace
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from faxbot.services.model.requests import RequestKind
from faxbot.slack.action_ids import Callback
from faxbot.slack.listeners.context import ListenerContext
from faxbot.slack.payloads import place_of
from faxbot.slack.views.form import FormErrors, parse_submission


def register(app: AsyncApp, board: ListenerContext) -> None:
    """Listen to the form; what is wrong in it is said beside the input (see bolt.py)."""

    async def send(ack: AsyncAck, body: dict[str, Any], view: dict[str, Any]) -> None:
        entry = parse_submission(view)
        if isinstance(entry, FormErrors):
            await ack(response_action="errors", errors=entry.errors)
            return
        board.queries.check_number(entry.number)
        place = replace(place_of(body), channel_id=entry.start.channel_id, thread_ts=entry.start.thread_ts)
        wish = {"number": entry.number, "line": entry.line_id, "files": list(entry.files)}
        await board.accept(RequestKind.SEND, place, f"view:{place.view_id or place.deed}", wish)
        await ack()

    app.view(Callback.SEND_FORM.value)(send)
