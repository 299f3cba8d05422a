"""The global shortcut "Send a fax"."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from faxbot.slack.action_ids import Callback
from faxbot.slack.listeners.context import ListenerContext
from faxbot.slack.payloads import origin_of


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Register the listener; without a conversation, the fax belongs to the person's direct messages."""

    async def send_a_fax(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        origin = origin_of(body)
        await context.forms.open(origin.trigger_id, channel_id="", user_id=origin.user_id)

    app.global_shortcut(Callback.SEND_A_FAX.value)(send_a_fax)
