"""The fax server's paper, and where a page comes to lie on it."""

import math
from dataclasses import dataclass

Box = tuple[float, float, float, float]
"""Left, bottom, right and top, in the units of a page's coordinates."""

Paper = tuple[float, float]
"""Width and height in points."""

PAPER: dict[str, Paper] = {
    "letter": (612.0, 792.0),
    "a4": (595.0, 842.0),
    "legal": (612.0, 1008.0),
    "fit": (595.0, 792.0),
}
"""The values of FAXBOT_PAPER; a page of `fit` is inside Letter, Legal and A4."""

TOLERANCE = 0.5
"""Points by which a page may exceed the paper: A4 is written as 595.28 x 841.89 and as 595 x 842."""

_MIN_SHARE = 0.9  # of the paper's area; a fax server puts a smaller page into the lower left corner
_WORTH_TURNING = 1.03
_WORTH_CUTTING = 2.0  # times the paper's height, at the largest scale that fits the width
_OVERLAP = 0.05  # of a piece
_WHOLE = 100  # percent


@dataclass(frozen=True, slots=True)
class Placement:
    """
    How a page is put on the paper.

    *matrix* maps the page's coordinates to those of the paper, as the operands of PDF's `cm`. *turned* is
    whether a landscape page lies on its side; *scale* is 1.0 unless the page is larger than the paper.
    """

    matrix: tuple[float, float, float, float, float, float]
    turned: bool
    scale: float

    @property
    def note(self) -> str:
        """What a person has to know of it, such as "turned, shrunk to 71 %"; empty if nothing."""
        percent = round(self.scale * _WHOLE)
        shrunk = f"shrunk to {percent} %" if percent < _WHOLE else ""
        return ", ".join(filter(None, ("turned" if self.turned else "", shrunk)))


def fills(width: float, height: float, paper: Paper) -> bool:
    """Whether a page of this size in points is printed as it is: neither larger nor much smaller."""
    return (
        width <= paper[0] + TOLERANCE
        and height <= paper[1] + TOLERANCE
        and width * height >= _MIN_SHARE * paper[0] * paper[1]
    )


def is_turned(width: float, height: float, paper: Paper) -> bool:
    """Whether a page of this size is larger on the paper when it lies on its side."""
    return width > height and _scale(height, width, paper) > _WORTH_TURNING * _scale(width, height, paper)


def strips(box: Box, paper: Paper, *, rotate: int = 0, unit: float = 1.0) -> list[Box]:
    """
    Cut a page that is much longer than the paper, such as a till receipt, into pieces, the upper one first.

    Each piece fills a page, and begins with the end of the one before. Other pages stay whole.
    """
    left, bottom, right, top = box
    across, along = (top - bottom, right - left) if rotate % 180 else (right - left, top - bottom)
    piece = paper[1] / min(unit, paper[0] / across)
    if along <= _WORTH_CUTTING * piece:
        return [box]
    step = piece * (1 - _OVERLAP)
    starts = [number * step for number in range(math.ceil((along - piece) / step) + 1)]
    ends = [min(start + piece, along) for start in starts]
    return [
        {
            0: (left, top - end, right, top - start),
            90: (left + start, bottom, left + end, top),
            180: (left, bottom + start, right, bottom + end),
            270: (right - end, bottom, right - start, top),
        }[rotate % 360]
        for start, end in zip(starts, ends, strict=True)
    ]


def place(box: Box, paper: Paper, *, rotate: int = 0, unit: float = 1.0) -> Placement:
    """
    Put the part of a page that a viewer shows on *paper*: whole, upright, in the middle, never enlarged.

    *rotate* is PDF's /Rotate, a multiple of 90 degrees clockwise; *unit* is PDF's /UserUnit, in points.
    """
    left, bottom, right, top = box
    matrix = {
        0: (1.0, 0.0, 0.0, 1.0, -left, -bottom),
        90: (0.0, -1.0, 1.0, 0.0, -bottom, right),
        180: (-1.0, 0.0, 0.0, -1.0, right, top),
        270: (0.0, 1.0, -1.0, 0.0, top, -left),
    }[rotate % 360]
    width, height = (right - left) * unit, (top - bottom) * unit
    if rotate % 180:
        width, height = height, width
    turned = is_turned(width, height, paper)
    if turned:
        a, b, c, d, e, f = matrix
        matrix = (-b, a, -d, c, height / unit - f, e)
        width, height = height, width
    scale = _scale(width, height, paper)
    a, b, c, d, e, f = (unit * scale * entry for entry in matrix)
    across, up = (paper[0] - width * scale) / 2, (paper[1] - height * scale) / 2
    return Placement((a, b, c, d, e + across, f + up), turned, scale)


def _scale(width: float, height: float, paper: Paper) -> float:
    if width <= paper[0] + TOLERANCE and height <= paper[1] + TOLERANCE:
        return 1.0
    return min(1.0, paper[0] / width, paper[1] / height)
