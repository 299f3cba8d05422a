"""What stands behind a command's name: job ids, directions, pages, lines. A misspelled one is guessed at."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

from faxbot.fax.errors import BadCommand
from faxbot.fax.job import Direction
from faxbot.slack.grammar.words import Word

_JOB = re.compile(r"(tx|rx)[ \-#:]?([0-9]{1,12})", re.IGNORECASE | re.ASCII)
_NEARLY_A_JOB = re.compile(
    r"\W*([a-km-np-z]{0,3})[\W_]*([0-9ol]*[0-9][0-9ol]*)[a-z]?\W*", re.IGNORECASE | re.ASCII
)
_DIRECTIONS = {
    **dict.fromkeys(("tx", "sent", "sending", "outgoing", "out", "outbound"), Direction.TX),
    **dict.fromkeys(("rx", "received", "receiving", "incoming", "in", "inbound"), Direction.RX),
}
_SHOWN = 40
MAX_PAGE = 1_000_000


def quote(text: str) -> str:
    """What a person typed, short, in quotation marks, and without marks that would format the answer."""
    text = " ".join(text.split()).replace("`", "'").replace('"', "'")
    return f'"{text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"}"'


def job_id(words: list[Word]) -> str | None:
    """The job id that *words* are, as the fax server writes it."""
    match = _JOB.fullmatch(" ".join(word.text for word in words))
    return f"{match[1].upper()}{match[2]}" if match else None


def likely_job_id(text: str, usual: Direction) -> str | None:
    """The job id that *text* was probably meant to be."""
    match = _NEARLY_A_JOB.fullmatch(text)
    if match is None:
        return None
    letters = _near(match[1], ("tx", "rx"))
    number = match[2].lower().replace("o", "0").replace("l", "1")
    kind = letters.upper() if letters else usual.value
    return f"{kind}{number}" if job_id([Word(f"{kind}{number}")]) else None


def direction(word: Word) -> Direction | None:
    """The direction that *word* names."""
    return None if word.quoted else _DIRECTIONS.get(word.text.lower())


def likely_direction(text: str) -> Direction | None:
    """The direction that *text* was probably meant to be."""
    closest = _near(text, _DIRECTIONS)
    return _DIRECTIONS[closest] if closest else None


def _near(text: str, keywords: Iterable[str]) -> str | None:
    """Short keywords: letters in the wrong order count before letters that are wrong."""
    text, keywords = text.lower(), list(keywords)
    turned = [keyword for keyword in keywords if sorted(keyword) == sorted(text)]
    closest = turned or get_close_matches(text, keywords, 1, 0.5)
    return closest[0] if closest else None


def page(word: Word) -> int | None:
    """The page that *word* names, counted from 1."""
    digits = word.text.lower().removeprefix("page")
    number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < len(str(MAX_PAGE)) else 0
    return number or None


def likely(text: str, keywords: Iterable[str]) -> str | None:
    """The keyword that *text* abbreviates or misspells."""
    text, keywords = text.lower(), list(keywords)
    begun = [keyword for keyword in keywords if len(text) > 1 and keyword.startswith(text)]
    closest = begun[:1] or get_close_matches(text, keywords, 1, 0.6)
    return closest[0] if closest else None


class CommandUsage:
    """Raises BadCommand in the words of one command: *command* as it is called here, *example* behind it."""

    def __init__(self, command: str, example: str) -> None:
        self.command = command
        self.example = example

    def error(self, why: str, suggestion: str | None = None) -> BadCommand:
        """The refusal; without a suggestion it says how the command is written."""
        if suggestion is None:
            return BadCommand(f"{why} Write it like `{self.command} {self.example}`.")
        return BadCommand(why, f"{self.command} {suggestion}")
