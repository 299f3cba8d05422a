"""Pictures onto pages: losslessly where the picture is plain, flattened on white where it is not."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import img2pdf
from PIL import Image, ImageOps

from faxbot.documents.integrity import reading_picture, too_large

MAX_PIXELS = 100_000_000
"""A page at 1000 dpi has 94 million; what is larger is no page, or a trap for whoever unpacks it."""

_MARGIN_POINTS = 18
_PLAIN_MODES = ("1", "L", "P", "RGB")
_ORIENTATION = 0x0112


def put_on_page(path: Path, name: str, paper: tuple[float, float], out: IO[bytes]) -> None:
    """
    Write a one-page PDF with the PNG or JPEG at *path* to *out*, upright (EXIF) and no larger than it is.

    Raises:
        BadDocument: The picture is damaged, cut short or too large to unpack.
    """
    with reading_picture(name), Image.open(path, formats=["PNG", "JPEG", "MPO"]) as image:
        _load(image, name)
        plain = image.mode in _PLAIN_MODES and not image.has_transparency_data
        if plain and image.getexif().get(_ORIENTATION, 1) == 1:
            _lay_out(path, paper, out)
        else:
            _lay_out(_flattened(image), paper, out)


def pages_of_tiff(path: Path, name: str, paper: tuple[float, float]) -> Iterator[io.BytesIO]:
    """
    Make a one-page PDF of each page of a TIFF, with one page in memory at a time.

    Raises:
        BadDocument: As above.
    """
    with reading_picture(name), Image.open(path, formats=["TIFF"]) as image:
        for frame in range(int(getattr(image, "n_frames", 1))):
            image.seek(frame)
            _load(image, name)
            out = io.BytesIO()
            _lay_out(_flattened(image), paper, out)
            yield out


def _load(image: Image.Image, name: str) -> None:
    """Unpack the whole picture, so that one cut short is found: img2pdf would pass it on."""
    if image.width * image.height > MAX_PIXELS:
        raise too_large(name)
    image.load()


def _flattened(image: Image.Image) -> io.BytesIO:
    """A PNG that img2pdf takes: upright, opaque, gray or RGB, with its resolution kept."""
    dpi = image.info.get("dpi")
    upright = ImageOps.exif_transpose(image)
    if upright.has_transparency_data:
        upright = upright.convert("RGBA")
        opaque = Image.new("RGB", upright.size, "white")
        opaque.paste(upright, mask=upright.getchannel("A"))
        upright = opaque
    elif upright.mode not in _PLAIN_MODES:
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
