"""Converts pictures to PDF pages: unchanged where PDF can embed them, else flattened on white."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import img2pdf
from PIL import Image, ImageOps

from faxbot.documents.integrity import reading_picture
from faxbot.documents.unreadable import too_large

MAX_PIXELS = 100_000_000
"""A page at 1000 dpi has 94 million; more is not a scanned page and may exhaust the memory."""

_MARGIN_POINTS = 18
_SUPPORTED_MODES = ("1", "L", "P", "RGB")
_ORIENTATION = 0x0112


def put_on_page(path: Path, name: str, paper: tuple[float, float], out: IO[bytes]) -> None:
    """
    Write a one-page PDF with the PNG or JPEG at *path* to *out*, rotated as its EXIF data says, not enlarged.

    Raises:
        BadDocument: The picture is damaged, truncated or too large to decode.
    """
    with reading_picture(name), Image.open(path, formats=["PNG", "JPEG", "MPO"]) as image:
        _load(image, name)
        plain = image.mode in _SUPPORTED_MODES and not image.has_transparency_data
        if plain and image.getexif().get(_ORIENTATION, 1) == 1:
            _lay_out(path, paper, out)
        else:
            _lay_out(_flattened(image), paper, out)


def pages_of_tiff(path: Path, name: str, paper: tuple[float, float]) -> Iterator[io.BytesIO]:
    """
    Yield a one-page PDF for each page of a TIFF; one page is in memory at a time.

    Raises:
        BadDocument: The picture is damaged, truncated or too large to decode.
    """
    with reading_picture(name), Image.open(path, formats=["TIFF"]) as image:
        for frame in range(int(getattr(image, "n_frames", 1))):
            image.seek(frame)
            _load(image, name)
            out = io.BytesIO()
            _lay_out(_flattened(image), paper, out)
            yield out


def _load(image: Image.Image, name: str) -> None:
    """Decode the whole picture, to detect a truncated one, which img2pdf would embed."""
    if image.width * image.height > MAX_PIXELS:
        raise too_large(name)
    image.load()


def _flattened(image: Image.Image) -> io.BytesIO:
    """A PNG that img2pdf accepts: upright, opaque, gray or RGB, with the same resolution."""
    dpi = image.info.get("dpi")
    upright = ImageOps.exif_transpose(image)
    if upright.has_transparency_data:
        upright = upright.convert("RGBA")
        opaque = Image.new("RGB", upright.size, "white")
        opaque.paste(upright, mask=upright.getchannel("A"))
        upright = opaque
    elif upright.mode not in _SUPPORTED_MODES:
        upright = upright.convert("L" if upright.mode in ("I", "I;16", "I;16B", "F") else "RGB")
    out = io.BytesIO()
    settings = {"dpi": tuple(map(float, dpi))} if dpi and min(dpi) > 1 else {}
    upright.save(out, "PNG", compress_level=1, **settings)
    out.seek(0)
    return out


def _lay_out(picture: Path | io.BytesIO, paper: tuple[float, float], out: IO[bytes]) -> None:
    layout = img2pdf.get_layout_fun(
        paper, border=(_MARGIN_POINTS, _MARGIN_POINTS), fit=img2pdf.FitMode.shrink, auto_orient=True
    )
    img2pdf.convert(
        picture,
        outputstream=out,
        layout_fun=layout,
        rotation=img2pdf.Rotation.none,
        first_frame_only=True,
        nodate=True,
    )
