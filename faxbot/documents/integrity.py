"""Checks that a PDF is complete, and counts its pages; the refusals of incomplete files."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pikepdf
from PIL import Image

from faxbot.documents.kinds import display_name
from faxbot.documents.unreadable import damaged, too_large, too_many_pages
from faxbot.fax.errors import BadDocument

_TAIL_BYTES = 2048
_PADDING_BYTES = 1 << 20
_BAD_PICTURE = (OSError, ValueError, SyntaxError, EOFError, KeyError, TypeError)


@contextmanager
def reading_picture(name: str) -> Iterator[None]:
    """
    Convert the exceptions of image libraries; their warnings, mostly about metadata, are ignored.

    Raises:
        BadDocument: The libraries cannot read the picture, or it is too large to decode.
        OSError: The disk failed; only such errors have an errno.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except Image.DecompressionBombError as exc:
        raise too_large(name) from exc
    except _BAD_PICTURE as exc:
        if isinstance(exc, OSError) and exc.errno:
            raise
        raise damaged(name) from exc


def check_pdf(path: Path, name: str, max_pages: int | None = None) -> tuple[int, bool]:
    """
    Count a PDF's pages; return them and whether the file is valid without repairs.

    A PDF that opens without a password is accepted, whatever restrictions on editing it has.

    Raises:
        BadDocument: It needs a password, has no pages or more than *max_pages*, is damaged or cut short, or
            has no pages of its own: a portfolio, a dynamic form.
    """
    try:
        pages, sound = _count(path, name, max_pages, recover=False), True
    except pikepdf.PasswordError as exc:
        message = f"{display_name(name)} is locked with a password. Save a copy without one and share that."
        raise BadDocument(message) from exc
    except (pikepdf.PdfError, ValueError, RuntimeError):
        if not _has_end(path):
            raise damaged(name) from None
        try:
            pages, sound = _count(path, name, max_pages, recover=True), False
        except (pikepdf.PdfError, ValueError, RuntimeError) as exc:
            raise damaged(name) from exc
    if not pages:
        raise BadDocument(f"{display_name(name)} has no pages. Share another file.")
    with path.open("rb") as file:
        return pages, sound and file.read(5) == b"%PDF-"


def _count(path: Path, name: str, max_pages: int | None, *, recover: bool) -> int:
    """Count the pages, following the page tree and each page's /Contents; streams are not decoded."""
    # With inherit_page_attributes, qpdf would read all pages when it opens the file.
    opened = pikepdf.open(
        path, attempt_recovery=recover, suppress_warnings=True, inherit_page_attributes=False
    )
    with opened as pdf:
        _check_contents(pdf, name)
        if max_pages is not None and _has_more_than(max_pages, pdf):
            declared = pdf.Root.Pages.get("/Count")
            raise too_many_pages(
                name, declared if isinstance(declared, int) and declared > max_pages else None, max_pages
            )
        for page in pdf.pages:
            page.obj.get("/Contents")
        declared = pdf.Root.Pages.get("/Count")
        if recover and declared != len(pdf.pages):
            raise ValueError("the repair lost pages")
        return len(pdf.pages)


def _check_contents(pdf: pikepdf.Pdf, name: str) -> None:
    """Refuse a PDF whose pages only say that another program is needed (ISO 32000-1, 12.3.5 and 12.7.8)."""
    if "/Collection" in pdf.Root:
        raise BadDocument(
            f"{display_name(name)} is a portfolio, with other files packed into it."
            " Print the ones you need to a PDF and share that."
        )
    if pdf.Root.get("/NeedsRendering", False) is True:
        raise BadDocument(
            f"{display_name(name)} is a form that only the program it was made for can show."
            " Print it to a PDF and share that."
        )


def _has_more_than(max_pages: int, pdf: pikepdf.Pdf) -> bool:
    """Count pages up to the limit only: `len(pdf.pages)` would read all of them first, even a million."""
    nodes: list[pikepdf.Object] = [pdf.Root.Pages]
    pages, seen = 0, set()
    while nodes and pages <= max_pages:
        kids = nodes.pop().get("/Kids")
        if not isinstance(kids, pikepdf.Array):
            continue
        for number in range(len(kids)):
            kid = kids[number]
            if "/Kids" not in kid:
                pages += 1
            elif kid.objgen not in seen:  # a cyclic tree is damaged; qpdf raises for it later
                seen.add(kid.objgen)
                nodes.append(kid)
            if pages > max_pages:
                break
    return pages > max_pages


def _has_end(path: Path) -> bool:
    """Whether the end mark is near the end; zero bytes behind it are ignored."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _PADDING_BYTES))
        return b"%%EOF" in file.read().rstrip(b"\0")[-_TAIL_BYTES:]
