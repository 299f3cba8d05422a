"""Writes PDF documents with pages of any geometry."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name

from tests.pages.samples.marked import Box, operators


@dataclass(frozen=True, slots=True)
class Page:
    """
    A page whose visible part, *crop* or all of *media*, has the marks; *more* are entries of its dictionary.

    *content* replaces the marks; *extra* is drawn after them.
    """

    media: Box = (0.0, 0.0, 612.0, 792.0)
    crop: Box | None = None
    rotate: int | None = None
    unit: float | None = None
    content: str | None = None
    extra: str = ""
    more: dict[str, object] = field(default_factory=dict)


def sized(width: float, height: float, **more: object) -> Page:
    """A page of this size in points."""
    return Page((0.0, 0.0, width, height), **more)  # type: ignore[arg-type]


Change = Callable[[pikepdf.Pdf], None]


def write(pages: Sequence[Page], *, change: Change | None = None, **save: object) -> Callable[[Path], None]:
    """What writes a document of *pages*, after *change*; *save* are options of pikepdf's `save`."""

    def make(path: Path) -> None:
        with built(pages) as pdf:
            if change:
                change(pdf)
            pdf.save(path, **{"deterministic_id": "encryption" not in save, **save})  # type: ignore[arg-type]

    return make


def built(pages: Sequence[Page]) -> pikepdf.Pdf:
    """The document, still open."""
    pdf = pikepdf.new()
    font = pdf.make_indirect(
        Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding)
    )
    for number, page in enumerate(pages, start=1):
        shown = page.crop or page.media
        left, bottom, right, top = shown
        box = (min(left, right), min(bottom, top), max(left, right), max(bottom, top))
        content = operators(box, number) if page.content is None else page.content
        entries: dict[str, object] = {"Type": Name.Page, "MediaBox": Array(list(page.media))}
        if page.crop:
            entries["CropBox"] = Array(list(page.crop))
        if page.rotate is not None:
            entries["Rotate"] = page.rotate
        if page.unit is not None:
            entries["UserUnit"] = page.unit
        made = Dictionary(**entries)
        made.Resources = Dictionary(Font=Dictionary(F1=font))
        made.Contents = pdf.make_stream(f"{content}\n{page.extra}".encode())
        for key, value in page.more.items():
            made[f"/{key}"] = value
        pdf.pages.append(pikepdf.Page(pdf.make_indirect(made)))
    return pdf


def form_xobject(pdf: pikepdf.Pdf, box: Box, content: str, **more: object) -> pikepdf.Object:
    """A form XObject; the appearance of an annotation is one. /F1 is Helvetica in it."""
    stream = pdf.make_stream(content.encode())
    stream.Type, stream.Subtype = Name.XObject, Name.Form
    stream.BBox = Array(list(box))
    stream.Resources = Dictionary(
        Font=Dictionary(F1=Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
    )
    for key, value in more.items():
        stream[f"/{key}"] = value
    return stream
