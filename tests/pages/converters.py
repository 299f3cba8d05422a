"""The fax server's own converters (HylaFAX's pdf2fax, ps2fax and tiff2fax), as its queue runs them."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from PIL import Image

PaperName = Literal["letter", "a4"]

WIDTH_DOTS = 1728
"""Dots per line of a fax, across the whole width of the paper."""

MILLIMETERS: dict[PaperName, int] = {"letter": 279, "a4": 297}
"""Length of a page, as HylaFAX hands it to its converters."""

_SECONDS = 90
_SYSTEM = Path("/")
_REJECTED = 254  # a converter's exit status for a document that it refuses
_SETUP = """\
GSRIP={gs}
TIFFBIN={tiffbin}
SBIN={sbin}
SED=/bin/sed
CAT=/bin/cat
CP=/bin/cp
GREP=/bin/grep
MV=/bin/mv
RM=/bin/rm
"""


def unpacked() -> Path:
    """The folder into which `.ci/converters` unpacks Debian's packages."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "faxbot" / "converters"


@dataclass(frozen=True, slots=True)
class Printed:
    """
    What the recipient's machine prints: *count* pages.

    *error* is the text with which the job fails; empty if it does not.
    """

    count: int = 0
    error: str = ""
    made: Path | None = None

    def page(self, index: int) -> Image.Image:
        """Page *index*, from 0, as a picture of one bit."""
        assert self.made
        with Image.open(self.made) as tiff:
            tiff.seek(index)
            return tiff.convert("1")


class Converters:
    """A spool folder with HylaFAX's converters, for the length of the block."""

    def __init__(self) -> None:
        self._root = next((root for root in (unpacked(), _SYSTEM) if _has_converters(root)), None)
        self._gs = shutil.which("gs")
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    @property
    def missing(self) -> str:
        """What has to be installed first; empty if all is there."""
        if self._gs is None:
            return "Ghostscript is not installed"
        return "" if self._root else "HylaFAX's converters are not here; .ci/converters gets them"

    def __enter__(self) -> Self:
        assert self._root
        assert self._gs
        self._folder = tempfile.TemporaryDirectory(prefix="faxbot-converters-")
        spool = Path(self._folder.name)
        scripts = self._root / "var/spool/hylafax/bin"
        (spool / "etc").mkdir()
        (spool / "bin").mkdir()
        for name, script in (("pdf2fax", "pdf2fax.gs"), ("ps2fax", "ps2fax.gs"), ("tiff2fax", "tiff2fax")):
            (spool / "bin" / name).symlink_to(scripts / script)
        paths = {
            "gs": self._gs,
            "tiffbin": self._root / "usr/bin",
            "sbin": self._root / "usr/lib/hylafax/bin",
        }
        (spool / "etc/setup.cache").write_text(_SETUP.format(**paths), encoding="utf-8")
        return self

    def __exit__(self, *_: object) -> None:
        assert self._folder
        self._folder.cleanup()

    @contextmanager
    def printed(self, document: Path, paper: PaperName, lines_per_inch: int) -> Iterator[Printed]:
        """*document* as a fax, for the length of the block: 98 lines per inch are standard, 196 fine."""
        assert self._folder
        with tempfile.TemporaryDirectory(dir=self._folder.name) as scratch:
            yield self._convert(document, paper, lines_per_inch, Path(scratch))

    def _convert(self, document: Path, paper: PaperName, lines_per_inch: int, scratch: Path) -> Printed:
        converter = _converter_of(document)
        if converter is None:
            return Printed(error="No conversion for this type of file.")
        made, link = scratch / "made.tif", scratch / "document"
        link.symlink_to(document.absolute())  # HylaFAX's scripts split names at spaces
        arguments = ["-r", str(lines_per_inch), "-w", str(WIDTH_DOTS), "-l", str(MILLIMETERS[paper])]
        status, said = self._run(
            [f"bin/{converter}", *arguments, "-m", "999", "-1", "-o", str(made), str(link)], scratch
        )
        if status != 0:
            return Printed(error=said.strip() or f"{converter} ended with {status}")
        if not made.exists() or not made.stat().st_size:
            return Printed(error=f"{converter} made nothing. {said.strip()}".strip())
        try:
            with Image.open(made) as tiff:
                return Printed(getattr(tiff, "n_frames", 1), made=made)
        except OSError as exc:
            return Printed(error=f"what {converter} made cannot be read: {exc}")

    def _run(self, command: list[str], scratch: Path) -> tuple[int, str]:
        assert self._folder
        assert self._root
        environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LD_LIBRARY_PATH": str(self._root / "usr/lib/hylafax"),
            "TMPDIR": str(scratch),
        }
        with subprocess.Popen(
            command,
            cwd=self._folder.name,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process:
            try:
                said, _ = process.communicate(timeout=_SECONDS)
            except subprocess.TimeoutExpired:
                return _REJECTED, f"no end within {_SECONDS} s"
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)  # also Ghostscript, which outlives its script
        return process.returncode, said.decode(errors="replace")


def _has_converters(root: Path) -> bool:
    needed = ("var/spool/hylafax/bin/pdf2fax.gs", "usr/lib/hylafax/bin/tiffcheck", "usr/bin/tiff2ps")
    return all((root / path).exists() for path in needed)


def _converter_of(document: Path) -> str | None:
    """By the first bytes. Source: HylaFAX's typerules."""
    with document.open("rb") as file:
        head = file.read(4)
    if head.startswith(b"%!"):
        return "ps2fax"
    if head[:2] in (b"II", b"MM"):
        return "tiff2fax"
    return "pdf2fax" if head == b"%PDF" else None
