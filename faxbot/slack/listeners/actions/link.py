"""Buttons with a URL: the browser opens them, and Slack also sends a block_actions payload."""

from slack_bolt.async_app import AsyncAck, AsyncApp

from faxbot.slack.action_ids import Action
from faxbot.slack.listeners.context import ListenerContext


def register(app: AsyncApp, _context: ListenerContext) -> None:
    """Register a listener that only acknowledges; otherwise Slack shows a warning beside the button."""

    async def link(ack: AsyncAck) -> None:
        await ack()

    app.action(Action.OPEN_LINK.pattern)(link)
