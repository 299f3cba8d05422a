"""Rows for faxes that have a document."""

from pathlib import Path

from faxbot.services.model.documents import KeptDocument
from faxbot.services.model.ledger import Ledger


def a_document(path: str | Path | None = "/nowhere/fax.pdf", *, pages: int | None = 2) -> KeptDocument:
    """A PDF document at *path*."""
    return KeptDocument(
        path=None if path is None else str(path),
        name="fax.pdf",
        content_type="application/pdf",
        pages=pages,
        bytes=8,
        sha256="0" * 64,
    )


def add_document(ledger: Ledger, path: str | Path | None = "/nowhere/fax.pdf") -> int:
    """Keep such a document; its row id."""
    return ledger.add_document(a_document(path)).id
