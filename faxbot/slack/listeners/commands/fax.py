"""The slash command `/fax`."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from faxbot.slack.listeners.commands.run_command import run_command
from faxbot.slack.listeners.context import ListenerContext
from faxbot.slack.payloads import origin_of


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Register the listener for `/fax`, or the configured name of the command."""

    async def fax(ack: AsyncAck, body: dict[str, Any]) -> None:
        await run_command(context, origin_of(body), body.get("text") or "", ack)

    app.command(context.profile.command)(fax)
