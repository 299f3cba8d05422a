"""Detects the kind of a file by its content; its name is not used."""

import codecs
import re
from enum import Enum
from pathlib import Path

from faxbot.fax.document import WebPageReceived
from faxbot.fax.errors import BadDocument

ACCEPTED_KINDS = "I take PDF, TIFF, PostScript, text, PNG and JPEG."
_HEAD_BYTES = 1024  # a PDF may begin that far in
_CHUNK_BYTES = 1 << 20
_MAX_NAME_CHARS = 60
_HTML = re.compile(
    rb"<(?:!doctype\s+html|html|head|body)\b|<\?xml[^>]*>\s*<(?:!doctype\s+)?html\b", re.IGNORECASE
)
_HTML_NAME = re.compile(r"\.x?html?$", re.IGNORECASE)
_NOT_IN_TEXT = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_NOT_IN_WESTERN_TEXT = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")  # cp1252 has no letters there
_MIN_ASCII_SHARE = 0.7


class FileKind(Enum):
    """A kind of file that can be faxed: its content type and its usual suffix."""

    PDF = ("application/pdf", ".pdf")
    POSTSCRIPT = ("application/postscript", ".ps")
    TIFF = ("image/tiff", ".tif")
    TEXT = ("text/plain", ".txt")
    PNG = ("image/png", ".png")
    JPEG = ("image/jpeg", ".jpg")

    @property
    def content_type(self) -> str:
        """The media type for the multipart form."""
        return self.value[0]

    @property
    def suffix(self) -> str:
        """The suffix of file names."""
        return self.value[1]


_MAGIC: tuple[tuple[bytes, FileKind], ...] = (
    (b"%PDF-", FileKind.PDF),
    (b"%!", FileKind.POSTSCRIPT),
    (b"\x04%!", FileKind.POSTSCRIPT),
    (b"II*\0", FileKind.TIFF),
    (b"MM\0*", FileKind.TIFF),
    (b"\x89PNG\r\n\x1a\n", FileKind.PNG),
    (b"\xff\xd8\xff", FileKind.JPEG),
)


def sniff(path: Path, name: str) -> FileKind:
    """
    Detect the kind of the file at *path*; *name* is used in messages only.

    Raises:
        BadDocument: It is empty, or of a kind that cannot be faxed.
        WebPageReceived: It is a web page, such as Slack's sign-in page, instead of the file.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head:
        raise BadDocument(f"{display_name(name)} is empty. Share the file again.")
    if kind := next((kind for magic, kind in _MAGIC if head.startswith(magic)), None):
        return kind
    if _HTML.match(head.removeprefix(codecs.BOM_UTF8).lstrip()):
        if _HTML_NAME.search(name):
            raise unsupported(name)
        raise WebPageReceived(
            f"A sign-in page came instead of {display_name(name)}."
            " Ask an admin to grant the bot files:read, then share the file again."
        )
    if b"%PDF-" in head:
        return FileKind.PDF
    if _is_text(path):
        return FileKind.TEXT
    raise unsupported(name)


def unsupported(name: str) -> BadDocument:
    """The refusal of a file of another kind."""
    return BadDocument(f"{display_name(name)} can't be faxed. {ACCEPTED_KINDS}")


def display_name(name: str) -> str:
    """A file's name for a sentence: printable characters on one line, shortened in the middle."""
    name = " ".join("".join(char if char.isprintable() else " " for char in name).split()) or "The file"
    return name if len(name) <= _MAX_NAME_CHARS else f"{name[: _MAX_NAME_CHARS - 8]}…{name[-7:]}"


def text_encoding(path: Path) -> str:
    """The encoding of a text file: UTF-8 if it is valid, else cp1252."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while chunk := file.read(_CHUNK_BYTES):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8-sig"


def _is_text(path: Path) -> bool:
    """Whether the file has no control characters, and is UTF-8 or cp1252 with at least 70 % ASCII."""
    size = plain = 0
    western = True
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            if _NOT_IN_TEXT.search(chunk):
                return False
            western = western and not _NOT_IN_WESTERN_TEXT.search(chunk)
            size += len(chunk)
            plain += len(chunk) - len(re.findall(rb"[\x80-\xff]", chunk))
    return text_encoding(path) != "cp1252" or (western and plain >= _MIN_ASCII_SHARE * size)
