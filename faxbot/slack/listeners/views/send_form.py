"""Submission of the form "Send a fax"."""

from dataclasses import replace
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from faxbot.services.model.request_bodies import SendBody
from faxbot.slack.action_ids import Callback
from faxbot.slack.listeners.context import ListenerContext
from faxbot.slack.payloads import origin_of
from faxbot.slack.views.form import FormErrors, parse_submission


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Register the listener; errors appear beside their input (see bolt_app.py)."""

    async def send(ack: AsyncAck, body: dict[str, Any], view: dict[str, Any]) -> None:
        entry = parse_submission(view)
        if isinstance(entry, FormErrors):
            await ack(response_action="errors", errors=entry.errors)
            return
        context.queries.check_number(entry.number)
        origin = replace(origin_of(body), channel_id=entry.start.channel_id, thread_ts=entry.start.thread_ts)
        key = f"view:{origin.view_id or origin.interaction_id}"
        fields = SendBody(number=entry.number, line=entry.line_id, files=list(entry.files))
        await context.accept(origin, key, fields)
        await ack()

    app.view(Callback.SEND_FORM.value)(send)
