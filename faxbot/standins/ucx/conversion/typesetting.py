"""
Text as HylaFAX's type rules have it typeset: by enscript, in Courier-Bold of 11 points.

Its page is A4 whatever the paper, and fits Letter: its lines are no longer and its first one is no higher.
"""

from pathlib import Path

import pikepdf

from faxbot.standins.ucx.conversion.paper import UcxPaper

LINES_A_PAGE = 56
COLUMNS = 82
_TAB = 8
_FONT_SIZE = 11
_LEADING = 13.2
_LEFT, _FIRST_BASELINE = 29, 766.8
"""Points from the left and from the bottom of the page."""
_CONTROL = [*range(9), *range(0x0E, 0x20), *range(0x7F, 0xA0)]
_ESCAPED = {code: f"\\{code:03o}" for code in _CONTROL}
"""enscript prints an unprintable byte as a backslash and three octal digits."""


def typeset(text: bytes) -> list[list[str]]:
    """The pages of *text*, each a list of lines; its bytes are read as Latin-1."""
    decoded = text.decode("latin-1").replace("\r\n", "\n").replace("\r", "\n").translate(_ESCAPED)
    pages: list[list[str]] = []
    for sheet in decoded.rstrip("\f\n").split("\f"):
        lines = [part for line in sheet.split("\n") for part in _wrapped(line)]
        pages += [lines[start : start + LINES_A_PAGE] for start in range(0, len(lines), LINES_A_PAGE)]
    return pages


def _wrapped(line: str) -> list[str]:
    line = line.expandtabs(_TAB)
    return [line[start : start + COLUMNS] for start in range(0, len(line), COLUMNS)] or [""]


def compose(pages: list[list[str]], kept: Path, paper: UcxPaper = UcxPaper.LETTER) -> None:
    """Write a PDF of *paper* with one page of plain text per list of lines."""
    size = (paper.value.width, paper.value.height)
    with pikepdf.new() as pdf:
        font = pikepdf.Dictionary(
            Type=pikepdf.Name.Font,
            Subtype=pikepdf.Name.Type1,
            BaseFont=pikepdf.Name("/Courier-Bold"),
            Encoding=pikepdf.Name.WinAnsiEncoding,
        )
        for lines in pages:
            page = pdf.add_blank_page(page_size=size)
            page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
            page.Contents = pdf.make_stream(_text_stream(lines))
        pdf.save(kept, deterministic_id=True)


def _text_stream(lines: list[str]) -> bytes:
    escaped = (
        line.encode("latin-1", "replace").replace(b"\\", rb"\\").replace(b"(", rb"\(").replace(b")", rb"\)")
        for line in lines
    )
    start = f"BT /F1 {_FONT_SIZE} Tf {_LEADING} TL {_LEFT} {_FIRST_BASELINE} Td\n".encode()
    return start + b"".join(b"(" + line + b") Tj T*\n" for line in escaped) + b"ET"
