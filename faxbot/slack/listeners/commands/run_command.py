"""One command, typed or run with a button."""

from typing import Any

from slack_bolt.async_app import AsyncAck

from faxbot.services.model.faxes import RequestKind
from faxbot.services.queries.queries import Ask, Asker
from faxbot.services.queries.results import Answer
from faxbot.slack.grammar import (
    Active,
    Cancel,
    Delete,
    Get,
    Help,
    History,
    Lines,
    Send,
    Status,
    Subscribe,
    Subscriptions,
    Unsubscribe,
    parse,
)
from faxbot.slack.listeners.context import Switchboard
from faxbot.slack.payloads import Place
from faxbot.slack.views import render_help

Change = Send | Get | Cancel | Delete | Subscribe | Unsubscribe
Question = Lines | Status | Active | History | Subscriptions


async def obey(board: Switchboard, place: Place, text: str, ack: AsyncAck) -> None:
    """
    Do what *text* says: what changes something is committed before *ack*, what only reads after it.

    Raises:
        BadCommand: It is not understood; nothing was done.
        BadNumber: It is to send to what is no number; nothing was done.
        Fault: A question could not be answered.
    """
    command = parse(text, board.site.command)
    match command:
        case Help(topic):
            await ack()
            await board.replies.tell(place, render_help(topic, board.site))
        case Send(number="", line=line):
            await ack()
            await board.forms.open_with_recent(
                place.trigger_id,
                channel_id=place.channel_id,
                user_id=place.user_id,
                thread_ts=place.thread_ts,
                line_id=line,
                before=board.now().timestamp(),
            )
        case Send() | Get() | Cancel() | Delete() | Subscribe() | Unsubscribe():
            kind, body = _request(board.ask, place, command)
            await board.accept(kind, place, f"{kind.value}:{place.deed}", body)
            await ack()
        case _:
            await ack()
            await board.answer(place, await _answer(board.ask, place, command))


def _request(ask: Ask, place: Place, command: Change) -> tuple[RequestKind, dict[str, Any]]:
    match command:
        case Send(number, line):
            ask.check_number(number)
            found_later = {"files": None, "recent": True, "trigger_id": place.trigger_id}
            return RequestKind.SEND, {"number": number, "line": line, **found_later}
        case Get(job_id):
            return RequestKind.GET, {"job_id": job_id}
        case Cancel(job_id):
            return RequestKind.CANCEL, {"job_id": job_id}
        case Delete(job_id):
            return RequestKind.DELETE, {"job_id": job_id}
        case Subscribe():
            return RequestKind.SUBSCRIBE, _interest(command)
        case Unsubscribe():
            return RequestKind.UNSUBSCRIBE, _interest(command)


def _interest(command: Subscribe | Unsubscribe) -> dict[str, Any]:
    direction = command.direction.value if command.direction else None
    return {"direction": direction, "job_id": command.job_id, "line": command.line}


async def _answer(ask: Ask, place: Place, question: Question) -> Answer:
    asker = Asker(place.user_id, place.channel_id)
    match question:
        case Lines(line):
            return await ask.lines(line)
        case Status(job_id):
            return await ask.status(job_id, asker)
        case Active(direction):
            return await ask.active(direction, asker)
        case History(direction, page):
            return await ask.history(direction, page, asker)
        case Subscriptions():
            return await ask.subscriptions(place.channel_id)
