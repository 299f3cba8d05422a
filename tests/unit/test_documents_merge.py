"""What people share becomes one document that the fax server takes, or a sentence."""

import hashlib
import io
import shutil
import zipfile
from pathlib import Path

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from faxbot.documents import merge
from faxbot.documents.inspection import count_pages
from faxbot.documents.merge import Limits, merge_parts, safe_name
from faxbot.fax.document import Document, Part, WebPageReceived
from faxbot.fax.errors import BadDocument

LIMITS = Limits(max_bytes=20_000_000, max_pages=10)
POSTSCRIPT = b"%!PS-Adobe-3.0\n/Courier findfont 20 scalefont setfont 72 700 moveto (fax) show showpage\n"
OWNER_LOCKED = pikepdf.Encryption(owner="boss", user="", allow=pikepdf.Permissions(modify_other=False))


def label(value: object) -> str:
    """The id of a parameter; some bytes have the time in them, and would differ in the next process."""
    return "" if isinstance(value, bytes) else str(value)


def pdf(pages: int = 1, **save: object) -> bytes:
    out = io.BytesIO()
    with pikepdf.new() as document:
        for _ in range(pages):
            page = document.add_blank_page(page_size=(612, 792))
            page.obj.Contents = document.make_stream(b"72 72 72 72 re f")
        document.save(out, **save)  # type: ignore[arg-type]
    return out.getvalue()


def picture(kind: str, size: tuple[int, int] = (40, 60), mode: str = "RGB", **save: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size).save(out, kind, **save)  # type: ignore[arg-type]
    return out.getvalue()


def tiff(frames: int = 1) -> bytes:
    out = io.BytesIO()
    pages = [Image.new("1", (1728, 1078), 1) for _ in range(frames)]
    for page in pages:
        page.paste(0, (100, 100, 300, 300))
    pages[0].save(out, "TIFF", save_all=True, append_images=pages[1:], compression="group4", dpi=(204, 98))
    return out.getvalue()


def bound(folder: Path, *files: tuple[str, bytes], limits: Limits = LIMITS) -> Document:
    workplace = folder / "work"
    workplace.mkdir()
    parts = []
    for number, (name, content) in enumerate(files):
        path = folder / f"in{number}"
        path.write_bytes(content)
        parts.append(Part(path, name))
    return merge_parts(parts, folder / "out", workplace, limits)


