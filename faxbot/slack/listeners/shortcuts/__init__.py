"""Listeners for shortcuts, which work where slash commands do not, such as in threads."""

from slack_bolt.async_app import AsyncApp

from faxbot.slack.listeners.context import ListenerContext
from faxbot.slack.listeners.shortcuts import fax_this, send_a_fax


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Register both shortcuts."""
    for each in (fax_this, send_a_fax):
        each.register(app, context)
