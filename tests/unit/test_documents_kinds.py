"""The content of a file decides what it is; what cannot be faxed is refused by name, with what to do."""

import contextlib
import io
import struct
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from faxbot.documents.kinds import FileKind, sniff
from faxbot.fax.document import WebPageReceived
from faxbot.fax.errors import BadDocument

POSTSCRIPT = b"%!PS-Adobe-3.0\nshowpage\n"
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n"
SIGN_IN = b"<!DOCTYPE html><html><head><title>Sign in to Harbor Clinic | Slack</title></head></html>"
MAIL = b"Return-Path: <a@example.com>\r\nFrom: a@example.com\r\nSubject: Hi\r\n\r\nHello\r\n"
SAVED_PAGE = (
    b"From: <Saved by Blink>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n"
)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


def label(value: object) -> str:
    """The id of a parameter; some bytes have the time in them, and would differ in the next process."""
    return "" if isinstance(value, bytes) else str(value)


def picture(kind: str, **save: object) -> bytes:
    out = io.BytesIO()
    Image.new("L", (40, 60)).save(out, kind, **save)
    return out.getvalue()


def zipped(*names: str, content: str = "x") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name in names:
            file.writestr(name, content)
    return out.getvalue()


def box(brand: bytes, *more: bytes) -> bytes:
    return struct.pack(">I", 16 + 4 * len(more)) + b"ftyp" + brand + bytes(4) + b"".join(more) + bytes(40)


