"""How a viewer shows a file: PDFium for PDF, Pillow for pictures and TIFF, Ghostscript for PostScript."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pikepdf
import pypdfium2
from PIL import Image, ImageOps, ImageSequence
from pillow_heif import register_heif_opener

from tests.pages.converters import unpacked

POINTS_PER_INCH = 72
_LONGEST = 1400
"""Dots of the longer side of a picture: enough to compare, little enough for a drawing office's plans."""
_MAX_SCALE = 2.0
_SMALL = 400
_SECONDS = 60
_SUBFILE_TYPE, _REDUCED = 254, 1
_X_RESOLUTION, _Y_RESOLUTION = 282, 283
_POSTSCRIPT = re.compile(rb"%!.*?(?=\x1b%-12345X|\x04|\Z)", re.DOTALL)
_DOS_EPS = b"\xc5\xd0\xd3\xc6"


class NotShownError(Exception):
    """No viewer at hand shows the file."""


@dataclass(frozen=True, slots=True)
class Shown:
    """
    A page as a viewer shows it, in gray, and its size in points.

    A picture has no size (*sized* is false): only the ratio of its sides means anything.
    """

    picture: Image.Image
    width: float
    height: float
    sized: bool = True


def show(path: Path, at_most: int = 30) -> list[Shown | None]:
    """
    Show the pages of the file at *path*; of a long PDF the first and the last, None for the others.

    Raises:
        NotShownError: It is text, or damaged, or of a kind that these viewers do not know.
    """
    with path.open("rb") as file:
        head = file.read(1024)
    try:
        if b"%PDF-" in head:
            return list(_pdf(path, at_most))
        if b"%!" in head or head.startswith(_DOS_EPS):
            return list(_postscript(path))
        if head[:4] in (b"II*\0", b"MM\0*"):
            return list(_tiff(path))
        return [_picture(path)]
    except (pypdfium2.PdfiumError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as exc:
        raise NotShownError(f"{type(exc).__name__}: {exc}") from exc


def _pdf(path: Path, at_most: int) -> Iterator[Shown | None]:
    units = _user_units(path)
    document = pypdfium2.PdfDocument(path)
    try:
        document.init_forms()
        for index in range(len(document)):
            if at_most <= index < len(document) - 3:
                yield None
                continue
            page = document[index]
            width, height = page.get_size()
            if min(width, height) < 1:
                raise NotShownError("a page without a size")
            unit = units[index] if index < len(units) else 1.0
            scale = min(
                _MAX_SCALE * max(1.0, unit, _SMALL / max(width, height)), _LONGEST / max(width, height)
            )
            bitmap = page.render(scale=scale, grayscale=True, may_draw_forms=True)
            yield Shown(bitmap.to_pil().convert("L").copy(), width * unit, height * unit)
            bitmap.close()
            page.close()
    finally:
        document.close()


def _user_units(path: Path) -> list[float]:
    """/UserUnit of each page, which PDFium does not know."""
    try:
        with pikepdf.open(path) as pdf:
            return [float(page.obj.get("/UserUnit", 1)) for page in pdf.pages]
    except (pikepdf.PdfError, ValueError, TypeError):
        return []


def _picture(path: Path) -> Shown:
    register_heif_opener()
    with Image.open(path) as image:
        return _shown(ImageOps.exif_transpose(image) or image)


def _shown(image: Image.Image, ratio: float = 1.0) -> Shown:
    """*ratio*: how many times taller than wide a pixel is."""
    if image.mode.startswith(("I", "F")):
        image = _gray_of(image)
    image = image.convert("RGBA") if "A" in image.getbands() or "transparency" in image.info else image
    if image.mode == "RGBA":
        ground = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(ground, image)
    gray = image.convert("L")
    width, height = gray.width, gray.height * ratio
    share = min(1.0, _LONGEST / max(width, height))
    if width > 0 and height / width > 3:  # a long screenshot is read in its width
        share = min(1.0, 600 / width)
    size = max(1, round(width * share)), max(1, round(height * share))
    return Shown(gray.resize(size, Image.Resampling.BOX), float(width), float(height), sized=False)


def _gray_of(image: Image.Image) -> Image.Image:
    """Of 16 or 32 bits: from its darkest to its lightest."""
    numbers = image.convert("F")
    low, high = numbers.getextrema()
    if image.mode.startswith("I;16") or (image.mode == "I" and high > 255):
        low, high = 0, 65535
    share = 255 / ((high - low) or 1)
    return numbers.point(lambda value: value * share + -low * share).convert("L")


def _tiff(path: Path) -> Iterator[Shown]:
    try:
        yield from list(_frames(path))
    except (OSError, ValueError, SyntaxError, KeyError):
        yield from list(_through_libtiff(path))


def _frames(path: Path) -> Iterator[Shown]:
    with Image.open(path) as tiff:
        for frame in ImageSequence.Iterator(tiff):
            tags = getattr(frame, "tag_v2", {})
            if int(tags.get(_SUBFILE_TYPE, 0)) & _REDUCED:
                continue
            frame.load()
            across, down = float(tags.get(_X_RESOLUTION, 0) or 0), float(tags.get(_Y_RESOLUTION, 0) or 0)
            ratio = across / down if across > 0 and down > 0 else _usual_ratio(frame)
            yield _shown(_upright(frame, ratio))


def _upright(frame: Image.Image, ratio: float) -> Image.Image:
    """With square pixels, turned as its tag says."""
    orientation = frame.getexif().get(0x0112, 1)
    image = frame.copy()
    if abs(ratio - 1) > 0.02:
        high = max(1, round(image.height * ratio))
        image = (image.convert("L") if image.mode == "1" else image).resize(
            (image.width, high), Image.Resampling.BOX if high < image.height else Image.Resampling.NEAREST
        )
    image.getexif()[0x0112] = orientation
    return ImageOps.exif_transpose(image) or image


def _usual_ratio(frame: Image.Image) -> float:
    """Of a fax page without a resolution: its lines are as fine as its height makes it likely."""
    if frame.mode != "1" or frame.width not in (1728, 2048, 2432):
        return 1.0
    return 204 / 98 if frame.height < 1400 else 204 / 196


def _through_libtiff(path: Path) -> Iterator[Shown]:
    tool = unpacked() / "usr/bin/tiff2rgba"
    if not tool.exists():
        raise OSError("this TIFF needs tiff2rgba")
    with tempfile.TemporaryDirectory(prefix="faxbot-viewer-") as folder:
        made = Path(folder) / "made.tif"
        subprocess.run([tool, "-c", "none", path, made], check=False, capture_output=True, timeout=_SECONDS)
        yield from list(_frames(made))


def _postscript(path: Path) -> Iterator[Shown]:
    ghostscript = shutil.which("gs")
    if ghostscript is None:
        raise OSError("Ghostscript is not installed")
    code = path.read_bytes()
    if code.startswith(_DOS_EPS):
        start, length = (int.from_bytes(code[at : at + 4], "little") for at in (4, 8))
        code = code[start : start + length]
    found = _POSTSCRIPT.search(code.lstrip(b"\x04"))
    if found is None:
        raise OSError("no PostScript in it")
    crop = ["-dEPSCrop"] if b"EPSF" in found[0][:40] else []
    with tempfile.TemporaryDirectory(prefix="faxbot-viewer-") as folder:
        (Path(folder) / "in.ps").write_bytes(found[0])
        command = [ghostscript, "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-r72", *crop]
        command += ["-dTextAlphaBits=4", "-dGraphicsAlphaBits=4", "-sDEVICE=pnggray"]
        command += ["-sOutputFile=page%d.png", "in.ps"]
        try:
            subprocess.run(command, cwd=folder, check=False, capture_output=True, timeout=_SECONDS)
        except subprocess.TimeoutExpired as exc:
            raise OSError("Ghostscript did not end") from exc
        pages = sorted(Path(folder).glob("page*.png"), key=lambda page: int(page.stem[4:]))
        if not pages:
            raise OSError("Ghostscript showed nothing")
        for page in pages:
            with Image.open(page) as image:
                yield Shown(image.convert("L").copy(), float(image.width), float(image.height))
