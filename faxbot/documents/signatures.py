"""Recognizes files that cannot be faxed, by their content."""

import codecs
import re
import zipfile
from pathlib import Path

from faxbot.documents.refusals import Unfaxable

_HEAD_BYTES = 1 << 16
_TAIL_BYTES = 512
_TAR_AT, _DICOM_AT = 257, 128

_TEXT_MAGIC: tuple[tuple[bytes, Unfaxable], ...] = (
    (b"{\\rtf", Unfaxable.DOCUMENT),
    (b"{\\urtf", Unfaxable.DOCUMENT),
    (b"%FDF-", Unfaxable.FORM_DATA),
    (b") HP-PCL XL", Unfaxable.PRINTER),
    (b"%!FontType", Unfaxable.DOCUMENT),
    (b"%!PS-AdobeFont", Unfaxable.DOCUMENT),
    (b"#!AMR\n", Unfaxable.SOUND),
    (b"!<arch>\n", Unfaxable.ARCHIVE),
)
_BINARY_MAGIC: tuple[tuple[bytes, Unfaxable], ...] = (
    (b"\x78\x9f\x3e\x22", Unfaxable.E_MAIL),  # TNEF, known as winmail.dat
    (b"7z\xbc\xaf\x27\x1c", Unfaxable.ARCHIVE),
    (b"Rar!\x1a\x07", Unfaxable.ARCHIVE),
    (b"\x1f\x8b", Unfaxable.ARCHIVE),
    (b"\x1f\x9d", Unfaxable.ARCHIVE),
    (b"\x1f\xa0", Unfaxable.ARCHIVE),
    (b"BZh", Unfaxable.ARCHIVE),
    (b"\xfd7zXZ\0", Unfaxable.ARCHIVE),
    (b"\x28\xb5\x2f\xfd", Unfaxable.ARCHIVE),
    (b"\x04\x22\x4d\x18", Unfaxable.ARCHIVE),
    (b"MSCF", Unfaxable.ARCHIVE),
    (b"LZIP", Unfaxable.ARCHIVE),
    (b"OggS", Unfaxable.SOUND),
    (b"fLaC", Unfaxable.SOUND),
    (b"ID3", Unfaxable.SOUND),
    (b"MThd", Unfaxable.SOUND),
    (b"\x1a\x45\xdf\xa3", Unfaxable.VIDEO),
    (b"FLV\x01", Unfaxable.VIDEO),
    (b"\0\0\x01\xba", Unfaxable.VIDEO),
    (b"\0\0\x01\xb3", Unfaxable.VIDEO),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Unfaxable.VIDEO),
    (b"8BPS", Unfaxable.PICTURE),
    (b"\0\0\0\x0cjP  ", Unfaxable.PICTURE),
    (b"\xff\x4f\xff\x51", Unfaxable.PICTURE),
    (b"\0\0\0\x0cJXL ", Unfaxable.PICTURE),
    (b"\xff\x0a", Unfaxable.PICTURE),
    (b"\0\0\x01\0", Unfaxable.PICTURE),
    (b"AT&TFORM", Unfaxable.DOCUMENT),  # DjVu
    (b"\xd7\xcd\xc6\x9a", Unfaxable.PICTURE),  # WMF
    (b"\x01\0\0\0\x58\0\0\0", Unfaxable.PICTURE),  # EMF
    (b"\x97JB2\r\n\x1a\n", Unfaxable.PICTURE),
    (b"AC10", Unfaxable.DOCUMENT),  # AutoCAD
    (b"\x1bE", Unfaxable.PRINTER),
    (b"\x1b&", Unfaxable.PRINTER),
    (b"\x1b*", Unfaxable.PRINTER),
    (b"\x1b%-12345X", Unfaxable.PRINTER),
    (b"\x1b@", Unfaxable.PRINTER),
    (b"MZ", Unfaxable.PROGRAM),
    (b"\x7fELF", Unfaxable.PROGRAM),
    (b"\xcf\xfa\xed\xfe", Unfaxable.PROGRAM),
    (b"\xca\xfe\xba\xbe", Unfaxable.PROGRAM),
    (b"SQLite format 3\0", Unfaxable.DOCUMENT),
)
_NOT_IN_TEXT = re.compile(rb"[\0-\x06\x0e-\x1f\x7f]")
_OFFICE_ENTRIES = frozenset(["[Content_Types].xml", "META-INF/manifest.xml"])
_IWORK_ENTRIES = frozenset(["Index/Document.iwa", "Index.zip", "index.apxl", "index.xml", "index.xml.gz"])
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MESSAGE_STREAM = "__properties_version1.0".encode("utf-16-le")
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
_MPEG_4_BOXES = frozenset([b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"])
_MPEG_4_BRANDS = {b"M4A ": Unfaxable.SOUND, b"M4B ": Unfaxable.SOUND, b"crx ": Unfaxable.PICTURE}
_RIFF = {b"WAVE": Unfaxable.SOUND, b"AVI ": Unfaxable.VIDEO}
_MPEG_SOUND = re.compile(rb"\xff[\xe2-\xe7\xf2-\xf7\xfa-\xfb\xf0\xf1\xf8\xf9][\x10-\xef]", re.DOTALL)

_TECHNICAL_HEADERS = frozenset(
    [
        "arc-seal",
        "arc-authentication-results",
        "authentication-results",
        "content-transfer-encoding",
        "content-type",
        "delivered-to",
        "dkim-signature",
        "envelope-to",
        "in-reply-to",
        "message-id",
        "mime-version",
        "received",
        "received-spf",
        "return-path",
        "x-mailer",
        "x-originating-ip",
        "x-spam-status",
        "x-received",
    ]
)
_LETTER_HEADERS = frozenset(["from", "to", "subject", "date", "sender", "cc", "reply-to"])
_HEADER = re.compile(r"([A-Za-z][A-Za-z0-9-]*):(?: |\t|$)")
_SAVED_PAGE = re.compile(
    r"content-type:\s*multipart/related|<Saved by |snapshot-content-location:", re.IGNORECASE
)

_MARKUP_BEFORE = re.compile(
    r"\A(?:\s|<!--.*?-->|<\?.*?\?>|<!DOCTYPE\s[^>\[]*(?:\[.*?\]\s*)?>)*", re.IGNORECASE | re.DOTALL
)
_PAGE_DOCTYPE = re.compile(r"<!DOCTYPE\s+(?:html|\"?-//W3C//DTD (?:X?HTML))", re.IGNORECASE)
_PAGE_TAG = re.compile(
    r"<(?:html|head|body|title|meta|table|script|style|link|frameset|base)\b|<x?html:html\b", re.IGNORECASE
)
_FRAGMENT_TAG = re.compile(
    r"<(?:div|p|h[1-6]|center|font|span|b|i|u|br|hr|ul|ol|dl|pre|img|a|form|section|article|main)\b[^>]*>",
    re.IGNORECASE,
)
_XML_ROOTS: tuple[tuple[re.Pattern[str], Unfaxable], ...] = (
    (re.compile(r"<xfdf\b"), Unfaxable.FORM_DATA),
    (re.compile(r"<(?:\w+:)?xdp\b"), Unfaxable.FORM_DATA),
    (re.compile(r"<(?:svg:)?svg\b"), Unfaxable.PICTURE),
    (re.compile(r"<office:document\b"), Unfaxable.DOCUMENT),
    (re.compile(r"<(?:\w+:)?wordDocument\b|<pkg:package\b"), Unfaxable.DOCUMENT),
    (re.compile(r"<(?:\w+:)?Workbook\b"), Unfaxable.DOCUMENT),
)
_TITLE = re.compile(r"<title[^>]*>\s*([^<]*?)\s*</title>", re.IGNORECASE)
_SLACK_TITLE = re.compile(
    r"Slack|(?:sign|log)[ -]?(?:in|on)\b.*\bSlack|Slack\b.*\b(?:sign|log)[ -]?(?:in|on)", re.IGNORECASE
)
_SLACK_TRANSLATED_TITLE = re.compile(r".* \| Slack")
_SLACK_SERVER = "slack-edge.com"


def unfaxable(path: Path) -> Unfaxable | None:
    """What the file at *path* is, if its content says so and that kind cannot be faxed; else None."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return _zip(path, head)
    if head.startswith(_OLE):
        return _compound(path)
    return _binary(head) or _written(head, path)


def is_slack_page(path: Path) -> bool:
    """Whether the file is the page that Slack sends to those who are not signed in."""
    with path.open("rb") as file:
        page = as_text(file.read(_HEAD_BYTES))
    title = _TITLE.search(page) if _is_page(page) else None
    if title is None:
        return False
    if _SLACK_TITLE.fullmatch(title[1]):
        return True
    return _SLACK_TRANSLATED_TITLE.fullmatch(title[1]) is not None and _SLACK_SERVER in page


def as_text(head: bytes) -> str:
    """The first part of a file in its likely encoding, without a byte order mark; for searching only."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return head.decode("utf-16", "replace")
    return head.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace")


def _binary(head: bytes) -> Unfaxable | None:
    if kind := next((kind for magic, kind in _TEXT_MAGIC if head.startswith(magic)), None):
        return kind
    kind = next((kind for magic, kind in _BINARY_MAGIC if head.startswith(magic)), None)
    if kind and _NOT_IN_TEXT.search(head):  # "MZ" and "ID3" may be the first letters of a text
        return kind
    kind = _RIFF.get(head[8:12]) if head.startswith(b"RIFF") else None
    if head[4:8] in _MPEG_4_BOXES and b"\0" in head:
        kind = _MPEG_4_BRANDS.get(head[8:12], Unfaxable.VIDEO)
    elif head[_TAR_AT : _TAR_AT + 5] == b"ustar":
        kind = Unfaxable.ARCHIVE
    elif head[_DICOM_AT : _DICOM_AT + 4] == b"DICM":
        kind = Unfaxable.PICTURE
    elif _MPEG_SOUND.match(head) and b"\0" in head:
        kind = Unfaxable.SOUND
    return kind


def _zip(path: Path, head: bytes) -> Unfaxable:
    """Office documents are zip files with known entries."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, UnicodeDecodeError):
        names = set()
    start = head[30:120]  # an OpenDocument file and an e-book begin with their type
    if (
        start.startswith(b"mimetypeapplication/") or b"[Content_Types].xml" in head
    ):  # also of a file cut short
        return Unfaxable.DOCUMENT
    if names & _IWORK_ENTRIES:
        return Unfaxable.IWORK
    if names & _OFFICE_ENTRIES:
        return Unfaxable.DOCUMENT
    return Unfaxable.ARCHIVE


def _compound(path: Path) -> Unfaxable:
    """OLE compound files: Office before 2007, Outlook's messages, and Office files with a password."""
    with path.open("rb") as file:
        before = b""
        while chunk := file.read(_HEAD_BYTES):
            window = before + chunk
            if _MESSAGE_STREAM in window:
                return Unfaxable.E_MAIL
            if _ENCRYPTED_STREAM in window:
                return Unfaxable.LOCKED_OFFICE
            before = chunk[-len(_MESSAGE_STREAM) :]
    return Unfaxable.DOCUMENT


def _written(head: bytes, path: Path) -> Unfaxable | None:
    """Markup and mail, which are text but not meant to be read as such."""
    text = as_text(head)
    if _is_page(text) or _is_fragment(text, path):
        return Unfaxable.WEB_PAGE
    body = text[_end_of_preamble(text) :]
    if kind := next((kind for root, kind in _XML_ROOTS if root.match(body)), None):
        return kind
    if "<?mso-application" in text[:_TAIL_BYTES]:
        return Unfaxable.DOCUMENT
    return _mail(text)


def _is_page(text: str) -> bool:
    end = _end_of_preamble(text)
    return _PAGE_DOCTYPE.search(text, 0, end) is not None or _PAGE_TAG.match(text, end) is not None


def _is_fragment(text: str, path: Path) -> bool:
    """Whether it begins with a tag that Markdown may begin with too, and ends with a tag."""
    if not _FRAGMENT_TAG.match(text, _end_of_preamble(text)):
        return False
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        return file.read().replace(b"\0", b"").rstrip().endswith(b">")


def _end_of_preamble(text: str) -> int:
    """Where comments, processing instructions and the document type end."""
    found = _MARKUP_BEFORE.match(text.removeprefix("\ufeff"))
    return found.end() if found else 0


def _mail(text: str) -> Unfaxable | None:
    """A message as it is stored: a letter that merely has From, To and Subject is text."""
    lines = text.replace("\r\n", "\n").split("\n")
    if lines[0].startswith("From ") and len(lines) > 1:  # mbox
        del lines[0]
    names = set()
    for line in lines:
        header = _HEADER.match(line)
        if header:
            names.add(header[1].lower())
        elif not (names and line[:1] in (" ", "\t")):
            break
    if not (names & _TECHNICAL_HEADERS and names & (_LETTER_HEADERS | {"mime-version", "received"})):
        return None
    return Unfaxable.WEB_PAGE if _SAVED_PAGE.search(text) else Unfaxable.E_MAIL
