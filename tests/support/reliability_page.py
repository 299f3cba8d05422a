"""The parts of docs/reliability.md that commands write."""

import re
from collections.abc import Sequence
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"


def put(section: str, body: str) -> None:
    """Write *body* between the marks of *section*, in place of what the run before wrote."""
    text = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(_between(section).sub(lambda _: f"{body}\n", text), encoding="utf-8")


def written(section: str) -> str:
    """What stands between the marks of *section*."""
    found = _between(section).search(DOCUMENT.read_text(encoding="utf-8"))
    return found[0].strip() if found else ""


def _between(section: str) -> re.Pattern[str]:
    begin, end = f"<!-- {section}: written by the command -->\n", f"<!-- {section}: end -->"
    return re.compile(f"(?<={re.escape(begin)}).*?(?={re.escape(end)})", re.DOTALL)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown; heads of numbers end in a colon."""
    lines = ["---:" if head.endswith(":") else "---" for head in heads]
    return "\n".join(
        f"| {' | '.join(cells)} |" for cells in ([head.rstrip(":") for head in heads], lines, *rows)
    )
