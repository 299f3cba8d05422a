"""Writes black and white pictures as the pages of a PDF, compressed like a fax (ITU-T T.6)."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pikepdf
from PIL import Image, ImageChops

from faxbot.documents.paper import Box, Paper

_STRIP_OFFSETS, _STRIP_BYTES = 273, 279


class BilevelPages:
    """A PDF in the making, whose pages have the size of *paper*."""

    def __init__(self, pdf: pikepdf.Pdf, paper: Paper) -> None:
        self._pdf = pdf
        self.paper = paper

    def __len__(self) -> int:
        return len(self._pdf.pages)

    def add(self, image: Image.Image, box: Box) -> None:
        """Add a page with *image*, of mode "1", in *box*."""
        page = self._pdf.add_blank_page(page_size=self.paper)
        left, bottom, right, top = box
        page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Picture=self._stream(image)))
        matrix = f"{right - left:.6f} 0 0 {top - bottom:.6f} {left:.6f} {bottom:.6f}"
        page.Contents = self._pdf.make_stream(f"q {matrix} cm /Picture Do Q".encode())

    def _stream(self, image: Image.Image) -> pikepdf.Stream:
        width, height = image.size
        return pikepdf.Stream(
            self._pdf,
            _encoded(image),
            Type=pikepdf.Name.XObject,
            Subtype=pikepdf.Name.Image,
            Width=width,
            Height=height,
            ColorSpace=pikepdf.Name.DeviceGray,
            BitsPerComponent=1,
            Filter=pikepdf.Name.CCITTFaxDecode,
            DecodeParms=pikepdf.Dictionary(K=-1, Columns=width, Rows=height),
        )


@contextmanager
def writing(made: Path, paper: Paper) -> Iterator[BilevelPages]:
    """Write the pages added meanwhile to *made*; the same pages give the same bytes."""
    with pikepdf.Pdf.new() as pdf:
        yield BilevelPages(pdf, paper)
        pdf.save(made, deterministic_id=True)


def _encoded(image: Image.Image) -> bytes:
    """The picture's T.6 code, for which white is 0 and black is 1."""
    out = io.BytesIO()
    ImageChops.invert(image).save(out, "TIFF", compression="group4", strip_size=image.width * image.height)
    out.seek(0)
    with Image.open(out) as tiff:
        (start,), (count,) = (tiff.tag_v2[tag] for tag in (_STRIP_OFFSETS, _STRIP_BYTES))  # type: ignore[attr-defined]
    return out.getvalue()[start : start + count]
