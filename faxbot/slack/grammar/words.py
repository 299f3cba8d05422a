"""Splits a command's text into words; removes Slack's links and escapes, and quotation marks."""

import re
from dataclasses import dataclass

_TEL = re.compile(r"<tel:([^|>]*)(?:\|[^>]*)?>", re.IGNORECASE)
_LABELED_LINK = re.compile(r"<(?:https?|mailto):[^|>]*\|([^>]*)>", re.IGNORECASE)
_BARE_LINK = re.compile(r"<(?:mailto:)?((?:https?:)?[^|>@#!\s][^|>\s]*)>", re.IGNORECASE)
_DOUBLE_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»″", '"'))
_SINGLE_QUOTES = str.maketrans(dict.fromkeys("‘’‚‛′", "'"))  # noqa: RUF001 - the quotation marks that keyboards make
_WORD = re.compile(
    r"""
    "(?P<double>[^"]*)(?:"|$)                 # "Front Desk", and one that was never closed
  | (?<![^\s])'(?P<single>[^']*)'(?![^\s"])   # 'Front Desk', but not the apostrophe of O'Brien
  | (?P<bare>[^\s"]+)
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Word:
    """One word, or several inside quotation marks."""

    text: str
    quoted: bool = False

    def is_keyword(self, *keywords: str) -> bool:
        """Whether it is one of *keywords* (lower case) and not quoted."""
        return not self.quoted and self.text.lower() in keywords


def plain(text: str) -> str:
    """*text* as typed: without the links and escapes that Slack adds to numbers and addresses."""
    text = _TEL.sub(r"\1", text)
    text = _LABELED_LINK.sub(r"\1", text)
    text = _BARE_LINK.sub(r"\1", text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def split(text: str) -> list[Word]:
    """The words of *text* as Slack delivers it; quoted text is one word."""
    words = []
    clean = plain(text).translate(_DOUBLE_QUOTES).translate(_SINGLE_QUOTES)
    for match in _WORD.finditer(clean):
        quoted = match["bare"] is None
        content = " ".join((match["bare"] or match["double"] or match["single"] or "").split())
        if content:
            words.append(Word(content, quoted))
    return words


def join(words: list[Word]) -> str:
    """The text of *words*, separated by spaces."""
    return " ".join(word.text for word in words)
