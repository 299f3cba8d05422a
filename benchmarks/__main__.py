"""`make bench`: measure every row, or those that are named; exit code 1 when a count is wrong."""

import asyncio
import gc
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks import page
from benchmarks.canned.control import canned_ucx
from benchmarks.child import ChildEndedError
from benchmarks.findings import Findings
from benchmarks.row import Row, RowContext
from benchmarks.rows import ROWS

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def bench(
    names: Annotated[list[str] | None, typer.Argument(help="Only these rows.", metavar="[ROW]…")] = None,
    *,
    smoke: Annotated[bool, typer.Option("--smoke", help="Little of everything: counts, not times.")] = False,
    write: Annotated[bool, typer.Option("--write", help="Put the table into docs/performance.md.")] = False,
) -> None:
    """Measure faxbot against its floors. Rows whose counts are wrong are named; times never fail."""
    console = Console()
    known = {row.name: row for row in ROWS}
    if unknown := set(names or ()) - known.keys():
        raise typer.BadParameter(f"no row {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    wanted = [known[name] for name in names] if names else list(ROWS)
    began = time.monotonic()
    measured = asyncio.run(run(wanted, smoke=smoke, console=console))
    page.show(console, measured)
    if write:
        page.write(measured, time.monotonic() - began)
    raise typer.Exit(any(found.wrong for _, found in measured))


async def run(rows: Sequence[Row], *, smoke: bool, console: Console) -> list[tuple[Row, Findings]]:
    """Measure *rows*, one after the other."""
    measured: list[tuple[Row, Findings]] = []
    with tempfile.TemporaryDirectory(prefix="faxbot-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        async with canned_ucx(folder / "ucx") as ucx:
            for row in rows:
                gc.collect()
                began = time.monotonic()
                here = folder / row.name
                here.mkdir()

                def say(line: str, row: Row = row) -> None:
                    console.print(f"  {row.name}: {line}", style="dim", markup=False, highlight=False)

                try:
                    found = await row.measure(RowContext(here, ucx, smoke, say))
                except (TimeoutError, ChildEndedError, AssertionError) as exc:  # the others are worth having
                    found = Findings(wrong=[f"it could not be measured: {exc}"])
                measured.append((row, found))
                say(f"{time.monotonic() - began:.0f} s")
    return measured


if __name__ == "__main__":
    sys.exit(app())
