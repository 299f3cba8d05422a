"""The button "Run it", whose value is a complete command."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from faxbot.slack.action_ids import Action
from faxbot.slack.listeners.commands.run_command import run_command
from faxbot.slack.listeners.context import ListenerContext
from faxbot.slack.payloads import origin_of


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Register the listener; the command runs as if the person had typed it."""

    async def run(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await run_command(context, origin_of(body), action.get("value") or "", ack)

    app.action(Action.RUN.pattern)(run)
