"""Where a page comes to lie on the fax server's paper."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxbot.documents.paper import PAPER, TOLERANCE, fills, place, strips
from faxbot.fax.document import paper_of

LETTER = PAPER["letter"]
coordinates = st.floats(-1000, 1000)
sides = st.floats(1, 10_000)


@given(
    corner=st.tuples(coordinates, coordinates),
    size=st.tuples(sides, sides),
    rotate=st.sampled_from((0, 90, 180, 270)),
    unit=st.floats(0.1, 50),
    paper=st.sampled_from(sorted(PAPER.values())),
)
def test_every_page_is_whole_and_keeps_its_shape(corner, size, rotate, unit, paper):
    """The corners are on the paper, the page is not mirrored, and is scaled alike in both directions."""
    box = (*corner, corner[0] + size[0], corner[1] + size[1])
    placement = place(box, paper, rotate=rotate, unit=unit)
    a, b, c, d, e, f = placement.matrix
    for x, y in itertools.product((box[0], box[2]), (box[1], box[3])):
        across, up = a * x + c * y + e, b * x + d * y + f
        assert -TOLERANCE <= across <= paper[0] + TOLERANCE
        assert -TOLERANCE <= up <= paper[1] + TOLERANCE
    assert a * d - b * c == pytest.approx((unit * placement.scale) ** 2)
    assert placement.scale <= 1


@pytest.mark.parametrize(
    ("box", "rotate", "matrix"),
    [
        ((0, 0, 612, 792), 0, (1, 0, 0, 1, 0, 0)),
        ((100, 200, 712, 992), 0, (1, 0, 0, 1, -100, -200)),
        ((0, 0, 792, 612), 90, (0, -1, 1, 0, 0, 792)),
        ((0, 0, 612, 792), 180, (-1, 0, 0, -1, 612, 792)),
        ((0, 0, 792, 612), 270, (0, 1, -1, 0, 612, 0)),
        ((0, 0, 792, 612), 0, (0, 1, -1, 0, 612, 0)),
    ],
)
def test_a_page_is_upright_as_a_viewer_shows_it(box, rotate, matrix):
    """/Rotate turns clockwise; a landscape page is turned so that its top is on the left."""
    assert place(box, LETTER, rotate=rotate).matrix == pytest.approx(matrix)


@pytest.mark.parametrize(
    ("size", "note"),
    [
        ((612, 792), ""),
        ((595.28, 841.89), "shrunk to 94 %"),
        ((792, 612), "turned"),
        ((1224, 792), "turned, shrunk to 65 %"),
        ((1080, 1440), "shrunk to 55 %"),
        ((300, 200), ""),
        ((620, 610), "shrunk to 99 %"),
    ],
)
def test_what_is_said_of_a_page(size, note):
    """A page that fits is not mentioned, and a small one is neither turned nor enlarged."""
    assert place((0, 0, *size), LETTER).note == note


@given(
    width=st.floats(50, 3000),
    ratio=st.floats(0.1, 30),
    rotate=st.sampled_from((0, 90, 180, 270)),
    unit=st.floats(0.5, 4),
    paper=st.sampled_from(sorted(PAPER.values())),
)
def test_a_long_page_is_cut_into_pieces_that_overlap(width, ratio, rotate, unit, paper):
    """Together they are the whole page; each is as large as the paper's width allows."""
    shown = (width, width * ratio)
    box = (0, 0, *(reversed(shown) if rotate % 180 else shown))
    pieces = strips(box, paper, rotate=rotate, unit=unit)
    axis = 0 if rotate % 180 else 1
    ordered = sorted(pieces, key=lambda piece: piece[axis])
    assert (ordered[0][axis], ordered[-1][axis + 2]) == pytest.approx((0, box[axis + 2]))
    assert all(after[axis] < before[axis + 2] for before, after in itertools.pairwise(ordered))
    if len(pieces) > 1:
        scales = [place(piece, paper, rotate=rotate, unit=unit).scale for piece in pieces]
        assert min(scales) == pytest.approx(min(1, paper[0] / (width * unit)))
        assert (ordered == pieces) is (rotate in (90, 180)), "the upper piece is the first"


def test_only_a_page_of_about_the_papers_size_is_printed_as_it_is():
    """A fax server would put a small page into the lower left corner."""
    assert fills(612, 792, LETTER)
    assert fills(595, 792, LETTER)
    assert fills(595.28, 841.89, PAPER["a4"])
    assert not fills(595.28, 841.89, LETTER)
    assert not fills(420, 595, LETTER)


def test_the_region_decides_on_the_paper():
    """Letter is for most of America, and A4 for the rest."""
    assert [paper_of(region) for region in ("US", "ca", "GB", "de", "BR")] == [
        "letter",
        "letter",
        "a4",
        "a4",
        "a4",
    ]
