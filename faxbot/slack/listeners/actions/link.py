"""Buttons that are links: the browser opens them, and Slack tells of the press all the same."""

from slack_bolt.async_app import AsyncAck, AsyncApp

from faxbot.slack.action_ids import Action
from faxbot.slack.listeners.context import ListenerContext


def register(app: AsyncApp, _board: ListenerContext) -> None:
    """Acknowledge presses of links: Slack shows a warning sign beside those that are not."""

    async def link(ack: AsyncAck) -> None:
        await ack()

    app.action(Action.OPEN_LINK.pattern)(link)
