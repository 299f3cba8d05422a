"""A page of any size, rotation, box and unit comes out whole: every mark at its edges survives."""

import io
from pathlib import Path

import pikepdf
import pypdfium2
from hypothesis import assume, given
from hypothesis import strategies as st
from PIL import ImageOps

from faxbot.documents.paper import PAPER
from faxbot.documents.pdf_pages import fit_pages
from tests.pages.compare import Sheet, compare
from tests.pages.samples.pdf_writer import Page, built
from tests.pages.viewer import show

SIDES = st.floats(60, 4000).map(lambda side: round(side, 2))
ORIGINS = st.floats(-2000, 2000).map(lambda place: round(place, 2))


@st.composite
def pages(draw: st.DrawFn) -> Page:
    """Up to a ratio of 1:4: a longer page is cut into several."""
    width = draw(SIDES)
    height = draw(st.floats(max(60.0, width / 4), min(4000.0, width * 4)).map(lambda side: round(side, 2)))
    left, bottom = draw(ORIGINS), draw(ORIGINS)
    media = (left, bottom, left + width, bottom + height)
    crop = None
    if draw(st.booleans()):
        shares = [draw(st.floats(0, 0.3)) for _ in range(4)]
        crop = (
            media[0] + shares[0] * width,
            media[1] + shares[1] * height,
            media[2] - shares[2] * width,
            media[3] - shares[3] * height,
        )
    return Page(
        media,
        crop=crop,
        rotate=draw(st.sampled_from([None, 0, 90, 180, 270, -90, 450])),
        unit=draw(st.sampled_from([None, 1.0, 2.5])),
    )


def fitted(page: Page, paper: str, path: Path) -> Sheet | None:
    """The page on *paper*, as PDFium draws it; None if it became several."""
    with built([page]) as pdf:
        pdf.save(path)
    with pikepdf.open(path) as pdf:
        fit_pages(pdf, path, path.name, PAPER[paper])
        if len(pdf.pages) > 1:  # a long page, which is cut: test_documents_paper.py
            return None
        data = io.BytesIO()
        pdf.save(data)
    document = pypdfium2.PdfDocument(data.getvalue())
    try:
        width, height = document[0].get_size()
        drawn = document[0].render(scale=1, grayscale=True).to_pil().convert("L")
    finally:
        document.close()
    assert width <= PAPER[paper][0] + 0.5
    assert height <= PAPER[paper][1] + 0.5
    return Sheet(ImageOps.invert(drawn), width, height)


def test_every_mark_survives(tmp_path_factory):
    """In the corners, along the edges, and the words in between; upright, or on its side if landscape."""
    path = tmp_path_factory.mktemp("pages") / "page.pdf"

    @given(pages(), st.sampled_from(sorted(PAPER)))
    def check(page: Page, paper: str) -> None:
        sheet = fitted(page, paper, path)
        assume(sheet is not None)
        assert compare(show(path)[0], sheet).problem == ""

    check()
