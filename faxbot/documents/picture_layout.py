"""Where a picture comes to lie on the fax server's paper, and on how many pages."""

import math
from dataclasses import dataclass

from faxbot.documents.paper import Paper, is_turned

MARGIN = 18.0
"""Points around a picture that is not itself a scanned page."""

_OVERLAP = 36.0  # points that the end of a slice and the start of the next have in common: a line of text
_MIN_SHARE = 0.45  # of the width that a picture would have in slices; if narrower on one page, it is cut
_SANE_DPI = (60.0, 1300.0)
_SCAN_DPI = 97.0  # 98 is that of a fax; a lower one is a program's default, and says nothing of a size
_LARGEST_DPI_UNKNOWN, _STRIP_DPI_UNKNOWN = 60.0, 120.0
_STRIP = 3.0  # times as long as wide
_SHEETS = ((612.0, 792.0), (595.28, 841.89), (612.0, 1008.0))
_SHEET_PIXELS, _SHEET_TOLERANCE = 800, 0.012


@dataclass(frozen=True, slots=True)
class PictureSize:
    """
    Width and height of a picture in points. *is_sheet* is whether it has the size of a whole page, and so its
    own margins; *is_measured*, whether the size is more than a program's default.
    """

    width: float
    height: float
    is_sheet: bool
    is_measured: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """
    How a picture is put on the paper: turned or not, then *width* and *height* in points.

    If it is cut, *slices* is more than 1 and each page shows *share* of its height.
    """

    turned: bool
    scale: float
    width: float
    height: float
    slices: int = 1
    share: float = 1.0

    def slices_of(self, lines: int) -> list[tuple[int, int]]:
        """
        The first line of each page, and the one behind its last, in the order of reading.

        Each begins with a line of an even number. The left end of a turned picture is at its bottom.
        """
        if self.slices == 1:
            return [(0, lines)]
        tall = math.floor(lines * self.share)
        step = (lines - tall) / (self.slices - 1)
        starts = [min(math.ceil(number * step / 2) * 2, lines - tall) for number in range(self.slices)]
        spans = [(start - start % 2, start + tall) for start in starts]
        return spans[::-1] if self.turned else spans


def size_of(pixels: tuple[int, int], dpi: tuple[float, float] | None) -> PictureSize:
    """
    The size in points of a picture of *pixels*, whose *dpi* may be absent or nonsense.

    Without a resolution, a picture with the proportions of a sheet of paper is one.
    """
    across, down = pixels
    if dpi and all(_SANE_DPI[0] <= value <= _SANE_DPI[1] for value in dpi):
        width, height = across * 72 / dpi[0], down * 72 / dpi[1]
        measured = min(dpi) >= _SCAN_DPI
        return PictureSize(width, height, measured and _has_no_room(width, height), measured)
    aspect = dpi[0] / dpi[1] if dpi and min(dpi) > 0 and 1 / 3 < dpi[0] / dpi[1] < 3 else 1.0  # noqa: PLR2004
    height_pixels = down * aspect
    for sheet in _SHEETS:
        for width, height in (sheet, sheet[::-1]):
            if across >= _SHEET_PIXELS and _is_close(across / height_pixels, width / height):
                return PictureSize(width, height, is_sheet=True, is_measured=False)
    is_strip = max(across, height_pixels) > _STRIP * min(across, height_pixels)
    unit = 72 / (_STRIP_DPI_UNKNOWN if is_strip else _LARGEST_DPI_UNKNOWN)
    return PictureSize(across * unit, height_pixels * unit, is_sheet=False, is_measured=False)


def lay_out(size: PictureSize, paper: Paper) -> Layout:
    """Make a picture as large as the paper and its own size allow; cut it if it would become too narrow."""
    margin = 0.0 if size.is_sheet else MARGIN
    room = (paper[0] - 2 * margin, paper[1] - 2 * margin)
    turned = is_turned(size.width, size.height, room)
    width, height = (size.height, size.width) if turned else (size.width, size.height)
    across = min(1.0, room[0] / width)
    scale = min(across, room[1] / height)
    if scale >= _MIN_SHARE * across:
        return Layout(turned, scale, width * scale, height * scale)
    height *= across
    slices = math.ceil((height - _OVERLAP) / (room[1] - _OVERLAP))
    share = (height + (slices - 1) * _OVERLAP) / slices / height
    return Layout(turned, across, width * across, height, slices, share)


def _has_no_room(width: float, height: float) -> bool:
    """Whether a page of this size, unless it is a strip, has no room for more margins than its own."""
    short, long = sorted((width, height))
    if long > _STRIP * short:
        return False
    return short > _SHEETS[1][0] - 2 * MARGIN or long > _SHEETS[0][1] - 2 * MARGIN


def _is_close(one: float, other: float) -> bool:
    return abs(one / other - 1) <= _SHEET_TOLERANCE
