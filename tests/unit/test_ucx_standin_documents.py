"""Documents of the simulated UCX: detected formats, page counts, refusals."""

import io
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from faxbot.standins.ucx import documents
from faxbot.standins.ucx.documents import DocumentFormat, DocumentRefusedError


def pdf(pages: int) -> bytes:
    buffer = io.BytesIO()
    with pikepdf.new() as document:
        for _ in range(pages):
            document.add_blank_page()
        document.save(buffer)
    return buffer.getvalue()


def tiff(pages: int) -> bytes:
    buffer = io.BytesIO()
    sheets = [Image.new("1", (80, 100), 1) for _ in range(pages)]
    sheets[0].save(buffer, format="TIFF", save_all=True, append_images=sheets[1:])
    return buffer.getvalue()


def accept(content: bytes, directory: Path) -> documents.AcceptedDocument:
    upload = directory / "upload"
    upload.write_bytes(content)
    return documents.accept(upload, "a.bin", "hash", directory / "kept.pdf")


@pytest.mark.parametrize(
    ("content", "kind", "pages"),
    [
        (pdf(3), DocumentFormat.PDF, 3),
        (tiff(2), DocumentFormat.TIFF, 2),
        (b"one\ntwo\n", DocumentFormat.TEXT, 1),
        (b"line\n" * 61, DocumentFormat.TEXT, 2),
        (b"first\fsecond\fthird\f", DocumentFormat.TEXT, 3),
        (b"%!PS-Adobe\n%%Page: 1 1\nshowpage\n%%Page: 2 2\nshowpage\n", DocumentFormat.POSTSCRIPT, 2),
        (b"%!PS\nshowpage\n", DocumentFormat.POSTSCRIPT, 1),
    ],
    ids=["pdf", "tiff", "text", "long text", "form feeds", "postscript", "bare postscript"],
)
def test_a_document_is_detected_by_its_bytes_and_kept_as_a_pdf(
    content: bytes, kind: DocumentFormat, pages: int, tmp_path: Path
) -> None:
    """Format and page count are correct, and the kept PDF has as many pages."""
    document = accept(content, tmp_path)
    assert (document.kind, document.pages, document.size) == (kind, pages, len(content))
    assert documents.count_pdf_pages(document.file) == pages
    assert not (tmp_path / "upload").exists()


@pytest.mark.parametrize(
    "content",
    [b"%PDF-1.7\nnot really", pdf(2)[:-200], b"II*\x00broken"],
    ids=["only a header", "cut short", "tiff"],
)
def test_a_damaged_document_is_accepted_without_pages(content: bytes, tmp_path: Path) -> None:
    """FileSend accepts it, as HylaFAX does; the damage is detected at conversion."""
    assert accept(content, tmp_path).damaged


def test_an_encrypted_pdf_counts_as_damaged(tmp_path: Path) -> None:
    """A PDF that needs a password cannot be converted."""
    locked = tmp_path / "locked.pdf"
    with pikepdf.new() as document:
        document.add_blank_page()
        document.save(locked, encryption=pikepdf.Encryption(user="secret", owner="secret"))
    assert accept(locked.read_bytes(), tmp_path).damaged


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04\x00\x00"], ids=["empty", "zip"])
def test_an_empty_file_or_an_unknown_type_is_refused_in_several_lines(content: bytes, tmp_path: Path) -> None:
    """The message starts with the file name and has several lines, like the real server's."""
    with pytest.raises(DocumentRefusedError) as refused:
        accept(content, tmp_path)
    assert str(refused.value).startswith("a.bin: Can not determine file type\n")


def test_text_in_a_composed_page_cannot_break_out_of_its_string(tmp_path: Path) -> None:
    """Parentheses and backslashes are escaped, so that the page's content stream parses."""
    kept = tmp_path / "kept.pdf"
    documents.compose([[r"a) (b \ c", "€"]], kept)
    with pikepdf.open(kept) as document:
        shown = [
            bytes(operands[0])
            for operands, operator in pikepdf.parse_content_stream(document.pages[0])
            if str(operator) == "Tj"
        ]
    assert shown == [rb"a) (b \ c", b"?"]
