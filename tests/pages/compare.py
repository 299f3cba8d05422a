"""
Whether a printed page is the page that a viewer shows: whole, upright, nothing more and nothing less.

Both are compared in cells of four points, as the share of ink in each: neither dithering nor the coarse lines
of a fax change that, and a line of text is still several cells high.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import mul

from PIL import Image, ImageChops, ImageFilter, ImageOps

from tests.pages.converters import WIDTH_DOTS
from tests.pages.viewer import POINTS_PER_INCH, Shown

CELL_POINTS = 4.0
_COARSE = 9.0  # points of a cell when only the direction matters
_TURN = {
    90: Image.Transpose.ROTATE_270,  # clockwise
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}
_INK = 24  # of 255: what counts as a mark in a cell
_BLANK = 10  # no cell of a blank page is darker
_SURE = 0.9
_CERTAIN = 0.95
_ALIKE = 0.5
_NOTHING_LIKE = 0.2
_WORTH_TURNING = 1.03
_CLUSTER = 9  # cells: a word of a form field
_BAND = 4  # cells along an edge
_AROUND, _NEAR = 6, 2  # cells: shades are compared with what is around, writing with what is next to it
_STRETCHED = 0.06  # dots that are not square: 204 x 196 to an inch, and rounded resolutions
_FEWEST_CELLS = 60  # along a small picture
_ICON = 150
_CELLS = 198  # along a page of Letter paper


Place = tuple[float, float, float, float]
"""The scale across and down, left and top of a page on a sheet, in points."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A printed page with square dots, one to a point, and its size in points."""

    ink: Image.Image
    width: float
    height: float

    @classmethod
    def of(cls, printed: Image.Image, paper_width: float, lines_per_inch: float) -> "Sheet":
        """A page from a converter: as wide as the paper, as long as its lines make it."""
        width = paper_width * printed.width / WIDTH_DOTS
        height = printed.height / lines_per_inch * POINTS_PER_INCH
        size = max(1, round(width)), max(1, round(height))
        gray = printed.convert("L").resize(size, Image.Resampling.BOX)
        return cls(ImageOps.invert(gray), width, height)

    @property
    def has_ink(self) -> bool:
        """Whether there is anything on it."""
        return self.ink.getbbox() is not None


