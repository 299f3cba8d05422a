"""The refusals of files that are damaged, or too large for a fax."""

from faxbot.documents.kinds import display_name
from faxbot.fax.errors import BadDocument


def too_complex(name: str) -> BadDocument:
    """The refusal of a file that takes too much time or memory."""
    return BadDocument(
        f"{display_name(name)} is too complex to fax. Print it to a new, simpler PDF and share that."
    )


def too_large(name: str) -> BadDocument:
    """The refusal of a picture with too many pixels."""
    return BadDocument(f"{display_name(name)} has too many pixels for a fax. Save it smaller and share that.")


def damaged(name: str) -> BadDocument:
    """The refusal of a truncated or damaged file."""
    return BadDocument(
        f"{display_name(name)} is damaged or cut short. Open it, save it again and share the new file."
    )


def too_many_pages(name: str, pages: int | None, max_pages: int) -> BadDocument:
    """The refusal of a document with more than *max_pages*; *pages* is None if they were not all counted."""
    count = f"{pages} pages" if pages else f"more than {max_pages} pages"
    return BadDocument(
        f"{display_name(name)} has {count}; {max_pages} is the most for one fax. Share it in smaller parts."
    )