def kind_of(folder: Path, content: bytes, name: str = "a.pdf") -> FileKind:
    path = folder / "file"
    path.write_bytes(content)
    return sniff(path, name)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PDF, FileKind.PDF),
        (b"From the scanner\n" + bytes(500) + PDF, FileKind.PDF),
        (POSTSCRIPT, FileKind.POSTSCRIPT),
        (b"\x04" + POSTSCRIPT, FileKind.POSTSCRIPT),
        (b"\xef\xbb\xbf" + POSTSCRIPT, FileKind.POSTSCRIPT),
        (b"\x1b%-12345X@PJL JOB\r\n@PJL ENTER LANGUAGE=POSTSCRIPT\r\n" + POSTSCRIPT, FileKind.POSTSCRIPT),
        (b"\xc5\xd0\xd3\xc6" + bytes(26) + POSTSCRIPT, FileKind.POSTSCRIPT),
        (picture("TIFF"), FileKind.TIFF),
        (picture("TIFF", big_tiff=True), FileKind.TIFF),
        (picture("PNG"), FileKind.PNG),
        (picture("JPEG"), FileKind.JPEG),
        (picture("GIF"), FileKind.GIF),
        (picture("WEBP"), FileKind.WEBP),
        (picture("BMP"), FileKind.BMP),
        (box(b"avif", b"mif1"), FileKind.AVIF),
        (box(b"mif1", b"avif"), FileKind.AVIF),
        (box(b"heic", b"mif1"), FileKind.HEIC),
        (box(b"mif1", b"heic"), FileKind.HEIC),
        ("Grüße\n".encode(), FileKind.TEXT),
        ("Grüße\n".encode("utf-16"), FileKind.TEXT),
        ("Grüße\n".encode("utf-32"), FileKind.TEXT),
        ("A line\r\n".encode("utf-16-le") * 9, FileKind.TEXT),
        (b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Dana\r\nEND:VCARD\r\n", FileKind.TEXT),
        (b"To: Ann\nFrom: Bob\nSubject: Lunch\nDate: Monday\n\nAt noon?\n", FileKind.TEXT),
        (b"<!-- a comment -->\n# Read me\n", FileKind.TEXT),
        (b"<p align='center'>Logo</p>\n\n# Read me\n", FileKind.TEXT),
        (b"<?xml version='1.0'?>\n<order><id>1</id></order>\n", FileKind.TEXT),
        (b"A PDF begins with %PDF-1.4 and ends with a mark.\n", FileKind.TEXT),
        (b"%!TEX root = main.tex\n\\section{One}\n", FileKind.TEXT),
        (b"MZ Corp. sent ID3 tags\n", FileKind.TEXT),
        (b"name,price\nfoo,1\n", FileKind.TEXT),
        (b"An old text\r\n\x1a", FileKind.TEXT),
    ],
    ids=label,
)
def test_the_content_decides(tmp_path: Path, content: bytes, kind: FileKind) -> None:
    """What a file is called makes no difference."""
    assert kind_of(tmp_path, content, "odd.docx") is kind


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        (
            "budget.xlsx",
            zipped("[Content_Types].xml", "xl/a"),
            "budget.xlsx can't be faxed. Save it as a PDF",
        ),
        (
            "a.odt",
            zipped("mimetype", content="application/vnd.oasis.opendocument.text"),
            "a.odt can't be faxed.",
        ),
        ("a.pages", zipped("Index/Document.iwa"), "Export it as a PDF"),
        ("a.zip", zipped("letter.pdf"), "a.zip is an archive"),
        ("a.docx", zipped("[Content_Types].xml", "word/b")[:60], "a.docx can't be faxed. Save it as a PDF"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c\0\4", "archive"),
        ("a.rar", b"Rar!\x1a\x07\0", "archive"),
        ("a.gz", b"\x1f\x8b\x08\0\0", "archive"),
        ("a.tar", bytes(257) + b"ustar\x0000", "archive"),
        ("a.doc", OLE, "a.doc can't be faxed. Save it as a PDF"),
        ("a.msg", OLE + "__properties_version1.0".encode("utf-16-le"), "is an e-mail"),
        ("a.docx", OLE + "EncryptedPackage".encode("utf-16-le"), "locked with a password"),
        ("note.rtf", b"{\\rtf1\\ansi Hello}", "note.rtf can't be faxed. Save it as a PDF"),
        ("a.eml", MAIL, "is an e-mail"),
        ("a.eml", b"From dana Mon Nov 23\n" + MAIL, "is an e-mail"),
        ("a.mhtml", SAVED_PAGE, "is a web page"),
        ("a.fdf", b"%FDF-1.2\n", "entries of a form"),
        ("a.xfdf", b"<?xml version='1.0'?>\n<xfdf xmlns='x'/>", "entries of a form"),
        ("a.svg", b"<?xml version='1.0'?><!DOCTYPE svg PUBLIC 'x'><svg xmlns='x'/>", "PDF or a PNG"),
        ("a.html", b"<!DOCTYPE html><html></html>", "is a web page"),
        ("a.html", b"\xef\xbb\xbf\n <!-- saved -->\n<?xml version='1.0'?>\n<HTML>", "is a web page"),
        ("a.html", "<html><body>é</body></html>".encode("utf-16"), "is a web page"),
        ("a.html", b"<div><b>Hi</b></div>\n", "is a web page"),
        (
            "report.xls",
            b"<html><body><table><tr><td>1</td></tr></table></body></html>",
            "report.xls can't be faxed.",
        ),
        (
            "a.xls",
            b"<?xml version='1.0'?><?mso-application progid='Excel.Sheet'?><Workbook/>",
            "can't be faxed.",
        ),
        ("a.mp4", box(b"isom", b"mp41"), "is a video"),
        ("a.mov", box(b"qt  "), "is a video"),
        ("a.m4a", box(b"M4A "), "is a sound"),
        ("a.psd", b"8BPS\0\1" + bytes(20), "PDF or a PNG"),
        ("a.pcl", b"\x1bE\x1b&l0O\x1b(s0p10HHello", "one kind of printer"),
        ("a.bin", bytes(range(256)) * 9, "a.bin can't be faxed. Save it as a PDF"),
        ("a.bin", b"\x90\x81\xfe\xff" * 400, "can't be faxed."),
        ("a.tif", b"II+\0broken", "can't be faxed."),
        ("a.txt", b"", "a.txt is empty"),
        ("a.txt", bytes(100), "can't be faxed."),
    ],
    ids=label,
)
def test_what_cannot_be_faxed_is_refused_by_name(
    tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    """The sentence names the file and says what to do next; nothing is said about signing in."""
    with pytest.raises(BadDocument) as refused:
        kind_of(tmp_path, content, name)
    assert sentence in str(refused.value)
    assert name in str(refused.value)
    assert not isinstance(refused.value, WebPageReceived)


@pytest.mark.parametrize(
    "content",
    [
        SIGN_IN,
        b"\xef\xbb\xbf\n" + SIGN_IN,
        b"<!DOCTYPE html><title>Slack</title>",
        b"<html><head><title>Connexion | Slack</title><link href='https://a.slack-edge.com/x.css'></head>",
    ],
    ids=label,
)
def test_slacks_own_page_is_not_the_file(tmp_path: Path, content: bytes) -> None:
    """Slack answers with its sign-in page when a scope is missing."""
    with pytest.raises(WebPageReceived, match=r"instead of referral\.pdf.*files:read"):
        kind_of(tmp_path, content, "referral.pdf")


@pytest.mark.parametrize("title", ["Slack export of #general", "How we use Slack", "Sign in to the clinic"])
def test_a_page_about_slack_is_a_persons_file(tmp_path: Path, title: str) -> None:
    """It is refused as a web page."""
    page = f"<html><head><title>{title}</title></head><body>slack.com</body></html>".encode()
    with pytest.raises(BadDocument, match="is a web page") as refused:
        kind_of(tmp_path, page, "a.html")
    assert not isinstance(refused.value, WebPageReceived)


@given(st.binary(max_size=300))
def test_any_bytes_have_a_kind_or_a_sentence(content: bytes) -> None:
    """No content raises anything else."""
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(BadDocument):
        assert kind_of(Path(folder), content)
