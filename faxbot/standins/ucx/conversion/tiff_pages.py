"""
A TIFF as tiff2fax makes fax pages of it.

What tiffcheck finds right, or right but for its encoding, is sent dot by dot as it lies in the file.
Everything else goes through tiff2ps and Ghostscript: the image, in the size that its resolution gives it, in
the lower left corner of the paper. The orientation tag has no effect in either way.
"""

import zlib
from dataclasses import dataclass
from pathlib import Path

import pikepdf
from PIL import Image

from faxbot.standins.ucx.conversion.paper import UcxPaper
from faxbot.standins.ucx.conversion.tiff_directory import LINES_AN_INCH, TiffPage, Verdict, check, read_pages

NO_PAGES = "Could not reopen converted document to verify format"
"""The converter made no page, and said that all is well."""
_POINTS_AN_INCH = 72
_COMPRESSION_LEVEL = 1
_ORIENTATION = 274
_NOT_DECODED = (
    *(OSError, ValueError, SyntaxError, EOFError, KeyError, TypeError, UserWarning),
    *(Image.DecompressionBombError, Image.DecompressionBombWarning),
)
"""What Pillow raises for images that it cannot decode; some as a warning, an error where warnings are."""


@dataclass(frozen=True)
class ConvertedTiff:
    """The number of pages made; 0 with *failure*, the status text of the job, of one or several lines."""

    pages: int
    failure: str = ""


def print_tiff(source: Path, kept: Path, paper: UcxPaper) -> ConvertedTiff:
    """Write to *kept* a PDF of the fax pages made of *source* on *paper*."""
    with source.open("rb") as file:
        pages = read_pages(file)
    verdict, reasons = check(pages, paper)
    if verdict is Verdict.REJECT:
        return ConvertedTiff(0, "\n".join(reasons) + "\n")
    as_it_is = verdict in (Verdict.OK, Verdict.REFORMAT)
    with pikepdf.new() as pdf:
        for index, page in enumerate(pages):
            if not as_it_is and not page.printable:
                continue
            if not as_it_is and page.tiled:
                break  # what follows in the PostScript is taken for its data
            if not as_it_is and page.breaks_the_page:
                return ConvertedTiff(0, unexpected_failure(reasons))
            picture = _decode(source, index)
            if picture is None:
                break
            _add_page(pdf, picture, page, paper, as_it_is=as_it_is)
        count = len(pdf.pages)
        if count:
            pdf.save(kept, deterministic_id=True)
    return ConvertedTiff(count, "" if count else NO_PAGES)


def _decode(source: Path, index: int) -> Image.Image | None:
    """The dots of one page in black and white, without turning it; None if they cannot be read."""
    try:
        with Image.open(source) as picture:
            picture.seek(index)
            picture.getexif().pop(_ORIENTATION, None)  # by which Pillow would turn it
            if picture.mode.startswith("I;16"):
                return picture.point(lambda value: value / 256).convert("L").convert("1")
            return picture.convert("1") if picture.mode == "1" else picture.convert("L").convert("1")
    except _NOT_DECODED:
        return None


def _add_page(
    pdf: pikepdf.Pdf, picture: Image.Image, page: TiffPage, paper: UcxPaper, *, as_it_is: bool
) -> None:
    across, down = page.resolution
    width, height = paper.value.width, paper.value.height
    size = (page.width * _POINTS_AN_INCH / across, page.length * _POINTS_AN_INCH / down)
    if as_it_is:
        height = page.length * _POINTS_AN_INCH / LINES_AN_INCH
        size = (width, height)
    added = pdf.add_blank_page(page_size=(width, height))
    image = pdf.make_stream(zlib.compress(picture.tobytes(), _COMPRESSION_LEVEL))
    image.Type, image.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
    image.Width, image.Height = picture.size
    image.ColorSpace, image.BitsPerComponent = pikepdf.Name.DeviceGray, 1
    image.Filter = pikepdf.Name.FlateDecode
    added.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im=image))
    added.Contents = pdf.make_stream(f"q {size[0]:.3f} 0 0 {size[1]:.3f} 0 0 cm /Im Do Q".encode())


def unexpected_failure(reasons: list[str]) -> str:
    """What tiff2fax says when Ghostscript fails on the PostScript that tiff2ps wrote."""
    return (
        " -e and -a: Warning: Cannot generate Encapsulated Postscript for multiple images.\n"
        "Error: /undefined in ffffffffffffffffffffffffffffffffffffffff\n"
        "Operand stack:\n\n"
        "Current allocation mode is local\n"
        "GPL Ghostscript 10.00.0: Unrecoverable error, exit code 1\n"
        "Unexpected failure converting TIFF document; the command\n\n"
        f"    /usr/bin/tiff2ps -a docq/doc1.tif | bin/ps2fax  -r {LINES_AN_INCH} -w 1728 -l 280 -1\n\n"
        "failed with exit status 1.  This conversion was done because\n\n" + "\n".join(reasons) + "\n"
    )
