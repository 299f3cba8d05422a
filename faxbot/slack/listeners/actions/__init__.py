"""Listeners for buttons (block_actions)."""

from slack_bolt.async_app import AsyncApp

from faxbot.slack.listeners.actions import change, decide, history, link, open_form, run
from faxbot.slack.listeners.context import ListenerContext


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Register every button."""
    for each in (change, decide, history, link, open_form, run):
        each.register(app, context)
