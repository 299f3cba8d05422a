"""The files of a fax: as shared by a person, and as submitted to the fax server."""

from dataclasses import dataclass
from pathlib import Path

from faxbot.fax.errors import BadDocument

_LETTER_REGIONS = frozenset("US CA MX PR PH CL CO CR DO GT HN NI PA SV VE BO".split())


@dataclass(frozen=True, slots=True)
class Part:
    """One shared file: the path of its bytes, and the name the person gave it."""

    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class Note:
    """What was done to a page (from 1; 0: to the whole document), such as "turned, shrunk to 71 %"."""

    page: int
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """
    A document in a format that the fax server accepts, whose pages fit its paper.

    *name* is safe as a multipart filename and has the suffix of *content_type*. *size* is in bytes, *sha256* in
    hexadecimal; *original_sha256* is that of the shared file (of several: of their digests, one after another).
    *blank* are the numbers of the pages, from 1, on which a viewer shows nothing.
    """

    path: Path
    name: str
    content_type: str
    pages: int
    size: int
    sha256: str
    original_sha256: str
    notes: tuple[Note, ...] = ()
    blank: tuple[int, ...] = ()


class WebPageReceived(BadDocument):
    """A web page was downloaded instead of the file: the bot lacks the permission to read it."""


def paper_of(region: str) -> str:
    """The usual paper of a region (ISO 3166 code): `letter` in most of America, else `a4`."""
    return "letter" if region.upper() in _LETTER_REGIONS else "a4"
