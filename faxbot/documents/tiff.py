"""TIFF files: complete, sent by the fax server as they are, or made into pages of its paper."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops, UnidentifiedImageError

from faxbot.documents.bilevel_pages import writing
from faxbot.documents.grayscale import WIDE_MODES, darkest, to_gray
from faxbot.documents.integrity import reading_picture
from faxbot.documents.kinds import display_name
from faxbot.documents.paper import TOLERANCE, Paper
from faxbot.documents.picture_pages import DOTS, add_picture
from faxbot.documents.pictures import MAX_PIXELS, resolution
from faxbot.documents.unreadable import damaged, too_large, too_many_pages
from faxbot.fax.document import Note
from faxbot.fax.errors import BadDocument

_MAX_FRAMES = 10_000
_WHITE = 255
_SUBFILE, _OLD_SUBFILE, _BITS, _COMPRESSION, _PHOTOMETRIC, _ORIENTATION = 254, 255, 258, 259, 262, 274
_STRIP_OFFSETS, _STRIP_BYTES, _X_RESOLUTION, _Y_RESOLUTION, _UNIT = 273, 279, 282, 283, 296
_TILE_OFFSETS, _TILE_BYTES = 324, 325

_REDUCED, _MASK = 1, 4  # bits of NewSubfileType
_PAGE = 2  # the other bit: one page of several
_OLD_REDUCED = 2
_WHITE_IS_ZERO = 0
_GROUP_3, _GROUP_4 = 3, 4
_PLANES, _SEPARATE = 284, 2
_SAMPLE_FORMAT, _UNSIGNED = 339, 1
_BYTE, _LONG = 8, 32
_INCH, _CENTIMETER = 2, 3
_FAX_DPI, _STANDARD_LINES, _FINE_LINES = 204.0, 98.0, 196.0
_SAME_RESOLUTION = 0.02
_MOST_STANDARD_LINES = 1450  # a fax page with more lines and no resolution is a fine one, as HylaFAX assumes
_CUT_SHORT = "Corrupt EXIF data"  # what Pillow warns of when a picture's list of tags is not whole
_UPRIGHT, _FIRST_ON_ITS_SIDE = 1, 5


def check_tiff(path: Path, name: str, max_pages: int | None = None) -> int:
    """
    Count a TIFF's pages, and check that the data of each is inside the file.

    Raises:
        BadDocument: It is damaged or truncated, of a kind that cannot be read, or has more than *max_pages*.
    """
    size = path.stat().st_size
    pages = 0
    with _opened(path, name) as image:
        for tags in _pages(image, name):
            if not 0 < _end_of_page(tags) <= size:
                raise damaged(name)
            pages += 1
            if max_pages is not None and pages > max_pages:
                raise too_many_pages(name, None, max_pages)
    if not pages:
        raise damaged(name)
    return pages


def fits(path: Path, paper: Paper) -> bool:
    """
    Whether a complete TIFF is a plain fax (class F) that the fax server prints as it is.

    All its pictures are pages, upright, of known resolution, 1728 dots across, and not larger than *paper*:
    when the server changes the resolution, it cuts off what is outside the paper.
    """
    with _opened(path, "") as image:
        return all(_is_fax(tags, image.size, paper) for tags in _frames(image, ""))


def to_pdf(path: Path, name: str, paper: Paper, max_pages: int, made: Path) -> list[Note]:
    """
    Write a PDF with the pages of a TIFF to *made*; one page is in memory at a time.

    Raises:
        BadDocument: It cannot be read, is too large to decode, blank, or has more than *max_pages*.
    """
    notes: list[Note] = []
    with _opened(path, name) as image, writing(made, paper) as pages:
        for tags in _pages(image, name):
            if image.width * image.height > MAX_PIXELS:
                raise too_large(name)
            dpi = _resolution(tags, image, paper)
            gray = _decoded(image, tags, name)
            notes += add_picture(pages, gray, dpi, name, max_pages)
    return notes


def blank_pages(path: Path) -> list[bool]:
    """For each page of a black-and-white TIFF, whether it is white."""
    with Image.open(path, formats=["TIFF"]) as image:
        return [darkest(image) == _WHITE for _ in _frames(image, "")]


@contextmanager
def _opened(path: Path, name: str) -> Iterator[Image.Image]:
    with reading_picture(name):
        try:
            with Image.open(path, formats=["TIFF"]) as image:
                yield image
        except (UnidentifiedImageError, SyntaxError) as exc:
            raise _unreadable(name) from exc


def _unreadable(name: str) -> BadDocument:
    return BadDocument(
        f"{display_name(name)} is damaged, or a TIFF of a kind that I can't read."
        " Save it as a PDF and share that."
    )


def _frames(image: Image.Image, name: str) -> Iterator[dict[int, Any]]:
    """The tags of each picture in the file, of which *image* is the current one."""
    for frame in range(_MAX_FRAMES):
        try:
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                image.seek(frame)
        except EOFError:
            return
        if any(_CUT_SHORT in str(warning.message) for warning in said):
            raise damaged(name)
        yield image.tag_v2  # type: ignore[attr-defined]  # only TIFF images have it
    raise damaged(name)


def _pages(image: Image.Image, name: str) -> Iterator[dict[int, Any]]:
    """Like `_frames`, without smaller copies of a page and without masks."""
    for tags in _frames(image, name):
        if not tags.get(_SUBFILE, 0) & (_REDUCED | _MASK) and tags.get(_OLD_SUBFILE) != _OLD_REDUCED:
            yield tags


def _end_of_page(tags: dict[int, Any]) -> int:
    ends = [0]
    for offsets, counts in ((_STRIP_OFFSETS, _STRIP_BYTES), (_TILE_OFFSETS, _TILE_BYTES)):
        starts = tags.get(offsets, ())
        ends += [at + n for at, n in zip(starts, tags.get(counts, [1] * len(starts)), strict=False)]
    return int(max(ends))


def _is_fax(tags: dict[int, Any], size: tuple[int, int], paper: Paper) -> bool:
    plain = (
        tags.get(_BITS, (1,)) == (1,)
        and tags.get(_COMPRESSION) in (_GROUP_3, _GROUP_4)
        and tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO
        and tags.get(_ORIENTATION, _UPRIGHT) == _UPRIGHT
        and not tags.get(_SUBFILE, 0) & ~_PAGE
        and _OLD_SUBFILE not in tags
        and _TILE_OFFSETS not in tags
        and tags.get(_UNIT) in (_INCH, _CENTIMETER)
        and size[0] == DOTS
    )
    dpi = _stated_resolution(tags)
    if not plain or dpi is None or not _is_fax_resolution(dpi):
        return False
    return size[0] * 72 / dpi[0] <= paper[0] + TOLERANCE and size[1] * 72 / dpi[1] <= paper[1] + TOLERANCE


def _stated_resolution(tags: dict[int, Any]) -> tuple[float, float] | None:
    """The resolution in dots per inch; None if it is absent or only a ratio."""
    if tags.get(_UNIT, _INCH) not in (_INCH, _CENTIMETER):
        return None
    dpi = resolution((tags.get(_X_RESOLUTION), tags.get(_Y_RESOLUTION)))
    return (dpi[0] * 2.54, dpi[1] * 2.54) if dpi and tags.get(_UNIT) == _CENTIMETER else dpi


def _is_fax_resolution(dpi: tuple[float, float]) -> bool:
    lines = (_STANDARD_LINES, _FINE_LINES)
    return _is_close(dpi[0], _FAX_DPI) and any(_is_close(dpi[1], known) for known in lines)


def _resolution(tags: dict[int, Any], image: Image.Image, paper: Paper) -> tuple[float, float] | None:
    """The resolution of the upright page; a fax's is such that it is as wide as the paper."""
    dpi = _stated_resolution(tags)
    if image.mode == "1" and image.width == DOTS:
        across = DOTS * 72 / paper[0]
        if dpi is None:
            return across, _STANDARD_LINES if image.height <= _MOST_STANDARD_LINES else _FINE_LINES
        if _is_fax_resolution(dpi):
            return across, dpi[1]
    return dpi[::-1] if dpi and tags.get(_ORIENTATION, _UPRIGHT) >= _FIRST_ON_ITS_SIDE else dpi


def _decoded(image: Image.Image, tags: dict[int, Any], name: str) -> Image.Image:
    """The current page in gray; Pillow turns it upright, and leaves wide pixels as they are stored."""
    if _is_misread(tags):
        raise _unreadable(name)
    bits, inverted = max(tags.get(_BITS, (1,))), tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO
    try:
        image.load()
        gray = to_gray(image, white=2.0**bits - 1 if image.mode.startswith("I;16") else None)
    except MemoryError as exc:
        raise too_large(name) from exc
    return ImageChops.invert(gray) if inverted and image.mode in WIDE_MODES else gray


def _is_misread(tags: dict[int, Any]) -> bool:
    """Whether Pillow decodes the pixels wrongly: wide ones in separate planes, unsigned ones of 32 bits."""
    bits = max(tags.get(_BITS, (1,)))
    unsigned = max(tags.get(_SAMPLE_FORMAT, (_UNSIGNED,))) == _UNSIGNED
    return bool(tags.get(_PLANES) == _SEPARATE and bits > _BYTE) or (unsigned and bits == _LONG)


def _is_close(one: float, other: float) -> bool:
    return abs(one / other - 1) <= _SAME_RESOLUTION
