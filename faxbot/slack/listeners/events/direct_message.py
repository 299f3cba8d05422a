"""Direct messages to the bot without a file."""

from typing import Any

from slack_bolt.async_app import AsyncApp

from faxbot.services.model.messages import Sentence
from faxbot.slack.listeners.context import ListenerContext
from faxbot.slack.payloads import origin_of
from faxbot.slack.views import render


def register(app: AsyncApp, context: ListenerContext) -> None:
    """
    Register the listener: a direct message without files gets a hint (`shares` handles those with files).

    Source: message.im.
    """

    async def hint(event: dict[str, Any]) -> None:
        origin = origin_of({"event": event})
        is_text = event.get("subtype") is None and not event.get("files") and not event.get("bot_id")
        if event.get("channel_type") != "im" or not is_text or not origin.user_id:
            return
        command = f"{context.profile.command} help"
        text = f"Send me the files to fax, with the number in the text. `{command}` shows what else I can do."
        await context.replies.respond(origin, render(Sentence(text, command), context.profile, context.now()))

    app.event("message")(hint)
