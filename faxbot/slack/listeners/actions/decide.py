"""It went, Send again, Give up: what a person says of a fax whose answer was lost."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from faxbot.fax.errors import BadCommand
from faxbot.services.model.requests import RequestKind
from faxbot.slack.action_ids import Action, Subject, target
from faxbot.slack.listeners.actions.keys import press_key
from faxbot.slack.listeners.context import ListenerContext
from faxbot.slack.payloads import place_of


def register(app: AsyncApp, board: ListenerContext) -> None:
    """Listen to the three answers."""
    _listen(app, board, Action.IT_WENT, "went")
    _listen(app, board, Action.SEND_AGAIN, "again")
    _listen(app, board, Action.GIVE_UP, "give_up")


def _listen(app: AsyncApp, board: ListenerContext, button: Action, answer: str) -> None:
    async def decide(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        place, about = place_of(body), target(action.get("value"))
        if about.subject is not Subject.FAX:
            raise BadCommand("That button is about no fax of mine. Nothing was done.")
        decided = {"fax_id": about.row, "answer": answer}
        await board.accept(RequestKind.ANSWER, place, press_key(place, action), decided)
        await ack()

    app.action(button.pattern)(decide)
