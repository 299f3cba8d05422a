"""The text behind the slash command -> a command, or a refusal that says what was probably meant."""

import re
from collections.abc import Callable

from faxbot.fax.errors import BadCommand
from faxbot.fax.job import Direction
from faxbot.slack.grammar import arguments
from faxbot.slack.grammar.arguments import Refused, quote
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
    written,
)
from faxbot.slack.grammar.table import SYNONYMS, SYNTAX
from faxbot.slack.grammar.words import Word, joined, split

_FROM_TOO = ("form", "frm", "fom", "fro", "rom", "fron", "fromm", "via", "on", "using", "with", "line")
_NUMBER_LIKE = re.compile(r"\+?[0-9(][0-9()+\-./ ]*")
_LONGEST = 2000
"""Characters; patterns over what somebody pasted by mistake would hold everybody up."""
_RUNNABLE = 1800
"""A suggestion travels in a button's value, which takes 2000 characters."""


def parse(text: str, command: str = "/fax") -> Command:
    """
    Understand what a person typed behind *command*; nothing at all asks for help.

    Raises:
        BadCommand: Not understood. Its suggestion, if any, is a whole command that is understood.

    Source: slash command payloads (`command`, `text`), Slack.
    """
    if len(text) > _LONGEST:
        raise BadCommand(f"That is too long for a command. `{command} help` shows what I can do.")
    words = split(text)
    if words and words[0].means(command.lower()):
        words = words[1:]
    if not words:
        return HelpCommand()
    name, rest = words[0].text.lower().lstrip("/"), words[1:]
    try:
        if name not in SYNTAX:
            raise _unknown(words, command)
        return _READERS[name](rest, Refused(command, SYNTAX[name].model))
    except BadCommand as refusal:
        raise _checked(refusal, command) from None


def _checked(refusal: BadCommand, command: str) -> BadCommand:
    """A suggestion that would be refused in turn is replaced by what that refusal suggests, or dropped."""
    if refusal.suggestion is None:
        return refusal
    text = refusal.suggestion.removeprefix(command).strip()
    if len(text) > _RUNNABLE:
        return BadCommand(f"{refusal} `{command} help` shows what I can do.")
    try:
        return BadCommand(str(refusal), f"{command} {written(parse(text, command))}")
    except BadCommand as second:
        if second.suggestion is None:
            return BadCommand(f"{refusal} {second}")
        return BadCommand(str(refusal), second.suggestion)


def _unknown(words: list[Word], command: str) -> BadCommand:
    first, everything = words[0].text, joined(words)
    refused = Refused(command, "")
    if _NUMBER_LIKE.match(everything):
        return refused.because(f"I don't know what to do with {quote(everything)}.", f"send {everything}")
    if job := arguments.job_id(words[:1]) or arguments.job_id(words[:2]):
        return refused.because(f"I don't know what to do with {job}.", f"status {job}")
    meant = SYNONYMS.get(first.lower()) or arguments.likely(first, SYNTAX)
    return refused.because(
        f"I don't know {quote(first)}.", f"{meant} {joined(words[1:])}".strip() if meant else "help"
    )


def _send(words: list[Word], refused: Refused) -> SendCommand:
    places = [place for place, word in enumerate(words) if word.means("from")]
    if not places:
        for place, word in enumerate(words):
            if place and word.means(*_FROM_TOO) and words[place + 1 :]:
                number, line = joined(words[:place]), joined(words[place + 1 :])
                raise refused.because(f"I don't know {quote(word.text)}.", written(SendCommand(number, line)))
        return SendCommand(_number(words))
    number, line = _number(words[: places[-1]]), joined(words[places[-1] + 1 :])
    if line.lower().startswith("line "):
        line = line[len("line ") :]
    if not line:
        raise refused.because('Which line? There is nothing after "from".')
    return SendCommand(number, line)


def _number(words: list[Word]) -> str:
    while words and words[0].means("to"):
        words = words[1:]
    return joined(words)


def _lines(words: list[Word], _refused: Refused) -> LinesCommand:
    return LinesCommand(joined(words))


def _job(name: str) -> Callable[[list[Word], Refused], str]:
    """Exactly one job id, for the command *name*."""

    def read(words: list[Word], refused: Refused) -> str:
        if not words:
            raise refused.because("Which fax?")
        for count in (1, 2):
            if (job := arguments.job_id(words[:count])) and len(words) >= count:
                if extra := words[count:]:
                    raise refused.because(f"I don't understand {quote(joined(extra))} after {job}.")
                return job
        usual = SYNTAX[name].usual
        meant = arguments.likely_job_id(joined(words), usual) or arguments.likely_job_id(words[0].text, usual)
        why = f"{quote(joined(words))} is not a fax's id, which is written like {usual}82."
        raise refused.because(why, f"{name} {meant}" if meant else None)

    return read


