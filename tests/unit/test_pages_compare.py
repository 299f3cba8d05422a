"""The comparison of printed pages goes red for each way in which a page can be wrong."""

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageOps

from tests.pages.compare import Sheet, compare, compare_all
from tests.pages.samples.marked import photograph, picture
from tests.pages.strips import compare_strips
from tests.pages.viewer import Shown

LETTER = (612, 792)
FINE = (1728, 2156)
LINES = 196


def shown(image: Image.Image) -> Shown:
    return Shown(image.convert("L"), *map(float, image.size))


def laid(image: Image.Image, *, scale: float = 1.0, at: tuple[int, int] | None = None) -> Image.Image:
    """The picture on Letter paper, in the middle unless *at* says where."""
    paper = Image.new("L", LETTER, 255)
    small = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BOX)
    middle = (LETTER[0] - small.width) // 2, (LETTER[1] - small.height) // 2
    paper.paste(small, middle if at is None else at)
    return paper


def printed(paper: Image.Image, *, lines: int = 98) -> Sheet:
    """As a fax machine prints it: in coarse lines, dithered."""
    size = FINE[0], round(FINE[1] * lines / LINES)
    return Sheet.of(paper.resize(size, Image.Resampling.BICUBIC).convert("1"), 612.0, lines)


def problem(page: Image.Image, paper: Image.Image, **how: bool) -> str:
    return compare(shown(page), printed(paper), **how).problem


@pytest.mark.parametrize("lines", [98, 196])
@pytest.mark.parametrize(
    ("size", "scale"),
    [((612, 792), 1.0), ((595, 842), 792 / 842), ((1080, 1440), 792 / 1440), ((300, 200), 1.0)],
)
def test_a_page_that_fits_or_is_shrunk_is_right(size, scale, lines):
    page = picture(size)
    assert compare(shown(page), printed(laid(page, scale=scale), lines=lines)).problem == ""


@pytest.mark.parametrize("turn", [Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270])
def test_a_landscape_page_may_lie_on_its_side(turn):
    page = picture((792, 612))
    assert problem(page, laid(page.transpose(turn))) == ""
    assert problem(page, laid(page, scale=612 / 792)) == "smaller than need be"


def test_a_photograph_may_change_its_shades():
    photo = photograph((600, 780))
    whitened = photo.point(lambda value: 0 if value < 60 else min(255, round(value * 1.3)))
    assert problem(photo, laid(whitened), loose=True) == ""
    assert problem(photo, laid(whitened.transpose(Image.Transpose.ROTATE_180)), loose=True) == "upside down"


@pytest.mark.parametrize(
    ("how", "named"),
    [
        (ImageOps.mirror, "mirrored"),
        (ImageOps.flip, "mirrored"),
        (lambda page: page.transpose(Image.Transpose.ROTATE_180), "upside down"),
        (lambda page: ImageChops.offset(page, 0, 300), "garbled"),
        (lambda page: Image.new("L", page.size, 255), "blank"),
        (lambda page: Image.effect_noise(page.size, 90), "garbled"),
    ],
)
def test_a_page_that_is_garbled_or_the_wrong_way_round(how, named):
    page = picture(LETTER)
    assert problem(page, laid(how(page))) == named


def test_a_portrait_page_on_its_side():
    page = picture((540, 700))
    assert problem(page, laid(page.transpose(Image.Transpose.ROTATE_90), scale=0.87)) == "turned"


@pytest.mark.parametrize(
    ("size", "at"),
    [((842, 1190), (0, -398)), ((842, 1190), (0, 0)), ((680, 792), (0, 0)), ((612, 900), (0, -108))],
)
def test_a_page_that_is_cut(size, at):
    """As the fax server cuts a larger page: at the right and at the top."""
    page = picture(size)
    assert problem(page, laid(page, at=at)) != ""


@pytest.mark.parametrize("edge", ["left", "top", "right", "bottom"])
def test_marks_that_are_missing_at_an_edge(edge):
    page, paper = picture(LETTER), picture(LETTER)
    boxes = {
        "left": (0, 0, 16, 792),
        "top": (0, 0, 612, 16),
        "right": (596, 0, 612, 792),
        "bottom": (0, 776, 612, 792),
    }
    paper.paste(255, boxes[edge])
    assert problem(page, paper) == f"cut at the {edge}"


def test_the_edge_of_a_page_that_lies_on_its_side():
    """What was the right edge of a landscape page is the top of the sheet."""
    page = picture((792, 612))
    turned = page.transpose(Image.Transpose.ROTATE_90)
    turned.paste(255, (0, 0, 612, 16))
    assert problem(page, turned) == "cut at the right"


def test_half_a_page():
    page, paper = picture(LETTER), picture(LETTER)
    paper.paste(255, (0, 396, 612, 792))
    assert problem(page, paper) != ""
    assert problem(page, laid(page.resize((306, 396)))) == "smaller than need be"


def test_a_word_that_is_missing_and_a_word_that_is_hidden():
    """A form field without its value; a layer that no viewer shows."""
    page, more = picture(LETTER), picture(LETTER)
    ImageDraw.Draw(more).rectangle((60, 700, 120, 712), fill=0)
    assert problem(more, laid(page)) == "a part is missing"
    assert problem(page, laid(more)) == "something is there that no viewer shows"


def test_ink_beside_a_page():
    page = picture((400, 500))
    paper = laid(page)
    paper.paste(0, (10, 10, 50, 20))
    assert problem(page, paper) == "something is there that no viewer shows"


def test_a_blank_page_is_blank():
    page, paper = Image.new("L", LETTER, 255), Image.new("L", LETTER, 255)
    assert problem(page, paper) == ""
    paper.paste(0, (100, 100, 160, 120))
    assert problem(page, paper) == "not blank"


def test_pages_out_of_order_and_pages_that_are_missing():
    pages = [picture(LETTER, number) for number in (1, 2, 3)]
    views = [shown(page) for page in pages]
    sheets = [printed(page) for page in pages]
    assert compare_all(views, sheets.__getitem__, 3) == []
    swapped = [sheets[0], sheets[2], sheets[1]]
    assert compare_all(views, swapped.__getitem__, 3) == [(2, "out of order"), (3, "out of order")]
    assert compare_all(views, sheets.__getitem__, 2) == [(0, "2 pages are printed, a viewer shows 3")]


def long_page() -> Image.Image:
    whole = Image.new("L", (612, 2000), 255)
    for number in range(5):
        whole.paste(picture((612, 400), number), (0, 400 * number))
        whole.paste(0, (100 * number, 400 * number + 90, 100 * number + 90, 400 * number + 300))
    return whole


@pytest.mark.parametrize(
    ("tops", "wrong"),
    [
        ((0, 760, 1208), False),
        ((0, 850, 1208), True),
        ((0, 760), True),
        ((760, 1208), True),
        ((760, 0, 1208), True),
        ((0, 0, 1208), True),
    ],
)
def test_strips_of_a_long_page(tops, wrong):
    """They overlap or touch, follow each other, and show it from its top to its bottom."""
    whole = long_page()
    sheets = [printed(whole.crop((0, top, 612, top + 792))) for top in tops]
    assert bool(compare_strips(shown(whole), sheets.__getitem__, len(sheets))) is wrong


def test_a_strip_upside_down():
    whole = long_page()
    sheets = [printed(whole.crop((0, top, 612, top + 792))) for top in (0, 760, 1208)]
    sheets[1] = printed(whole.crop((0, 760, 612, 1552)).transpose(Image.Transpose.ROTATE_180))
    assert compare_strips(shown(whole), sheets.__getitem__, 3) != ""
