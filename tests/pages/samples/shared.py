"""The documents in tests/samples/documents; its README says what is right for each."""

import shutil
from collections.abc import Callable
from pathlib import Path

from tests.pages.samples.sample import Sample, refused

FOLDER = Path(__file__).parents[2] / "samples" / "documents"


def _copy(name: str) -> Callable[[Path], object]:
    return lambda path: shutil.copyfile(FOLDER / name, path)


def _shown(name: str, pages: int = 1, **more: object) -> Sample:
    return Sample(name, _copy(name), pages, **more)  # type: ignore[arg-type]


def _refused(name: str, words: str) -> Sample:
    return refused(name, _copy(name), words)


def _text(name: str, encoding: str) -> Sample:
    text = (FOLDER / name).read_bytes().decode(encoding)
    return Sample(name, _copy(name), 0, text=" ".join(text.split()), either=name in _MAY_BE_REFUSED)


_MAY_BE_REFUSED = ("cjk_utf8.txt", "shift_jis.txt")
_WHOLE = """
    a4.pdf cropbox.pdf ctrl_d.ps g3_204x98.tif g4_landscape.tif g4_nodpi.tif g4_orientation3.tif
    landscape.ps landscape_letter.pdf layer_off.pdf letter.pdf nul_padded.pdf pjl.ps
    scanapp_px_as_pt.pdf sheet.gif tabloid.pdf tiled_rgb.tif userunit_plan.pdf
"""
_PHOTOS = "grey_jpeg_broken_icc.jpg photo.heic photo.webp photo_landscape.jpg"

SAMPLES = [
    *(_shown(name) for name in _WHOLE.split()),
    *(_shown(name, loose=True) for name in _PHOTOS.split()),
    _shown("mixed_sizes.pdf", 3),
    _shown("receipt_1x10.pdf", 0),
    _shown("screenshot_long.png", 0),
    _text("cjk_utf8.txt", "utf-8"),
    _text("cr_only.txt", "ascii"),
    _text("one_accent_late.txt", "utf-8"),
    _text("shift_jis.txt", "shift_jis"),
    _text("utf16le_bom.txt", "utf-16"),
    _text("utf8_accents.txt", "utf-8"),
    _refused("600pages.ps", "pages"),
    _refused("alpha_white_on_clear.png", "nothing|visible"),
    _refused("infinite.ps", "infinite"),
    _refused("note.rtf", "PDF"),
    _refused("portfolio.pdf", "PDF"),
    _refused("report.xls", "can't be faxed|PDF"),
    _refused("saved_page.mhtml", "PDF"),
    _refused("xfa_dynamic.pdf", "PDF"),
    Sample("g3_after_letter.pdf", _copy("letter.pdf"), 2, together=(_shown("g3_204x98.tif"),)),
    Sample("layer_after_letter.pdf", _copy("letter.pdf"), 2, together=(_shown("layer_off.pdf"),)),
    refused(
        "infinite_after_letter.pdf", _copy("letter.pdf"), r"infinite\.ps",
        together=(_refused("infinite.ps", ""),),
    ),
]  # fmt: skip
