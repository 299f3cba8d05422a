"""Typesets plain text as PDF pages: 80 columns, monospaced, in the fonts that its characters need."""

import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

import pikepdf
from fpdf import FPDF

from faxbot.documents import encoding
from faxbot.documents.fonts import Font, Fonts
from faxbot.documents.integrity import too_many_pages
from faxbot.documents.kinds import display_name, unsupported
from faxbot.documents.paper import PAPER, Paper
from faxbot.documents.refusals import NO_TEXT, Unfaxable
from faxbot.documents.text_rows import CELL, COLUMNS, POINTS, WIDE_POINTS, WIDTH, NoGlyphError, Rows, Run, Style
from faxbot.fax.document import Note
from faxbot.fax.errors import BadDocument

_LEADING = 12
_MARGIN = 54
_BASELINE = 0.8
"""Where FPDF puts the baseline in a cell that is as high as its font."""

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\u2028\u2029]")
_LINE_ENDS = re.compile(r"[\x0b\x85\u2028\u2029]")
_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[=>78()][AB0]?")
_OVERSTRUCK = re.compile(r"[^\x08]\x08")
_DROPPED = dict.fromkeys(map(ord, "\x00\x07\x08\x0e\x0f\x1a"))

_UNDERLINED = re.compile(r"([^\x08_])\x08_")
_PAGE_BREAK = "\f"
_ROWS = 57
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
    canvas = _Canvas(paper)
    rows = Rows(canvas.fonts, canvas.width)
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


def _rows_and_breaks(lines: Iterator[str], rows: Rows) -> Iterator[Sequence[Run] | None]:
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
            yield page[:_ROWS]
            page = page[_ROWS:]
    if len(page) > _ROWS:
        yield page[:_ROWS]
        page = page[_ROWS:]
    yield page


class _Canvas:
    """The PDF that the rows are drawn into."""

    def __init__(self, paper: Paper) -> None:
        self.fonts = Fonts()
        self._paper = paper
        self._families: dict[Font, str] = {}
        self._widths: dict[tuple[str, Font, bool], float] = {}
        self._left = (min(paper[0], PAPER["fit"][0]) - WIDTH) / 2
        top = paper[1] if paper[1] > PAPER["a4"][1] else min(paper[1], PAPER["fit"][1])
        self._first = paper[1] - top + _MARGIN
        self._pdf = FPDF(unit="pt", format=paper)
        self._pdf.set_auto_page_break(auto=False)
        self._pdf.set_margin(0)
        self._pdf.c_margin = 0
        self._pdf.set_text_shaping(use_shaping_engine=True)

    def width(self, text: str, font: Font, rtl: bool) -> float:  # noqa: FBT001 - as text_rows.Measure
        """The width of shaped text, in points."""
        key = (text, font, rtl)
        if key not in self._widths:
            self._use(font, POINTS)
            self._pdf.set_text_shaping(use_shaping_engine=True, direction="rtl" if rtl else "ltr")
            self._widths[key] = self._pdf.get_string_width(text)
        return self._widths[key]

    def draw(self, page: list[Sequence[Run]]) -> None:
        """Add a page with these rows."""
        self._pdf.add_page()
        leading = min(_LEADING, _ROWS * _LEADING / max(1, len(page)))
        for number, row in enumerate(page):
            for run in row:
                self._draw(run, self._left + run.x, self._first + number * leading)

    def finish(self) -> pikepdf.Pdf:
        """The PDF, without the date and the name of the program."""
        pdf = pikepdf.open(io.BytesIO(self._pdf.output()))
        for page in pdf.pages:
            page.obj.MediaBox = pikepdf.Array([0, 0, *self._paper])
        for key in ("/Info", "/ID"):
            if key in pdf.trailer:
                del pdf.trailer[key]
        return pdf

    def _draw(self, run: Run, x: float, y: float) -> None:
        if run.style is Style.SHAPED:
            self._use(run.font, POINTS)
            self._pdf.set_text_shaping(use_shaping_engine=True, direction="rtl" if run.rtl else "ltr")
            self._pdf.set_xy(x, y - _BASELINE * POINTS)
            self._pdf.cell(h=POINTS, text=run.text)
        elif run.style is Style.WIDE:
            gap = 2 * CELL - WIDE_POINTS
            self._use(run.font, WIDE_POINTS)
            self._pdf.set_char_spacing(gap)
            self._pdf.text(x + gap / 2, y, run.text)
            self._pdf.set_char_spacing(0)
        else:
            self._use(run.font, POINTS)
            self._pdf.text(x, y, run.text)

    def _use(self, font: Font, points: float) -> None:
        if font not in self._families:
            self._families[font] = f"font{len(self._families)}"
            self._pdf.add_font(
                self._families[font], fname=font.path, collection_font_number=font.index
            )
        self._pdf.set_font(self._families[font], size=points)


def _undrawable(name: str, char: str) -> BadDocument:
    called = unicodedata.name(char, f"U+{ord(char):04X}").lower() if char.isprintable() else f"U+{ord(char):04X}"
    return BadDocument(
        f"{display_name(name)} has “{char}” ({called}) in it, and no font here has that character."
        " Save it as a PDF and share that."
    )
