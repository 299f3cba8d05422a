"""Makes one document of the shared files: pages of the fax server's paper, as a viewer shows them."""

import hashlib
import os
import re
import shutil
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pikepdf

from faxbot.atomic_file import put_in_place
from faxbot.documents import pictures, plain_text, postscript, tiff
from faxbot.documents.integrity import check_pdf
from faxbot.documents.kinds import FileKind, display_name, sniff
from faxbot.documents.paper import PAPER, Paper, Placement
from faxbot.documents.pdf_pages import fit_pages, picture_page
from faxbot.documents.proof import draws_more_than_lines, prove
from faxbot.documents.rendering import page_on_paper
from faxbot.documents.unreadable import too_complex, too_many_pages
from faxbot.fax.document import Document, Note, Part
from faxbot.fax.errors import BadDocument

_NAME_BYTES = 120
_SUFFIXES = re.compile(
    r"\.(?:pdf|e?ps|tiff?|txt|text|md|csv|log|png|jpe?g|jfif|gif|webp|bmp|avif|hei[cf])$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Limits:
    """*max_bytes* of all parts, *max_pages* of the document; *paper* is the fax server's, in points."""

    max_bytes: int
    max_pages: int
    paper: Paper = PAPER["letter"]


@dataclass(frozen=True, slots=True)
class _Pages:
    """A part as pages of the paper. With *as_it_is*, its own bytes already are such pages."""

    pdf: pikepdf.Pdf
    notes: list[Note]
    as_it_is: bool = False


@dataclass(slots=True)
class _Whole:
    """The parts as one PDF at *path*. *foreign* are the indexes of pages whose content was not made here."""

    path: Path
    pages: int = 0
    notes: list[Note] = field(default_factory=list)
    foreign: list[int] = field(default_factory=list)


def merge_parts(
    parts: Sequence[Part],
    into: Path,
    workdir: Path,
    limits: Limits,
    begin: Callable[[Part], object] = lambda _: None,
) -> Document:
    """
    Make one document of *parts* at *into* plus a suffix; *workdir* is an empty folder on the same disk.

    A single PDF or TIFF whose pages already fit is kept byte for byte. *begin* is called with each part
    before it is read.

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
    if kinds == [FileKind.TIFF]:
        begin(parts[0])
        tiff.check_tiff(parts[0].path, parts[0].name, limits.max_pages)
        if tiff.fits(parts[0].path, limits.paper):
            made = _same_bytes(parts[0].path, workdir)
            return _finish(made, into, FileKind.TIFF, parts, blank=tiff.blank_pages(made))
    whole = _put_together(parts, kinds, workdir, limits, begin)
    made = whole.path
    with _naming(parts[0]):
        proof = prove(made, parts[0].name, limits.paper, pages=whole.pages, foreign=whole.foreign)
        if proof.otherwise:
            made = _with_pictures(made, workdir / "pictured", proof.otherwise, limits.paper)
    return _finish(made, into, FileKind.PDF, parts, notes=whole.notes, blank=proof.blank)


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


@contextmanager
def _naming(part: Part) -> Iterator[None]:
    """Refuse *part* by its name when a library fails on it in an unexpected way."""
    try:
        yield
    except (BadDocument, OSError):
        raise
    except Exception as exc:
        raise too_complex(part.name) from exc


def _put_together(
    parts: Sequence[Part],
    kinds: Sequence[FileKind],
    workdir: Path,
    limits: Limits,
    begin: Callable[[Part], object],
) -> _Whole:
    """One PDF of all parts; the very bytes of a single one that fits."""
    whole = _Whole(workdir / "made")
    with pikepdf.Pdf.new() as pdf, ExitStack() as sources:
        for number, (part, kind) in enumerate(zip(parts, kinds, strict=True)):
            begin(part)
            first = len(pdf.pages)
            with _naming(part):
                found = _pages(part, kind, workdir / str(number), limits)
                source = sources.enter_context(found.pdf)
                whole.notes += [Note(note.page and note.page + first, note.text) for note in found.notes]
                if kind in (FileKind.PDF, FileKind.POSTSCRIPT):
                    drawn = [draws_more_than_lines(page) for page in source.pages]
                    whole.foreign += [first + index for index, more in enumerate(drawn) if more]
                pdf.pages.extend(source.pages)
                whole.pages = len(pdf.pages)
            if found.as_it_is and len(parts) == 1:
                whole.path = _same_bytes(part.path, workdir)
                return whole
            if len(pdf.pages) > limits.max_pages:
                what = part.name if len(parts) == 1 else "All together"
                raise too_many_pages(what, len(pdf.pages), limits.max_pages)
        pdf.save(whole.path, deterministic_id=True)
    return whole


def _pages(part: Part, kind: FileKind, scratch: Path, limits: Limits) -> _Pages:
    """The pages of *part*; its PDF has to stay open until the merged document is saved."""
    path, name, paper, most = part.path, part.name, limits.paper, limits.max_pages
    if kind is FileKind.TEXT:
        return _Pages(*plain_text.typeset(path, name, paper, most))
    if kind is FileKind.PDF:
        return _fitted(path, name, limits)
    if kind is FileKind.POSTSCRIPT:
        postscript.to_pdf(path, name, scratch, most)
        converted = _fitted(scratch, name, limits)
        return _Pages(converted.pdf, converted.notes)  # never as it is: the file is PostScript
    convert = tiff.to_pdf if kind is FileKind.TIFF else pictures.put_on_pages
    notes = convert(path, name, paper, most, scratch)
    return _Pages(pikepdf.open(scratch), notes)


def _fitted(path: Path, name: str, limits: Limits) -> _Pages:
    _, sound = check_pdf(path, name, limits.max_pages)
    pdf = pikepdf.open(path, suppress_warnings=True)
    notes, changed = fit_pages(pdf, path, name, limits.paper)
    return _Pages(pdf, notes, sound and not changed and not pdf.is_encrypted and not pdf.get_warnings())


def _with_pictures(made: Path, into: Path, indexes: Sequence[int], paper: Paper) -> Path:
    """Replace the pages that the converter of a fax server prints otherwise by their pictures."""
    with pikepdf.open(made) as pdf:
        for index in indexes:
            as_it_is = Placement((1, 0, 0, 1, 0, 0), turned=False, scale=1)
            pdf.pages[index] = picture_page(pdf, page_on_paper(made, index, paper, as_it_is, paper), paper)
        pdf.remove_unreferenced_resources()
        pdf.save(into, deterministic_id=True)
    return into


def _same_bytes(path: Path, workdir: Path) -> Path:
    """A hard link to *path* in *workdir*, or a copy if the file system has no hard links."""
    made = workdir / "made"
    try:
        os.link(path, made)
    except OSError:
        shutil.copyfile(path, made)
    return made


def _finish(
    made: Path,
    into: Path,
    kind: FileKind,
    parts: Sequence[Part],
    *,
    notes: Sequence[Note] = (),
    blank: Sequence[bool],
) -> Document:
    """Hash the file and put it in place under its final name, unless all its pages are blank."""
    name = parts[0].name
    if all(blank):
        what = display_name(name) if len(parts) == 1 else "the files"
        raise BadDocument(f"Nothing would be visible: every page of {what} is blank. Share another file.")
    digest = _digest(made)
    originals = [_digest(part.path) for part in parts]
    size = made.stat().st_size
    final = into.with_name(into.name + kind.suffix)
    put_in_place(made, final)
    return Document(
        final,
        safe_name(name, kind.suffix),
        kind.content_type,
        len(blank),
        size,
        digest,
        originals[0] if len(originals) == 1 else hashlib.sha256("".join(originals).encode()).hexdigest(),
        tuple(notes),
        tuple(number for number, is_blank in enumerate(blank, start=1) if is_blank),
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.3g} MB"
