"""Looks at documents that come from the fax server: complete, and how many pages."""

from pathlib import Path

from faxbot.documents.integrity import check_pdf
from faxbot.documents.kinds import FileKind, sniff
from faxbot.documents.tiff import check_tiff


def count_pages(path: Path) -> int | None:
    """
    Count the pages of a document downloaded from the fax server; None for PostScript, text and pictures.

    Raises:
        BadDocument: It is empty, not a document, or incomplete.
    """
    name = "The document from the fax server"
    kind = sniff(path, name)
    if kind is FileKind.PDF:
        return check_pdf(path, name)[0]
    return check_tiff(path, name) if kind is FileKind.TIFF else None
