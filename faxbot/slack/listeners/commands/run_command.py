"""One command, typed or run with a button."""

from typing import Any

from slack_bolt.async_app import AsyncAck

from faxbot.services.model.requests import RequestKind
from faxbot.services.queries.queries import Queries, Viewer
from faxbot.services.queries.results import Answer
from faxbot.slack.grammar import (
    ActiveCommand,
    CancelCommand,
    DeleteCommand,
    GetCommand,
    HelpCommand,
    HistoryCommand,
    LinesCommand,
    SendCommand,
    StatusCommand,
    SubscribeCommand,
    SubscriptionsCommand,
    UnsubscribeCommand,
    parse,
)
from faxbot.slack.listeners.context import ListenerContext
from faxbot.slack.payloads import Place
from faxbot.slack.views import render_help

Change = SendCommand | GetCommand | CancelCommand | DeleteCommand | SubscribeCommand | UnsubscribeCommand
Question = LinesCommand | StatusCommand | ActiveCommand | HistoryCommand | SubscriptionsCommand


async def obey(board: ListenerContext, place: Place, text: str, ack: AsyncAck) -> None:
    """
    Do what *text* says: what changes something is committed before *ack*, what only reads after it.

    Raises:
        BadCommand: It is not understood; nothing was done.
        BadNumber: It is to send to what is no number; nothing was done.
        Fault: A question could not be answered.
    """
    command = parse(text, board.site.command)
    match command:
        case HelpCommand(topic):
            await ack()
            await board.replies.respond(place, render_help(topic, board.site))
        case SendCommand(number="", line=line):
            await ack()
            await board.forms.open_with_recent(
                place.trigger_id,
                channel_id=place.channel_id,
                user_id=place.user_id,
                thread_ts=place.thread_ts,
                line_id=line,
                before=board.now().timestamp(),
            )
        case (
            SendCommand()
            | GetCommand()
            | CancelCommand()
            | DeleteCommand()
            | SubscribeCommand()
            | UnsubscribeCommand()
        ):
            kind, body = _request(board.queries, place, command)
            await board.accept(kind, place, f"{kind.value}:{place.deed}", body)
            await ack()
        case _:
            await ack()
            await board.answer(place, await _answer(board.queries, place, command))


def _request(queries: Queries, place: Place, command: Change) -> tuple[RequestKind, dict[str, Any]]:
    match command:
        case SendCommand(number, line):
            queries.check_number(number)
            found_later = {"files": None, "recent": True, "trigger_id": place.trigger_id}
            return RequestKind.SEND, {"number": number, "line": line, **found_later}
        case GetCommand(job_id):
            return RequestKind.GET, {"job_id": job_id}
        case CancelCommand(job_id):
            return RequestKind.CANCEL, {"job_id": job_id}
        case DeleteCommand(job_id):
            return RequestKind.DELETE, {"job_id": job_id}
        case SubscribeCommand():
            return RequestKind.SUBSCRIBE, _interest(command)
        case UnsubscribeCommand():
            return RequestKind.UNSUBSCRIBE, _interest(command)


def _interest(command: SubscribeCommand | UnsubscribeCommand) -> dict[str, Any]:
    direction = command.direction.value if command.direction else None
    return {"direction": direction, "job_id": command.job_id, "line": command.line}


async def _answer(queries: Queries, place: Place, question: Question) -> Answer:
    asker = Viewer(place.user_id, place.channel_id)
    match question:
        case LinesCommand(line):
            return await queries.lines(line)
        case StatusCommand(job_id):
            return await queries.status(job_id, asker)
        case ActiveCommand(direction):
            return await queries.active(direction, asker)
        case HistoryCommand(direction, page):
            return await queries.history(direction, page, asker)
        case SubscriptionsCommand():
            return await queries.subscriptions(place.channel_id)
