"""Puts the pages of a PDF on the fax server's paper: upright, whole, as a viewer shows them. Text stays text."""

from dataclasses import dataclass
from pathlib import Path

import pikepdf
from PIL import Image

from faxbot.documents.annotations import flatten_annotations, needs_picture
from faxbot.documents.paper import TOLERANCE, Box, Paper, fills, place
from faxbot.documents.rendering import page_on_paper
from faxbot.fax.document import Note

_KEPT = frozenset(("/Type", "/Parent", "/Resources", "/Contents", "/MediaBox"))
_DEFAULT_BOX: Box = (0.0, 0.0, 612.0, 792.0)  # viewers take Letter where the box is missing or empty
_MIN_SIDE_POINTS = 1.0

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


def fit_pages(pdf: pikepdf.Pdf, path: Path, paper: Paper) -> tuple[list[Note], bool]:
    """
    Put each page of *pdf*, opened from *path*, on *paper*, in place; return notes, and whether anything changed.

    Annotations and form fields become part of the page. A page with marks that only a viewer can draw is
    replaced by its picture.
    """
    pictures = [needs_picture(page, pdf) for page in pdf.pages]
    changed = flatten_annotations(pdf)
    notes = []
    for index, page in enumerate(pdf.pages):
        shown = _shown(page)
        placement = place(shown.box, paper, rotate=shown.rotate, unit=shown.unit)
        if placement.note:
            notes.append(Note(index + 1, placement.note))
        if pictures[index]:
            _put_picture(pdf, page, page_on_paper(path, index, shown.size, placement, paper), paper)
        elif not _is_plain(page, shown, paper):
            _put(pdf, page, shown.box, placement.matrix, paper)
        else:
            continue
        changed = True
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
    rotate = _inherited(page, "/Rotate")
    unit = page.obj.get("/UserUnit", 1)
    turns = int(rotate) // 90 * 90 % 360 if _is_number(rotate) else 0
    return _Shown(box, turns, float(unit) if _is_number(unit) and unit > 0 else 1.0)


def _box(page: pikepdf.Page, key: str) -> Box | None:
    """A box in order, of the page or its parents; None if it is missing, malformed or empty."""
    found = _inherited(page, key)
    if not isinstance(found, pikepdf.Array) or len(found) != 4 or not all(map(_is_number, found)):
        return None
    a, b, c, d = (float(value) for value in found)
    box = (min(a, c), min(b, d), max(a, c), max(b, d))
    return box if box[2] - box[0] >= _MIN_SIDE_POINTS and box[3] - box[1] >= _MIN_SIDE_POINTS else None


def _inherited(page: pikepdf.Page, key: str) -> object:
    node, seen = page.obj, set()
    while isinstance(node, pikepdf.Dictionary) and node.objgen not in seen:
        if key in node:
            return node[key]
        seen.add(node.objgen)
        node = node.get("/Parent")
    return None


def _is_number(value: object) -> bool:
    try:
        float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
    return True


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


def _put(
    pdf: pikepdf.Pdf, page: pikepdf.Page, box: Box, matrix: tuple[float, ...], paper: Paper
) -> None:
    """Draw the page's content, clipped to *box* and moved by *matrix*, on a page of *paper*."""
    form = page.as_form_xobject(handle_transformations=False)
    form.BBox = pikepdf.Array([round(value, 4) for value in box])
    if "/Matrix" in form:
        del form["/Matrix"]
    operands = " ".join(f"{value:.6f}" for value in matrix)
    _replace(pdf, page, pdf.make_indirect(form), f"q {operands} cm /Page Do Q", paper)


def _put_picture(pdf: pikepdf.Pdf, page: pikepdf.Page, picture: Image.Image, paper: Paper) -> None:
    image = pdf.make_stream(picture.convert("1").tobytes())
    image.stream_dict = pikepdf.Dictionary(
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Image,
        Width=picture.width,
        Height=picture.height,
        ColorSpace=pikepdf.Name.DeviceGray,
        BitsPerComponent=1,
    )
    _replace(pdf, page, image, f"q {paper[0]:g} 0 0 {paper[1]:g} 0 0 cm /Page Do Q", paper)


def _replace(
    pdf: pikepdf.Pdf, page: pikepdf.Page, content: pikepdf.Object, draw: str, paper: Paper
) -> None:
    """Make the page a page of *paper* with nothing but *content*."""
    page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Page=content))
    page.obj.Contents = pdf.make_stream(draw.encode())
    page.obj.MediaBox = pikepdf.Array([0, 0, *paper])
    for key in set(page.obj.keys()) - _KEPT:
        del page.obj[key]
