"""The spool: the folder of documents on their way between Slack and the fax server."""

from pathlib import Path

from faxbot.atomic_file import sync_folder

ORIGINAL = "original"
"""How the names of shared files begin in the spool."""


def outgoing(spool: Path, fax_id: int) -> Path:
    """The folder of an outgoing fax: its downloaded files, and the document made of them."""
    return spool / "out" / str(fax_id)


def original(folder: Path, index: int) -> Path:
    """A file as a person shared it, in the *folder* of its fax; *index* counts from 0."""
    return folder / f"{ORIGINAL}{index}"


def received(spool: Path, record_id: int) -> Path:
    """The document of a received fax."""
    return spool / "in" / f"{record_id}.pdf"


def fetched(spool: Path, request_id: int) -> Path:
    """The document for a `get` request."""
    return spool / "get" / f"{request_id}.pdf"


def make_folder(folder: Path) -> None:
    """Create *folder* and its parents, accessible to the bot's user only, and fsync them."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)
        sync_folder(each.parent)
