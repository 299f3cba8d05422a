"""Typesets plain text as PDF pages in Courier, 80 characters per line."""

import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pikepdf

from faxbot.documents.kinds import display_name, text_encoding
from faxbot.documents.unreadable import too_many_pages
from faxbot.fax.errors import BadDocument

_COLUMNS = 80
_FONT_POINTS = 10
_LEADING_POINTS = 12
_MARGIN_POINTS = 54


def typeset(path: Path, name: str, paper: tuple[float, float], max_pages: int) -> pikepdf.Pdf:
    """
    Typeset the text at *path* on pages of *paper* (width and height in points).

    Raises:
        BadDocument: A character is not in cp1252, the font's encoding, or there are too many pages.
    """
    width, height = paper
    pdf = pikepdf.Pdf.new()
    courier = pikepdf.Dictionary(
        Type=pikepdf.Name.Font,
        Subtype=pikepdf.Name.Type1,
        BaseFont=pikepdf.Name.Courier,
        Encoding=pikepdf.Name.WinAnsiEncoding,
    )
    font = pdf.make_indirect(courier)
    start = f"BT /F1 {_FONT_POINTS} Tf {_LEADING_POINTS} TL {_MARGIN_POINTS} {height - _MARGIN_POINTS:g} Td\n"
    for lines in _pages(path, int((height - 2 * _MARGIN_POINTS) // _LEADING_POINTS)):
        if len(pdf.pages) == max_pages:
            raise too_many_pages(name, None, max_pages)
        page = pdf.add_blank_page(page_size=(width, height))
        page.obj.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
        shown_lines = b"".join(b"(" + _encoded(line, name) + b") Tj T*\n" for line in lines)
        page.obj.Contents = pdf.make_stream(start.encode() + shown_lines + b"ET")
    return pdf


def _pages(path: Path, lines_per_page: int) -> Iterator[list[str]]:
    page: list[str] = []
    empty = True
    with path.open(encoding=text_encoding(path), errors="replace", newline=None) as file:
        for whole in file:
            head, *after_breaks = whole.rstrip("\n").split("\f")
            for number, piece in enumerate((head, *after_breaks)):
                if number:
                    yield page
                    page, empty = [], False
                line = unicodedata.normalize("NFC", piece).expandtabs(8)
                for start in range(0, max(len(line), 1), _COLUMNS):
                    if len(page) == lines_per_page:
                        yield page
                        page, empty = [], False
                    page.append(line[start : start + _COLUMNS])
    if any(page) or empty:
        yield page


def _encoded(line: str, name: str) -> bytes:
    try:
        encoded = line.encode("cp1252")
    except UnicodeEncodeError as exc:
        raise BadDocument(
            f'{display_name(name)} has "{line[exc.start]}" in it, which I can only send in a PDF.'
            " Save it as one."
        ) from exc
    return encoded.replace(b"\\", rb"\\").replace(b"(", rb"\(").replace(b")", rb"\)").replace(b"\r", b" ")
