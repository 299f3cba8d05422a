"""Arguments of commands: job ids, directions and pages, and guesses at misspelled ones."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

from faxbot.fax.errors import BadCommand
from faxbot.fax.job import Direction
from faxbot.slack.grammar.words import Word

_JOB = re.compile(r"(tx|rx)[ \-#:]?([0-9]{1,12})", re.IGNORECASE | re.ASCII)
_LIKE_A_JOB = re.compile(
    r"\W*([a-km-np-z]{0,3})[\W_]*([0-9ol]*[0-9][0-9ol]*)[a-z]?\W*", re.IGNORECASE | re.ASCII
)
_DIRECTIONS = {
    **dict.fromkeys(("tx", "sent", "sending", "outgoing", "out", "outbound"), Direction.TX),
    **dict.fromkeys(("rx", "received", "receiving", "incoming", "in", "inbound"), Direction.RX),
}
_SHOWN = 40
"""Characters of typed text that a reply quotes."""
MAX_PAGE = 1_000_000


def quote(text: str) -> str:
    """Typed text in quotation marks: shortened, and without characters that format mrkdwn."""
    text = " ".join(text.split()).replace("`", "'").replace('"', "'")
    return f'"{text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"}"'


def job_id(words: list[Word]) -> str | None:
    """*words* as a job id in the fax server's spelling (`TX82`), or None."""
    match = _JOB.fullmatch(" ".join(word.text for word in words))
    return f"{match[1].upper()}{match[2]}" if match else None


def likely_job_id(text: str, usual: Direction) -> str | None:
    """The job id that *text* probably means; *usual* is the direction if it has no letters."""
    match = _LIKE_A_JOB.fullmatch(text)
    if match is None:
        return None
    letters = _near(match[1], ("tx", "rx"))
    number = match[2].lower().replace("o", "0").replace("l", "1")
    kind = letters.upper() if letters else usual.value
    return f"{kind}{number}" if job_id([Word(f"{kind}{number}")]) else None


def direction(word: Word) -> Direction | None:
    """The direction that *word* names (`tx`, `sent`, `in`, …), or None."""
    return None if word.quoted else _DIRECTIONS.get(word.text.lower())


def likely_direction(text: str) -> Direction | None:
    """The direction that a misspelled *text* probably means, or None."""
    closest = _near(text, _DIRECTIONS)
    return _DIRECTIONS[closest] if closest else None


def _near(text: str, keywords: Iterable[str]) -> str | None:
    """The closest of short *keywords*; one with the same letters in another order comes first."""
    text, keywords = text.lower(), list(keywords)
    turned = [keyword for keyword in keywords if sorted(keyword) == sorted(text)]
    closest = turned or get_close_matches(text, keywords, 1, 0.5)
    return closest[0] if closest else None


def page(word: Word) -> int | None:
    """The page number in *word* (`2`, `page2`), from 1, or None."""
    digits = word.text.lower().removeprefix("page")
    number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < len(str(MAX_PAGE)) else 0
    return number or None


def likely(text: str, keywords: Iterable[str]) -> str | None:
    """The keyword that *text* abbreviates or misspells, or None."""
    text, keywords = text.lower(), list(keywords)
    begun = [keyword for keyword in keywords if len(text) > 1 and keyword.startswith(text)]
    closest = begun[:1] or get_close_matches(text, keywords, 1, 0.6)
    return closest[0] if closest else None


class CommandUsage:
    """Builds the errors of one command: *command* is the slash command's name, *example* a correct use."""

    def __init__(self, command: str, example: str) -> None:
        self.command = command
        self.example = example

    def error(self, why: str, suggestion: str | None = None) -> BadCommand:
        """A BadCommand with *suggestion* (a command without the slash), or else with the example."""
        if suggestion is None:
            return BadCommand(f"{why} Write it like `{self.command} {self.example}`.")
        return BadCommand(why, f"{self.command} {suggestion}")
