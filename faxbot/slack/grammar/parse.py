"""Parses the text of the slash command into a command, or raises BadCommand with a suggestion."""

import re
from collections.abc import Callable

from faxbot.fax.errors import BadCommand
from faxbot.fax.job import Direction
from faxbot.slack.grammar import arguments
from faxbot.slack.grammar.arguments import CommandUsage, quote
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
from faxbot.slack.grammar.table import SYNONYMS, SYNTAX
from faxbot.slack.grammar.words import Word, join, split

_FROM_MISSPELLINGS = (
    "form",
    "frm",
    "fom",
    "fro",
    "rom",
    "fron",
    "fromm",
    "via",
    "on",
    "using",
    "with",
    "line",
)
_NUMBER_LIKE = re.compile(r"\+?[0-9(][0-9()+\-./ ]*")
_MAX_TEXT = 2000
"""Characters; longer text (pasted by mistake) would keep the event loop busy."""
_MAX_SUGGESTION = 1800
"""Characters of a suggestion; it is stored in a button's value, which holds 2000."""


def parse(text: str, command: str = "/fax") -> Command:
    """
    Parse *text*, which a person typed after *command*; empty text is HelpCommand.

    Raises:
        BadCommand: It is not a command. Its suggestion, if any, is a complete, valid command.

    Source: slash command payloads (`command`, `text`), Slack.
    """
    if len(text) > _MAX_TEXT:
        raise BadCommand(f"That is too long for a command. `{command} help` shows what I can do.")
    words = split(text)
    if words and words[0].is_keyword(command.lower()):
        words = words[1:]
    if not words:
        return HelpCommand()
    name, rest = words[0].text.lower().lstrip("/"), words[1:]
    try:
        if name not in SYNTAX:
            raise _unknown(words, command)
        return _PARSERS[name](rest, CommandUsage(command, SYNTAX[name].example))
    except BadCommand as refusal:
        raise _with_valid_suggestion(refusal, command) from None


def _with_valid_suggestion(refusal: BadCommand, command: str) -> BadCommand:
    """*refusal* with a suggestion that itself parses: corrected once more if necessary, or dropped."""
    if refusal.suggestion is None:
        return refusal
    text = refusal.suggestion.removeprefix(command).strip()
    if len(text) > _MAX_SUGGESTION:
        return BadCommand(f"{refusal} `{command} help` shows what I can do.")
    try:
        return BadCommand(str(refusal), f"{command} {command_text(parse(text, command))}")
    except BadCommand as second:
        if second.suggestion is None:
            return BadCommand(f"{refusal} {second}")
        return BadCommand(str(refusal), second.suggestion)


def _unknown(words: list[Word], command: str) -> BadCommand:
    """The error for text that begins with no command's name: a number, a job id or a misspelling."""
    first, everything = words[0].text, join(words)
    usage = CommandUsage(command, "")
    if _NUMBER_LIKE.match(everything):
        return usage.error(f"I don't know what to do with {quote(everything)}.", f"send {everything}")
    if job := arguments.job_id(words[:1]) or arguments.job_id(words[:2]):
        return usage.error(f"I don't know what to do with {job}.", f"status {job}")
    meant = SYNONYMS.get(first.lower()) or arguments.likely(first, SYNTAX)
    return usage.error(
        f"I don't know {quote(first)}.", f"{meant} {join(words[1:])}".strip() if meant else "help"
    )


def _send(words: list[Word], usage: CommandUsage) -> SendCommand:
    """`send [<number>] [from <line>]`; a line may contain "from", so the last one counts."""
    indexes = [index for index, word in enumerate(words) if word.is_keyword("from")]
    if not indexes:
        for index, word in enumerate(words):
            if index and word.is_keyword(*_FROM_MISSPELLINGS) and words[index + 1 :]:
                number, line = join(words[:index]), join(words[index + 1 :])
                raise usage.error(
                    f"I don't know {quote(word.text)}.", command_text(SendCommand(number, line))
                )
        return SendCommand(_number(words))
    number, line = _number(words[: indexes[-1]]), join(words[indexes[-1] + 1 :])
    if line.lower().startswith("line "):
        line = line[len("line ") :]
    if not line:
        raise usage.error('Which line? There is nothing after "from".')
    return SendCommand(number, line)


def _number(words: list[Word]) -> str:
    """The number as typed, without a leading "to"."""
    while words and words[0].is_keyword("to"):
        words = words[1:]
    return join(words)


def _lines(words: list[Word], _refused: CommandUsage) -> LinesCommand:
    return LinesCommand(join(words))


def _job(name: str) -> Callable[[list[Word], CommandUsage], str]:
    """A parser that accepts exactly one job id, for the command *name*."""

    def read(words: list[Word], usage: CommandUsage) -> str:
        if not words:
            raise usage.error("Which fax?")
        for count in (1, 2):
            if (job := arguments.job_id(words[:count])) and len(words) >= count:
                if extra := words[count:]:
                    raise usage.error(f"I don't understand {quote(join(extra))} after {job}.")
                return job
        usual = SYNTAX[name].default_direction
        meant = arguments.likely_job_id(join(words), usual) or arguments.likely_job_id(words[0].text, usual)
        why = f"{quote(join(words))} is not a fax's id, which is written like {usual}82."
        raise usage.error(why, f"{name} {meant}" if meant else None)

    return read


