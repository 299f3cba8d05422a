"""The table of commands: syntax, purpose and examples. The help and the parser both use it."""

from dataclasses import dataclass

from faxbot.fax.job import Direction


@dataclass(frozen=True, slots=True)
class Syntax:
    """One command. *default_direction* is assumed for a job id that is typed without TX or RX."""

    name: str
    arguments: str
    purpose: str
    detail: str = ""
    examples: tuple[str, ...] = ()
    default_direction: Direction = Direction.TX

    @property
    def usage(self) -> str:
        """Name and arguments, without the slash command's name."""
        return f"{self.name} {self.arguments}".strip()

    @property
    def example(self) -> str:
        """What an error shows: the first example if an argument is required, else the usage."""
        return self.examples[0] if self.arguments.startswith("<") else self.usage


SYNTAX = {
    syntax.name: syntax
    for syntax in (
        Syntax(
            "send",
            "[<number>] [from <line>]",
            "Fax the files you just shared here.",
            "I take the newest message with files that you shared here in the last 15 minutes. "
            "Without files or without a number, a form opens.",
            ("send 469 555 0101", "send +1 469 555 0101 from Sales", 'send 469 555 0101 from "Front Desk"'),
        ),
        Syntax(
            "lines",
            "[<line>]",
            "What the fax lines are doing.",
            "A line goes by its name, its number, its extension or its id.",
            ("lines", "lines Sales"),
        ),
        Syntax(
            "status", "<job>", "How one fax stands.", "Sent faxes are TX, received ones RX.", ("status TX82",)
        ),
        Syntax(
            "active", "[tx|rx]", "Faxes under way now: sent, received or both.", "", ("active", "active rx")
        ),
        Syntax(
            "history",
            "[tx|rx] [<page>]",
            "Finished faxes, newest first.",
            "Sent faxes unless you say rx.",
            ("history", "history rx", "history tx 2"),
        ),
        Syntax("get", "<job>", "Get the document of a fax.", "", ("get RX34",), Direction.RX),
        Syntax(
            "cancel",
            "<job>",
            "Stop a fax that is not through yet.",
            "The sender and admins can. Pages already confirmed have gone through.",
            ("cancel TX82",),
        ),
        Syntax(
            "delete",
            "<job>",
            "Delete a record and its document from the fax server.",
            "For good: the fax server keeps no copy. What was posted in Slack stays.",
            ("delete RX34",),
            Direction.RX,
        ),
        Syntax(
            "subscribe",
            "[tx|rx|<job>] [line <line>]",
            "Tell this channel of faxes.",
            "Of all, of one direction, of one line, or of one fax. Received faxes take an admin.",
            ("subscribe rx", "subscribe tx line Sales", "subscribe TX82"),
        ),
        Syntax(
            "unsubscribe",
            "[tx|rx|<job>] [line <line>]",
            "Stop telling this channel.",
            "Without anything after it, all of this channel's subscriptions end.",
            ("unsubscribe rx", "unsubscribe"),
        ),
        Syntax("subscriptions", "", "What this channel is told of."),
        Syntax("help", "[<command>]", "This list, or one command in full.", "", ("help", "help send")),
    )
}

SYNONYMS = {
    "fax": "send",
    "list": "active",
    "jobs": "active",
    "queue": "active",
    "inbox": "history rx",
    "received": "history rx",
    "sent": "history tx",
    "records": "history",
    "stop": "cancel",
    "abort": "cancel",
    "kill": "cancel",
    "remove": "delete",
    "rm": "delete",
    "download": "get",
    "fetch": "get",
    "show": "status",
    "follow": "subscribe",
    "unfollow": "unsubscribe",
    "line": "lines",
    "?": "help",
}
"""Other words for commands; they are suggested, not run."""
