"""TIFF files of every kind."""

from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageOps

from tests.pages.samples import tiff_writer
from tests.pages.samples.marked import picture
from tests.pages.samples.sample import Sample, refused
from tests.pages.samples.tiff_writer import Frame
from tests.support.dots import STORED

FINE, STANDARD, PHOTO = (1728, 2292), (1728, 1146), (850, 1100)
_ORIENTATION, _SUBFILE, _PREDICTOR = 274, 254, 317


def _bilevel(size: tuple[int, int], number: int = 1) -> Image.Image:
    """A page of such a fax: its lines may be twice as high as its dots are wide."""
    width, height = size
    tall = height * 2 if width > height * 1.4 and width in (1728, 2048, 2432) else height
    return (
        picture((width, tall), number).resize(size, Image.Resampling.BOX).point(_BLACK_OR_WHITE).convert("1")
    )


def _BLACK_OR_WHITE(value: int) -> int:  # noqa: N802
    return 255 if value > 127 else 0


def _pillow(draw: Callable[[], Image.Image], **save: object) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        draw().save(path, "TIFF", **save)

    return make


def _pages(draw: Callable[[], list[Image.Image]], **save: object) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        first, *others = draw()
        first.save(path, "TIFF", save_all=True, append_images=others, **save)

    return make


def _fax(size: tuple[int, int], dpi: tuple[float, float], **save: object) -> Callable[[Path], None]:
    return _pillow(lambda: _bilevel(size), **{"compression": "group3", "dpi": dpi, **save})


def _oriented(orientation: int, mode: str) -> Callable[[Path], None]:
    """Stored as the tag says, so that a viewer shows it upright."""

    def draw() -> Image.Image:
        image = _bilevel((1700, 2200)) if mode == "1" else picture(PHOTO, mode=mode)
        return image.transpose(STORED[orientation]) if orientation in STORED else image

    compression = "group4" if mode == "1" else "tiff_lzw"
    return _pillow(draw, compression=compression, dpi=(200, 200), tiffinfo={_ORIENTATION: orientation})


def _raw(photometric: int, channels: str, **more: object) -> Callable[[Path], None]:
    """A letter says what each channel has: g gray, i inverted gray, a opaque, w white in LAB's a and b."""
    order = str(more.pop("order", "<"))

    def make(path: Path) -> None:
        gray = picture(PHOTO).tobytes()
        inverted = bytes(255 - value for value in gray)
        planes = {"g": gray, "i": inverted, "a": b"\xff" * len(gray), "w": bytes(len(gray))}
        frame = Frame(*PHOTO, [planes[each] for each in channels], photometric, **more)  # type: ignore[arg-type]
        tiff_writer.write(path, [frame], order)

    return make


def _with_overviews(path: Path) -> None:
    """Each page has a reduced copy of itself, which is no page."""
    frames = []
    for number in (1, 2):
        for size, tags in ((PHOTO, {}), ((212, 275), {_SUBFILE: 1})):
            frames.append(Frame(*size, [picture(size, number).tobytes()], 1, tags=tags))
    tiff_writer.write(path, frames)


def _cut(make: Callable[[Path], None]) -> Callable[[Path], None]:
    def made(path: Path) -> None:
        make(path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])

    return made


def _gigantic(path: Path) -> None:
    """It claims to have a billion dots."""
    tiff_writer.write(path, [Frame(60000, 60000, [b"\0" * 1000], 1)])


def _endless(path: Path) -> None:
    """The directory names itself as the next one."""
    _raw(1, "g")(path)
    data = bytearray(path.read_bytes())
    at = int.from_bytes(data[4:8], "little")
    count = int.from_bytes(data[at : at + 2], "little")
    data[at + 2 + 12 * count : at + 6 + 12 * count] = data[4:8]
    path.write_bytes(data)


def _no_dpi() -> Image.Image:
    return picture((1700, 2200)).convert("1")


