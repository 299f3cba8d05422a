"""`faxbot tour` from the built wheel, run without a checkout, a UCX or Slack."""

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
"""Texts of the tour's output, in their order."""
ROOT = Path(__file__).parents[2]


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The wheel, built from this checkout and unpacked elsewhere: a folder for PYTHONPATH."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=60)  # noqa: S603 - our own build
    (wheel,) = (tmp_path / "dist").glob("ucx_faxbot-*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    return tmp_path / "site"


def test_the_wheel_contains_everything_needed_without_a_checkout(installed: Path):
    """Migrations, manifest, page and sample documents are included; tests and benchmarks are not."""
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


def test_the_tour_succeeds_and_shows_every_step(installed: Path, tmp_path: Path):
    """
    One run exits with 0, prints every step in order and writes nothing to standard error.

    A single test makes all assertions, because parallel workers would each run the tour again.
    """
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    terminal = {"COLUMNS": "200", "NO_COLOR": "1", "PYTHONUTF8": "1"}
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    tour = subprocess.run(
        [sys.executable, "-m", "faxbot", "tour"],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        cwd=folder,
        env={**inherited, **terminal, "PYTHONPATH": str(installed)},
    )
    assert tour.returncode == 0, tour.stdout + tour.stderr
    positions = [tour.stdout.find(text) for text in SHOWN]
    assert -1 not in positions, [text for text, at in zip(SHOWN, positions, strict=True) if at < 0]
    assert positions == sorted(positions)
    assert tour.stderr == ""
