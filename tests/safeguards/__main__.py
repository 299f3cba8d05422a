"""`make safeguards`: each safeguard is taken out in turn, and a test must go red."""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import Queue
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.safeguards.proof import Copy, Verdict
from tests.safeguards.table import Safeguard, load, page
from tests.support.reliability_page import put

console = Console()


def main(
    *,
    only: Annotated[str, typer.Option(help="Only safeguards whose name or file contains this.")] = "",
    jobs: Annotated[int, typer.Option(help="Copies of the house that are tried side by side.")] = 2,
    write: Annotated[
        bool, typer.Option("--write", help="Put the table into docs/reliability.md if each is missed.")
    ] = False,
) -> None:
    """Take out every safeguard, one at a time; exit code 1 if any of its tests stays green."""
    began = time.monotonic()
    guards = [each for each in load() if only.lower() in f"{each.name} {each.file}".lower()]
    if stale := [why for guard in guards for why in guard.stale()]:
        console.print("\n".join(stale), style="red", markup=False)
        raise typer.Exit(2)
    if not guards:
        console.print("No safeguard and no file is called that.", style="red")
        raise typer.Exit(2)
    with _copies(jobs) as copies:
        _check_green(copies, guards)
        verdicts = _prove(copies, guards)
    for verdict in verdicts:
        if not verdict.proved:
            _complain(verdict)
    proved = sum(verdict.proved for verdict in verdicts)
    took = f"{(time.monotonic() - began) / 60:.0f} min"
    console.print(f"{proved} of {len(verdicts)} safeguards are missed when they are taken out ({took}).")
    if write and proved == len(verdicts):
        put("safeguards", page(load()))
        if not only:
            today = time.strftime("%-d %B %Y")
            put("safeguards run", f"`make safeguards` on {today}, in {took}: each of the {proved} is missed.")
    raise typer.Exit(proved != len(verdicts))


@contextmanager
def _copies(amount: int) -> Iterator[Queue[Copy]]:
    made = [Copy() for _ in range(amount)]
    free: Queue[Copy] = Queue()
    for copy in made:
        free.put(copy)
    try:
        yield free
    finally:
        for copy in made:
            copy.close()


def _check_green(copies: Queue[Copy], guards: Sequence[Safeguard]) -> None:
    """Tests that are red anyway prove nothing."""
    tests = sorted({test for guard in guards for test in guard.red})
    console.print(f"{len(tests)} tests with every safeguard in place …")
    copy = copies.get()
    try:
        wrong = copy.baseline(tests)
    finally:
        copies.put(copy)
    if wrong:
        console.print(wrong, markup=False, highlight=False)
        console.print("These have to be green first.", style="red")
        raise typer.Exit(2)


def _prove(copies: Queue[Copy], guards: Sequence[Safeguard]) -> list[Verdict]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    shown = threading.Lock()
    with Progress(*columns, console=console) as progress, ThreadPoolExecutor(copies.qsize()) as pool:
        bar = progress.add_task("without …", total=len(guards))

        def one(guard: Safeguard) -> Verdict:
            copy = copies.get()
            try:
                verdict = copy.prove(guard)
            finally:
                copies.put(copy)
            with shown:
                mark = "red, as it should be" if verdict.proved else "NOT MISSED"
                progress.console.print(f"{mark}: {guard.name}", markup=False, highlight=False)
                progress.advance(bar)
            return verdict

        return list(pool.map(one, guards))


def _complain(verdict: Verdict) -> None:
    console.print(f"\nnot missed: {verdict.guard.name} ({verdict.guard.out})", style="red", markup=False)
    console.print(verdict.trouble or f"still green: {', '.join(verdict.green)}", markup=False)
    console.print("\n".join(verdict.said.splitlines()[-25:]), markup=False, highlight=False)


if __name__ == "__main__":
    typer.run(main)
