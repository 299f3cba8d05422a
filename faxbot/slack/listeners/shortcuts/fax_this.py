"""The message shortcut "Fax this…"."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from faxbot.slack.action_ids import Callback
from faxbot.slack.listeners.context import ListenerContext
from faxbot.slack.payloads import files_in, origin_of


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Register the listener; it opens the form with the message's files."""

    async def fax_this(ack: AsyncAck, body: dict[str, Any], shortcut: dict[str, Any]) -> None:
        await ack()
        origin = origin_of(body)
        files = files_in(shortcut.get("message") or {})
        if not files:
            why = "That message has no files. Choose a message that shares the files to fax."
            await context.forms.refuse(origin.trigger_id, why)
            return
        await context.forms.open(
            origin.trigger_id,
            channel_id=origin.channel_id,
            user_id=origin.user_id,
            thread_ts=origin.thread_ts,
            files=files,
        )

    app.message_shortcut(Callback.FAX_THIS.value)(fax_this)
