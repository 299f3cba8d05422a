"""Files that are no documents for a fax, and are refused by name."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.pages.samples.sample import Sample, refused

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
_KINDS = "can't be faxed|PDF"


def _bytes(data: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(data)


def _zip(*names: str) -> Callable[[Path], object]:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in names:
            archive.writestr(
                name, "application/vnd.oasis.opendocument.text" if name == "mimetype" else "<xml/>"
            )
    return _bytes(data.getvalue())


_MAIL = b"From: a@example.com\r\nTo: b@example.com\r\nSubject: hello\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nHi\r\n"
_FDF = b"%FDF-1.2\n1 0 obj << /FDF << /Fields [] >> >> endobj trailer << /Root 1 0 R >>\n%%EOF\n"
_XFDF = b'<?xml version="1.0"?>\n<xfdf xmlns="http://ns.adobe.com/xfdf/"><fields/></xfdf>\n'
_SIGN_IN = b'<!DOCTYPE html><html lang="en-US"><head><title>Sign in | Slack</title></head><body>slack.com</body></html>'

FILES: dict[str, Callable[[Path], object]] = {
    "note.rtf": _bytes(rb"{\rtf1\ansi\deff0 {\fonttbl {\f0 Arial;}} Hello \b bold\b0\par}"),
    "mail.eml": _bytes(_MAIL),
    "mail_received.eml": _bytes(b"Received: from mx.example.com by example.org\r\n" + _MAIL),
    "mail_returned.eml": _bytes(b"Return-Path: <a@example.com>\r\n" + _MAIL),
    "mail.msg": _bytes(_OLE),
    "page.mhtml": _bytes(
        b"From: <Saved by Blink>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n\r\n"
    ),
    "data.fdf": _bytes(_FDF),
    "data.xfdf": _bytes(_XFDF),
    "page.html": _bytes(b"<!DOCTYPE html><html><body><p>Hello</p></body></html>"),
    "commented.html": _bytes(b"<!-- saved from url -->\n<html><body>Hello</body></html>"),
    "fragment.htm": _bytes(b"\xef\xbb\xbf  <HTML><BODY>Hello</BODY></HTML>"),
    "export.xls": _bytes(b"<html><body><table><tr><td>1</td></tr></table></body></html>"),
    "archive.zip": _zip("a.pdf"),
    "letter.docx": _zip("[Content_Types].xml", "word/document.xml"),
    "sheet.xlsx": _zip("[Content_Types].xml", "xl/workbook.xml"),
    "slides.pptx": _zip("[Content_Types].xml", "ppt/presentation.xml"),
    "letter.odt": _zip("mimetype", "content.xml"),
    "book.epub": _zip("mimetype", "META-INF/container.xml"),
    "letter.doc": _bytes(_OLE),
    "sheet.xls": _bytes(_OLE),
    "archive.gz": _bytes(b"\x1f\x8b\x08\0" + bytes(50)),
    "archive.7z": _bytes(b"7z\xbc\xaf\x27\x1c" + bytes(50)),
    "archive.rar": _bytes(b"Rar!\x1a\x07\x01\0" + bytes(50)),
    "film.mp4": _bytes(b"\0\0\0\x20ftypisom" + bytes(100)),
    "sound.mp3": _bytes(b"ID3\x04" + bytes(100)),
    "program.exe": _bytes(b"MZ\x90\0" + bytes(200)),
    "drawing.svg": _bytes(b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><rect/></svg>'),
    "data.xps": _zip("[Content_Types].xml", "FixedDocSeq.fdseq"),
    "data.sqlite": _bytes(b"SQLite format 3\0" + bytes(100)),
}

SAMPLES = [
    *(refused(name, make, _KINDS) for name, make in FILES.items()),
    refused("slack.pdf", _bytes(_SIGN_IN), "sign-in|Sign in|files:read"),
    Sample(
        "person.html.txt", _bytes(b"The tag <html> begins a page, and <body> follows.\n"), either=True,
        text="The tag <html> begins a page, and <body> follows.",
    ),
]  # fmt: skip
