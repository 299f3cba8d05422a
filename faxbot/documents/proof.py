"""
Draws the finished pages twice: as a viewer shows them, and as a fax server's converter prints them.

The first tells which pages are blank. The second needs Ghostscript, which HylaFAX uses: a page that it draws
otherwise than a viewer has to be sent as a picture. Source: pdf2fax of HylaFAX 6.0.7.
"""

import shutil
import subprocess
import threading
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pikepdf
from PIL import Image, ImageChops, ImageFilter

from faxbot.documents.paper import Paper
from faxbot.documents.rendering import LINES_PER_INCH, viewed_pages
from faxbot.documents.unreadable import too_complex

_BLANK_FROM = 250  # a page is blank when no dot is darker, of 0 (black) to 255 (white)
_CELL = 8  # dots: a letter of 6 points is about as large
_INKED, _EMPTY = 235, 250  # the mean shade of a cell with something in it, and of one with nothing
_MAX_OTHER_CELLS = 2
SECONDS = 15.0
"""How long all pages may be drawn by PDFium, and how long by Ghostscript; each draws some ten a second."""

_DRAWN = frozenset(("/Font", "/XObject", "/Pattern", "/Shading"))


@dataclass(frozen=True, slots=True)
class Proof:
    """For each page whether it is *blank*; the indexes of those that a converter prints *otherwise*."""

    blank: list[bool]
    otherwise: list[int]


def prove(made: Path, name: str, paper: Paper, *, pages: int, foreign: Sequence[int]) -> Proof:
    """
    Compare how the *pages* of the PDF at *made* are shown and printed.

    *foreign* are the indexes of those whose content was not made here, in order. Pages that cannot be drawn
    within `SECONDS` each way are taken as they are. *name* is used in messages.

    Raises:
        BadDocument: Not one page could be printed in that time.
    """
    blank, shown = list[bool](), dict[int, Image.Image]()
    began = time.monotonic()
    for index, viewed in enumerate(viewed_pages(made)):
        if time.monotonic() - began > SECONDS:
            blank += [False] * (pages - index)
            break
        blank.append(viewed.getextrema()[0] >= _BLANK_FROM)  # type: ignore[operator]
        if index in foreign:
            shown[index] = viewed.reduce(_CELL)
    wanted = [index for index in shown if not blank[index]]
    if not wanted or shutil.which("gs") is None:
        return Proof(blank, [])
    left, otherwise = list(wanted), list[int]()
    for page in _printed(made, name, paper, wanted):
        index = left.pop(0)
        if page is not None and _differs(shown[index], page.reduce(_CELL)):
            otherwise.append(index)
    return Proof(blank, otherwise + left)


def draws_more_than_lines(page: pikepdf.Page) -> bool:
    """Whether converters may differ on *page*: it has letters, pictures, patterns or shades."""
    resources = page.obj.get("/Resources")
    if not isinstance(resources, pikepdf.Dictionary):
        return False
    drawn = resources.get("/XObject")
    whole = drawn.get("/Page") if isinstance(drawn, pikepdf.Dictionary) else None
    if (
        isinstance(whole, pikepdf.Stream) and whole.get("/Subtype") == "/Form"
    ):  # a page that was put on the paper
        resources = whole.get("/Resources")
    return isinstance(resources, pikepdf.Dictionary) and not _DRAWN.isdisjoint(resources.keys())


def _printed(made: Path, name: str, paper: Paper, wanted: Sequence[int]) -> Generator[Image.Image | None]:
    """
    Yield the pages *wanted* as Ghostscript prints them, in gray; None for each it has no time for.

    It ends at a page on which Ghostscript fails.
    """
    command = ["gs", "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-sDEVICE=pgmraw", f"-r{LINES_PER_INCH}"]
    command += [f"-dDEVICEWIDTHPOINTS={paper[0]:g}", f"-dDEVICEHEIGHTPOINTS={paper[1]:g}", "-dFIXEDMEDIA"]
    command += [f"-sPageList={','.join(str(index + 1) for index in wanted)}"]
    command += ["-sstdout=%stderr", "-sOutputFile=%stdout", "-f", made.name]
    process = subprocess.Popen(  # noqa: S603 - no shell
        command,
        cwd=made.parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    is_over = threading.Event()

    def end() -> None:
        is_over.set()
        process.kill()

    timer = threading.Timer(SECONDS, end)
    timer.start()
    drawn = 0
    try:
        assert process.stdout  # noqa: S101 - it is a pipe
        while page := _read_page(process.stdout):
            drawn += 1
            yield page
    finally:
        timer.cancel()
        process.kill()
        process.wait()
        process.stdout.close()  # type: ignore[union-attr]
    if is_over.is_set():
        if not drawn:
            raise too_complex(name)
        yield from [None] * (len(wanted) - drawn)


def _read_page(stream: IO[bytes]) -> Image.Image | None:
    """The next picture of a stream of PGM files; None if there is no whole one."""
    head = [line for line in (stream.readline() for _ in range(4)) if line]
    if len(head) != 4:  # noqa: PLR2004 - the magic number, a comment, the size, the largest value
        return None
    width, height = map(int, head[2].split())
    dots = stream.read(width * height)
    return Image.frombytes("L", (width, height), dots) if len(dots) == width * height else None


def _differs(shown: Image.Image, printed: Image.Image) -> bool:
    """Whether one has something where the other has nothing, in more than a few cells."""
    printed = printed.resize(shown.size)
    return max(_alone(shown, printed), _alone(printed, shown)) > _MAX_OTHER_CELLS


def _alone(one: Image.Image, other: Image.Image) -> int:
    """How many cells of *one* have ink, and none of the other's around the same place."""
    inked = one.point([255 if shade < _INKED else 0 for shade in range(256)])
    around = other.filter(ImageFilter.MinFilter(5))
    empty = around.point([255 if shade >= _EMPTY else 0 for shade in range(256)])
    return ImageChops.multiply(inked, empty).histogram()[255]
