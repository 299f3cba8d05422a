"""The commands as frozen dataclasses, and `command_text`, which writes one as text."""

from dataclasses import dataclass

from faxbot.fax.job import Direction


@dataclass(frozen=True, slots=True)
class SendCommand:
    """Fax the files just shared to *number* (empty: open the form) from *line* (empty: the default)."""

    number: str = ""
    line: str = ""


@dataclass(frozen=True, slots=True)
class LinesCommand:
    """Show the state of all lines, or of one."""

    line: str = ""


@dataclass(frozen=True, slots=True)
class StatusCommand:
    """Show one job."""

    job_id: str


@dataclass(frozen=True, slots=True)
class ActiveCommand:
    """List the jobs under way, in one direction or both."""

    direction: Direction | None = None


@dataclass(frozen=True, slots=True)
class HistoryCommand:
    """
    List finished faxes, newest first; pages count from 1.

    The default is sent faxes, because received ones are already in their channel.
    """

    direction: Direction = Direction.TX
    page: int = 1


@dataclass(frozen=True, slots=True)
class GetCommand:
    """Post the document of a job in this conversation."""

    job_id: str


@dataclass(frozen=True, slots=True)
class CancelCommand:
    """Cancel the sending of a job."""

    job_id: str


@dataclass(frozen=True, slots=True)
class DeleteCommand:
    """Delete a record and its document from the fax server."""

    job_id: str


@dataclass(frozen=True, slots=True)
class SubscribeCommand:
    """Subscribe this channel to a direction (None: both), optionally of one line, or to one job."""

    direction: Direction | None = None
    job_id: str | None = None
    line: str | None = None


@dataclass(frozen=True, slots=True)
class UnsubscribeCommand:
    """End the subscription with the same arguments; without arguments, all of this channel."""

    direction: Direction | None = None
    job_id: str | None = None
    line: str | None = None


@dataclass(frozen=True, slots=True)
class SubscriptionsCommand:
    """List this channel's subscriptions."""


@dataclass(frozen=True, slots=True)
class HelpCommand:
    """List all commands, or describe the one named *topic*."""

    topic: str | None = None


Command = (
    SendCommand
    | LinesCommand
    | StatusCommand
    | ActiveCommand
    | HistoryCommand
    | GetCommand
    | CancelCommand
    | DeleteCommand
    | SubscribeCommand
    | UnsubscribeCommand
    | SubscriptionsCommand
    | HelpCommand
)

_BY_JOB: dict[type, str] = {
    StatusCommand: "status",
    GetCommand: "get",
    CancelCommand: "cancel",
    DeleteCommand: "delete",
}
_KEYWORDS = frozenset({"from", "to"})
"""Words that must be quoted when they are part of a number or a line's name."""


def command_text(command: Command) -> str:
    """*command* as a person would type it, without the slash command's own name."""
    match command:
        case SendCommand(number, line):
            words = ["send", _quoted(number, number.lower().split()), *_after("from", line)]
        case LinesCommand(line):
            words = ["lines", _quoted(line, ())]
        case ActiveCommand(direction):
            words = ["active", _short(direction)]
        case HistoryCommand(direction, page):
            words = ["history", _short(direction), "" if page == 1 else str(page)]
        case SubscribeCommand(direction, job_id, line):
            words = ["subscribe", _short(direction), job_id or "", *_after("line", line)]
        case UnsubscribeCommand(direction, job_id, line):
            words = ["unsubscribe", _short(direction), job_id or "", *_after("line", line)]
        case SubscriptionsCommand():
            words = ["subscriptions"]
        case HelpCommand(topic):
            words = ["help", topic or ""]
        case _:
            words = [_BY_JOB[type(command)], command.job_id]
    return " ".join(word for word in words if word)


def _short(direction: Direction | None) -> str:
    return direction.value.lower() if direction else ""


def _after(keyword: str, line: str | None) -> list[str]:
    if not line:
        return []
    return [keyword, f'"{line}"' if " " in line or line.lower() in _KEYWORDS else line]


def _quoted(text: str, words: list[str] | tuple[()]) -> str:
    return f'"{text}"' if _KEYWORDS.intersection(words) else text
