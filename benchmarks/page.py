"""The table: on the terminal, and between two markers in docs/performance.md."""

import os
import platform
import re
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table

from benchmarks.findings import Figure, Findings
from benchmarks.row import Row

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
BEGIN, END = "<!-- bench: written by the command -->", "<!-- bench: end -->"
COLUMNS = ("measured", "the floor", "ratio", "must be", "")
_STYLES = {"met": "green", "missed": "red"}

Measured = Sequence[tuple[Row, Findings]]


def show(console: Console, measured: Measured) -> None:
    """Print every figure, then every count that is wrong."""
    table = Table("", *(Column(name, justify="right") for name in COLUMNS))
    for row, found in measured:
        table.add_section()
        table.add_row(f"[bold]{row.title}[/bold]")
        for figure in found.figures:
            table.add_row(f"  {figure.what}", *_cells(figure), style=_STYLES.get(figure.verdict))
    console.print(table)
    for row, found in measured:
        for each in found.wrong:
            console.print(f"wrong: {row.name}: {each}", style="red", markup=False)


def write(measured: Measured, seconds: float) -> None:
    """Put the table into docs/performance.md, in place of that of the run before."""
    lines = [f"`make bench` on {time.strftime('%-d %B %Y')}, {machine()}, in {seconds / 60:.0f} min:"]
    lines += ["", _line(["", *COLUMNS]), _line(["---", *("---:" for _ in COLUMNS)])]
    for row, found in measured:
        lines.append(_line([f"**{row.title}**", *("" for _ in COLUMNS)]))
        lines += [_line([figure.what, *_cells(figure)]) for figure in found.figures]
    body = "\n".join(lines)
    text = PAGE.read_text(encoding="utf-8")
    pattern = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    PAGE.write_text(pattern.sub(lambda _: f"{BEGIN}\n{body}\n{END}", text), encoding="utf-8")


def machine() -> str:
    """What it ran on, in general terms."""
    cores = os.cpu_count() or 1
    return (
        f"{cores} cores, {platform.system()}, {platform.python_implementation()} {platform.python_version()}"
    )


def _cells(figure: Figure) -> list[str]:
    return [figure.measured, figure.floor, figure.result, figure.target, figure.verdict]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
