"""The files of a fax: as shared by a person, and as submitted to the fax server."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from faxbot.fax.errors import BadDocument

_LETTER_REGIONS = frozenset(
    ("US", "CA", "MX", "PR", "PH", "CL", "CO", "CR", "DO", "GT", "HN", "NI", "PA", "SV", "VE", "BO")
)


@dataclass(frozen=True, slots=True)
class Part:
    """One shared file: the path of its bytes, and the name the person gave it."""

    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class Note:
    """What was done to a page (from 1; 0: to the whole document), such as "turned, shrunk to 71 %"."""

    page: int
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """
    A document in a format that the fax server accepts, whose pages fit its paper.

    *name* is safe as a multipart filename and has the suffix of *content_type*. *size* is in bytes, *sha256*
    in hexadecimal; *original_sha256* is that of the shared file, of several that of their digests. *blank*
    are the numbers of the pages, from 1, on which a viewer shows nothing.
    """

    path: Path
    name: str
    content_type: str
    pages: int
    size: int
    sha256: str
    original_sha256: str
    notes: tuple[Note, ...] = ()
    blank: tuple[int, ...] = ()

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a sender has to know of the pages: "pages 2-4: turned", "page 7 looks blank"."""
        pages: dict[str, list[int]] = {}
        for note in self.notes:
            pages.setdefault(note.text, []).append(note.page)
        done = [f"{_pages(numbers)}: {text}" if numbers[0] else text for text, numbers in pages.items()]
        verb = "looks" if len(self.blank) == 1 else "look"
        return (*done, f"{_pages(self.blank)} {verb} blank") if self.blank else tuple(done)


def _pages(numbers: Sequence[int]) -> str:
    """Page numbers in order, as text: `page 2`, `pages 1-3, 5`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    listed = ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in runs)
    return f"{'page' if len(numbers) == 1 else 'pages'} {listed}"


class WebPageReceived(BadDocument):
    """A web page was downloaded instead of the file: the bot lacks the permission to read it."""


def paper_of(region: str) -> str:
    """The usual paper of a region (ISO 3166 code): `letter` in most of America, else `a4`."""
    return "letter" if region.upper() in _LETTER_REGIONS else "a4"
