"""The slash command."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from faxbot.slack.listeners.commands.run_command import obey
from faxbot.slack.listeners.context import ListenerContext
from faxbot.slack.payloads import place_of


def register(app: AsyncApp, board: ListenerContext) -> None:
    """Listen to `/fax`, or what it is called here."""

    async def fax(ack: AsyncAck, body: dict[str, Any]) -> None:
        await obey(board, place_of(body), body.get("text") or "", ack)

    app.command(board.site.command)(fax)