_SCAN = {"compression": "group4", "dpi": (200, 200)}
SAMPLES = [
    Sample("fax_fine.tif", _fax(FINE, (204, 196))),
    Sample("fax_standard.tif", _fax(STANDARD, (204, 98))),
    Sample("fax_fine_g4.tif", _fax(FINE, (204, 196), compression="group4")),
    Sample("fax_superfine.tif", _fax((1728, 4584), (204, 391))),
    Sample("fax_a4.tif", _fax((1728, 2339), (204, 196))),
    Sample("fax_b4.tif", _fax((2048, 2800), (204, 196))),
    Sample("fax_a3.tif", _fax((2432, 3200), (204, 196))),
    Sample("fax_short.tif", _fax((1728, 900), (204, 196))),
    Sample("fax_long.tif", _fax((1728, 4000), (204, 196)), 0),
    Sample("fax_three_pages.tif", _pages(lambda: [_bilevel(FINE, n) for n in (1, 2, 3)], compression="group3", dpi=(204, 196)), 3),
    Sample("fax_both_resolutions.tif", _pages(lambda: [_bilevel(FINE, 1), _bilevel(FINE, 2)], compression="group4", dpi=(204, 196)), 2),
    Sample("g4_no_resolution.tif", _pillow(_no_dpi, compression="group4")),
    Sample("g3_no_resolution.tif", _pillow(lambda: _bilevel(FINE), compression="group3")),
    Sample("g4_300_dpi.tif", _pillow(lambda: picture((2550, 3300)).convert("1"), compression="group4", dpi=(300, 300))),
    Sample("g4_600_dpi.tif", _pillow(lambda: picture((5100, 6600)).convert("1"), compression="group4", dpi=(600, 600))),
    Sample("g4_72_dpi.tif", _pillow(_no_dpi, compression="group4", dpi=(72, 72))),
    Sample("g4_landscape.tif", _pillow(lambda: picture((2200, 1700)).convert("1"), **_SCAN)),
    Sample("g4_inverted.tif", _pillow(lambda: ImageOps.invert(picture((1700, 2200))).convert("1"), tiffinfo={262: 0}, compression="group4", dpi=(200, 200))),
    Sample("g4_per_centimeter.tif", _pillow(_no_dpi, compression="group4", resolution=79, resolution_unit=3)),
    Sample("g4_zero_resolution.tif", _raw(1, "g", resolution=0.0)),
    *(Sample(f"orientation_{n}.tif", _oriented(n, "1")) for n in range(1, 9)),
    *(Sample(f"orientation_{n}_color.tif", _oriented(n, "RGB")) for n in (3, 6, 8)),
    *(
        Sample(f"{mode.lower()}_{compression}.tif", _pillow(lambda mode=mode: picture(PHOTO).convert(mode), compression=compression, dpi=(100, 100)))
        for mode, compression in (
            ("1", "packbits"), ("1", "tiff_lzw"), ("L", "tiff_lzw"), ("L", "tiff_adobe_deflate"), ("L", "jpeg"),
            ("RGB", "jpeg"), ("RGB", "tiff_lzw"), ("RGB", "packbits"), ("RGBA", "tiff_lzw"), ("LA", "tiff_lzw"),
            ("P", "tiff_lzw"), ("CMYK", "tiff_lzw"), ("CMYK", "raw"), ("I;16", "tiff_lzw"), ("F", "raw"), ("LAB", "raw"),
        )
        if mode not in ("I;16", "LAB")
    ),
    Sample("gray_16_bit.tif", _raw(1, "g", bits=16)),
    Sample("gray_16_bit_big_endian.tif", _raw(1, "g", bits=16, order=">")),
    Sample("gray_min_is_white.tif", _raw(0, "i")),
    Sample("gray_alpha.tif", _raw(1, "ga", tags={338: 2})),
    Sample("gray_big_endian.tif", _raw(1, "g", order=">")),
    Sample("gray_no_resolution.tif", _raw(1, "g", resolution=None)),
    Sample("rgb_16_bit.tif", _raw(2, "ggg", bits=16)),
    Sample("rgb_planar.tif", _raw(2, "ggg", separate=True)),
    Sample("rgb_planar_tiled.tif", _raw(2, "ggg", separate=True, tile=256)),
    Sample("rgb_tiled.tif", _raw(2, "ggg", tile=256)),
    Sample("rgb_tiled_16_bit.tif", _raw(2, "ggg", tile=128, bits=16)),
    Sample("gray_tiled.tif", _raw(1, "g", tile=128)),
    Sample("rgba_premultiplied.tif", _raw(2, "ggga", tags={338: 1})),
    Sample("cmyk.tif", _raw(5, "wwwi")),
    Sample("cmyk_planar.tif", _raw(5, "wwwi", separate=True)),
    Sample("lab.tif", _raw(8, "gww")),
    Sample("overviews.tif", _with_overviews, 2),
    Sample("many_pages.tif", _pages(lambda: [_bilevel(STANDARD, n) for n in range(1, 21)], compression="group3", dpi=(204, 98)), 20),
    Sample("sizes.tif", _pages(lambda: [_no_dpi(), picture((2200, 1700)).convert("1"), picture((800, 1000)).convert("1")], **_SCAN), 3),
    Sample("with_letter.tif", _fax(STANDARD, (204, 98)), 2, together=(Sample("behind.tif", _pillow(_no_dpi, **_SCAN)),)),
    refused("cut.tif", _cut(_raw(1, "g")), "damaged|cut short"),
    refused("gigantic.tif", _gigantic, "large|many pixels|damaged|cut"),
    refused("blank.tif", _pillow(lambda: Image.new("1", FINE, 1), compression="group3", dpi=(204, 196)), "blank|empty|nothing"),
    refused("endless.tif", _endless, "damaged|cut short", either=True),
    refused("only_a_header.tif", lambda path: path.write_bytes(b"II*\0\x08\0\0\0"), "damaged|cut short"),
]  # fmt: skip
