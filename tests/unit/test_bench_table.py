"""What `make bench` makes of what it measured."""

import re

import pytest

from benchmarks import page
from benchmarks.findings import Findings, percentile
from benchmarks.row import Row
from benchmarks.rows import ROWS
from benchmarks.rows.arrivals import Bound


async def measure(_ground):
    return Findings()


ROW = Row("one", "A row", measure)


def test_a_count_that_is_wrong_once_is_wrong():
    """Of several ticks one asked twice."""
    found = Findings()
    found.count("requests", [1, 2, 1], exactly=1)
    assert found.wrong == ["requests: 1, 2, not exactly 1"]
    assert [figure.verdict for figure in found.figures] == ["missed"]


def test_a_count_that_was_never_taken_is_wrong():
    """What measured nothing proves nothing."""
    found = Findings()
    found.count("requests", [], exactly=0)
    found.count_at_most("requests", [], at_most=3)
    assert len(found.wrong) == 2


def test_unexpected_calls_are_wrong():
    """Counts by name have to be the same ones, not just as many."""
    found = Findings()
    found.expect("a tick", {"activejobs": 1, "faxlist": 1}, {"activejobs": 1})
    found.expect("a tick", {"activejobs": 1}, {"activejobs": 1})
    assert len(found.wrong) == 1


def test_a_time_is_missed_but_never_wrong():
    """Times are compared; a slow machine does not fail the run."""
    found = Findings()
    found.time("a tick", 0.4, 0.1, at_most=3)
    (figure,) = found.figures
    assert (figure.result, figure.verdict, found.wrong) == ("4.00 x", "missed", [])


def test_the_99th_percentile_of_a_hundred_leaves_out_one():
    """p99 is the second largest of a hundred, and the largest of ten."""
    assert percentile([float(n) for n in range(1, 101)], 99) == 99.0
    assert percentile([float(n) for n in range(1, 11)], 99) == 10.0


@pytest.mark.parametrize(("faxes", "seconds"), [(500, 495.0), (5, 0.0), (101, 96.0)])
def test_the_bound_of_arrivals_is_that_of_the_slowest_method(faxes, seconds):
    """One card a second in the channel after a burst of five, 100 files a minute."""
    bound = Bound(faxes, window=60.0, post_interval=1.0, post_burst=5)
    assert bound.seconds == seconds
    assert bound.of_files == (faxes - 1) // 100 * 60.0


def test_a_run_replaces_the_table_of_the_run_before(tmp_path, monkeypatch):
    """Between the markers in the page, and nothing else of it."""
    document = tmp_path / "performance.md"
    document.write_text(f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n", encoding="utf-8")
    monkeypatch.setattr(page, "PAGE", document)
    found = Findings()
    found.time("a tick", 0.2, 0.1, at_most=3)
    for _ in range(2):
        page.write([(ROW, found)], 61.0)
    text = document.read_text(encoding="utf-8")
    assert text.startswith(f"before\n{page.BEGIN}\n`make bench` on ")
    assert text.endswith(f"{page.END}\nafter\n")
    assert text.count("| a tick | 200.00 ms | 100.00 ms | 2.00 x | <= 3 x | met |") == 1
    assert "old" not in text


def test_the_page_has_the_markers_and_names_every_row():
    """docs/performance.md is what the command writes to, and explains each row."""
    text = page.PAGE.read_text(encoding="utf-8")
    assert re.search(f"{page.BEGIN}.*{page.END}", text, re.DOTALL)
    assert {row.name for row in ROWS} <= set(re.findall(r"`([a-z-]+)`", text))
