"""The grammar of the slash command: text -> a frozen command, and the table that help is built from."""

from faxbot.slack.grammar.commands import (
    ActiveCommand,
    CancelCommand,
    Command,
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
    command_text,
)
from faxbot.slack.grammar.parse import parse
from faxbot.slack.grammar.table import SYNTAX, Syntax

__all__ = [
    "SYNTAX",
    "ActiveCommand",
    "CancelCommand",
    "Command",
    "DeleteCommand",
    "GetCommand",
    "HelpCommand",
    "HistoryCommand",
    "LinesCommand",
    "SendCommand",
    "StatusCommand",
    "SubscribeCommand",
    "SubscriptionsCommand",
    "Syntax",
    "UnsubscribeCommand",
    "command_text",
    "parse",
]
