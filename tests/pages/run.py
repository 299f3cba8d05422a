"""One document through the pipeline and through the fax server's converters."""

import asyncio
import re
import tempfile
import time
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pypdfium2

from faxbot.documents.sandbox import DocumentSandbox
from faxbot.fax.document import Document, Part
from faxbot.fax.errors import Fault
from tests.pages.compare import Sheet, compare_all
from tests.pages.converters import Converters, PaperName
from tests.pages.samples.sample import Sample
from tests.pages.strips import compare_strips, is_long
from tests.pages.viewer import NotShownError, Shown, show

WIDTHS: dict[PaperName, float] = {"letter": 612.0, "a4": 595.0}
LINES = (98, 196)
MAX_BYTES, MAX_PAGES = 100_000_000, 500


@dataclass(slots=True)
class Outcome:
    """What became of a document on one paper. *problems* is what must not be."""

    name: str
    paper: PaperName
    accepted: bool = False
    message: str = ""
    pages: int = 0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)


def prove(sample: Sample, paper: PaperName, converters: Converters, lines: Sequence[int] = LINES) -> Outcome:
    """Make *sample*, prepare it, print it, and compare what is printed with what a viewer shows."""
    with tempfile.TemporaryDirectory(prefix="faxbot-pages-") as folder:
        parts = []
        for number, one in enumerate((sample, *sample.together)):
            path = Path(folder) / f"original{number}"
            one.make(path)
            parts.append(Part(path, one.name))
        outcome = Outcome(sample.name, paper)
        document = _prepare(parts, Path(folder) / "fax", outcome)
        if document is None:
            outcome.problems += _wrong_refusal(sample, outcome.message)
        else:
            outcome.pages = document.pages or 0
            outcome.problems += _wrong_acceptance(sample, outcome.pages)
            _judge(sample, parts, document, outcome, converters=converters, lines=lines)
        return outcome


def _prepare(parts: Sequence[Part], into: Path, outcome: Outcome) -> Document | None:
    sandbox = DocumentSandbox(max_bytes=MAX_BYTES, max_pages=MAX_PAGES, paper=outcome.paper)
    began = time.monotonic()
    try:
        document = asyncio.run(sandbox.prepare(parts, into))
    except Fault as fault:
        outcome.message = str(fault)
        return None
    finally:
        outcome.seconds = time.monotonic() - began
    outcome.accepted = True
    return document


def _wrong_refusal(sample: Sample, message: str) -> list[str]:
    if sample.pages is not None and not sample.either:
        return [f"is refused: {message}"]
    if sample.refusal and not re.search(sample.refusal, message, re.IGNORECASE):
        return [f"the refusal does not say {sample.refusal}: {message}"]
    return []


def _wrong_acceptance(sample: Sample, pages: int) -> list[str]:
    if sample.pages is None and not sample.either:
        return [f"is accepted, with {pages} pages"]
    if sample.pages and pages != sample.pages:
        return [f"has {pages} pages, not {sample.pages}"]
    return []


def _judge(
    sample: Sample,
    parts: Sequence[Part],
    document: Document,
    outcome: Outcome,
    *,
    converters: Converters,
    lines: Sequence[int],
) -> None:
    try:
        shown: list[Shown | None] = [page for part in parts for page in show(part.path)]
    except NotShownError as exc:
        shown = show(document.path)  # what is printed is at least what the bot made
        if not sample.text and sample.pages is not None and not _is_text(parts):
            outcome.message = f"not compared with the original: {exc}"
    if sample.text and document.path.suffix == ".pdf":
        outcome.problems += wrong_text(document.path, sample.text)
    for per_inch in lines:
        with converters.printed(document.path, outcome.paper, per_inch) as printed:
            where = f"{per_inch} lines"
            if printed.error:
                outcome.problems.append(f"{where}: the converter fails: {printed.error[:300]}")
                continue

            def sheet(index: int, printed=printed, per_inch: int = per_inch) -> Sheet:
                return Sheet.of(printed.page(index), WIDTHS[outcome.paper], per_inch)

            wrong = _compare(shown, sheet, printed.count, loose=sample.loose)
            outcome.problems += [
                f"{where}: {'page ' if page else ''}{page or ''} {what}" for page, what in wrong
            ]


def _compare(shown: list[Shown | None], sheet, count: int, *, loose: bool) -> list[tuple[int, str]]:
    """A single long page may have become several."""
    if len(shown) == 1 and count > 1 and shown[0] and is_long(shown[0]):
        wrong = compare_strips(shown[0], sheet, count)
        return [(0, wrong)] if wrong else []
    return compare_all(shown, sheet, count, loose=loose)


def wrong_text(document: Path, expected: str) -> list[str]:
    """Where the words of the pages differ from *expected*; spaces and line ends do not count."""
    pdf = pypdfium2.PdfDocument(document)
    try:
        found = []
        for page in pdf:
            text = page.get_textpage()
            found.append(text.get_text_range())
            text.close()
            page.close()
    finally:
        pdf.close()
    here, there = _letters("".join(found)), _letters(expected)
    if here == there:
        return []
    at = next(
        (i for i, (a, b) in enumerate(zip(here, there, strict=False)) if a != b), min(len(here), len(there))
    )
    return [f"the text differs at {at}: {here[at : at + 20]!r}, not {there[at : at + 20]!r}"]


def _letters(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).replace("\x02", "-").split())


def _is_text(parts: Sequence[Part]) -> bool:
    return all(part.name.endswith((".txt", ".md", ".py", ".csv")) for part in parts)
