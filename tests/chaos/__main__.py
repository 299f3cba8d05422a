"""`make chaos` and `make soak`: the promises under kills and faults, judged by the servers' contents."""

import asyncio
import contextlib
import os
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal
from unittest.mock import patch

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from tests.chaos import campaign, report
from tests.chaos.report import Row
from tests.chaos.stage import POSTGRESQL
from tests.chaos.trial import ACTS, Outcome, Trial
from tests.chaos.workers import Workers
from tests.support.postgresql import postgresql_server

TRIES = 3
"""So often a boundary that was not reached is tried."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
console = Console()

Keep = Annotated[Path | None, typer.Option(help="Leave the folders of harmed worlds here.")]
Count = Annotated[int, typer.Option(help="Worker processes.")]
Beside = Annotated[int, typer.Option(help="Trials that a worker plays at once.")]
DatabaseKind = Annotated[
    Literal["sqlite", "postgresql"], typer.Option(help="Where the bot keeps what it must not forget.")
]
Write = Annotated[bool, typer.Option("--write", help="Put the table into docs/reliability.md.")]


@app.command()
def chaos(
    *,
    sample: Annotated[int, typer.Option(help="Only so many boundaries, spread evenly, and no faults.")] = 0,
    only: Annotated[
        str, typer.Option(help="Only trials whose name contains this; of a sample, one act.")
    ] = "",
    database: DatabaseKind = "sqlite",
    write: Write = False,
    keep: Keep = None,
    workers: Count = 2,
    beside: Beside = 3,
) -> None:
    """Kill the bot at every boundary, then let each fault befall each method; exit code 1 on any harm."""
    began = time.monotonic()
    with _database(database):
        rows = asyncio.run(_chaos(Workers(workers, beside, keep), sample, only))
    took = _end(rows, began)
    if write:
        report.write("chaos", rows, f"`make chaos` on {time.strftime('%-d %B %Y')}, in {took}:")
    raise typer.Exit(any(row.harmed for row in rows))


@app.command()
def soak(
    *,
    duration: Annotated[float, typer.Option(help="Seconds in which storms begin.")] = 300.0,
    seed: Annotated[int, typer.Option(help="Of the first storm; the others follow from it.")] = 0,
    storms: Annotated[int, typer.Option(help="Only so many.")] = 0,
    database: DatabaseKind = "sqlite",
    write: Write = False,
    keep: Keep = None,
    workers: Count = 2,
    beside: Beside = 3,
) -> None:
    """Storms of kills, faults, outages, refreshes and rate limits at random; exit code 1 on any harm."""
    began, first = time.monotonic(), seed or random.SystemRandom().randrange(1, 10**6)
    console.print(f"SEED={first}")

    def weather() -> Iterator[Trial]:
        for number in range(first, first + (storms or 10**6)):
            if time.monotonic() - began > duration:
                return
            yield campaign.storm(number)

    row = Row("storms")
    with _database(database):
        asyncio.run(_soak(Workers(workers, beside, keep), row, weather(), duration))
    took = _end([row], began)
    if write:
        made_by = (
            f"`make soak DURATION={duration:g} SEED={first}` on {time.strftime('%-d %B %Y')}, in {took}:"
        )
        report.write("soak", [row], made_by)
    raise typer.Exit(bool(row.harmed))


@contextlib.contextmanager
def _database(kind: str) -> Iterator[None]:
    """A server for all worlds, if they are to be on PostgreSQL; its URL is passed in the environment."""
    if kind == "sqlite":
        yield
        return
    with postgresql_server() as server, patch.dict(os.environ, {POSTGRESQL: server}):
        yield


async def _chaos(workers: Workers, sample: int, only: str) -> list[Row]:
    def wanted(trials: Sequence[Trial]) -> list[Trial]:
        return [trial for trial in trials if only in str(trial)]

    async with workers:
        recording = Row("undisturbed")
        acts = [act for act in ACTS if sample and act == only] or list(ACTS)
        played = await _play(workers, recording, [Trial((act,)) for act in acts] * (1 if sample else 2))
        recorded = sorted((outcome for _, outcome in played), key=lambda each: ACTS.index(each.acts[0]))
        found = campaign.kills_at_boundaries(recorded)
        kills = Row("killed at a boundary")
        played = await _play(workers, kills, campaign.spread(found, sample) if sample else wanted(found))
        if sample:
            return [recording, kills]
        again, fax, slack = Row("killed again"), Row("faults of the UCX"), Row("faults of Slack")
        once = recorded[::2]
        await _play(workers, again, wanted(campaign.kills_after_kills(recorded, played)))
        await _play(workers, fax, wanted([each for act in once for each in campaign.fax_faults(act)]))
        await _play(workers, slack, wanted([each for act in once for each in campaign.slack_faults(act)]))
        return [recording, kills, again, fax, slack]


async def _play(workers: Workers, row: Row, trials: Sequence[Trial]) -> list[tuple[Trial, Outcome]]:
    """Play them; what is not reached is tried again, and in the end counted as not reached."""
    played: list[tuple[Trial, Outcome]] = []
    left = list(trials)
    with _progress(row.name) as progress:
        task = progress.add_task("", total=len(trials), harmed="")
        for attempt in range(1, TRIES + 1):
            playing, left = left, []
            async for trial, outcome in workers.play(playing):
                reached = outcome.reached(trial)
                if not reached and attempt < TRIES:
                    left.append(trial)
                    continue
                if row.add(trial, outcome, reached=reached):
                    report.tell(progress.console, trial, outcome)
                played.append((trial, outcome))
                _advance(progress, task, row)
    return played


async def _soak(workers: Workers, row: Row, storms: Iterator[Trial], duration: float) -> None:
    async with workers:
        with _progress(row.name) as progress:
            began = time.monotonic()
            task = progress.add_task("", total=duration, harmed="")
            async for trial, outcome in workers.play(storms):
                if row.add(trial, outcome, reached=True):
                    report.tell(progress.console, trial, outcome)
                progress.update(task, completed=min(duration, time.monotonic() - began))
                _advance(progress, task, row, by=0)


def _progress(name: str) -> Progress:
    return Progress(
        TextColumn(f"{name:<20}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[harmed]}"),
        TimeElapsedColumn(),
        console=console,
    )


def _advance(progress: Progress, task: TaskID, row: Row, by: int = 1) -> None:
    harmed = f"[red]{len(row.harmed)} harmed" if row.harmed else ""
    progress.update(task, advance=by, harmed=harmed)
    if not console.is_terminal and row.trials % 50 == 0:
        console.print(f"{row.name}: {row.trials}, {len(row.harmed)} harmed")


def _end(rows: Sequence[Row], began: float) -> str:
    """Show the table; how long it took."""
    report.show(console, rows)
    took = time.monotonic() - began
    spent = sum(row.cpu for row in rows) / max(1, sum(row.trials for row in rows))
    answer = f"{took / 60:.0f} minutes" if took > 120 else f"{took:.0f} seconds"
    console.print(f"{answer}; {spent:.1f} processor seconds of the bot in each trial")
    return answer


if __name__ == "__main__":
    app()
