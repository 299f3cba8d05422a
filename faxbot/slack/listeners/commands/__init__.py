"""The listener for the slash command."""

from slack_bolt.async_app import AsyncApp

from faxbot.slack.listeners.commands import fax
from faxbot.slack.listeners.context import ListenerContext


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Register the slash command."""
    fax.register(app, context)
