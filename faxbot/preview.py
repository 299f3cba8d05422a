"""What would be faxed of some files, without Slack and without a fax server: `faxbot preview`."""

import asyncio
import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from faxbot.documents.sandbox import DocumentSandbox
from faxbot.fax.document import Document, Part
from faxbot.fax.errors import BadDocument, Fault


@dataclass(frozen=True, slots=True)
class Preview:
    """
    The outcome: *message* is the sentence that people get.

    *notes* say what was done to the pages, and which are blank. *document* is the fax-ready file in the
    output folder, if there is one; *pages* is None when the files are refused.
    """

    accepted: bool
    message: str
    pages: int | None = None
    document: Path | None = None
    notes: tuple[str, ...] = ()

    def as_json(self) -> str:
        """One line of JSON."""
        return json.dumps(
            {
                "outcome": "accepted" if self.accepted else "refused",
                "message": self.message,
                "pages": self.pages,
                "document": str(self.document) if self.document else None,
                "notes": self.notes,
            },
            ensure_ascii=False,
        )

    def as_text(self) -> str:
        """The message, and the notes on lines of their own."""
        return "\n".join((self.message, *(f"  {note}" for note in self.notes)))


async def preview(files: Sequence[Path], sandbox: DocumentSandbox, out: Path | None) -> Preview:
    """
    Make of *files* what would be faxed; *out* gets it as `fax.pdf` or `fax.tif`, and its pages as PNG files.

    Raises:
        OSError: A file cannot be read, or *out* cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="faxbot-preview-") as folder:
        parts = [Part(file, file.name) for file in files]
        try:
            document = await sandbox.prepare(parts, Path(folder) / "fax")
            kept = await _keep(document, sandbox, out) if out else None
        except (BadDocument, Fault) as problem:
            return Preview(accepted=False, message=str(problem))
    pages = "1 page" if document.pages == 1 else f"{document.pages} pages"
    return Preview(
        True, f"{document.name}: {pages}, {document.size:,} bytes.", document.pages, kept, document.remarks
    )


async def _keep(document: Document, sandbox: DocumentSandbox, out: Path) -> Path:
    await asyncio.to_thread(_empty, out)
    await sandbox.print_pages(document, out)
    return Path(shutil.copyfile(document.path, out / document.path.name))


def _empty(out: Path) -> None:
    """Make the folder *out*, without the files of an earlier preview."""
    out.mkdir(parents=True, exist_ok=True)
    for old in (*out.glob("fax.*"), *out.glob("page-*.png")):
        old.unlink()