def _cancel(words: list[Word], usage: CommandUsage) -> CancelCommand:
    job = _job("cancel")(words, usage)
    if Direction.of(job) is Direction.RX:
        raise BadCommand(f"{job} is a received fax. Only faxes that are being sent can be canceled.")
    return CancelCommand(job)


def _active(words: list[Word], usage: CommandUsage) -> ActiveCommand:
    if not words:
        return ActiveCommand()
    found = arguments.direction(words[0])
    if found is None:
        raise _not_a_direction("active", words, usage)
    _reject_extra(words[1:], usage)
    return ActiveCommand(found)


def _history(words: list[Word], usage: CommandUsage) -> HistoryCommand:
    """`history [tx|rx] [<page>]`, in any order; the default is page 1 of sent faxes."""
    direction, page = None, None
    for index, word in enumerate(words):
        if word.is_keyword("page") and index + 1 < len(words):
            continue
        if direction is None and (named := arguments.direction(word)):
            direction = named
        elif page is None and (number := arguments.page(word)):
            page = number
        elif index == 0:
            raise _not_a_direction("history", words, usage)
        else:
            _reject_extra([word], usage)
    return HistoryCommand(direction or Direction.TX, page or 1)


def _subscription(
    name: str,
) -> Callable[[list[Word], CommandUsage], tuple[Direction | None, str | None, str | None]]:
    """A parser of (direction, job id, line), for the command *name*."""

    def read(words: list[Word], usage: CommandUsage) -> tuple[Direction | None, str | None, str | None]:
        line = None
        index = next((index for index, word in enumerate(words) if word.is_keyword("line")), None)
        if index is not None:
            line, words = join(words[index + 1 :]), words[:index]
            if not line:
                raise usage.error('Which line? There is nothing after "line".')
        if not words:
            return None, None, line
        if named := arguments.direction(words[0]):
            if words[1:] and line is None:
                meant = command_text(SubscribeCommand(named, None, join(words[1:]))).removeprefix("subscribe")
                raise usage.error(f"I don't understand {quote(join(words[1:]))}.", f"{name}{meant}")
            _reject_extra(words[1:], usage)
            return named, None, line
        job = arguments.job_id(words)
        if job is None:
            raise _not_subscribable(name, words, line, usage)
        if line is not None:
            raise usage.error(f"{job} already has its line.", f"{name} {job}")
        return None, job, None

    return read


def _not_subscribable(name: str, words: list[Word], line: str | None, usage: CommandUsage) -> BadCommand:
    """The error for arguments that name no direction, job or line, with the closest valid ones."""
    text, first = join(words), words[0].text
    why = f"I don't know {quote(text)}."
    if direction := arguments.likely_direction(first):
        kept = command_text(SubscribeCommand(direction, None, line or _line_after(words)))
    elif job := arguments.likely_job_id(text, Direction.TX):
        kept = command_text(SubscribeCommand(None, job))
    else:
        kept = command_text(SubscribeCommand(None, None, text))
    return usage.error(why, f"{name}{kept.removeprefix('subscribe')}")


def _line_after(words: list[Word]) -> str | None:
    return join(words[1:]) or None


def _not_a_direction(name: str, words: list[Word], usage: CommandUsage) -> BadCommand:
    why = f"I don't know {quote(join(words))}."
    meant = arguments.likely_direction(words[0].text)
    if meant is None:
        return usage.error(why)
    return usage.error(why, f"{name} {meant.value.lower()} {join(words[1:])}".strip())


def _reject_extra(extra: list[Word], usage: CommandUsage) -> None:
    if extra:
        raise usage.error(f"I don't understand {quote(join(extra))}.")


def _subscriptions(words: list[Word], usage: CommandUsage) -> SubscriptionsCommand:
    _reject_extra(words, usage)
    return SubscriptionsCommand()


def _help(words: list[Word], usage: CommandUsage) -> HelpCommand:
    if not words:
        return HelpCommand()
    topic = words[0].text.lower().lstrip("/")
    if topic not in SYNTAX:
        meant = SYNONYMS.get(topic, "").split(" ")[0] or arguments.likely(topic, SYNTAX)
        raise usage.error(f"I don't know {quote(topic)}.", f"help {meant}" if meant else "help")
    _reject_extra(words[1:], usage)
    return HelpCommand(topic)


_PARSERS: dict[str, Callable[[list[Word], CommandUsage], Command]] = {
    "send": _send,
    "lines": _lines,
    "status": lambda words, usage: StatusCommand(_job("status")(words, usage)),
    "active": _active,
    "history": _history,
    "get": lambda words, usage: GetCommand(_job("get")(words, usage)),
    "cancel": _cancel,
    "delete": lambda words, usage: DeleteCommand(_job("delete")(words, usage)),
    "subscribe": lambda words, usage: SubscribeCommand(*_subscription("subscribe")(words, usage)),
    "unsubscribe": lambda words, usage: UnsubscribeCommand(*_subscription("unsubscribe")(words, usage)),
    "subscriptions": _subscriptions,
    "help": _help,
}
