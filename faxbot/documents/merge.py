"""Makes one document of the shared files: unchanged if the fax server accepts it, else one PDF."""

import hashlib
import os
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pikepdf

from faxbot.atomic_file import put_in_place
from faxbot.documents.integrity import check_pdf, check_tiff, damaged, too_many_pages
from faxbot.documents.kinds import FileKind, display_name, sniff
from faxbot.documents.pictures import pages_of_tiff, put_on_page
from faxbot.documents.plain_text import typeset
from faxbot.fax.document import Document, Part
from faxbot.fax.errors import BadDocument

PAPER = {"letter": (612.0, 792.0), "a4": (595.0, 842.0)}
"""Width and height in points."""

_MAX_LINES_PER_PAGE = 100
_NAME_BYTES = 120
_CHUNK_BYTES = 1 << 20
_SUFFIXES = re.compile(r"\.(?:pdf|ps|eps|tiff?|txt|text|md|csv|log|png|jpe?g|jfif)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Limits:
    """*max_bytes* of all parts, *max_pages* of the document; *paper* of text and pictures, in points."""

    max_bytes: int
    max_pages: int
    paper: tuple[float, float] = PAPER["letter"]


def merge_parts(parts: Sequence[Part], into: Path, workdir: Path, limits: Limits) -> Document:
    """
    Make one document of *parts* at *into* plus a suffix; *workdir* is an empty folder on the same disk.

    A single PDF, PostScript, TIFF or text file is kept byte for byte.

    Raises:
        BadDocument: It cannot be faxed; the message says why and what can be done.
        OSError: The disk failed.
    """
    if not parts:
        raise BadDocument("There is no file to fax. Share one, then send it.")
    if sum(part.path.stat().st_size for part in parts) > limits.max_bytes:
        what = f"{display_name(parts[0].name)} is" if len(parts) == 1 else "Together the files are"
        most = _megabytes(limits.max_bytes)
        raise BadDocument(f"{what} larger than {most}, the most for one fax. Share a smaller file.")
    kinds = [sniff(part.path, part.name) for part in parts]
    name = parts[0].name
    if len(parts) == 1:
        pages, keep = _check_one(parts[0], kinds[0], limits)
        if keep:
            return _finish(_same_bytes(parts[0].path, workdir), into, kinds[0], name, pages)
    made = workdir / "made"
    with pikepdf.Pdf.new() as whole, ExitStack() as sources:
        for number, (part, kind) in enumerate(zip(parts, kinds, strict=True)):
            for source in _sources(part, kind, workdir / str(number), limits):
                whole.pages.extend(sources.enter_context(source).pages)
            if len(whole.pages) > limits.max_pages:
                what = name if len(parts) == 1 else "All together"
                raise too_many_pages(what, len(whole.pages), limits.max_pages)
        pages = len(whole.pages)
        whole.save(made, deterministic_id=True)
    return _finish(made, into, FileKind.PDF, name, pages)


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


def safe_name(name: str, suffix: str) -> str:
    """
    A file name for the multipart form: letters, digits and a few marks of *name*, then *suffix*.

    Quotes, slashes and shell characters are replaced, since the code behind the fax server's API is unknown.
    """
    base = unicodedata.normalize("NFC", name.replace("\\", "/")).rsplit("/", 1)[-1]
    kept = "".join(char if char.isalnum() or char in " ._-+,()" else "_" for char in base)
    stem = _SUFFIXES.sub("", kept).strip(" .-_")
    stem = stem.encode()[:_NAME_BYTES].decode(errors="ignore").strip(" .-_")
    return (stem or "document") + suffix


def _check_one(part: Part, kind: FileKind, limits: Limits) -> tuple[int | None, bool]:
    """The page count of a single file, and whether the fax server accepts it unchanged."""
    pages, keep = None, kind in (FileKind.PDF, FileKind.POSTSCRIPT, FileKind.TIFF, FileKind.TEXT)
    if kind is FileKind.PDF:
        pages, keep = check_pdf(part.path, part.name, limits.max_pages)
    elif kind is FileKind.TIFF:
        pages = check_tiff(part.path, part.name, limits.max_pages)
    elif kind is FileKind.TEXT and _lines(part.path) > limits.max_pages * _MAX_LINES_PER_PAGE:
        raise too_many_pages(part.name, None, limits.max_pages)
    return pages, keep


def _sources(part: Part, kind: FileKind, scratch: Path, limits: Limits) -> Iterator[pikepdf.Pdf]:
    """The pages of *part* as PDFs, which have to stay open until the merged document is saved."""
    if kind is FileKind.TEXT:
        yield typeset(part.path, part.name, limits.paper, limits.max_pages)
        return
    if kind is FileKind.TIFF:
        check_tiff(part.path, part.name, limits.max_pages)
        for page in pages_of_tiff(part.path, part.name, limits.paper):
            yield pikepdf.open(page)
        return
    source = scratch
    if kind is FileKind.PDF:
        check_pdf(part.path, part.name, limits.max_pages)
        source = part.path
    elif kind is FileKind.POSTSCRIPT:
        _distill(part, scratch, limits.max_pages)
    else:
        with scratch.open("wb") as out:
            put_on_page(part.path, part.name, limits.paper, out)
    yield pikepdf.open(source, suppress_warnings=True)


def _distill(part: Part, made: Path, max_pages: int) -> None:
    """Convert PostScript to PDF with Ghostscript, which denies it access to other files (-dSAFER)."""
    ghostscript = shutil.which("gs")
    if ghostscript is None:
        raise BadDocument(
            f"{display_name(part.name)} is PostScript and can't be put together with other files here."
            " Send it by itself, or save it as a PDF."
        )
    command = [ghostscript, "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", f"-dLastPage={max_pages + 1}"]
    # A name without a folder: Ghostscript interprets `%` and `|` in the path.
    command += ["-sDEVICE=pdfwrite", f"-sOutputFile={made.name}", str(part.path.absolute())]
    silent = subprocess.DEVNULL
    done = subprocess.run(  # noqa: S603 - no shell
        command, cwd=made.parent, stdin=silent, stdout=silent, stderr=silent, check=False
    )
    if done.returncode or not made.exists():
        raise damaged(part.name)
    check_pdf(made, part.name, max_pages)


def _same_bytes(path: Path, workdir: Path) -> Path:
    """A hard link to *path* in *workdir*, or a copy if the file system has no hard links."""
    made = workdir / "made"
    try:
        os.link(path, made)
    except OSError:
        shutil.copyfile(path, made)
    return made


def _finish(made: Path, into: Path, kind: FileKind, name: str, pages: int | None) -> Document:
    """Hash the file and put it in place under its final name."""
    digest, size = hashlib.sha256(), 0
    with made.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
    final = into.with_name(into.name + kind.suffix)
    put_in_place(made, final)
    return Document(final, safe_name(name, kind.suffix), kind.content_type, pages, size, digest.hexdigest())


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(_CHUNK_BYTES), b""))


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.3g} MB"
