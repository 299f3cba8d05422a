"""Puts the pixels of a picture on pages of the fax server's paper, in the dots of the fax."""

from PIL import Image

from faxbot.documents.bilevel_pages import BilevelPages
from faxbot.documents.grayscale import is_black_and_white
from faxbot.documents.halftone import black_and_white
from faxbot.documents.picture_layout import Layout, lay_out, size_of
from faxbot.documents.unreadable import too_many_pages
from faxbot.documents.whitening import whitened
from faxbot.fax.document import Note

DOTS = 1728
"""Dots across the paper, whatever its width: those of the fax."""

LINES_PER_INCH = 196
"""Lines of the fax in fine resolution; in standard resolution, every second one is printed."""

_WHITE = 255
_INCH = 72
_SHRUNK = 0.995
_SAME = 0.01  # by how much the dots may differ without being resampled


def add_picture(
    pages: BilevelPages, gray: Image.Image, dpi: tuple[float, float] | None, name: str, max_pages: int
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
    upright = gray.transpose(Image.Transpose.ROTATE_90) if layout.turned else gray
    page_lines = int(paper[1] * LINES_PER_INCH / _INCH)
    dots, is_whitened = _to_dots(upright, layout, paper[0] / DOTS, page_lines)
    for start, end in layout.slices_of(dots.height):
        page = Image.new("1", (DOTS, page_lines), _WHITE)
        part = dots.crop((0, start, dots.width, end))
        page.paste(part, ((DOTS - part.width) // 2, (page_lines - part.height) // 4 * 2))
        pages.add(page, (0.0, paper[1] - page_lines * _INCH / LINES_PER_INCH, paper[0], paper[1]))
    done = ["turned"] if layout.turned else []
    if size.is_measured and layout.scale < _SHRUNK:
        done.append(f"shrunk to {round(layout.scale * 100)} %")
    if is_whitened:
        done.append("background whitened")
    if layout.slices > 1:
        done.append(f"cut into {layout.slices} pages")
    return [Note(first, ", ".join(done))] if done else []


def _to_dots(
    gray: Image.Image, layout: Layout, dot_width: float, page_lines: int
) -> tuple[Image.Image, bool]:
    """The picture in the dots and lines of the fax, and whether its shadows were taken away."""
    across = max(1, round(layout.width / dot_width))
    down = max(1, round(layout.height * LINES_PER_INCH / _INCH / 2)) * 2
    if is_black_and_white(gray):
        if layout.slices == 1:
            across = _unchanged(gray.width, across, DOTS)
            down = _unchanged(gray.height, _unchanged(gray.height * 2, down, page_lines), page_lines)
        return _bilevel_to_dots(gray, across, down), False
    gray = gray.resize((across, down), Image.Resampling.LANCZOS, reducing_gap=3.0)
    even = whitened(gray)
    return black_and_white(gray if even is None else even), even is not None


def _unchanged(existing: int, wanted: int, most: int) -> int:
    """Keep an *existing* number of dots that is almost the one *wanted*."""
    return existing if existing <= most and abs(wanted - existing) <= _SAME * existing else wanted


def _bilevel_to_dots(picture: Image.Image, across: int, down: int) -> Image.Image:
    if across < picture.width or down < picture.height:
        shades = picture.convert("L").resize((across, down + down % 2), Image.Resampling.BOX)
        return black_and_white(shades)
    return picture.resize((across, down), Image.Resampling.NEAREST).convert("1", dither=Image.Dither.NONE)
