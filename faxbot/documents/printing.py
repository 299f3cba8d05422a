"""Draws a fax-ready document as a recipient's fax machine prints it."""

from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from faxbot.documents.kinds import FileKind, sniff
from faxbot.documents.rendering import printed_pages


def print_pages(document: Path, folder: Path) -> list[str]:
    """Write each page of *document*, a PDF or TIFF, to *folder* as a PNG of 204 x 196 dpi; return paths."""
    pages = printed_pages if sniff(document, document.name) is FileKind.PDF else _pages_of_tiff
    paths = []
    for number, page in enumerate(pages(document), start=1):
        path = folder / f"page-{number:03}.png"
        page.save(path, dpi=(204, 196))
        paths.append(str(path))
    return paths


def _pages_of_tiff(document: Path) -> Iterator[Image.Image]:
    with Image.open(document, formats=["TIFF"]) as image:
        for frame in range(int(getattr(image, "n_frames", 1))):
            image.seek(frame)
            lines = image.height * 196 / float(image.info["dpi"][1])
            yield image.convert("1").resize((image.width, round(lines)))
