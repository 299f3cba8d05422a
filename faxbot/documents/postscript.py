"""Converts PostScript to PDF with Ghostscript, so that its pages are fitted, counted and limited."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pikepdf
import pypdfium2

from faxbot.documents.integrity import check_pdf
from faxbot.documents.kinds import display_name, postscript_start
from faxbot.documents.paper import PAPER, Paper
from faxbot.documents.refusals import BROKEN_POSTSCRIPT, NO_GHOSTSCRIPT
from faxbot.documents.unreadable import too_many_pages
from faxbot.fax.errors import BadDocument

_HEAD_BYTES = 1 << 16
_CHUNK_BYTES = 1 << 20
_DOS_EPS = b"\xc5\xd0\xd3\xc6"
_EPS = re.compile(rb"%!PS-Adobe-[\d.]+[ \t]+EPSF-")
_TRAILER = re.compile(rb"(?:\x1b%-12345X(?:[^\r\n\x1b]*[\r\n]*)|@PJL[^\r\n]*[\r\n]*|[\x04\x00\x1a\s])+\Z")
_TRAILER_BYTES = 4096
_MAX_SIDE = 14400
_STOP = "<< /BeginPage {{ {} gt {{ quit }} if }} >> setpagedevice"
_BOX = re.compile(rb"^%%BoundingBox:[ \t]*" + rb"[ \t]+".join([rb"(-?\d+(?:\.\d*)?)"] * 4), re.MULTILINE)
_BOX_AT_END = re.compile(rb"^%%BoundingBox:[ \t]*\(atend\)[^\r\n]*", re.MULTILINE)

_PAPERS = (PAPER["letter"], PAPER["a4"], PAPER["letter"][::-1], PAPER["a4"][::-1])
_COMMON: tuple[float, float] = (612.0, 842.0)
"""The page of a program that sets no size: as wide as Letter, as high as A4."""


def to_pdf(path: Path, name: str, made: Path, max_pages: int) -> None:
    """
    Write the pages of the PostScript at *path* to *made*, as a PDF.

    PJL, Ctrl-D and the header of a DOS EPS file are left out; an EPS file is a page of the size of its
    bounding box. Ghostscript denies access to other files (-dSAFER), and has the limits of this process.

    Raises:
        BadDocument: There is no Ghostscript, it found an error, or there are too many pages.
    """
    ghostscript = shutil.which("gs")
    if ghostscript is None:
        raise BadDocument(f"{display_name(name)} {NO_GHOSTSCRIPT}")
    program = made.with_name(f"{made.name}.ps")
    is_eps, size = _unwrap(path, program)
    command = [ghostscript, "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-dNOPROMPT", "-sDEVICE=pdfwrite"]
    command += [
        "-dAutoRotatePages=/None",
        f"-dDEVICEWIDTHPOINTS={size[0]:g}",
        f"-dDEVICEHEIGHTPOINTS={size[1]:g}",
    ]
    # Names without a folder: Ghostscript interprets `%` and `|` in a path.
    command += [f"-sOutputFile={made.name}", f"-dLastPage={max_pages + 1}"]
    command += ["-dEPSCrop"] if is_eps else ["-c", _STOP.format(max_pages)]
    silent = subprocess.DEVNULL
    done = subprocess.run(  # noqa: S603 - no shell
        [*command, "-f", program.name],
        cwd=made.parent,
        stdin=silent,
        stdout=silent,
        stderr=silent,
        check=False,
    )
    program.unlink()
    if done.returncode or not made.exists():
        raise BadDocument(f"{display_name(name)} {BROKEN_POSTSCRIPT}")
    pages, _ = check_pdf(made, name)
    if pages > max_pages:
        raise too_many_pages(name, None, max_pages)
    if not is_eps:
        _trim(made, size)


def _unwrap(path: Path, program: Path) -> tuple[bool, tuple[float, float]]:
    """Write the PostScript alone to *program*; return whether it is EPS, and the default size of a page."""
    with path.open("rb") as file, program.open("wb") as out:
        head = file.read(_HEAD_BYTES)
        start, end = 0, path.stat().st_size
        if head.startswith(_DOS_EPS):
            start = int.from_bytes(head[4:8], "little")
            end = min(end, start + int.from_bytes(head[8:12], "little"))
            file.seek(start)
            head = file.read(_HEAD_BYTES)
        start += postscript_start(head) or 0
        file.seek(max(start, end - _TRAILER_BYTES))
        tail = file.read(end - file.tell())
        if trailer := _TRAILER.search(tail):
            end -= len(trailer[0])
        file.seek(start)
        head = file.read(min(_HEAD_BYTES, end - start))
        left = end - start - len(head)
        boxes = _BOX.findall(head) or _BOX.findall(tail)[-1:]
        box = [float(side) for side in boxes[0]] if boxes else []
        if box:
            stated = b"%%%%BoundingBox: %g %g %g %g" % tuple(box)
            head = _BOX_AT_END.sub(stated, head, count=1)
        out.write(head)
        while left > 0 and (chunk := file.read(min(_CHUNK_BYTES, left))):
            left -= len(chunk)
            out.write(chunk)
    is_eps = _EPS.match(head) is not None
    if is_eps or not box:
        return is_eps, _COMMON
    return is_eps, (max(_COMMON[0], min(box[2], _MAX_SIDE)), max(_COMMON[1], min(box[3], _MAX_SIDE)))


def _trim(made: Path, size: tuple[float, float]) -> None:
    """Make the pages of programs that set no size Letter or A4, whichever has all that is on them."""
    with pikepdf.open(made, allow_overwriting_input=True) as pdf:
        unset = [number for number, page in enumerate(pdf.pages) if _size(page) == size]
        if not unset:
            return
        paper = _smallest_paper(made, unset)
        if paper:
            for number in unset:
                pdf.pages[number].obj.MediaBox = pikepdf.Array([0, 0, *paper])
            pdf.save(made)


def _size(page: pikepdf.Page) -> tuple[float, float]:
    left, bottom, right, top = (float(side) for side in page.mediabox)
    return right - left, top - bottom


def _smallest_paper(made: Path, numbers: Sequence[int]) -> Paper | None:
    right = top = 0.0
    with pypdfium2.PdfDocument(made) as pdf:
        for number in numbers:
            page = pdf[number]
            for each in page.get_objects(max_depth=1):
                bounds = each.get_bounds()
                right = max(right, min(bounds[2], page.get_width()))
                top = max(top, min(bounds[3], page.get_height()))
    return next((paper for paper in _PAPERS if right <= paper[0] and top <= paper[1]), None)
