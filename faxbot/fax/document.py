"""What a person gives to be faxed, and what the fax server is given."""

from dataclasses import dataclass
from pathlib import Path

from faxbot.fax.errors import BadDocument


@dataclass(frozen=True, slots=True)
class Part:
    """One file as it was shared: where its bytes are, and what the person calls it."""

    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class Document:
    """
    A document the fax server takes.

    *name* is fit for a multipart filename and has the suffix of *content_type*; *pages* is None where only
    the server's conversion can tell (text, PostScript); *size* is in bytes, *sha256* in hexadecimal.
    """

    path: Path
    name: str
    content_type: str
    pages: int | None
    size: int
    sha256: str


class WebPageReceived(BadDocument):
    """A web page came where a file was expected: whoever asked lacks the right to have it."""