@pytest.mark.parametrize(
    ("content", "name", "content_type", "pages"),
    [(pdf(3), "referral.pdf", "application/pdf", 3), (tiff(2), "referral.tif", "image/tiff", 2)],
    ids=label,
)
def test_what_fits_keeps_its_bytes(
    tmp_path: Path, content: bytes, name: str, content_type: str, pages: int
) -> None:
    """A PDF with pages of the paper and a plain fax go as they are, whatever their name says they are."""
    document = bound(tmp_path, ("referral.PNG", content))
    assert document.path.read_bytes() == content
    assert (document.name, document.content_type, document.pages) == (name, content_type, pages)
    assert (document.size, document.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert document.original_sha256 == document.sha256
    assert document.path == tmp_path / f"out{document.path.suffix}"


def test_the_original_is_known_by_its_digest(tmp_path: Path) -> None:
    """The same file is recognized, whatever its pages are made into."""
    text = b"Dear Mercy Clinic,\n"
    made = bound(tmp_path, ("a.txt", text))
    assert made.original_sha256 == hashlib.sha256(text).hexdigest() != made.sha256
    shutil.rmtree(tmp_path / "work")
    several = bound(tmp_path, ("a.txt", text), ("b.pdf", pdf()))
    assert several.original_sha256 not in (made.original_sha256, several.sha256)


def test_bytes_are_copied_where_the_disk_has_no_hard_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another file system between upload and spool makes no difference."""

    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(merge.os, "link", refuse)
    assert bound(tmp_path, ("a.pdf", pdf())).path.read_bytes() == (tmp_path / "in0").read_bytes()


def test_the_same_document_can_be_made_again(tmp_path: Path) -> None:
    """After a crash the work is repeated over what is there, with the same bytes as result."""
    first = bound(tmp_path, ("a.pdf", pdf()), ("b.png", picture("PNG")))
    shutil.rmtree(tmp_path / "work")
    assert bound(tmp_path, ("a.pdf", pdf()), ("b.png", picture("PNG"))).sha256 == first.sha256


def test_several_files_become_one_pdf_in_their_order(tmp_path: Path) -> None:
    """PDF, TIFF, pictures, PostScript and text go together, first come, first page."""
    if shutil.which("gs") is None:
        pytest.skip("Ghostscript is not installed")
    note = "Grüße (mit \\Klammern)\ttab\n\fsecond page €9".encode()
    document = bound(
        tmp_path,
        ("cover letter.txt", note),
        ("a.pdf", pdf(2)),
        ("b.tif", tiff(2)),
        ("c.jpg", picture("JPEG")),
        ("d.ps", POSTSCRIPT),
    )
    assert (document.name, document.pages) == ("cover letter.pdf", 8)
    with pikepdf.open(document.path) as made:
        assert {tuple(map(float, page.mediabox)) for page in made.pages} == {(0, 0, 612, 792)}


def office() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("[Content_Types].xml", "<Types/>")
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.pdf", b"", "a.pdf is empty"),
        ("budget.xlsx", office(), "budget.xlsx can't be faxed. Save it as a PDF"),
        ("a.gif", picture("GIF")[:-20], "damaged or cut short"),
        ("a.heic", b"\0\0\0\x18ftypheic" + bytes(40), "damaged or cut short"),
        ("notes.txt", bytes(range(256)) * 20, "can't be faxed"),
        ("notes.txt", b"\x90\x81\xfe\xff" * 400, "can't be faxed"),
        ("page.html", b"<!DOCTYPE html><html></html>", "can't be faxed"),
        ("a.pdf", pdf(3)[:-200], "damaged or cut short"),
        ("a.pdf", b"%PDF-1.7\nnothing", "damaged or cut short"),
        ("a.pdf", pdf(1, encryption=pikepdf.Encryption(owner="o", user="u")), "locked with a password"),
        ("a.pdf", pdf(0), "has no pages"),
        ("a.pdf", pdf(11), "has 11 pages; 10 is the most"),
        ("a.tif", tiff(11), "has more than 10 pages; 10 is the most"),
        ("a.tif", tiff(3)[:-300], "damaged or cut short"),
        ("a.png", picture("PNG", size=(900, 900), mode="L")[:-60], "damaged or cut short"),
        ("a.jpg", picture("JPEG", size=(300, 300))[:-90], "damaged or cut short"),
        ("a.png", picture("PNG", size=(11_000, 11_000), mode="1"), "too many pixels for a fax"),
        ("a.png", picture("PNG", size=(20_000, 20_000), mode="1"), "too many pixels for a fax"),
        ("a.txt", b"line\n" * 1001, "more than 10 pages"),
    ],
    ids=label,
)
def test_what_cannot_be_faxed_is_said(tmp_path: Path, name: str, content: bytes, why: str) -> None:
    """The first bytes decide; the sentence names the file, what is wrong and what to do."""
    with pytest.raises(BadDocument) as refused:
        bound(tmp_path, (name, content))
    assert why in str(refused.value)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("out")]


def test_a_sign_in_page_is_not_the_file(tmp_path: Path) -> None:
    """Slack answers with a web page when a scope is missing: that is never faxed."""
    with pytest.raises(WebPageReceived, match=r"files:read"):
        bound(tmp_path, ("referral.pdf", b"<!DOCTYPE html><title>Sign in | Slack</title>"))


def test_limits_hold_for_all_parts_together(tmp_path: Path) -> None:
    """Two files that are allowed alone can be too much together, in bytes and in pages."""
    with pytest.raises(BadDocument, match=r"All together has 12 pages|All together"):
        bound(tmp_path, ("a.pdf", pdf(6)), ("b.pdf", pdf(6)))
    shutil.rmtree(tmp_path / "work")
    with pytest.raises(BadDocument, match=r"Together the files are larger than 0.001 MB"):
        bound(tmp_path, ("a.pdf", pdf(6)), ("b.pdf", pdf(6)), limits=Limits(1000, 10))


def test_a_pdf_that_readers_mend_is_mended(tmp_path: Path) -> None:
    """A wrong table of contents or a mailbox line in front is put right before the server sees it."""
    broken = pdf(2).replace(b"startxref\n", b"startxref\n9")
    document = bound(tmp_path, ("a.pdf", broken))
    assert document.pages == 2
    with pikepdf.open(document.path, attempt_recovery=False) as made:
        assert len(made.pages) == 2
    shutil.rmtree(tmp_path / "work")
    assert bound(tmp_path, ("a.pdf", b"From scanner\n" + pdf(2))).path.read_bytes().startswith(b"%PDF-")


def test_nothing_is_no_document(tmp_path: Path) -> None:
    """Without a file there is nothing to fax."""
    with pytest.raises(BadDocument, match=r"no file"):
        bound(tmp_path)


@pytest.mark.parametrize(
    ("content", "pages"),
    [(pdf(4), 4), (tiff(3), 3), (POSTSCRIPT, None), (b"Fax log\n", None)],
    ids=label,
)
def test_pages_of_a_received_document_are_counted(tmp_path: Path, content: bytes, pages: int | None) -> None:
    """PDF and TIFF have a page count, the other kinds have none."""
    path = tmp_path / "RX34"
    path.write_bytes(content)
    assert count_pages(path) == pages


@pytest.mark.parametrize("content", [b"", pdf(4)[:-100], pdf(4)[:300], tiff(3)[:-300], b"<html></html>"])
def test_a_received_document_that_was_cut_short_is_found(tmp_path: Path, content: bytes) -> None:
    """Half a download is never posted as a fax."""
    path = tmp_path / "RX34"
    path.write_bytes(content)
    with pytest.raises(BadDocument):
        count_pages(path)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("referral.pdf", "referral.pdf"),
        ("Scan 2026-11-23.JPEG", "Scan 2026-11-23.pdf"),
        ("Überweisung Dr. Müller.docx.pdf", "Überweisung Dr. Müller.docx.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\scans\\a.tif", "a.pdf"),
        ('a";$(reboot)`x`\r\n.pdf', "a___(reboot)_x.pdf"),
        ("-rf.pdf", "rf.pdf"),
        ("", "document.pdf"),
        (".pdf", "document.pdf"),
        ("\u202egpj.exe", "gpj.exe.pdf"),
    ],
)
def test_names_are_fit_for_a_form(name: str, safe: str) -> None:
    """The person's name stays recognisable, without what a header, a path or a shell reads."""
    assert safe_name(name, ".pdf") == safe


@given(st.text())
def test_any_name_becomes_a_safe_one(name: str) -> None:
    """Short, in its suffix, and without marks that mean something elsewhere."""
    safe = safe_name(name, ".pdf")
    assert safe.endswith(".pdf")
    assert len(safe.encode()) <= 124
    assert not set(safe) & set("\"'/\\\r\n\0$`;|&<>*?!")
    assert safe[0] not in ".- "
