"""What people type after the slash command: text -> a frozen command, and the help that describes it."""

from faxbot.slack.grammar.commands import (
    Active,
    Cancel,
    Command,
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
    written,
)
from faxbot.slack.grammar.parse import parse
from faxbot.slack.grammar.table import SYNTAX, Syntax

__all__ = [
    "SYNTAX",
    "Active",
    "Cancel",
    "Command",
    "Delete",
    "Get",
    "Help",
    "History",
    "Lines",
    "Send",
    "Status",
    "Subscribe",
    "Subscriptions",
    "Syntax",
    "Unsubscribe",
    "parse",
    "written",
]
