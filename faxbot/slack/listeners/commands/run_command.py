"""Runs one command, typed or carried by a button."""

from slack_bolt.async_app import AsyncAck

from faxbot.services.model.request_bodies import (
    CancelBody,
    DeleteBody,
    GetBody,
    RequestBody,
    SendBody,
    SubscribeBody,
    UnsubscribeBody,
)
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
from faxbot.slack.payloads import Origin
from faxbot.slack.views import render_help

ChangeCommand = (
    SendCommand | GetCommand | CancelCommand | DeleteCommand | SubscribeCommand | UnsubscribeCommand
)
QueryCommand = LinesCommand | StatusCommand | ActiveCommand | HistoryCommand | SubscriptionsCommand


async def run_command(context: ListenerContext, origin: Origin, text: str, ack: AsyncAck) -> None:
    """
    Run the command in *text*: a request is committed before *ack*, a query runs after it.

    Raises:
        BadCommand: It is not a command; nothing was done.
        BadNumber: The number to send to is invalid; nothing was done.
        Fault: The query failed.
    """
    command = parse(text, context.profile.command)
    match command:
        case HelpCommand(topic):
            await ack()
            await context.replies.respond(origin, render_help(topic, context.profile))
        case SendCommand(number="", line=line):
            await ack()
            await context.forms.open_with_recent(
                origin.trigger_id,
                channel_id=origin.channel_id,
                user_id=origin.user_id,
                thread_ts=origin.thread_ts,
                line_id=line,
                before=context.now().timestamp(),
            )
        case (
            SendCommand()
            | GetCommand()
            | CancelCommand()
            | DeleteCommand()
            | SubscribeCommand()
            | UnsubscribeCommand()
        ):
            body = _request(context.queries, origin, command)
            await context.accept(origin, f"{body.kind.value}:{origin.interaction_id}", body)
            await ack()
        case _:
            await ack()
            await context.answer(origin, await _answer(context.queries, origin, command))


def _request(queries: Queries, origin: Origin, command: ChangeCommand) -> RequestBody:
    """The body of the request for *command*."""
    match command:
        case SendCommand(number, line):
            queries.check_number(number)
            return SendBody(number=number, line=line, recent=True, trigger_id=origin.trigger_id)
        case GetCommand(job_id):
            return GetBody(job_id=job_id)
        case CancelCommand(job_id):
            return CancelBody(job_id=job_id)
        case DeleteCommand(job_id):
            return DeleteBody(job_id=job_id)
        case SubscribeCommand(direction, job_id, line):
            return SubscribeBody(direction=direction, job_id=job_id or "", line=line or "")
        case UnsubscribeCommand(direction, job_id, line):
            return UnsubscribeBody(direction=direction, job_id=job_id or "", line=line or "")


async def _answer(queries: Queries, origin: Origin, query: QueryCommand) -> Answer:
    viewer = Viewer(origin.user_id, origin.channel_id)
    match query:
        case LinesCommand(line):
            return await queries.lines(line)
        case StatusCommand(job_id):
            return await queries.status(job_id, viewer)
        case ActiveCommand(direction):
            return await queries.active(direction, viewer)
        case HistoryCommand(direction, page):
            return await queries.history(direction, page, viewer)
        case SubscriptionsCommand():
            return await queries.subscriptions(origin.channel_id)
