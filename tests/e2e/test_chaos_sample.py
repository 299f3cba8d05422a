"""A few boundaries of `make chaos`, spread evenly: the launcher, the scenario and the judge work together."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SAMPLE = 4


def play(count: int, database: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "PYTHONUTF8": "1"}
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "tests.chaos", "chaos", f"--sample={count}", f"--database={database}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env=environment,
    )


@pytest.fixture(scope="module")
def sample() -> subprocess.CompletedProcess[str]:
    return play(SAMPLE, "sqlite")


def test_nobody_is_harmed(sample):
    """Killed at these boundaries, the bot dials once, tells once and loses nothing."""
    assert sample.returncode == 0, sample.stdout + sample.stderr


def test_the_bot_is_killed_where_it_was_told_to(sample):
    """The boundaries of the sample are reached, all but one at the most: when it comes, time decides."""
    reached = re.search(r"reached\s*│\s*(\d+)\s*│\s*(\d+)", sample.stdout)
    assert reached, sample.stdout + sample.stderr
    assert int(reached[1]) == 3
    assert int(reached[2]) >= SAMPLE - 1


def test_nobody_is_harmed_on_postgresql():
    """A fax comes in, one goes out, one is stopped, the bot is killed; every fact is in PostgreSQL."""
    sample = play(2, "postgresql")
    assert sample.returncode == 0, sample.stdout + sample.stderr
    reached = re.search(r"reached\s*│\s*(\d+)\s*│\s*(\d+)", sample.stdout)
    assert reached, sample.stdout + sample.stderr
    assert int(reached[1]) == 3
    assert int(reached[2]) >= 1
