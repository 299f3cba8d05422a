"""Send a fax: the shortcut that works everywhere."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from faxbot.slack.action_ids import Callback
from faxbot.slack.listeners.context import ListenerContext
from faxbot.slack.payloads import place_of


def register(app: AsyncApp, board: ListenerContext) -> None:
    """Listen to the global shortcut; it names no conversation, so its fax belongs to the person's own."""

    async def send_a_fax(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        place = place_of(body)
        await board.forms.open(place.trigger_id, channel_id="", user_id=place.user_id)

    app.global_shortcut(Callback.SEND_A_FAX.value)(send_a_fax)
