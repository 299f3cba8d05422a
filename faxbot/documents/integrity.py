"""Is a PDF or TIFF whole, and how many pages has it?"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import img2pdf
import pikepdf
from PIL import Image

from faxbot.documents.kinds import display_name
from faxbot.fax.errors import BadDocument

_TAIL_BYTES = 2048
_MOST_FRAMES = 10_000
_STRIP_OFFSETS, _STRIP_BYTES, _TILE_OFFSETS, _TILE_BYTES = 273, 279, 324, 325
_BAD_PICTURE = (OSError, ValueError, SyntaxError, EOFError, KeyError, TypeError, img2pdf.ImageOpenError)


@contextmanager
def reading_picture(name: str) -> Iterator[None]:
    """
    Name what is wrong with a picture; its warnings, which mostly concern metadata, tell nobody anything.

    Raises:
        BadDocument: The libraries cannot read it, or it is too large to unpack.
        OSError: The disk; only its faults carry an errno.
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


def too_large(name: str) -> BadDocument:
    """The refusal of a picture with more dots than a page can have."""
    return BadDocument(f"{display_name(name)} has too many pixels for a fax. Save it smaller and share that.")


def damaged(name: str) -> BadDocument:
    """The refusal of a file that is cut short or broken."""
    return BadDocument(
        f"{display_name(name)} is damaged or cut short. Open it, save it again and share the new file."
    )


def too_many_pages(name: str, pages: int | None, max_pages: int) -> BadDocument:
    """The refusal of a document that would keep the line busy for too long."""
    count = f"{pages} pages" if pages else f"more than {max_pages} pages"
    return BadDocument(
        f"{display_name(name)} has {count}; {max_pages} is the most for one fax. Share it in smaller parts."
    )


def check_pdf(path: Path, name: str, max_pages: int | None = None) -> tuple[int, bool]:
    """
    Count a PDF's pages and tell whether it is faultless; one that readers can mend is whole, not faultless.

    One that opens without a password is taken, whatever its owner's restrictions on editing are.

    Raises:
        BadDocument: It needs a password, has no pages or more than *max_pages*, or is damaged or cut short.
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
    """Reach every page and its contents, as a printer would; only the streams stay unread."""
    # Told to hand attributes down to pages, qpdf reads all of them before it opens.
    opened = pikepdf.open(
        path, attempt_recovery=recover, suppress_warnings=True, inherit_page_attributes=False
    )
    with opened as pdf:
        if max_pages is not None and _has_more_than(max_pages, pdf):
            told = pdf.Root.Pages.get("/Count")
            raise too_many_pages(
                name, told if isinstance(told, int) and told > max_pages else None, max_pages
            )
        for page in pdf.pages:
            page.obj.get("/Contents")
        promised = pdf.Root.Pages.get("/Count")
        if recover and promised != len(pdf.pages):
            raise ValueError("mending lost pages")
        return len(pdf.pages)


def _has_more_than(max_pages: int, pdf: pikepdf.Pdf) -> bool:
    """Count pages only so far: qpdf reads all of a million of them before it says how many there are."""
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
            elif kid.objgen not in seen:  # a tree that leads back to itself is damaged; qpdf will say so
                seen.add(kid.objgen)
                nodes.append(kid)
            if pages > max_pages:
                break
    return pages > max_pages


def _has_end(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        return b"%%EOF" in file.read()


def check_tiff(path: Path, name: str, max_pages: int | None = None) -> int:
    """
    Count a TIFF's pages, each of which must lie inside the file.

    Raises:
        BadDocument: It is damaged or cut short, or has more than *max_pages*.
    """
    size = path.stat().st_size
    with reading_picture(name), Image.open(path, formats=["TIFF"]) as image:
        for frame in range(_MOST_FRAMES):
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
