"""Fax this…: the shortcut in a message's menu."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from faxbot.slack.action_ids import Callback
from faxbot.slack.listeners.context import ListenerContext
from faxbot.slack.payloads import files_in, place_of


def register(app: AsyncApp, board: ListenerContext) -> None:
    """Listen to the message shortcut; the form opens with the message's files."""

    async def fax_this(ack: AsyncAck, body: dict[str, Any], shortcut: dict[str, Any]) -> None:
        await ack()
        place = place_of(body)
        files = files_in(shortcut.get("message") or {})
        if not files:
            why = "That message has no files. Choose a message that shares the files to fax."
            await board.forms.refuse(place.trigger_id, why)
            return
        await board.forms.open(
            place.trigger_id,
            channel_id=place.channel_id,
            user_id=place.user_id,
            thread_ts=place.thread_ts,
            files=files,
        )

    app.message_shortcut(Callback.FAX_THIS.value)(fax_this)
