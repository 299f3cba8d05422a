"""Detects the kind of a file by its content; its name is not used."""

import re
from enum import Enum
from pathlib import Path

from faxbot.documents import encoding
from faxbot.documents.refusals import Unfaxable
from faxbot.documents.signatures import is_slack_page, unfaxable
from faxbot.fax.document import WebPageReceived
from faxbot.fax.errors import BadDocument

_HEAD_BYTES = 1 << 16
_PDF_STARTS_WITHIN = 1024
_MAX_NAME_CHARS = 60
_PDF_OBJECT = re.compile(rb"\d\s+\d+\s+obj\b|%%EOF")
_POSTSCRIPT = re.compile(
    rb"(?:\xef\xbb\xbf|[\s\0\x04]|\x1b%-12345X|@PJL[^\r\n]*[\r\n]+)*(?=%!(?!\s*(?:TEX|BIB)\b))", re.IGNORECASE
)
_NOT_A_DOCUMENT = (b"%!PS-AdobeFont", b"%!FontType")
_PAGE_NAME = re.compile(r"\.(?:x?html?|mht(?:ml)?|php|aspx?)$", re.IGNORECASE)
_BITMAP_HEADERS = frozenset([12, 16, 40, 52, 56, 64, 108, 124])
_AVIF_BRANDS = frozenset([b"avif", b"avis"])
_HEIC_BRANDS = frozenset([b"heic", b"heix", b"heim", b"heis", b"hevm", b"hevs", b"mif1", b"msf1"])
_HEIC_SEQUENCES = frozenset([b"hevc", b"hevx"])


class FileKind(Enum):
    """A kind of file that can be faxed: its content type and its usual suffix."""

    PDF = ("application/pdf", ".pdf")
    POSTSCRIPT = ("application/postscript", ".ps")
    TIFF = ("image/tiff", ".tif")
    TEXT = ("text/plain", ".txt")
    PNG = ("image/png", ".png")
    JPEG = ("image/jpeg", ".jpg")
    GIF = ("image/gif", ".gif")
    WEBP = ("image/webp", ".webp")
    BMP = ("image/bmp", ".bmp")
    AVIF = ("image/avif", ".avif")
    HEIC = ("image/heic", ".heic")

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
    (b"\xc5\xd0\xd3\xc6", FileKind.POSTSCRIPT),  # EPS with a preview for DOS
    (b"II*\0", FileKind.TIFF),
    (b"MM\0*", FileKind.TIFF),
    (b"\x89PNG\r\n\x1a\n", FileKind.PNG),
    (b"\xff\xd8\xff", FileKind.JPEG),
    (b"GIF87a", FileKind.GIF),
    (b"GIF89a", FileKind.GIF),
)
_BIG_TIFF = (b"II+\0", b"MM\0+")


def sniff(path: Path, name: str) -> FileKind:
    """
    Detect the kind of the file at *path*; *name* is used in messages only.

    Raises:
        BadDocument: It is empty, or of a kind that cannot be faxed.
        WebPageReceived: It is Slack's sign-in page instead of the file.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head:
        raise BadDocument(f"{display_name(name)} is empty. Share the file again.")
    if kind := _picture_or_document(head, path):
        return kind
    if is_slack_page(path):
        raise WebPageReceived(
            f"A sign-in page came instead of {display_name(name)}."
            " Ask an admin to grant the bot files:read, then share the file again."
        )
    if other := unfaxable(path):
        if other is Unfaxable.WEB_PAGE and not _PAGE_NAME.search(name):  # such as a table named .xls
            other = Unfaxable.DOCUMENT
        raise BadDocument(other.sentence(display_name(name)))
    if encoding.detect(path):
        return FileKind.TEXT
    raise unsupported(name)


def unsupported(name: str) -> BadDocument:
    """The refusal of a file of another kind."""
    return BadDocument(Unfaxable.DOCUMENT.sentence(display_name(name)))


def display_name(name: str) -> str:
    """A file's name for a sentence: printable characters on one line, shortened in the middle."""
    name = " ".join("".join(char if char.isprintable() else " " for char in name).split()) or "The file"
    return name if len(name) <= _MAX_NAME_CHARS else f"{name[: _MAX_NAME_CHARS - 8]}…{name[-7:]}"


def postscript_start(head: bytes) -> int | None:
    """Where PostScript begins behind PJL, Ctrl-D and a byte order mark; None if *head* is not PostScript."""
    found = _POSTSCRIPT.match(head)
    if found is None or head.startswith(_NOT_A_DOCUMENT, found.end()):
        return None
    return found.end()


def _picture_or_document(head: bytes, path: Path) -> FileKind | None:
    kind = next((kind for magic, kind in _MAGIC if head.startswith(magic)), None)
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        kind = FileKind.WEBP
    elif head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BITMAP_HEADERS:
        kind = FileKind.BMP
    elif head[4:8] == b"ftyp":
        kind = _of_brands(head)
    elif head.startswith(_BIG_TIFF) and _opens_as_tiff(path):
        kind = FileKind.TIFF
    elif postscript_start(head) is not None:
        kind = FileKind.POSTSCRIPT
    start = head.find(b"%PDF-", 0, _PDF_STARTS_WITHIN)
    if kind is None and start > 0 and _PDF_OBJECT.search(head, start):  # not a text about PDF
        kind = FileKind.PDF
    return kind


def _of_brands(head: bytes) -> FileKind | None:
    """AVIF and HEIC are told from MP4 by the brands in the first box."""
    length = int.from_bytes(head[:4], "big")
    first, *more = (head[at : at + 4] for at in (8, *range(16, min(length, len(head)), 4)))
    brands = {first, *more}
    if brands & _AVIF_BRANDS:
        return FileKind.AVIF
    if brands & _HEIC_BRANDS or first in _HEIC_SEQUENCES:
        return FileKind.HEIC
    return None


def _opens_as_tiff(path: Path) -> bool:
    from PIL import Image  # noqa: PLC0415 - rarely needed, and large

    try:
        with Image.open(path, formats=["TIFF"]) as image:
            return image.width > 0
    except (OSError, ValueError, SyntaxError, KeyError, TypeError, Image.DecompressionBombError):
        return False
