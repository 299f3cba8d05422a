"""What people write to the bot without a file."""

from typing import Any

from slack_bolt.async_app import AsyncApp

from faxbot.services.model.messages import Sentence
from faxbot.slack.listeners.context import ListenerContext
from faxbot.slack.payloads import place_of
from faxbot.slack.views import render


def register(app: AsyncApp, board: ListenerContext) -> None:
    """
    Listen to direct messages. Those with files are committed in `shares`; the others get a hint.

    Source: message.im.
    """

    async def hint(event: dict[str, Any]) -> None:
        place = place_of({"event": event})
        written = event.get("subtype") is None and not event.get("files") and not event.get("bot_id")
        if event.get("channel_type") != "im" or not written or not place.user_id:
            return
        command = f"{board.site.command} help"
        text = f"Send me the files to fax, with the number in the text. `{command}` shows what else I can do."
        await board.replies.respond(place, render(Sentence(text, command), board.site, board.now()))

    app.event("message")(hint)
