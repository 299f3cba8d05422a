"""PostScript to PDF."""

import shutil
import subprocess
from pathlib import Path

from faxbot.documents.integrity import check_pdf
from faxbot.documents.kinds import display_name
from faxbot.documents.unreadable import damaged
from faxbot.fax.document import Part
from faxbot.fax.errors import BadDocument


def _distill(part: Part, made: Path, max_pages: int) -> None:
    """Convert PostScript to PDF with Ghostscript, which denies it access to other files (-dSAFER)."""
    ghostscript = shutil.which("gs")
    if ghostscript is None:
        raise BadDocument(
            f"{display_name(part.name)} is PostScript and can't be put together with other files here."
            " Send it by itself, or save it as a PDF."
        )
    command = [ghostscript, "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", f"-dLastPage={max_pages + 1}"]
    # A name without a folder: Ghostscript interprets `%` and `|` in the path.
    command += ["-sDEVICE=pdfwrite", f"-sOutputFile={made.name}", str(part.path.absolute())]
    silent = subprocess.DEVNULL
    done = subprocess.run(  # noqa: S603 - no shell
        command, cwd=made.parent, stdin=silent, stdout=silent, stderr=silent, check=False
    )
    if done.returncode or not made.exists():
        raise damaged(part.name)
    check_pdf(made, part.name, max_pages)


def to_pdf(path: Path, name: str, made: Path, max_pages: int) -> None:
    _distill(Part(path, name), made, max_pages)
