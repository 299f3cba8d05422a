"""TIFF files: complete, and as pages of the fax server's paper."""

from pathlib import Path

import pikepdf
from PIL import Image

from faxbot.documents.integrity import reading_picture
from faxbot.documents.paper import Paper
from faxbot.documents.pictures import pages_of_tiff
from faxbot.documents.unreadable import damaged, too_many_pages
from faxbot.fax.document import Note

_MAX_FRAMES = 10_000
_STRIP_OFFSETS, _STRIP_BYTES, _TILE_OFFSETS, _TILE_BYTES = 273, 279, 324, 325


def fits(path: Path, paper: Paper) -> bool:
    return True


def to_pdf(path: Path, name: str, paper: Paper, max_pages: int, made: Path) -> list[Note]:
    check_tiff(path, name, max_pages)
    with pikepdf.Pdf.new() as whole:
        for page in pages_of_tiff(path, name, paper):
            with pikepdf.open(page) as one:
                whole.pages.extend(one.pages)
        whole.save(made)
    return []


def check_tiff(path: Path, name: str, max_pages: int | None = None) -> int:
    """
    Count a TIFF's pages, and check that the data of each is inside the file.

    Raises:
        BadDocument: It is damaged or truncated, or has more than *max_pages*.
    """
    size = path.stat().st_size
    with reading_picture(name), Image.open(path, formats=["TIFF"]) as image:
        for frame in range(_MAX_FRAMES):
            try:
                image.seek(frame)
            except EOFError:
                return frame
            if not 0 < _end_of_frame(image) <= size:
                raise damaged(name)
            if max_pages is not None and frame >= max_pages:
                raise too_many_pages(name, None, max_pages)
    raise damaged(name)


def _end_of_frame(image: Image.Image) -> int:
    tags = image.tag_v2  # type: ignore[attr-defined]  # only TIFF images have it
    ends = [0]
    for offsets, counts in ((_STRIP_OFFSETS, _STRIP_BYTES), (_TILE_OFFSETS, _TILE_BYTES)):
        ends += [at + n for at, n in zip(tags.get(offsets, ()), tags.get(counts, ()), strict=False)]
    return int(max(ends))


def blank_pages(path: Path) -> list[bool]:
    """For each page of a black-and-white TIFF, whether it is white."""
    with Image.open(path, formats=["TIFF"]) as image:
        return [_is_blank(image, frame) for frame in range(int(getattr(image, "n_frames", 1)))]


def _is_blank(image: Image.Image, frame: int) -> bool:
    image.seek(frame)
    return image.convert("L").getextrema()[0] == 255
