"""Makes pages of the fax server's paper of pictures: whole, upright, in black and white."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pillow_heif
from PIL import AvifImagePlugin, Image, WebPImagePlugin

from faxbot.documents.bilevel_pages import writing
from faxbot.documents.grayscale import darkest, is_transparent, to_gray
from faxbot.documents.integrity import reading_picture
from faxbot.documents.kinds import display_name
from faxbot.documents.paper import Paper
from faxbot.documents.picture_pages import add_picture
from faxbot.documents.unreadable import damaged, too_large
from faxbot.fax.document import Note
from faxbot.fax.errors import BadDocument

MAX_PIXELS = 100_000_000
"""A page at 1000 dpi has 94 million; more is not a scanned page and may exhaust the memory."""

_FORMATS = (
    "PNG",
    "JPEG",  # and MPO, a JPEG with further pictures
    "GIF",
    "BMP",
    WebPImagePlugin.WebPImageFile.format,
    AvifImagePlugin.AvifImageFile.format,
)
_NEARLY_WHITE = 236
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ON_THE_SIDE = (5, 6, 7, 8)


def put_on_pages(path: Path, name: str, paper: Paper, max_pages: int, made: Path) -> list[Note]:
    """
    Write a PDF with the picture at *path* to *made*: one page, or several of a long strip.

    Raises:
        BadDocument: It is damaged, too large to decode, would not be visible, or needs too many pages.
    """
    with reading_picture(name), _opened(path, name) as image:
        gray, dpi, transparent = _decoded(image, name)
        if darkest(gray) >= _NEARLY_WHITE:
            raise _invisible(name, transparent=transparent)
        with writing(made, paper) as pages:
            return add_picture(pages, gray, dpi, name, max_pages)


@contextmanager
def _opened(path: Path, name: str) -> Iterator[Image.Image]:
    with path.open("rb") as file:
        is_heif = file.read(8)[4:] == b"ftyp"
    try:
        with Image.open(path, formats=(*_FORMATS, *(_heif_formats() if is_heif else ()))) as image:
            if image.width * image.height > MAX_PIXELS:
                raise too_large(name)
            yield image
    except RuntimeError as exc:  # of the AVIF decoder
        raise damaged(name) from exc


@cache
def _heif_formats() -> tuple[str, ...]:
    """Let Pillow open HEIF, in one thread: each takes address space, which is limited."""
    AvifImagePlugin.DEFAULT_MAX_THREADS = pillow_heif.options.DECODE_THREADS = 1
    pillow_heif.register_heif_opener(thumbnails=False)
    return ("HEIF",)


def _decoded(image: Image.Image, name: str) -> tuple[Image.Image, tuple[float, float] | None, bool]:
    """The upright picture in gray, its resolution, and whether it has transparent parts."""
    dpi = resolution(image.info.get("dpi"))
    if image.mode == "RGB":
        image.draft("L", image.size)  # a JPEG then needs a third of the memory
    try:
        image.load()
        orientation = image.getexif().get(_ORIENTATION, 1)
        transparent = is_transparent(image)
        gray = to_gray(image)
    except MemoryError as exc:
        raise too_large(name) from exc
    turn = _TURNS.get(orientation)
    if turn is not None:
        gray = gray.transpose(turn)
        dpi = dpi[::-1] if dpi and orientation in _ON_THE_SIDE else dpi
    return gray, dpi, transparent


def resolution(dpi: object) -> tuple[float, float] | None:
    """A resolution as image libraries return it; None if it is absent or not two positive numbers."""
    try:
        across, down = (float(value) for value in dpi)  # type: ignore[attr-defined]
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (across, down) if 0 < across < math.inf and 0 < down < math.inf else None


def _invisible(name: str, *, transparent: bool) -> BadDocument:
    what = display_name(name)
    if transparent:
        return BadDocument(
            f"{what} has nothing but white on a transparent background: nothing would be visible."
            " Give it a dark color and share that."
        )
    return BadDocument(f"{what} is all white: nothing would be visible. Share another picture.")
