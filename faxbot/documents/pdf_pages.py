"""Puts the pages of a PDF on the fax server's paper: upright, whole, as a viewer shows them."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pikepdf
from PIL import Image

from faxbot.documents.annotations import flatten_annotations, needs_picture
from faxbot.documents.layers import forget_layers, pages_with_hidden_layers
from faxbot.documents.paper import TOLERANCE, Box, Paper, Placement, fills, place, strips
from faxbot.documents.rendering import page_on_paper
from faxbot.fax.document import Note

_DEFAULT_BOX: Box = (0.0, 0.0, 612.0, 792.0)  # viewers take Letter where the box is missing or empty
_MIN_SIDE_POINTS = 1.0
_MAX_PARENTS = 64
_CORNERS = 4  # numbers in a box


@dataclass(frozen=True, slots=True)
class _Shown:
    """The part of a page that a viewer shows: its box, /Rotate and /UserUnit."""

    box: Box
    rotate: int
    unit: float

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in points as shown."""
        width, height = (self.box[2] - self.box[0]) * self.unit, (self.box[3] - self.box[1]) * self.unit
        return (height, width) if self.rotate % 180 else (width, height)


def fit_pages(pdf: pikepdf.Pdf, path: Path, name: str, paper: Paper) -> tuple[list[Note], bool]:
    """
    Put each page of *pdf*, opened from *path*, on *paper*; return notes, and whether anything changed.

    Text stays text. Annotations and form fields become part of the page. A page with marks that only a viewer
    can draw, or with hidden layers, is replaced by its picture. *name* is used in messages.

    Raises:
        BadDocument: A form field cannot be drawn.
    """
    hidden = pages_with_hidden_layers(pdf)
    pictures = [needs_picture(page, pdf, name) or hidden[index] for index, page in enumerate(pdf.pages)]
    changed = any((flatten_annotations(pdf), forget_layers(pdf)))
    notes, fitted = list[Note](), list[pikepdf.Page]()
    for index, page in enumerate(pdf.pages):
        shown = _shown(page)
        if _is_plain(page, shown, paper) and not pictures[index]:
            fitted.append(page)
            continue
        changed = True
        if pictures[index]:
            placement = place(shown.box, paper, rotate=shown.rotate, unit=shown.unit)
            new = [picture_page(pdf, page_on_paper(path, index, shown.size, placement, paper), paper)]
        else:
            pieces = strips(shown.box, paper, rotate=shown.rotate, unit=shown.unit)
            placements = [place(box, paper, rotate=shown.rotate, unit=shown.unit) for box in pieces]
            placement = placements[0]
            new = [_wrapped(pdf, page, *each, paper) for each in zip(pieces, placements, strict=True)]
        note = placement.note if len(new) == 1 else f"cut into {len(new)} pages"
        if note:
            notes.append(Note(len(fitted) + 1, note))
        fitted += new
    if changed:
        del pdf.pages[:]
        pdf.pages.extend(fitted)
    return notes, changed


def _shown(page: pikepdf.Page) -> _Shown:
    media = _box(page, "/MediaBox") or _DEFAULT_BOX
    crop = _box(page, "/CropBox") or media
    box = (
        max(media[0], crop[0]),
        max(media[1], crop[1]),
        min(media[2], crop[2]),
        min(media[3], crop[3]),
    )
    if box[2] - box[0] < _MIN_SIDE_POINTS or box[3] - box[1] < _MIN_SIDE_POINTS:
        box = media
    rotate, unit = _number(_inherited(page, "/Rotate")), _number(page.obj.get("/UserUnit"))
    return _Shown(box, int(rotate or 0) // 90 * 90 % 360, unit if unit and unit > 0 else 1.0)


def _box(page: pikepdf.Page, key: str) -> Box | None:
    """A box in order, of the page or its parents; None if it is missing, malformed or empty."""
    found = _inherited(page, key)
    if not isinstance(found, pikepdf.Array) or len(found) != _CORNERS:
        return None
    a, b, c, d = (_number(found[number]) for number in range(_CORNERS))
    if a is None or b is None or c is None or d is None:
        return None
    box = (min(a, c), min(b, d), max(a, c), max(b, d))
    return box if box[2] - box[0] >= _MIN_SIDE_POINTS and box[3] - box[1] >= _MIN_SIDE_POINTS else None


def _inherited(page: pikepdf.Page, key: str) -> object:
    node: object = page.obj
    for _ in range(_MAX_PARENTS):
        if not isinstance(node, pikepdf.Dictionary):
            break
        if key in node:
            return node[key]
        node = node.get("/Parent")
    return None


def _number(value: object) -> float | None:
    """A PDF number (int or Decimal); None if it is none."""
    return float(value) if isinstance(value, int | float | Decimal) else None


def _is_plain(page: pikepdf.Page, shown: _Shown, paper: Paper) -> bool:
    """Whether the page is printed by the fax server as a viewer shows it."""
    media = _box(page, "/MediaBox")
    return (
        media is not None
        and shown.unit == 1.0
        and shown.rotate == 0
        and max(abs(a - b) for a, b in zip(shown.box, media, strict=True)) <= TOLERANCE
        and max(abs(media[0]), abs(media[1])) <= TOLERANCE
        and fills(*shown.size, paper)
    )


def _wrapped(
    pdf: pikepdf.Pdf, page: pikepdf.Page, box: Box, placement: Placement, paper: Paper
) -> pikepdf.Page:
    """A page of *paper* with the content of *page*, clipped to *box*."""
    form = page.as_form_xobject(handle_transformations=False)
    form.BBox = pikepdf.Array([round(value, 4) for value in box])
    if "/Matrix" in form:
        del form["/Matrix"]
    return _page(pdf, form, placement.matrix, paper)


def picture_page(pdf: pikepdf.Pdf, picture: Image.Image, paper: Paper) -> pikepdf.Page:
    """A page of *paper* with a black-and-white picture of the same shape."""
    image = pdf.make_stream(picture.tobytes())
    image.stream_dict = pikepdf.Dictionary(
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Image,
        Width=picture.width,
        Height=picture.height,
        ColorSpace=pikepdf.Name.DeviceGray,
        BitsPerComponent=1,
    )
    return _page(pdf, image, (paper[0], 0, 0, paper[1], 0, 0), paper)


def _page(pdf: pikepdf.Pdf, content: pikepdf.Object, matrix: tuple[float, ...], paper: Paper) -> pikepdf.Page:
    operands = " ".join(f"{value:.6f}" for value in matrix)
    return pikepdf.Page(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Page,
            MediaBox=pikepdf.Array([0, 0, *paper]),
            Resources=pikepdf.Dictionary(XObject=pikepdf.Dictionary(Page=pdf.make_indirect(content))),
            Contents=pdf.make_stream(f"q {operands} cm /Page Do Q".encode()),
        )
    )
