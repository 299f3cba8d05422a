"""The button "Fax this" below a question for the number of shared files."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from faxbot.slack.action_ids import Action, decode_form_start
from faxbot.slack.listeners.context import ListenerContext
from faxbot.slack.payloads import origin_of


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Register the listener; it opens the form with the state in the button's value."""

    async def open_form(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        origin, start = origin_of(body), decode_form_start(action.get("value"))
        await context.forms.open(
            origin.trigger_id,
            channel_id=start.channel_id or origin.channel_id,
            user_id=origin.user_id,
            thread_ts=start.thread_ts or origin.thread_ts,
            number=start.number,
            line_id=start.line_id,
            files=start.files,
        )

    app.action(Action.OPEN_FORM.pattern)(open_form)
