"""Documents as HylaFAX handles them: the type by its magic bytes, the page count, and the PDF to keep."""

import hashlib
import re
import shutil
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import pikepdf
from PIL import Image, ImageSequence, UnidentifiedImageError

LINES_A_PAGE = 60
HEAD = 4096


class DocumentFormat(StrEnum):
    """The formats that the contract names under FileSend."""

    PDF = "PDF"
    POSTSCRIPT = "POSTSCRIPT"
    TIFF = "TIFF"
    SGI = "SGI"
    TEXT = "TEXT"


class DocumentRefusedError(Exception):
    """FileSend refuses this file; the message has several lines, like the real server's."""


@dataclass(frozen=True)
class AcceptedDocument:
    """An accepted file: its properties as sent, and the PDF that FileDownload returns."""

    kind: DocumentFormat
    pages: int
    """0 when the file is damaged, which HylaFAX detects at conversion."""
    size: int
    sha256: str
    file: Path

    @property
    def damaged(self) -> bool:
        """Whether the job will fail at conversion; FileSend accepts a damaged file."""
        return self.pages == 0


def accept(upload: Path, name: str, sha256: str, kept: Path) -> AcceptedDocument:
    """
    Accept *upload*, named *name* by its sender, as a fax document; its PDF is written to *kept*.

    Raises:
        DocumentRefusedError: The file is empty or of a type that HylaFAX cannot fax.
    """
    size = upload.stat().st_size
    if size == 0:
        raise DocumentRefusedError(
            f"{name}: Can not determine file type\n{name}: file is empty\nNothing to send"
        )
    kind = sniff(upload)
    if kind is None:
        raise DocumentRefusedError(
            f"{name}: Can not determine file type\n"
            "Supported formats: POSTSCRIPT, TIFF, PDF, ASCII text, Troff output, Silicon Graphics\n"
            "Nothing to send",
        )
    if kind is DocumentFormat.PDF:
        pages = count_pdf_pages(upload)
        upload.replace(kept)
    elif kind in (DocumentFormat.TIFF, DocumentFormat.SGI):
        pages = _keep_picture(upload, kept)
    else:
        pages = _keep_text(upload, kind, kept)
    return AcceptedDocument(kind, pages, size, sha256, kept)


def sniff(path: Path) -> DocumentFormat | None:
    """The format by the magic bytes, regardless of the file name; None when HylaFAX does not know it."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    magic = {
        b"%PDF-": DocumentFormat.PDF,
        b"%!": DocumentFormat.POSTSCRIPT,
        b"II*\x00": DocumentFormat.TIFF,
        b"MM\x00*": DocumentFormat.TIFF,
        b"\x01\xda": DocumentFormat.SGI,
    }
    for start, kind in magic.items():
        if head.startswith(start):
            return kind
    printable = all(byte >= 0x20 or byte in b"\t\n\f\r\x1b" for byte in head)
    return DocumentFormat.TEXT if printable else None


def count_pdf_pages(path: Path) -> int:
    """The page count of a PDF; 0 when it is damaged or encrypted."""
    try:
        with pikepdf.open(path, attempt_recovery=False, suppress_warnings=True) as pdf:
            return len(pdf.pages)
    except (pikepdf.PdfError, pikepdf.PasswordError, ValueError):
        return 0


def compose(pages: list[list[str]], kept: Path) -> None:
    """Write a Letter-size PDF with one page of plain text per list of lines."""
    with pikepdf.new() as pdf:
        font = pikepdf.Dictionary(
            Type=pikepdf.Name.Font,
            Subtype=pikepdf.Name.Type1,
            BaseFont=pikepdf.Name.Courier,
        )
        for lines in pages:
            page = pdf.add_blank_page(page_size=(612, 792))
            page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
            page.Contents = pdf.make_stream(_text_stream(lines))
        pdf.save(kept, deterministic_id=True)


def _text_stream(lines: list[str]) -> bytes:
    escaped = (
        line.encode("latin-1", "replace").replace(b"\\", rb"\\").replace(b"(", rb"\(").replace(b")", rb"\)")
        for line in lines
    )
    return (
        b"BT /F1 10 Tf 12 TL 54 730 Td\n" + b"".join(b"(" + line + b") Tj T*\n" for line in escaped) + b"ET"
    )


def excerpt(source: Path, first: int, count: int, kept: Path) -> None:
    """Copy *count* pages of *source* from page *first* (0-based) to *kept*; a full copy keeps every byte."""
    with pikepdf.open(source) as pdf:
        whole = first == 0 and count >= len(pdf.pages)
        if not whole:
            with pikepdf.new() as part:
                part.pages.extend(list(pdf.pages)[first : first + count])
                part.save(kept)
    if whole:
        shutil.copyfile(source, kept)


def _keep_picture(upload: Path, kept: Path) -> int:
    try:
        with Image.open(upload) as picture:
            frames = [frame.convert("L") for frame in ImageSequence.Iterator(picture)]
    except (UnidentifiedImageError, OSError, ValueError, UserWarning):
        # Pillow reports some kinds of damage as a UserWarning, which is raised where warnings are errors.
        upload.replace(kept)
        return 0
    frames[0].save(kept, format="PDF", save_all=True, append_images=frames[1:])
    upload.unlink()
    return len(frames)


def _keep_text(upload: Path, kind: DocumentFormat, kept: Path) -> int:
    text = upload.read_text("latin-1")
    upload.unlink()
    if kind is DocumentFormat.POSTSCRIPT:
        count = len(re.findall(r"^%%Page:", text, re.MULTILINE)) or 1
        pages = [[f"(PostScript page {number} of {count})"] for number in range(1, count + 1)]
    else:
        pages = []
        for sheet in text.rstrip("\f\n").split("\f"):
            lines = sheet.splitlines() or [""]
            pages += [lines[start : start + LINES_A_PAGE] for start in range(0, len(lines), LINES_A_PAGE)]
    compose(pages, kept)
    return len(pages)


def digest(path: Path) -> str:
    """The SHA-256 of a file, as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
