"""PostScript becomes PDF pages by Ghostscript, whatever a printer driver has put around it."""

import shutil
import struct
from pathlib import Path

import pikepdf
import pypdfium2
import pytest

from faxbot.documents import postscript
from faxbot.documents.postscript import to_pdf
from faxbot.fax.errors import BadDocument

needs_ghostscript = pytest.mark.skipif(shutil.which("gs") is None, reason="Ghostscript is not installed")

SHOW = b"/Courier findfont 20 scalefont setfont %d %d moveto (%s) show showpage\n"
PAGE = b"%!PS-Adobe-3.0\n" + SHOW % (72, 700, b"fax") + b"%%EOF\n"
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 100 100 300 250\n" + SHOW % (110, 200, b"fax")
UEL = b"\x1b%-12345X"


def made(folder: Path, content: bytes, max_pages: int = 10) -> tuple[pikepdf.Pdf, str]:
    """The PDF, and what a viewer reads on its first page."""
    path, out = folder / "in % | put", folder / "made"
    path.write_bytes(content)
    to_pdf(path, "a.ps", out, max_pages)
    with pypdfium2.PdfDocument(out) as shown:
        text = shown[0].get_textpage().get_text_bounded()
    return pikepdf.open(out), text


def size(pdf: pikepdf.Pdf) -> tuple[float, ...]:
    left, bottom, right, top = (float(side) for side in pdf.pages[0].mediabox)
    return right - left, top - bottom


@needs_ghostscript
@pytest.mark.parametrize(
    "content",
    [
        PAGE,
        b"\x04" + PAGE + b"\x04",
        b"\xef\xbb\xbf" + PAGE,
        UEL + b"@PJL JOB\r\n@PJL ENTER LANGUAGE = POSTSCRIPT\r\n" + PAGE + UEL + b"@PJL EOJ\r\n" + UEL,
        b"@PJL ENTER LANGUAGE=POSTSCRIPT \n" + PAGE + b"\x04" + UEL,
    ],
)
def test_what_is_around_it_is_left_out(tmp_path: Path, content: bytes) -> None:
    """PJL, Ctrl-D and byte order marks."""
    pdf, text = made(tmp_path, content)
    assert (len(pdf.pages), size(pdf), text) == (1, (612, 792), "fax")


@needs_ghostscript
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"%!\n" + SHOW % (72, 700, b"fax"), (612, 792)),
        (b"%!\n" + SHOW % (72, 800, b"fax"), (595, 842)),
        (b"%!\n%%BoundingBox: 0 0 792 612\n" + SHOW % (700, 500, b"fax"), (792, 612)),
        (b"%!\n<</PageSize [792 612]>> setpagedevice " + SHOW % (700, 500, b"fax"), (792, 612)),
        (EPS, (200, 150)),
        (EPS.replace(b" showpage", b""), (200, 150)),
        (
            EPS.replace(b"100 100 300 250", b"(atend)") + b"%%Trailer\n%%BoundingBox: 100 100 300 250\n",
            (200, 150),
        ),
        (
            b"\xc5\xd0\xd3\xc6" + struct.pack("<6IH", 30, len(EPS), 0, 0, 0, 0, 0xFFFF) + EPS + b"preview",
            (200, 150),
        ),
    ],
)
def test_pages_have_the_size_that_they_need(
    tmp_path: Path, content: bytes, expected: tuple[float, float]
) -> None:
    """A program that sets no size gets Letter or A4; an EPS file its bounding box."""
    pdf, text = made(tmp_path, content)
    assert (len(pdf.pages), size(pdf), text) == (1, expected, "fax")


@needs_ghostscript
@pytest.mark.parametrize("content", [b"%!\n11 {showpage} repeat\n", b"%!\n{showpage} loop\n"])
def test_pages_are_limited(tmp_path: Path, content: bytes) -> None:
    """Also those of a program that makes them without end."""
    with pytest.raises(BadDocument, match=r"a\.ps has more than 10 pages"):
        made(tmp_path, content)


@needs_ghostscript
@pytest.mark.parametrize(
    "content", [b"%!\nfoo bar\n", b"%!\n(/etc/passwd) (r) file pop showpage\n"], ids=["error", "files"]
)
def test_errors_are_said(tmp_path: Path, content: bytes) -> None:
    """Other files cannot be read."""
    with pytest.raises(BadDocument, match=r"a\.ps has errors in its PostScript\. Save it as a PDF"):
        made(tmp_path, content)


def test_without_ghostscript_it_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence says what to do, and what to install."""
    monkeypatch.setattr(postscript.shutil, "which", lambda _: None)
    with pytest.raises(BadDocument, match=r"a\.ps is PostScript.*Save it as a PDF.*install Ghostscript"):
        made(tmp_path, PAGE)
