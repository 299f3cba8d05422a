"""`faxbot tour`, as somebody runs it who has neither a UCX nor a Slack workspace."""

import os
import subprocess
import sys

import pytest

SHOWN = (
    "faxbot is ready",
    "Dana types  /fax lines",
    "Faxing referral.pdf (3 pages)",
    "Delivered",
    "Cancel this fax?",
    "Stopped by @Dana Whitfield",
    "📄 Fax from",
    "MERCY HEART",
    "Record deleted by @Dana Whitfield",
    "All of it happened.",
)


@pytest.fixture(scope="module")
def tour() -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "PYTHONUTF8": "1"}
    return subprocess.run(
        [sys.executable, "-m", "faxbot", "tour"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment,
    )


def test_the_tour_succeeds_within_a_minute(tour):
    """The whole job happens, from the lines to the deleted record."""
    assert tour.returncode == 0, tour.stdout + tour.stderr


def test_the_tour_shows_what_a_person_would_have_seen(tour):
    """It prints the conversation in its order, what the person does and what the bot answers."""
    places = [tour.stdout.find(line) for line in SHOWN]
    assert -1 not in places, [line for line, place in zip(SHOWN, places, strict=True) if place < 0]
    assert places == sorted(places)


def test_the_tour_leaves_no_trace(tour):
    """A tour that went well writes nothing to standard error."""
    assert tour.stderr == ""
