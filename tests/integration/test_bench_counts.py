"""The counts of `make bench` on a small scale: requests, SQL statements, Slack calls, refusals. No times."""

import pytest
from rich.console import Console

from benchmarks.__main__ import run
from benchmarks.rows import ROWS


@pytest.mark.parametrize("row", [row for row in ROWS if row.counts], ids=lambda row: row.name)
async def test_every_count_is_right(row):
    """The fax server, the database and Slack are asked no more often than the table says."""
    ((_, found),) = await run([row], smoke=True, console=Console(quiet=True))
    assert found.wrong == []
    assert [figure for figure in found.figures if figure.target and figure.met is not None]
