"""`make load`: 200 faxes at once over 20 channels, with the stand-in's rate limits on."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.load.judge import Findings
from tests.load.run import Load, run


def main() -> int:
    """Run it twice: with Slack's limits known beforehand, and learned from the first 429."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--faxes", type=int, default=200)
    words.add_argument("--channels", type=int, default=20)
    words.add_argument("--speed", type=float, default=10.0, help="of the clock")
    given = words.parse_args()
    console = Console()
    table = Table(
        "limits", "faxes", "cards", "ends announced", "Slack calls", "429", "seconds of the clock", "wrong"
    )
    wrong: list[str] = []
    for limits in ("tiers", "learn"):
        found, seconds = _one(Load(given.faxes, given.channels, limits, given.speed), console)
        row = (
            given.faxes,
            found.cards,
            found.ends,
            found.calls,
            found.refused,
            round(seconds),
            len(found.wrong),
        )
        table.add_row(limits, *map(str, row))
        wrong += found.wrong
    console.print(table)
    for each in wrong[:20]:
        console.print(f"  {each}", markup=False)
    return 1 if wrong else 0


def _one(load: Load, console: Console) -> tuple[Findings, float]:
    taken = 0.0
    with tempfile.TemporaryDirectory(prefix="faxbot-load-") as folder, Progress(console=console) as progress:
        bar = progress.add_task(f"ends announced ({load.limits})", total=load.faxes)

        def tell(ends: int, seconds: float) -> None:
            nonlocal taken
            taken = seconds
            progress.update(bar, completed=ends)

        return asyncio.run(run(load, Path(folder), tell)), taken


if __name__ == "__main__":
    sys.exit(main())
