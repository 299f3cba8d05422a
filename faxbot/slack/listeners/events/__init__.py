"""Listeners for events: shared files, mentions and direct messages."""

from slack_bolt.async_app import AsyncApp

from faxbot.slack.listeners.context import ListenerContext
from faxbot.slack.listeners.events import direct_message, shares


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Register every event."""
    for each in (shares, direct_message):
        each.register(app, context)
