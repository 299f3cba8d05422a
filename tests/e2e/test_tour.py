"""`faxbot tour` out of the built wheel, as somebody runs it who has neither a checkout, a UCX nor Slack."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

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


ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built of this checkout and unpacked elsewhere: a folder to import faxbot from."""
    folder = tmp_path_factory.mktemp("installed")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=60)  # noqa: S603 - our own build
    (wheel,) = (folder / "dist").glob("ucx_faxbot-*.whl")
    zipfile.ZipFile(wheel).extractall(folder / "site")
    return folder / "site"


@pytest.fixture(scope="module")
def tour(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    terminal = {"COLUMNS": "200", "NO_COLOR": "1", "PYTHONUTF8": "1"}
    return subprocess.run(
        [sys.executable, "-m", "faxbot", "tour"],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        cwd=tmp_path_factory.mktemp("elsewhere"),
        env={**kept, **terminal, "PYTHONPATH": str(installed)},
    )


def test_the_wheel_holds_all_that_runs_without_a_checkout(installed):
    """Migrations, manifest, page and sample documents are inside; tests and benchmarks are not."""
    needed = ["faxbot/migrations/env.py", "faxbot/manifest.yml", "faxbot/demo/samples/referral.pdf"]
    needed += [
        "faxbot/standins/slack/page/index.html",
        "faxbot/standins/slack/page/app.js",
        "faxbot/py.typed",
    ]
    assert [name for name in needed if not (installed / name).is_file()] == []
    migrations = {path.name for path in (ROOT / "migrations/versions").glob("*.py")}
    assert migrations <= {path.name for path in (installed / "faxbot/migrations/versions").iterdir()}
    assert {path.name for path in installed.iterdir() if path.suffix != ".dist-info"} == {"faxbot"}


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