@dataclass(frozen=True, slots=True)
class Match:
    """How well a page lies on a sheet: *likeness* up to 1; clockwise turn in degrees, scale, place."""

    likeness: float
    turn: int
    place: Place

    @property
    def scale(self) -> float:
        """The smaller one of both."""
        return min(self.place[:2])


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with a printed page; empty when it is right."""

    problem: str
    match: Match | None = None


def compare(shown: Shown, sheet: Sheet, *, loose: bool = False) -> Verdict:
    """
    Judge one page. *loose* is for photographs, whose shades the bot changes on purpose.

    The problems: "blank", "not blank", "upside down", "turned", "mirrored", "garbled", "cut at the left"
    (or another side), "a part is missing", "something is there that no viewer shows", "smaller than need be".
    """
    ink = ImageOps.invert(shown.picture)
    if _darkest(_coarse(ink)) < _BLANK:
        return Verdict("" if _darkest(sheet.ink.filter(ImageFilter.BoxBlur(2))) < 2 * _BLANK else "not blank")
    if not sheet.has_ink:
        return Verdict("blank")
    if _says_nothing(ink, shown):
        return Verdict("")
    right = [0, 90, 270] if shown.width > _WORTH_TURNING * shown.height else [0]
    best = max((_match(ink, shown, sheet, turn) for turn in right), key=lambda match: match.likeness)
    if best.likeness < _SURE:
        best = _nudged(ink, shown, sheet, best)
    if best.likeness < _SURE and (wrong := _wrong_way(ink, shown, sheet, best, right)):
        return Verdict(wrong, best)
    if best.likeness < (_NOTHING_LIKE if loose else _ALIKE):
        return Verdict(_cut_by(ink, shown, sheet) or "garbled", best)
    problem = _difference(ink, shown, sheet, best, loose=loose)
    if problem and best.likeness > _CERTAIN:  # the place may be one of those that were not tried
        best = _nudged(ink, shown, sheet, _match(ink, shown, sheet, best.turn, enough=1.0))
        problem = _difference(ink, shown, sheet, best, loose=loose)
    return Verdict(problem or _size(shown, sheet, best), best)


def compare_all(
    shown: Sequence[Shown | None], sheets: Callable[[int], Sheet], count: int, *, loose: bool = False
) -> list[tuple[int, str]]:
    """What is wrong with *count* sheets: (page from 1, problem); page 0 is the whole document."""
    if count != len(shown):
        return [(0, f"{count} pages are printed, a viewer shows {len(shown)}")]
    problems = []
    for index, page in enumerate(shown):
        if page is None:
            continue
        sheet = sheets(index)
        verdict = compare(page, sheet, loose=loose or is_tonal(page))
        if verdict.problem:
            others = [other for other in shown[:20] if other is not page and other is not None]
            elsewhere = sheet.has_ink and any(_is_it(other, sheet) for other in others)
            problems.append((index + 1, "out of order" if elsewhere else verdict.problem))
    return problems


def is_tonal(shown: Shown) -> bool:
    """Whether it has the shades of a photograph, rather than those of writing."""
    histogram = shown.picture.resize((100, 100), Image.Resampling.BOX).histogram()
    return sum(histogram[40:200]) > 0.35 * sum(histogram)


def _is_it(shown: Shown, sheet: Sheet) -> bool:
    verdict = compare(shown, sheet)
    return not verdict.problem and verdict.match is not None and verdict.match.likeness > _SURE


def _coarse(ink: Image.Image) -> Image.Image:
    """About as coarse as the cells of a page that fills the paper."""
    share = _CELLS / max(ink.size)
    size = max(2, round(ink.width * share)), max(2, round(ink.height * share))
    return ink.resize(size, Image.Resampling.BOX)


def _says_nothing(ink: Image.Image, shown: Shown) -> bool:
    """An even shade, or an icon that is printed in its few dots: there is nothing to compare."""
    low, high = _coarse(ink).getextrema()
    return int(high) - int(low) < 2 * _INK or (not shown.sized and max(shown.width, shown.height) < _ICON)  # type: ignore[arg-type]


def _darkest(ink: Image.Image) -> int:
    low_high = ink.getextrema()
    return int(low_high[1])  # type: ignore[arg-type]


def _turned(ink: Image.Image, turn: int) -> Image.Image:
    return ink.transpose(_TURN[turn]) if turn else ink


def _size_turned(shown: Shown, turn: int) -> tuple[float, float]:
    return (shown.height, shown.width) if turn % 180 else (shown.width, shown.height)


def _match(
    ink: Image.Image,
    shown: Shown,
    sheet: Sheet,
    turn: int,
    *,
    cell: float = CELL_POINTS,
    enough: float = _CERTAIN,
) -> Match:
    """The best of the places where the page can lie in this direction."""
    picture, (width, height) = _turned(ink, turn), _size_turned(shown, turn)
    best = Match(-1.0, turn, (1.0, 1.0, 0.0, 0.0))
    for place in _places(picture, width, height, sheet):
        likeness = _likeness(*_pair(picture, (width, height), sheet, place, cell))
        if likeness > best.likeness:
            best = Match(likeness, turn, place)
        if likeness > enough:
            break
    return best


def _places(picture: Image.Image, width: float, height: float, sheet: Sheet) -> Iterator[Place]:
    """In the middle, in the corner where HylaFAX puts what it does not fit, and by the ink."""
    fit = min(sheet.width / width, sheet.height / height)
    scale = min(1.0, fit)
    yield scale, scale, (sheet.width - width * scale) / 2, (sheet.height - height * scale) / 2
    yield scale, scale, 0.0, sheet.height - height * scale
    if 0.3 < fit < 1:
        yield 1.0, 1.0, 0.0, sheet.height - height
    mine, theirs = _ink_box(picture, width, height), _ink_box(sheet.ink, sheet.width, sheet.height)
    if mine is None or theirs is None:
        return
    across = (theirs[2] - theirs[0]) / max(0.1, mine[2] - mine[0])
    down = (theirs[3] - theirs[1]) / max(0.1, mine[3] - mine[1])
    both = [(across, across), (down, down)]
    if abs(across / down - 1) < _STRETCHED:
        both.insert(0, (across, down))
    for x, y in both:
        if fit / 4 < min(x, y) and max(x, y) < 4 * fit:
            left = (theirs[0] + theirs[2]) / 2 - (mine[0] + mine[2]) / 2 * x
            top = (theirs[1] + theirs[3]) / 2 - (mine[1] + mine[3]) / 2 * y
            yield x, y, left, top


def _ink_box(ink: Image.Image, width: float, height: float) -> tuple[float, float, float, float] | None:
    """Around all marks, in points."""
    found = ink.point(lambda value: 255 if value > 2 * _INK else 0).getbbox()
    if found is None:
        return None
    across, down = width / ink.width, height / ink.height
    return found[0] * across, found[1] * down, found[2] * across, found[3] * down


def _pair(
    picture: Image.Image, size: tuple[float, float], sheet: Sheet, place: Place, cell: float = CELL_POINTS
) -> tuple[Image.Image, Image.Image]:
    """The page, and what lies on the sheet in its place, in the same cells, a little blurred."""
    left, top = place[2:]
    width, height = size[0] * place[0], size[1] * place[1]
    cell = min(cell, max(width, height) / _FEWEST_CELLS)
    cells = max(2, round(width / cell)), max(2, round(height / cell))
    mine = picture.resize(cells, Image.Resampling.BOX)
    around = (round(left) - 1, round(top) - 1, round(left + width) + 2, round(top + height) + 2)
    part = sheet.ink.crop(around)  # there is no ink outside the sheet
    x, y = left - around[0], top - around[1]
    theirs = part.resize(cells, Image.Resampling.BOX, box=(x, y, x + width, y + height))
    soft = ImageFilter.GaussianBlur(0.7)
    return mine.filter(soft), theirs.filter(soft)


def _likeness(mine: Image.Image, theirs: Image.Image) -> float:
    """The larger correlation of both: of the ink, and of its local contrast."""
    likeness = _correlation(mine, theirs)
    if likeness > _SURE:
        return likeness
    return max(
        likeness, *(_correlation(_contrast(mine, far), _contrast(theirs, far)) for far in (_NEAR, _AROUND))
    )


def _contrast(ink: Image.Image, around: int) -> Image.Image:
    return ImageChops.difference(ink, ink.filter(ImageFilter.BoxBlur(around)))


def _correlation(one: Image.Image, other: Image.Image) -> float:
    a, b = one.tobytes(), other.tobytes()
    count = len(a)
    sum_a, sum_b = sum(a), sum(b)
    both = sum(map(mul, a, b)) - sum_a * sum_b / count
    of_a = sum(map(mul, a, a)) - sum_a * sum_a / count
    of_b = sum(map(mul, b, b)) - sum_b * sum_b / count
    return both / (of_a * of_b) ** 0.5 if of_a > 0 and of_b > 0 else 0.0


def _nudged(ink: Image.Image, shown: Shown, sheet: Sheet, match: Match) -> Match:
    """Move it point by point to where it lies best: offsets of a few dots are no fault."""
    picture, size = _turned(ink, match.turn), _size_turned(shown, match.turn)
    best = match
    for step in (3.0, 1.0):
        middle = best
        for x in (-step, 0.0, step):
            for y in (-step, 0.0, step):
                across, down, left, top = middle.place
                place = (across, down, left + x, top + y)
                likeness = _likeness(*_pair(picture, size, sheet, place))
                if likeness > best.likeness:
                    best = Match(likeness, match.turn, place)
    return best


def _wrong_way(ink: Image.Image, shown: Shown, sheet: Sheet, best: Match, right: Sequence[int]) -> str:
    """How the page lies on the sheet if not as it should."""
    names = {0: "turned", 90: "turned", 180: "upside down", 270: "turned"}
    ways = [
        (_match(ink, shown, sheet, turn, cell=_COARSE), names[turn]) for turn in names if turn not in right
    ]
    mirrored = ImageOps.mirror(ink)
    ways += [(_match(mirrored, shown, sheet, turn, cell=_COARSE), "mirrored") for turn in (*right, 180)]
    match, name = max(ways, key=lambda way: way[0].likeness)
    best = _match(ink, shown, sheet, best.turn, cell=_COARSE)
    return name if match.likeness > max(best.likeness + 0.05, _ALIKE) else ""


def _cut_by(ink: Image.Image, shown: Shown, sheet: Sheet) -> str:
    """Where a page that is larger than the sheet was cut, if that explains what is printed."""
    width, height = shown.width, shown.height
    if max(width / sheet.width, height / sheet.height) > 3:
        return ""
    for left, top in ((0.0, sheet.height - height), (0.0, 0.0), (sheet.width - width, sheet.height - height)):
        mine, theirs = _pair(ink, (width, height), sheet, (1.0, 1.0, left, top))
        x, y = round(-min(0.0, left) / CELL_POINTS), round(-min(0.0, top) / CELL_POINTS)
        visible = (x, y, x + round(min(width, sheet.width) / 4), y + round(min(height, sheet.height) / 4))
        if _correlation(mine.crop(visible), theirs.crop(visible)) > _ALIKE:
            return "cut"
    return ""


def _difference(ink: Image.Image, shown: Shown, sheet: Sheet, match: Match, *, loose: bool) -> str:
    picture, size = _turned(ink, match.turn), _size_turned(shown, match.turn)
    mine, theirs = _pair(picture, size, sheet, match.place)
    lost, marks = _unmatched(mine, theirs, near=3, share=0.25, around=_NEAR if loose else _AROUND)
    cells = mine.size
    for edge, band in _bands(cells).items():
        missing = sum(lost[at] for at in band)
        if not loose and missing >= 4 and missing > 0.3 * sum(marks[at] for at in band):
            return f"cut at the {_side(edge, match.turn)}"
    if sum(lost) > (0.6 if loose else 0.1) * sum(marks):
        return "garbled" if match.likeness < 0.75 else "a part is missing"
    if not loose and _largest_cluster(lost, cells[0]) >= _CLUSTER:
        return "a part is missing"
    added, _ = _unmatched(theirs, mine, near=5, share=0.2)
    if not loose and (_largest_cluster(added, cells[0]) >= _CLUSTER or _beside(sheet, size, match)):
        return "something is there that no viewer shows"
    return ""


def _unmatched(
    one: Image.Image, other: Image.Image, *, near: int, share: float, around: int = _AROUND
) -> tuple[list[bool], list[bool]]:
    """For each cell: whether *one* has a mark and *other* nothing near it; whether *one* has a mark."""
    lost, marks = [False] * (one.width * one.height), [False] * (one.width * one.height)
    dark = sum(one.tobytes()) > 127 * one.width * one.height  # white on black: what is lighter is the writing
    for here, there in [list(zip(_marks(one, around), _marks(other, around), strict=True))[dark]]:
        nearby = there.filter(ImageFilter.MaxFilter(near)).tobytes()
        for at, (a, b) in enumerate(zip(here.tobytes(), nearby, strict=True)):
            if a > _INK:
                marks[at] = True
                lost[at] = lost[at] or b < share * a
    return lost, marks


def _marks(ink: Image.Image, radius: int) -> tuple[Image.Image, Image.Image]:
    """By how much each cell is darker than what is around it, and by how much lighter."""
    around = ink.filter(ImageFilter.BoxBlur(radius))
    return ImageChops.subtract(ink, around), ImageChops.subtract(around, ink)


def _bands(cells: tuple[int, int]) -> dict[str, list[int]]:
    width, height = cells
    deep, high = min(_BAND, width // 4), min(_BAND, height // 4)
    return {
        "left": [y * width + x for y in range(height) for x in range(deep)],
        "right": [y * width + x for y in range(height) for x in range(width - deep, width)],
        "top": [y * width + x for y in range(high) for x in range(width)],
        "bottom": [y * width + x for y in range(height - high, height) for x in range(width)],
    }


def _side(edge: str, turn: int) -> str:
    """The edge of the page that lies at this edge of the sheet."""
    clockwise = ["top", "right", "bottom", "left"]
    return clockwise[(clockwise.index(edge) - turn // 90) % 4]


def _largest_cluster(cells: list[bool], width: int) -> int:
    left = {at for at, marked in enumerate(cells) if marked}
    largest = 0
    while left:
        todo, size = [left.pop()], 0
        while todo:
            at = todo.pop()
            size += 1
            near = {
                at - width - 1,
                at - width,
                at - width + 1,
                at - 1,
                at + 1,
                at + width - 1,
                at + width,
                at + width + 1,
            }
            todo += near & left
            left -= near
        largest = max(largest, size)
    return largest


def _beside(sheet: Sheet, size: tuple[float, float], match: Match) -> bool:
    """Whether there is ink on the sheet outside the page."""
    rest = sheet.ink.copy()
    across, down, left, top = match.place
    right, bottom = left + size[0] * across, top + size[1] * down
    inside = (round(left) - 3, round(top) - 3, round(right) + 3, round(bottom) + 3)
    rest.paste(0, inside)
    return _darkest(rest.filter(ImageFilter.BoxBlur(1))) > 4 * _INK


def _size(shown: Shown, sheet: Sheet, match: Match) -> str:
    upright = min(sheet.width / shown.width, sheet.height / shown.height)
    aside = min(sheet.width / shown.height, sheet.height / shown.width)
    fit = max(upright, aside) if shown.width > _WORTH_TURNING * shown.height else upright
    # fax papers differ by a twentieth; the picture of a page may have a margin
    if shown.sized and match.scale < 0.8 * min(1.0, fit):
        return "smaller than need be"
    return ""
