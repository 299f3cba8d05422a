"""The buttons "Newer" and "Older" of the history."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from faxbot.services.queries.queries import Viewer
from faxbot.slack.action_ids import Action, decode_page
from faxbot.slack.listeners.context import ListenerContext
from faxbot.slack.payloads import origin_of


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Register the listener; the new page replaces the shown one."""

    async def turn(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        origin = origin_of(body)
        direction, number = decode_page(action.get("value"))
        history = await context.queries.history(direction, number, Viewer(origin.user_id, origin.channel_id))
        await context.answer(origin, history, replace=True)

    app.action(Action.HISTORY_PAGE.pattern)(turn)
