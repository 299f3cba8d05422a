"""Typesets plain text as PDF pages: 80 columns, monospaced, in the fonts that its characters need."""

import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

import pikepdf

from faxbot.documents import encoding
from faxbot.documents.fonts import Fonts
from faxbot.documents.kinds import display_name, unsupported
from faxbot.documents.paper import Paper
from faxbot.documents.refusals import NO_TEXT, Unfaxable
from faxbot.documents.text_pdf import ROWS, Canvas
from faxbot.documents.text_rows import COLUMNS, NoGlyphError, Run, TextRows
from faxbot.documents.unreadable import too_many_pages
from faxbot.fax.document import Note
from faxbot.fax.errors import BadDocument

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\u2028\u2029]")
_LINE_ENDS = re.compile(r"[\x0b\x85\u2028\u2029]")
_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[=>78]|\x1b[()][AB0]")
_OVERSTRUCK = re.compile(r"[^\x08]\x08")
_DROPPED = dict.fromkeys(map(ord, "\x00\x07\x08\x0e\x0f\x1a"))

_UNDERLINED = re.compile(r"([^\x08_])\x08_")
_PAGE_BREAK = "\f"
_MAX_ROWS = 66


def typeset(path: Path, name: str, paper: Paper, max_pages: int) -> tuple[pikepdf.Pdf, list[Note]]:
    """
    Typeset the text at *path* on pages of *paper*; the same text makes the same pages.

    Raises:
        BadDocument: It is no text, no font has one of its characters, or there are too many pages.
    """
    found = encoding.detect(path)
    if found is None:
        raise unsupported(name)
    fonts = Fonts()
    canvas = Canvas(fonts, paper)
    rows = TextRows(fonts, canvas.width)
    lines = _lines(path, found, max_chars=(max_pages + 1) * _MAX_ROWS * COLUMNS)
    pages = 0
    try:
        for page in _pages(_rows_and_breaks(lines, rows)):
            pages += 1
            if pages > max_pages:
                raise too_many_pages(name, None, max_pages)
            canvas.draw(page)
    except NoGlyphError as exc:
        raise _undrawable(name, exc.char) from exc
    except _TooLongError as exc:
        raise too_many_pages(name, None, max_pages) from exc
    except _ControlError as exc:
        raise BadDocument(Unfaxable.PRINTER.sentence(display_name(name))) from exc
    if not pages:
        raise BadDocument(f"{display_name(name)} {NO_TEXT}")
    notes = [Note(0, f"read as {found.label}")] if found.label else []
    if found.cut:
        notes.append(Note(0, "what follows the end of the text (Ctrl-Z) is left out"))
    return canvas.finish(), notes


class _ControlError(Exception):
    """The text controls a printer."""


class _TooLongError(Exception):
    """A single line is longer than all pages together."""


def _lines(path: Path, found: encoding.Encoding, max_chars: int) -> Iterator[str]:
    """The lines of a text without their ends; a page break is a line of its own."""
    newlines = io.IncrementalNewlineDecoder(None, translate=True)
    rest = ""
    for piece in encoding.decode(path, found):
        text = rest + newlines.decode(piece)
        if _CONTROLS.search(text):
            text = _LINE_ENDS.sub("\n", text)
        *lines, rest = text.split("\n")
        if len(rest) > max_chars:
            raise _TooLongError
        yield from lines
    yield rest + newlines.decode("", final=True)


def _rows_and_breaks(lines: Iterator[str], rows: TextRows) -> Iterator[Sequence[Run] | None]:
    """The rows of all lines; None stands for a page break."""
    for line in lines:
        text = _cleaned(line) if _CONTROLS.search(line) else line
        pieces = text.split(_PAGE_BREAK)
        for number, piece in enumerate(pieces):
            if number:
                yield None
            if piece or len(pieces) == 1:
                yield from rows.of(piece)


def _cleaned(line: str) -> str:
    """Remove what moved the head of a printer or colored a screen."""
    line = _OVERSTRUCK.sub("", _UNDERLINED.sub(r"\1", _ANSI.sub("", line))).translate(_DROPPED)
    if control := _CONTROLS.search(line):
        raise _ControlError(control[0])
    return line


def _pages(content: Iterator[Sequence[Run] | None]) -> Iterator[list[Sequence[Run]]]:
    """The rows of each page; blank pages at the beginning and at the end are left out."""
    started, blank = False, 0
    for page in _full_pages(content):
        if not any(page):
            blank += 1
            continue
        if started:
            yield from ([] for _ in range(blank))
        started, blank = True, 0
        yield page


def _full_pages(content: Iterator[Sequence[Run] | None]) -> Iterator[list[Sequence[Run]]]:
    """
    Divide the rows at page breaks and where a page is full.

    Programs that write page breaks count on 60 to 66 lines, as line printers have: such a page is kept whole.
    """
    page: list[Sequence[Run]] = []
    for row in content:
        if row is None:
            yield page
            page = []
            continue
        page.append(row)
        if len(page) > _MAX_ROWS:
            yield page[:ROWS]
            page = page[ROWS:]
    if len(page) > ROWS:
        yield page[:ROWS]
        page = page[ROWS:]
    yield page


def _undrawable(name: str, char: str) -> BadDocument:
    called = (
        unicodedata.name(char, f"U+{ord(char):04X}").lower() if char.isprintable() else f"U+{ord(char):04X}"
    )
    return BadDocument(
        f"{display_name(name)} has “{char}” ({called}) in it, and no font here has that character."
        " Save it as a PDF and share that."
    )
