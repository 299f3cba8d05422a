"""The systemd unit, as systemd reads it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[2] / "docs/systemd/faxbot.service"
ANALYZE = shutil.which("systemd-analyze")


@pytest.mark.skipif(ANALYZE is None, reason="systemd is not installed")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path):
    """`systemd-analyze verify` is silent; the program is replaced by one that is here."""
    unit = re.sub(r"^ExecStart=\S+", f"ExecStart={sys.executable}", UNIT.read_text(), flags=re.MULTILINE)
    (tmp_path / "faxbot.service").write_text(re.sub(r"^Documentation=.*$", "", unit, flags=re.MULTILINE))
    verify = [str(ANALYZE), "verify", str(tmp_path / "faxbot.service")]
    said = subprocess.run(verify, capture_output=True, text=True, timeout=30, check=False)  # noqa: S603 - systemd's
    assert (said.returncode, said.stdout + said.stderr) == (0, "")


def test_a_wrong_setting_is_not_started_again():
    """Exit code 2 is what `faxbot serve` says of settings (tests/e2e/test_serve_refuses.py)."""
    assert "RestartPreventExitStatus=2" in UNIT.read_text().splitlines()
