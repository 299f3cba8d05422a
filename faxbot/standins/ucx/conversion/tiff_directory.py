"""The pages of a TIFF as libtiff lists them, and HylaFAX's verdict on each: what tiffcheck answers."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntFlag
from typing import BinaryIO

from PIL.TiffImagePlugin import ImageFileDirectory_v2 as PillowDirectory

from faxbot.standins.ucx.conversion.paper import UcxPaper

DOTS = 1728
LINES_AN_INCH = 98
"""The resolution of a job that does not ask for a finer one."""
INVALID = "Document is not valid TIFF (unspecified format error)"
_LINES_TOLERANCE = 15
_POINTS_AN_INCH = 72.0
_STANDARD_LINES = 1450
"""A page of unknown resolution with fewer lines counts as one of 98 lines an inch."""
_MOST_DIRECTORIES = 2000
_HEADER_BYTES = 8

# Names and values of the tags, as TIFF 6.0 spells them.
_WIDTH, _LENGTH, _BITS, _COMPRESSION, _PHOTOMETRIC = 256, 257, 258, 259, 262
_SAMPLES, _ROWS_PER_STRIP, _X_RESOLUTION, _Y_RESOLUTION, _PLANAR = 277, 278, 282, 283, 284
_GROUP3_OPTIONS, _RESOLUTION_UNIT, _TILE_WIDTH, _EXTRA_SAMPLES = 292, 296, 322, 338
_STRIP_OFFSETS, _TILE_OFFSETS = 273, 324
_REQUIRED = (_WIDTH, _LENGTH)
MIN_IS_WHITE, MIN_IS_BLACK, RGB, PALETTE, CMYK, YCBCR = 0, 1, 2, 3, 5, 6
_NONE, GROUP3, OLD_JPEG, JPEG = 1, 3, 6, 7
_CHOPPED_BITS = 8 * 8192
_CENTIMETER, _INCH = 3, 2
_SEPARATE = 2


class Verdict(IntFlag):
    """What has to be done to a TIFF before it can be sent; none: nothing."""

    OK = 0
    REJECT = 0x1
    REFORMAT = 0x2
    RESIZE = 0x4
    REVRES = 0x8
    REIMAGE = 0x10


@dataclass(frozen=True)
class TiffPage:
    """One directory of a TIFF."""

    width: int
    length: int
    bits: int
    samples: int
    photometric: int
    compression: int
    two_dimensional: bool
    tiled: bool
    separate: bool
    extra_samples: int
    strips: int
    resolution: tuple[float, float]
    """Dots per inch, across and down, as tiff2ps takes them: 72 when the file does not say."""
    lines_an_inch: float
    """As tiffcheck takes them; 0 when the file does not say."""
    lines_a_millimeter: float
    """As tiffcheck takes them, which is not the same."""

    @property
    def printable(self) -> bool:
        """Whether tiff2ps makes a page of it at all; it skips another one."""
        if self.photometric == YCBCR:
            return self.compression in (JPEG, OLD_JPEG) and not self.separate and self._depth_is_known
        known = self.photometric in (MIN_IS_WHITE, MIN_IS_BLACK, RGB, PALETTE, CMYK)
        alpha_of_other_depth = self.photometric == RGB and self.extra_samples and self.bits != 8
        return known and self._depth_is_known and not alpha_of_other_depth

    @property
    def _depth_is_known(self) -> bool:
        return self.bits in (1, 2, 4, 8, 16)

    @property
    def breaks_the_page(self) -> bool:
        """Whether tiff2ps writes other data than its page expects: gray with an extra sample."""
        return self.photometric in (MIN_IS_WHITE, MIN_IS_BLACK) and self.samples > 1 and not self.tiled


def read_pages(file: BinaryIO) -> list[TiffPage]:
    """The pages up to the first directory that cannot be read; none if that is the first one."""
    pages: list[TiffPage] = []
    try:
        pages.extend(map(_page, _directories(file)))
    except Exception:  # noqa: BLE001  # Pillow raises many kinds of errors; libtiff then stops as well
        return pages
    return pages


def check(pages: list[TiffPage], paper: UcxPaper) -> tuple[Verdict, list[str]]:
    """The verdict on a document, and the reasons as tiffcheck gives them, one line each."""
    if not pages:
        return Verdict.REJECT, [INVALID]
    verdict, reasons = Verdict.OK, []
    for page in pages:
        for needed, reason in _needed(page, paper):
            verdict |= needed
            reasons.append(reason)
    return verdict, reasons


def _needed(page: TiffPage, paper: UcxPaper) -> Iterator[tuple[Verdict, str]]:
    if page.bits != 1:
        yield Verdict.REIMAGE, f"Document is not a bilevel image (bits/sample {page.bits})."
    if page.samples != 1:
        yield Verdict.REIMAGE, f"Document is a multi-sample image (samples/pixel {page.samples})."
    if page.photometric != MIN_IS_WHITE:
        yield Verdict.REIMAGE, "Document is not black-on-white."
    if page.compression != GROUP3:
        yield Verdict.REFORMAT, "Document requires reformatting, not in Group 3 format."
    if page.two_dimensional:
        yield Verdict.REFORMAT, "Document requires reformatting, not in 2DMR format."
    if page.strips != 1:
        yield Verdict.REFORMAT, "Document should be reformatted as a single strip."
    if abs(int(page.lines_an_inch) - LINES_AN_INCH) > _LINES_TOLERANCE:
        found = f"(convert to {LINES_AN_INCH}, document is {int(page.lines_an_inch)})"
        yield Verdict.REVRES, f"Document requires reformatting to adjust vertical resolution {found}."
    if page.width != DOTS:
        found = f"(convert to {DOTS}, document is {page.width})"
        yield Verdict.RESIZE, f"Document requires resizing to adjust page width {found}."
    length, most = page.length / page.lines_a_millimeter, paper.value.length_mm
    if length > most:
        found = f"(convert to {most}, document is {int(length)})"
        yield Verdict.RESIZE, f"Document requires resizing to adjust page length {found}."


def _directories(file: BinaryIO) -> Iterator[PillowDirectory]:
    header = file.read(_HEADER_BYTES)
    if header[:4] not in (b"II*\0", b"MM\0*"):
        raise ValueError("no TIFF")
    directory = PillowDirectory(header)
    seen: set[int] = set()
    following = directory.next
    while following and following not in seen and len(seen) < _MOST_DIRECTORIES:
        seen.add(following)
        file.seek(following)
        directory = PillowDirectory(header)
        directory.load(file)
        if directory.next in seen:  # it leads back, or was cut and still leads where the header does
            raise ValueError("a damaged directory")
        following = directory.next
        yield directory


def _page(directory: PillowDirectory) -> TiffPage:
    if not all(tag in directory for tag in _REQUIRED):
        raise ValueError("a required tag is missing")
    if _STRIP_OFFSETS not in directory and _TILE_OFFSETS not in directory:
        raise ValueError("no image data")
    length, tiled = int(directory[_LENGTH]), _TILE_WIDTH in directory
    rows = int(directory.get(_ROWS_PER_STRIP, length) or length)
    samples = int(directory.get(_SAMPLES, 1))
    separate = directory.get(_PLANAR, 1) == _SEPARATE
    unit = directory.get(_RESOLUTION_UNIT, _INCH)
    across, down = (_ratio(directory.get(tag)) for tag in (_X_RESOLUTION, _Y_RESOLUTION))
    inches = 2.54 if unit == _CENTIMETER else 1.0
    bits = directory.get(_BITS, (1,))
    bits = int(bits[0] if isinstance(bits, tuple) else bits)
    width, compression = int(directory[_WIDTH]), int(directory.get(_COMPRESSION, _NONE))
    strips = 1 if tiled else max(1, math.ceil(length / rows)) * (samples if separate else 1)
    if strips == 1 and not tiled and compression == _NONE and width * bits * samples * length > _CHOPPED_BITS:
        strips = 2  # or more: libtiff reads a long strip in several
    return TiffPage(
        width=width,
        length=length,
        bits=bits,
        samples=samples,
        photometric=int(directory.get(_PHOTOMETRIC, MIN_IS_WHITE)),
        compression=compression,
        two_dimensional=bool(int(directory.get(_GROUP3_OPTIONS, 0)) & 1),
        tiled=tiled,
        separate=separate,
        extra_samples=len(directory.get(_EXTRA_SAMPLES, ())),
        strips=strips,
        resolution=(across * inches or _POINTS_AN_INCH, down * inches or _POINTS_AN_INCH),
        lines_an_inch=down * {_INCH: 1.0, _CENTIMETER: 25.4}.get(unit, 720.0),
        lines_a_millimeter=down / {_INCH: 25.4, _CENTIMETER: 10.0}.get(unit, 28.35)
        or (98.0 if length < _STANDARD_LINES else 196.0),
    )


def _ratio(value: object) -> float:
    try:
        number = float(value)  # type: ignore[arg-type]  # an IFDRational, or whatever the file holds
    except (TypeError, ValueError, ZeroDivisionError):
        return 0.0
    return number if math.isfinite(number) and number > 0 else 0.0
