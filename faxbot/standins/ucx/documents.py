"""Documents of the simulated UCX: a file becomes the PDF of the fax pages that HylaFAX makes of it."""

import hashlib
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pikepdf

from faxbot.standins.ucx.conversion.fixed_media import print_pdf
from faxbot.standins.ucx.conversion.paper import UcxPaper
from faxbot.standins.ucx.conversion.tiff_pages import NO_PAGES, print_tiff
from faxbot.standins.ucx.conversion.type_rules import DocumentFormat, DocumentRefusedError, format_of
from faxbot.standins.ucx.conversion.typesetting import compose, typeset

__all__ = [
    "AcceptedDocument",
    "DocumentFormat",
    "DocumentRefusedError",
    "accept",
    "compose",
    "count_pdf_pages",
    "digest",
    "excerpt",
]

NO_PCL = "PCL documents are not (currently) supported.\n"


@dataclass(frozen=True)
class AcceptedDocument:
    """An accepted file: its properties as sent, and the PDF of the fax pages, which FileDownload returns."""

    kind: DocumentFormat
    pages: int
    """0 when the file cannot be converted, which HylaFAX detects after FileSend."""
    size: int
    sha256: str
    file: Path
    failure: str = ""
    """The status text of the job whose conversion fails, of one or several lines."""

    @property
    def damaged(self) -> bool:
        """Whether the job will fail at conversion; FileSend accepts such a file."""
        return bool(self.failure)


def accept(
    upload: Path, name: str, sha256: str, kept: Path, paper: UcxPaper = UcxPaper.LETTER
) -> AcceptedDocument:
    """
    Accept *upload*, named *name* by its sender, as a fax document.

    *kept* becomes the PDF of the fax pages on *paper*, or the file as it was sent if there are none.

    Raises:
        DocumentRefusedError: The file is empty or of a type that HylaFAX cannot fax.
    """
    size = upload.stat().st_size
    kind = format_of(upload, name)
    failure = ""
    if kind is DocumentFormat.PDF:
        pages = print_pdf(upload, kept, paper)
    elif kind is DocumentFormat.TIFF:
        pages, failure = _keep_tiff(upload, kept, paper)
    elif kind is DocumentFormat.PCL:
        upload.replace(kept)
        pages, failure = 0, NO_PCL
    else:
        pages = _keep_text(upload, kind, kept, paper)
    return AcceptedDocument(kind, pages, size, sha256, kept, failure or ("" if pages else NO_PAGES))


def count_pdf_pages(path: Path) -> int:
    """The page count of a PDF; 0 when it is damaged or encrypted."""
    try:
        with pikepdf.open(path, attempt_recovery=False, suppress_warnings=True) as pdf:
            return len(pdf.pages)
    except (pikepdf.PdfError, pikepdf.PasswordError, ValueError):
        return 0


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


def _keep_tiff(upload: Path, kept: Path, paper: UcxPaper) -> tuple[int, str]:
    made = kept.with_name(kept.name + ".made")
    converted = print_tiff(upload, made, paper)
    if converted.pages:
        upload.unlink()
        made.replace(kept)
    else:
        upload.replace(kept)
    return converted.pages, converted.failure


def _keep_text(upload: Path, kind: DocumentFormat, kept: Path, paper: UcxPaper) -> int:
    content = upload.read_bytes()
    upload.unlink()
    if kind is DocumentFormat.POSTSCRIPT:
        count = len(re.findall(rb"^%%Page:", content, re.MULTILINE)) or 1
        pages = [[f"(PostScript page {number} of {count})"] for number in range(1, count + 1)]
    else:
        pages = typeset(content)
    compose(pages, kept, paper)
    return len(pages)


def digest(path: Path) -> str:
    """The SHA-256 of a file, as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
