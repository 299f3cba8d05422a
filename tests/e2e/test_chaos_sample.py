"""A few boundaries of `make chaos`, spread evenly: the launcher, the scenario and the judge work together."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("database", "acts", "kills"), [("sqlite", 3, 4), ("postgresql", 1, 2)])
def test_a_sample_of_kills_does_no_harm(database: str, acts: int, kills: int):
    """
    Killed at these boundaries, the bot dials once, posts once and loses nothing.

    All but one of the boundaries at the most are reached: the time at which a call comes decides. A single
    test makes both assertions, because parallel workers would each run the sample again.
    """
    options = f"--sample={kills} --workers=1 --beside=4 --database={database}".split()
    if acts == 1:
        options.append("--only=out")
    sample = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "tests.chaos", "chaos", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "PYTHONUTF8": "1"},
    )
    assert sample.returncode == 0, sample.stdout + sample.stderr
    reached = re.search(r"reached\s*│\s*(\d+)\s*│\s*(\d+)", sample.stdout)
    assert reached, sample.stdout + sample.stderr
    assert int(reached[1]) == acts
    assert int(reached[2]) >= kills - 1
