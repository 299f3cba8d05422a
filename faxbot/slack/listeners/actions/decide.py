"""The buttons "It went", "Send again" and "Give up" on a fax whose FileSend answer was lost."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from faxbot.fax.errors import BadCommand
from faxbot.services.model.request_bodies import AnswerBody, Decision
from faxbot.slack.action_ids import Action, Subject, decode_target
from faxbot.slack.listeners.actions.keys import action_key
from faxbot.slack.listeners.context import ListenerContext
from faxbot.slack.payloads import origin_of


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Register the three listeners."""
    _listen(app, context, Action.IT_WENT, Decision.WENT)
    _listen(app, context, Action.SEND_AGAIN, Decision.AGAIN)
    _listen(app, context, Action.GIVE_UP, Decision.GIVE_UP)


def _listen(app: AsyncApp, context: ListenerContext, button: Action, answer: Decision) -> None:
    async def decide(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        origin, about = origin_of(body), decode_target(action.get("value"))
        if about.subject is not Subject.FAX:
            raise BadCommand("That button is about no fax of mine. Nothing was done.")
        decided = AnswerBody(fax_id=about.row, answer=answer)
        await context.accept(origin, action_key(origin, action), decided)
        await ack()

    app.action(button.pattern)(decide)
