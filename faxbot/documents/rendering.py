"""Draws pages with PDFium: as a viewer shows them, and as a recipient's fax machine prints them."""

from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image

from faxbot.documents.paper import Paper, Placement

FAX_DOTS = 1728
"""Dots per line of a fax, over the paper's whole width."""

LINES_PER_INCH = 98
FINE_LINES_PER_INCH = 196
_POINTS_PER_INCH = 72


def viewed_pages(path: Path) -> Iterator[Image.Image]:
    """Yield each page of the PDF at *path* as a viewer shows it, in gray, with `LINES_PER_INCH`."""
    with pypdfium2.PdfDocument(path) as document:
        for page in _pages(document):
            yield _draw(page, _size(page, LINES_PER_INCH))


def page_on_paper(
    path: Path, index: int, size: tuple[float, float], placement: Placement, paper: Paper
) -> Image.Image:
    """
    The page *index* (from 0) of the PDF at *path* as a picture of *paper*, with its comments and form fields.

    *size* is its width and height in points as a viewer shows it. The picture is black and white, and has a
    fax machine's dots in fine resolution.
    """
    dots = FAX_DOTS / paper[0], FINE_LINES_PER_INCH / _POINTS_PER_INCH
    whole = round(paper[0] * dots[0]), round(paper[1] * dots[1])
    across, up = reversed(dots) if placement.turned else dots
    drawn = round(size[0] * placement.scale * across), round(size[1] * placement.scale * up)
    with pypdfium2.PdfDocument(path) as document:
        document.init_forms()
        page = document[index]
        try:
            picture = _draw(page, (max(1, drawn[0]), max(1, drawn[1])), document, smooth=False)
        finally:
            page.close()
    if placement.turned:
        picture = picture.transpose(Image.Transpose.ROTATE_90)
    sheet = Image.new("L", whole, 255)
    sheet.paste(picture, ((whole[0] - picture.width) // 2, (whole[1] - picture.height) // 2))
    return sheet.convert("1")


def printed_pages(path: Path) -> Iterator[Image.Image]:
    """Yield each page of a fax-ready PDF as a fax machine prints it in fine resolution: black and white."""
    with pypdfium2.PdfDocument(path) as document:
        for page in _pages(document):
            size = FAX_DOTS, round(page.get_height() / _POINTS_PER_INCH * FINE_LINES_PER_INCH)
            yield _draw(page, size, smooth=False).convert("1")


def _pages(document: pypdfium2.PdfDocument) -> Iterator[pypdfium2.PdfPage]:
    for index in range(len(document)):
        page = document[index]
        try:
            yield page
        finally:
            page.close()


def _size(page: pypdfium2.PdfPage, lines_per_inch: int) -> tuple[int, int]:
    width, height = page.get_size()
    inch = lines_per_inch / _POINTS_PER_INCH
    return max(1, round(width * inch)), max(1, round(height * inch))


def _draw(
    page: pypdfium2.PdfPage,
    size: tuple[int, int],
    document: pypdfium2.PdfDocument | None = None,
    *,
    smooth: bool = True,
) -> Image.Image:
    """Draw *page* in gray; with *document*, its form fields too."""
    width, height = size
    flags = pdfium.FPDF_ANNOT | pdfium.FPDF_GRAYSCALE
    if not smooth:
        flags |= pdfium.FPDF_RENDER_NO_SMOOTHTEXT | pdfium.FPDF_RENDER_NO_SMOOTHPATH
    bitmap = pypdfium2.PdfBitmap.new_native(width, height, pdfium.FPDFBitmap_Gray)
    bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
    pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, flags)
    if document is not None and document.formenv is not None:
        pdfium.FPDF_FFLDraw(document.formenv, bitmap, page, 0, 0, width, height, 0, flags)
    picture: Image.Image = bitmap.to_pil().copy()
    bitmap.close()
    return picture
