"""Puts the pixels of a picture on pages of the fax server's paper, in the dots of the fax."""

from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

from faxbot.documents.bilevel_pages import BilevelPages
from faxbot.documents.grayscale import is_black_and_white
from faxbot.documents.halftone import black_and_white, whitened
from faxbot.documents.integrity import too_many_pages
from faxbot.documents.paper import Paper
from faxbot.documents.picture_layout import Layout, lay_out, size_of
from faxbot.fax.document import Note

DOTS = 1728
"""Dots across the paper, whatever its width: those of the fax."""

LINES_PER_INCH = 196
"""Lines of the fax in fine resolution; in standard resolution, every second one is printed."""

_WHITE = 255
_INK = 160  # of 255: a dot of less light is black
_SHRUNK = 0.995
_SAME = 0.01  # by how much the dots may differ without being resampled


def add_picture(
    pages: BilevelPages,
    gray: Image.Image,
    dpi: tuple[float, float] | None,
    name: str,
    max_pages: int,
) -> list[Note]:
    """
    Add an upright picture of mode "1" or "L" to *pages*, and say what was done to it.

    Raises:
        BadDocument: There would be more than *max_pages*.
    """
    paper = pages.paper
    size = size_of(gray.size, dpi)
    layout = lay_out(size, paper)
    first = len(pages) + 1
    if len(pages) + layout.slices > max_pages:
        raise too_many_pages(name, len(pages) + layout.slices, max_pages)
    dots = _dots(gray.transpose(Image.Transpose.ROTATE_90) if layout.turned else gray, layout, paper)
    done = ["turned"] if layout.turned else []
    if size.is_measured and layout.scale < _SHRUNK:
        done.append(f"shrunk to {round(layout.scale * 100)} %")
    if dots.whitened:
        done.append("background whitened")
    if layout.slices > 1:
        done.append(f"cut into {layout.slices} pages")
    for page in _canvases(dots.image, layout, paper):
        lines = page.height * 72 / LINES_PER_INCH
        pages.add(page, (0.0, paper[1] - lines, paper[0], paper[1]))
    return [Note(first, ", ".join(done))] if done else []


@dataclass(frozen=True, slots=True)
class _Dots:
    """A picture of mode "1" in the dots and lines of the fax; *whitened* is whether its shadows were removed."""

    image: Image.Image
    whitened: bool = False


def _dots(gray: Image.Image, layout: Layout, paper: Paper) -> _Dots:
    across = max(1, round(layout.width * DOTS / paper[0]))
    down = max(1, round(layout.height * LINES_PER_INCH / 144)) * 2
    if is_black_and_white(gray):
        return _Dots(_fitted(gray, across, down))
    gray = gray.resize((across, down), Image.Resampling.LANCZOS, reducing_gap=3.0)
    even = whitened(gray)
    return _Dots(black_and_white(gray if even is None else even), even is not None)


def _fitted(picture: Image.Image, across: int, down: int) -> Image.Image:
    """A black and white picture in other dots: unchanged if they are almost as many, or twice as many lines."""
    across = picture.width if _is_close(across, picture.width) else across
    down = next((lines for lines in (picture.height, picture.height * 2) if _is_close(down, lines)), down)
    picture = picture.convert("1", dither=Image.Dither.NONE)
    if across >= picture.width and down >= picture.height:
        return picture.resize((across, down), Image.Resampling.NEAREST)
    shades = picture.convert("L").resize((across, down), Image.Resampling.BOX)
    return shades.point(lambda value: _WHITE if value > _INK else 0).convert("1", dither=Image.Dither.NONE)


def _canvases(dots: Image.Image, layout: Layout, paper: Paper) -> Iterator[Image.Image]:
    """The pages of the fax, each with the picture, or a slice of it, in the middle."""
    lines = int(paper[1] * LINES_PER_INCH / 72)
    tall = min(lines, round(layout.slice_height * LINES_PER_INCH / 144) * 2, dots.height)
    for points in layout.tops:
        top = min(round(points * LINES_PER_INCH / 144) * 2, dots.height - tall)
        page = Image.new("1", (DOTS, lines), _WHITE)
        page.paste(
            dots.crop((0, top, dots.width, top + tall)), ((DOTS - dots.width) // 2, (lines - tall) // 4 * 2)
        )
        yield page


def _is_close(wanted: int, existing: int) -> bool:
    return abs(wanted - existing) <= _SAME * existing
