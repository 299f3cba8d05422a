"""Documents ready to be faxed."""

from sqlmodel import SQLModel

from faxbot.fax.document import Document


class KeptDocument(SQLModel):
    """The document made of a fax's files; a fax that is sent again has the same one."""

    id: int = 0
    path: str | None = None
    """Its path in the spool; None once it was deleted there."""
    name: str
    content_type: str
    pages: int | None = None
    bytes: int | None
    """Its size; None in rows from before sizes were stored."""
    sha256: str
    """Of its content, in hexadecimal digits."""
    original_sha256: str = ""
    """Of the shared file, of several that of their digests; empty in rows from before it was stored."""


def kept_document(document: Document) -> KeptDocument:
    """The row of *document*."""
    return KeptDocument(
        path=str(document.path),
        name=document.name,
        content_type=document.content_type,
        pages=document.pages,
        bytes=document.size,
        sha256=document.sha256,
        original_sha256=document.original_sha256,
    )
