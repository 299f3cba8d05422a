"""What it takes to make fax pages of a document, beside Ghostscript's own conversion of the same pages."""

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pikepdf
from PIL import Image

from benchmarks import memory
from benchmarks.findings import Findings, duration
from benchmarks.row import Row, RowContext
from faxbot.documents.sandbox import DocumentSandbox
from faxbot.fax.document import Document, Part

LOOK_SECONDS = 0.02
_LINES = 60
_PAPER = 612.0, 792.0


@dataclass(slots=True)
class Cost:
    """Seconds, the peak in bytes of the process that did the work, the longest wait of the event loop."""

    seconds: float = 0.0
    peak: int = 0
    wait: float = 0.0


async def measure(context: RowContext) -> Findings:
    """Each document once, first by the bot and then by Ghostscript with the fax server's options."""
    pages, dots, text = (2, 300, 3) if context.smoke else (100, 3024, 500)
    scanned = (425, 550) if context.smoke else (1700, 2200)
    kinds: tuple[tuple[str, str, int, Callable[[Path], None]], ...] = (
        (f"a scan of {pages} pages", "scan.pdf", pages, lambda path: _scan(path, pages, scanned)),
        (
            f"a photo of {dots * dots * 4 // 3 / 1e6:.0f} megapixels",
            "photo.jpg",
            1,
            lambda path: _photo(path, dots),
        ),
        (f"{text} pages of text", "text.txt", text, lambda path: _text(path, text)),
    )
    found = Findings()
    for what, name, expected, make in kinds:
        path = context.folder / name
        make(path)
        document, cost = await _prepared(Part(path, name), context.folder / "fax")
        floor = await _converted(document.path, context.folder / "fax.tif")
        found.count(f"pages of {what}", [document.pages or 0], exactly=expected)
        found.time(f"{what}, fax pages", cost.seconds, floor.seconds)
        found.note("… peak memory of the process", _shown(cost.peak), _shown(floor.peak))
        found.note("… longest wait of the event loop", duration(cost.wait))
        document.path.unlink()
    return found


async def _prepared(part: Part, into: Path) -> tuple[Document, Cost]:
    sandbox = DocumentSandbox(max_bytes=200_000_000, max_pages=500, seconds=300)
    async with _watched() as cost:
        document = await sandbox.prepare([part], into)
    return document, cost


async def _converted(document: Path, made: Path) -> Cost:
    """As HylaFAX's pdf2fax does, in fine resolution on Letter paper."""
    ghostscript = shutil.which("gs")
    assert ghostscript, "Ghostscript is the floor of this row"  # noqa: S101 - nothing to compare with
    options = ["-q", "-dNOPAUSE", "-dBATCH", "-dSAFER", "-sPAPERSIZE=letter", "-dFIXEDMEDIA", "-r203.29x196"]
    async with _watched() as cost:
        process = await asyncio.create_subprocess_exec(
            ghostscript, *options, "-sDEVICE=tiffg3", f"-sOutputFile={made}", str(document)
        )
        await process.wait()
    return cost


@asynccontextmanager
async def _watched() -> AsyncIterator[Cost]:
    cost = Cost()

    async def look() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(LOOK_SECONDS)
            cost.wait = max(cost.wait, time.perf_counter() - before - LOOK_SECONDS)
            peaks = [memory.peak_of_short_lived(child) for child in memory.children(os.getpid())]
            cost.peak = max(cost.peak, *peaks, 0)

    looking = asyncio.create_task(look())
    began = time.perf_counter()
    try:
        yield cost
    finally:
        cost.seconds = time.perf_counter() - began
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


def _scan(path: Path, pages: int, size: tuple[int, int]) -> None:
    """Pages in gray, as JPEG: what an office scanner writes."""
    noise = Image.effect_noise(size, 40)
    jpeg = path.with_suffix(".jpg")
    noise.point(lambda value: 255 if value > 90 else value).save(jpeg, "JPEG", quality=60)
    with pikepdf.new() as pdf:
        for _ in range(pages):
            image = pikepdf.Stream(pdf, jpeg.read_bytes())
            image.stream_dict = pikepdf.Dictionary(
                Type=pikepdf.Name.XObject,
                Subtype=pikepdf.Name.Image,
                Width=size[0],
                Height=size[1],
                ColorSpace=pikepdf.Name.DeviceGray,
                BitsPerComponent=8,
                Filter=pikepdf.Name.DCTDecode,
            )
            page = pdf.add_blank_page(page_size=_PAPER)
            page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Scan=image))
            page.obj.Contents = pdf.make_stream(b"q 612 0 0 792 0 0 cm /Scan Do Q")
        pdf.save(path)


def _photo(path: Path, dots: int) -> None:
    Image.effect_noise((dots, dots * 4 // 3), 60).convert("RGB").save(path, "JPEG", quality=85)


def _text(path: Path, pages: int) -> None:
    words = "the quick brown fox jumps over the lazy dog"
    page = "".join(f"{number:3} {words}\n" for number in range(_LINES // 2))
    path.write_text("\f".join([page] * pages), encoding="utf-8")


def _shown(amount: int) -> str:
    return f"{amount / memory.MIB:.1f} MiB"


ROW = Row("documents", "Fax pages of a document", measure)