def _cancel(words: list[Word], refused: Refused) -> CancelCommand:
    job = _job("cancel")(words, refused)
    if Direction.of(job) is Direction.RX:
        raise BadCommand(f"{job} is a received fax. Only faxes that are being sent can be cancelled.")
    return CancelCommand(job)


def _active(words: list[Word], refused: Refused) -> ActiveCommand:
    if not words:
        return ActiveCommand()
    found = arguments.direction(words[0])
    if found is None:
        raise _not_a_direction("active", words, refused)
    _nothing_after(words[1:], refused)
    return ActiveCommand(found)


def _history(words: list[Word], refused: Refused) -> HistoryCommand:
    direction, page = None, None
    for place, word in enumerate(words):
        if word.means("page") and place + 1 < len(words):
            continue
        if direction is None and (named := arguments.direction(word)):
            direction = named
        elif page is None and (number := arguments.page(word)):
            page = number
        elif place == 0:
            raise _not_a_direction("history", words, refused)
        else:
            _nothing_after([word], refused)
    return HistoryCommand(direction or Direction.TX, page or 1)


def _subscription(
    name: str,
) -> Callable[[list[Word], Refused], tuple[Direction | None, str | None, str | None]]:
    """A direction or a job, and a line, for the command *name*."""

    def read(words: list[Word], refused: Refused) -> tuple[Direction | None, str | None, str | None]:
        line = None
        place = next((place for place, word in enumerate(words) if word.means("line")), None)
        if place is not None:
            line, words = joined(words[place + 1 :]), words[:place]
            if not line:
                raise refused.because('Which line? There is nothing after "line".')
        if not words:
            return None, None, line
        if named := arguments.direction(words[0]):
            if words[1:] and line is None:
                meant = written(SubscribeCommand(named, None, joined(words[1:]))).removeprefix("subscribe")
                raise refused.because(f"I don't understand {quote(joined(words[1:]))}.", f"{name}{meant}")
            _nothing_after(words[1:], refused)
            return named, None, line
        job = arguments.job_id(words)
        if job is None:
            raise _not_subscribable(name, words, line, refused)
        if line is not None:
            raise refused.because(f"{job} already has its line.", f"{name} {job}")
        return None, job, None

    return read


def _not_subscribable(name: str, words: list[Word], line: str | None, refused: Refused) -> BadCommand:
    text, first = joined(words), words[0].text
    why = f"I don't know {quote(text)}."
    if direction := arguments.likely_direction(first):
        kept = written(SubscribeCommand(direction, None, line or _line_after(words)))
    elif job := arguments.likely_job_id(text, Direction.TX):
        kept = written(SubscribeCommand(None, job))
    else:
        kept = written(SubscribeCommand(None, None, text))
    return refused.because(why, f"{name}{kept.removeprefix('subscribe')}")


def _line_after(words: list[Word]) -> str | None:
    return joined(words[1:]) or None


def _not_a_direction(name: str, words: list[Word], refused: Refused) -> BadCommand:
    why = f"I don't know {quote(joined(words))}."
    meant = arguments.likely_direction(words[0].text)
    if meant is None:
        return refused.because(why)
    return refused.because(why, f"{name} {meant.value.lower()} {joined(words[1:])}".strip())


def _nothing_after(extra: list[Word], refused: Refused) -> None:
    if extra:
        raise refused.because(f"I don't understand {quote(joined(extra))}.")


def _subscriptions(words: list[Word], refused: Refused) -> SubscriptionsCommand:
    _nothing_after(words, refused)
    return SubscriptionsCommand()


def _help(words: list[Word], refused: Refused) -> HelpCommand:
    if not words:
        return HelpCommand()
    topic = words[0].text.lower().lstrip("/")
    if topic not in SYNTAX:
        meant = SYNONYMS.get(topic, "").split(" ")[0] or arguments.likely(topic, SYNTAX)
        raise refused.because(f"I don't know {quote(topic)}.", f"help {meant}" if meant else "help")
    _nothing_after(words[1:], refused)
    return HelpCommand(topic)


_READERS: dict[str, Callable[[list[Word], Refused], Command]] = {
    "send": _send,
    "lines": _lines,
    "status": lambda words, refused: StatusCommand(_job("status")(words, refused)),
    "active": _active,
    "history": _history,
    "get": lambda words, refused: GetCommand(_job("get")(words, refused)),
    "cancel": _cancel,
    "delete": lambda words, refused: DeleteCommand(_job("delete")(words, refused)),
    "subscribe": lambda words, refused: SubscribeCommand(*_subscription("subscribe")(words, refused)),
    "unsubscribe": lambda words, refused: UnsubscribeCommand(*_subscription("unsubscribe")(words, refused)),
    "subscriptions": _subscriptions,
    "help": _help,
}
