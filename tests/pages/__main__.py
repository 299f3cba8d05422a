"""`make pages`: every sample, or a person's own files, as the fax server's converters print them."""

import os
import shutil
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.pages.converters import Converters, PaperName
from tests.pages.run import LINES, WIDTHS, Outcome, prove
from tests.pages.samples import SAMPLES
from tests.pages.samples.sample import Sample
from tests.support.reliability_page import put, table

console = Console()


def main(
    *,
    files: Annotated[
        Path | None, typer.Option(help="A file, or a folder of files, instead of the samples.")
    ] = None,
    only: Annotated[str, typer.Option(help="Only samples whose name or group contains this.")] = "",
    jobs: Annotated[int, typer.Option(help="Documents that are printed side by side.")] = os.cpu_count() or 1,
    write: Annotated[bool, typer.Option("--write", help="Put the table into docs/reliability.md.")] = False,
) -> None:
    """Compare what the fax server prints with what a viewer shows; exit code 1 if anything is wrong."""
    if missing := Converters().missing:
        console.print(f"The pages cannot be printed: {missing}.", style="red")
        raise typer.Exit(2)
    if not any(_documents(files, only).values()):
        console.print("There is no such document.", style="red")
        raise typer.Exit(2)
    began = time.monotonic()
    found = _prove(files, only, jobs)
    wrong = sum(bool(outcome.problems) for _, outcome in found)
    console.print(_table(found), markup=False, highlight=False)
    took = f"{(time.monotonic() - began) / 60:.0f} min"
    console.print(f"{wrong} of {len(found)} are wrong ({took}).")
    if write and not wrong and not only and files is None:
        today = time.strftime("%-d %B %Y")
        put("pages", f"`make pages` on {today}, in {took}:\n\n{_table(found)}")
    raise typer.Exit(bool(wrong))


@cache
def _documents(files: Path | None, only: str) -> Mapping[str, Sequence[Sample]]:
    """The samples by group; of a person's own files nothing is known: refused, or accepted and then whole."""
    if files is None:
        words = only.lower()
        return {
            group: [each for each in samples if words in f"{each.name} {group}".lower()]
            for group, samples in SAMPLES.items()
        }
    paths = sorted(path for path in files.rglob("*") if path.is_file()) if files.is_dir() else [files]
    return {str(files): [Sample(path.name, partial(shutil.copyfile, path), 0, either=True) for path in paths]}


def _prove(files: Path | None, only: str, jobs: int) -> list[tuple[str, Outcome]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    work = [
        (files, only, group, index, paper)
        for group, samples in _documents(files, only).items()
        for index in range(len(samples))
        for paper in WIDTHS
    ]
    found = []
    with Progress(*columns, console=console) as progress, ProcessPoolExecutor(jobs) as pool:
        bar = progress.add_task("printed", total=len(work))
        for (_, _, group, *_), outcome in zip(work, pool.map(_one, work), strict=True):
            for line in _complaints(outcome, with_refusals=files is not None):
                progress.console.print(line, markup=False, highlight=False)
            found.append((group, outcome))
            progress.advance(bar)
    return found


def _one(task: tuple[Path | None, str, str, int, PaperName]) -> Outcome:
    files, only, group, index, paper = task
    sample = _documents(files, only)[group][index]
    try:
        with Converters() as converters:
            return prove(sample, paper, converters)
    except Exception as exc:  # noqa: BLE001 - one document must not end the run of all the others
        return Outcome(sample.name, paper, problems=[f"cannot be judged: {type(exc).__name__}: {exc}"])


def _complaints(outcome: Outcome, *, with_refusals: bool) -> list[str]:
    lines = [f"{outcome.name} on {outcome.paper}: {problem}" for problem in outcome.problems]
    if with_refusals and outcome.message:
        lines.append(f"{outcome.name} on {outcome.paper}: {outcome.message}")
    return lines


def _table(found: Sequence[tuple[str, Outcome]]) -> str:
    """One row for each group of documents."""
    rows = []
    for group in dict.fromkeys(group for group, _ in found):
        outcomes = [outcome for each, outcome in found if each == group]
        first = [outcome for outcome in outcomes if outcome.paper == next(iter(WIDTHS))]
        accepted = [outcome for outcome in outcomes if outcome.accepted]
        numbers = (
            len(first),
            sum(outcome.accepted for outcome in first),
            sum(not outcome.accepted for outcome in first),
            sum(outcome.pages for outcome in accepted) * len(LINES),
            sum(bool(outcome.problems) for outcome in outcomes),
        )
        rows.append([group, *map(str, numbers)])
    return table(
        ["documents", "files:", "accepted:", "refused:", "pages printed and compared:", "wrong:"], rows
    )


if __name__ == "__main__":
    typer.run(main)
