"""Whether a page that is too long for the paper was cut into several, with nothing lost between them."""

from collections.abc import Callable
from operator import mul

from PIL import Image, ImageFilter, ImageOps

from tests.pages.compare import CELL_POINTS, Sheet
from tests.pages.viewer import Shown

_LONG = 1.6
_COLUMNS = 12
_MARK = 24
_ALIKE = 0.7
_SLACK = 4
"""Cells by which strips may be away from where they are looked for, and lines of ink be lost between them."""


def is_long(shown: Shown) -> bool:
    """Whether a page may be cut into several."""
    longer, shorter = max(shown.width, shown.height), max(1.0, min(shown.width, shown.height))
    return longer / shorter > _LONG


def compare_strips(shown: Shown, sheets: Callable[[int], Sheet], count: int) -> str:
    """What is wrong with *count* sheets that show one long page from top to bottom; empty if nothing."""
    pages = [sheets(index) for index in range(count)]
    ink = ImageOps.invert(shown.picture)
    if shown.width > shown.height:
        # Turned to either side, its left end comes first.
        right, left = ink.transpose(Image.Transpose.ROTATE_270), ink.transpose(Image.Transpose.ROTATE_90)
        return _strips(ink, pages) and _strips(right, pages) and _strips(left, pages[::-1])
    return _strips(ink, pages)


def _strips(ink: Image.Image, pages: list[Sheet]) -> str:
    mine, theirs = _span(ink), [span for page in pages if (span := _span(page.ink))]
    if mine is None or not theirs:
        return "blank"
    # The widest ink of all strips is the widest ink of the page: that gives the scale.
    left, right = min(span[0] for span in theirs), max(span[1] for span in theirs)
    scale = (right - left) / (mine[1] - mine[0])
    cells = round(ink.height * scale / CELL_POINTS)
    whole = _columns(ink.crop((mine[0], 0, mine[1], ink.height)), cells)
    covered = [not any(value > _MARK for value in row) for row in whole]
    at = -_SLACK
    for number, page in enumerate(pages, start=1):
        part = page.ink.crop((left, 0, right, page.ink.height))
        rows = _columns(part, round(page.height / CELL_POINTS))
        inked = [index for index, row in enumerate(rows) if any(value > _MARK for value in row)]
        if not inked:
            continue
        rows = rows[inked[0] : inked[-1] + 1]
        place, likeness = _find(rows, whole, at)
        if likeness < _ALIKE:
            return f"part {number} is garbled or out of order"
        for row in range(max(0, place - 1), min(len(whole), place + len(rows) + 1)):
            covered[row] = True
        at = place + 1
    lost = sum(not each for each in covered)
    return f"{lost * CELL_POINTS:.0f} points are lost between the parts" if lost > _SLACK else ""


def _span(ink: Image.Image) -> tuple[int, int] | None:
    found = ink.filter(ImageFilter.BoxBlur(1)).point(lambda value: 255 if value > _MARK else 0).getbbox()
    return (found[0], found[2]) if found else None


def _columns(ink: Image.Image, rows: int) -> list[bytes]:
    small = ink.resize((_COLUMNS, max(1, rows)), Image.Resampling.BOX)
    data = small.tobytes()
    return [data[start : start + _COLUMNS] for start in range(0, len(data), _COLUMNS)]


def _find(rows: list[bytes], whole: list[bytes], begin: int) -> tuple[int, float]:
    """Where the rows are in the whole: the best place, and how alike they are there."""
    a = b"".join(rows)
    best, most = 0, -1.0
    blank = bytes(_COLUMNS)
    for place in range(begin, max(begin, len(whole) - len(rows) + _SLACK) + 1):
        there = [whole[y] if 0 <= y < len(whole) else blank for y in range(place, place + len(rows))]
        likeness = _correlation(a, b"".join(there))
        if likeness > most:
            best, most = place, likeness
    return best, most


def _correlation(a: bytes, b: bytes) -> float:
    count = len(a)
    sum_a, sum_b = sum(a), sum(b)
    both = sum(map(mul, a, b)) - sum_a * sum_b / count
    of_a = sum(map(mul, a, a)) - sum_a * sum_a / count
    of_b = sum(map(mul, b, b)) - sum_b * sum_b / count
    return float(both / (of_a * of_b) ** 0.5) if of_a > 0 and of_b > 0 else 0.0
