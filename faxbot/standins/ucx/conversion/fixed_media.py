"""
The pages of a PDF as pdf2fax prints them: Ghostscript with fixed media and without fitting.

The lower left corner of the MediaBox, after /Rotate and /UserUnit, lies in the lower left corner of the
paper. What is outside the paper is cut; what is outside the MediaBox but on the paper is printed; what is
outside the CropBox is not. Nothing is rasterized: the MediaBox becomes the part of the page that the paper
shows.
"""

from decimal import Decimal
from pathlib import Path

import pikepdf

from faxbot.standins.ucx.conversion.paper import PaperSize, UcxPaper

_TOLERANCE = 0.5
"""Points by which a page may differ from the paper and be left as it is: less than two dots."""
_OTHER_BOXES = ("/CropBox", "/TrimBox", "/BleedBox", "/ArtBox")
_DEEPEST = 50

Box = tuple[float, float, float, float]


def print_pdf(source: Path, kept: Path, paper: UcxPaper) -> int:
    """
    Write to *kept* the pages of *source* as they are printed on *paper*; return their number.

    A document whose pages are the paper is moved there byte for byte; 0 for one that cannot be opened.
    """
    try:
        with pikepdf.open(source, attempt_recovery=False, suppress_warnings=True) as pdf:
            changed = [_cut(pdf, page, paper.value) for page in pdf.pages]
            if any(changed):
                made = kept.with_name(kept.name + ".made")
                pdf.save(made, deterministic_id=True)
    except (pikepdf.PdfError, pikepdf.PasswordError, ValueError):
        source.replace(kept)
        return 0
    if any(changed):
        source.unlink()
        made.replace(kept)
    else:
        source.replace(kept)
    return len(changed)


def _cut(pdf: pikepdf.Pdf, page: pikepdf.Page, paper: PaperSize) -> bool:
    """Make *page* show what is printed of it; False if it shows that already."""
    media = _box(_inherited(page, "/MediaBox")) or (0.0, 0.0, paper.width, paper.height)
    crop = _box(_inherited(page, "/CropBox"))
    unit = _number(page.obj.get("/UserUnit"), 1.0)
    turn = _number(_inherited(page, "/Rotate"), 0.0)
    rotate = int(turn) % 360 if turn % 90 == 0 else 0
    shown = _on_paper(media, rotate, paper, unit if unit > 0 else 1.0)
    cropped = crop is not None and not _covers(crop, shown)
    if rotate == 0 and unit == 1.0 and not cropped and _same(media, (0.0, 0.0, paper.width, paper.height)):
        return False
    if unit <= 0:
        _clip(pdf, page, (0.0, 0.0, 0.0, 0.0))
        page.obj["/UserUnit"] = 1
    elif cropped and crop is not None:
        _clip(pdf, page, crop)
    page.obj["/MediaBox"] = pikepdf.Array([Decimal(f"{value:.3f}") for value in shown])
    page.obj["/Rotate"] = rotate
    for name in _OTHER_BOXES:
        if name in page.obj:
            del page.obj[name]
    if crop is not None:
        page.obj["/CropBox"] = page.obj["/MediaBox"]  # without it an inherited one would hold
    return True


def _on_paper(media: Box, rotate: int, paper: PaperSize, unit: float) -> Box:
    """The part of the page's own coordinates that comes to lie on the paper."""
    left, bottom, right, top = media
    width, height = paper.width / unit, paper.height / unit
    if rotate % 180:
        width, height = height, width
    if rotate in (90, 180):
        left = right - width
    if rotate in (180, 270):
        bottom = top - height
    return (left, bottom, left + width, bottom + height)


def _clip(pdf: pikepdf.Pdf, page: pikepdf.Page, box: Box) -> None:
    """Clip everything that the page draws to *box*."""
    left, bottom, right, top = box
    rectangle = f"q {left:.3f} {bottom:.3f} {right - left:.3f} {top - bottom:.3f} re W n\n"
    page.contents_add(pdf.make_stream(rectangle.encode()), prepend=True)
    page.contents_add(pdf.make_stream(b"\nQ"))


def _inherited(page: pikepdf.Page, name: str) -> pikepdf.Object | None:
    node: pikepdf.Object = page.obj
    for _ in range(_DEEPEST):
        if name in node:
            return node[name]
        if "/Parent" not in node:
            break
        node = node["/Parent"]
    return None


def _box(value: pikepdf.Object | None) -> Box | None:
    if not isinstance(value, pikepdf.Array) or len(value) != 4:
        return None
    first, second, third, fourth = (_number(each, 0.0) for each in value)
    return (min(first, third), min(second, fourth), max(first, third), max(second, fourth))


def _number(value: object, default: float) -> float:
    return float(value) if isinstance(value, int | float | Decimal) else default


def _covers(outer: Box, inner: Box) -> bool:
    return (
        outer[0] <= inner[0] + _TOLERANCE
        and outer[1] <= inner[1] + _TOLERANCE
        and outer[2] >= inner[2] - _TOLERANCE
        and outer[3] >= inner[3] - _TOLERANCE
    )


def _same(one: Box, other: Box) -> bool:
    return all(abs(mine - yours) <= _TOLERANCE for mine, yours in zip(one, other, strict=True))
