"""Documents ready to be faxed."""

from sqlmodel import SQLModel

from faxbot.fax.document import Document


class KeptDocument(SQLModel):
    """One document that was made of a fax's files; faxes that are sent again share it."""

    id: int = 0
    path: str | None = None
    """Where it is in the spool; None once it was removed from there."""
    name: str
    content_type: str
    pages: int | None = None
    bytes: int | None
    """Its size; None if it was made before sizes were kept."""
    sha256: str
    """Of its content, in hexadecimal."""


def kept_document(document: Document) -> KeptDocument:
    """The row of *document*."""
    return KeptDocument(
        path=str(document.path),
        name=document.name,
        content_type=document.content_type,
        pages=document.pages,
        bytes=document.size,
        sha256=document.sha256,
    )
