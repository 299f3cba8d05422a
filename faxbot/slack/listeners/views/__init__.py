"""The listener for submitted forms (view_submission)."""

from slack_bolt.async_app import AsyncApp

from faxbot.slack.listeners.context import ListenerContext
from faxbot.slack.listeners.views import send_form


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Register the form."""
    send_form.register(app, context)
