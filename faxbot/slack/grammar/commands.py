"""The commands a person can give, each a frozen fact, and how each is written."""

from dataclasses import dataclass

from faxbot.fax.job import Direction


@dataclass(frozen=True, slots=True)
class SendCommand:
    """Fax the files just shared to *number* (empty: ask for it) from *line* (empty: the usual one)."""

    number: str = ""
    line: str = ""


@dataclass(frozen=True, slots=True)
class LinesCommand:
    """What the lines, or one of them, are doing."""

    line: str = ""


@dataclass(frozen=True, slots=True)
class StatusCommand:
    """One job."""

    job_id: str


@dataclass(frozen=True, slots=True)
class ActiveCommand:
    """What is going on now, in one direction or both."""

    direction: Direction | None = None


@dataclass(frozen=True, slots=True)
class HistoryCommand:
    """
    Finished faxes, newest first; pages count from 1.

    Sent ones unless said otherwise: received faxes are in their channel anyway.
    """

    direction: Direction = Direction.TX
    page: int = 1


@dataclass(frozen=True, slots=True)
class GetCommand:
    """The document of a job, into this conversation."""

    job_id: str


@dataclass(frozen=True, slots=True)
class CancelCommand:
    """Stop a sending."""

    job_id: str


@dataclass(frozen=True, slots=True)
class DeleteCommand:
    """Delete a record and its document from the fax server."""

    job_id: str


@dataclass(frozen=True, slots=True)
class SubscribeCommand:
    """Tell this channel of a direction (None: both), of one line's faxes, or of one job."""

    direction: Direction | None = None
    job_id: str | None = None
    line: str | None = None


@dataclass(frozen=True, slots=True)
class UnsubscribeCommand:
    """Take back what `Subscribe` with the same words asked for; without words, all of it."""

    direction: Direction | None = None
    job_id: str | None = None
    line: str | None = None


@dataclass(frozen=True, slots=True)
class SubscriptionsCommand:
    """What this channel is told of."""


@dataclass(frozen=True, slots=True)
class HelpCommand:
    """What can be said; with a *topic*, one command in full."""

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
