"""Takes one safeguard out of a copy of the repository and runs its tests."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.safeguards.table import ROOT, Safeguard

SECONDS = 120
"""The longest that the tests of one safeguard may take: most are through in five."""
ALL_SECONDS = 1800
"""The longest that all of them may take while every safeguard is in place."""
_LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "dist", "build", "data", "demo-data")
_RED = re.compile(r"^FAILED (.+?)(?: - .*)?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which tests went red without the safeguard, and which ones stayed green although they should not."""

    guard: Safeguard
    green: tuple[str, ...] = ()
    trouble: str = ""
    """Why the tests did not run as tests: that proves nothing."""
    said: str = field(default="", repr=False)

    @property
    def proved(self) -> bool:
        """Taking the safeguard out turned each of its tests red."""
        return not self.green and not self.trouble


class Copy:
    """A copy of the repository in which one safeguard at a time is missing."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="faxbot-safeguards-")
        self._root = Path(self._folder.name) / "faxbot"
        shutil.copytree(ROOT, self._root, ignore=_LEFT_OUT)
        for name in (".env.example", ".gitignore", ".ci"):  # documents and tests speak of them
            if (ROOT / name).is_file():
                shutil.copy(ROOT / name, self._root / name)
            elif (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, self._root / name)

    def close(self) -> None:
        """Remove it."""
        self._folder.cleanup()

    def baseline(self, tests: Sequence[str]) -> str:
        """What is wrong with *tests* while every safeguard is in place; empty if they are green."""
        code, said = self._run(tests, ALL_SECONDS)
        return "" if code == 0 else said

    def prove(self, guard: Safeguard) -> Verdict:
        """Take *guard* out, run its tests, put it back."""
        path = self._root / guard.file
        whole = path.read_text(encoding="utf-8")
        path.write_text(guard.taken_out_of(whole), encoding="utf-8")
        try:
            first = ["-x"] if len(guard.red) == 1 else []  # one red case of it is enough
            code, said = self._run([*first, *guard.red], SECONDS)
        except subprocess.TimeoutExpired:
            return Verdict(guard, trouble=f"no end within {SECONDS} s")
        finally:
            path.write_text(whole, encoding="utf-8")
        if code not in (0, 1):  # 1: tests failed; all else says that they could not be run
            return Verdict(guard, trouble=f"pytest ended with {code}", said=said)
        if "NameError" in said:
            return Verdict(guard, trouble="what is left does not run", said=said)
        red = _RED.findall(said)
        green = tuple(test for test in guard.red if not any(_is_of(test, each) for each in red))
        return Verdict(guard, green, said=said)

    def _run(self, what: Sequence[str], seconds: float) -> tuple[int, str]:
        command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:randomly", "--tb=short", *what]
        surroundings = {**os.environ, "PYTHONPATH": str(self._root)}
        with subprocess.Popen(  # noqa: S603 - ourselves
            command,
            cwd=self._root,
            env=surroundings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                said, _ = process.communicate(timeout=seconds)
            except BaseException:
                os.killpg(process.pid, 9)
                raise
        return process.returncode, said


def _is_of(test: str, failed: str) -> bool:
    """*failed*, an id in pytest's output, is *test* or one of its cases."""
    return failed == test or failed.startswith(f"{test}[")
