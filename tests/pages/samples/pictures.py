"""Pictures of every kind."""

import io
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageOps, features
from pillow_heif import register_heif_opener

from tests.pages.samples.marked import photograph, picture
from tests.pages.samples.sample import Sample, refused
from tests.support.dots import STORED

SIZE = (850, 1100)
_ORIENTATION = 0x0112
NOTHING = "nothing|blank|empty|visible"


Draw = Callable[[], Image.Image]


def _saved(image: Draw, form: str, **save: object) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        if form == "HEIF":
            register_heif_opener()
        image().save(path, form, **save)

    return make


def _oriented(orientation: int) -> Callable[[Path], None]:
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation

    def draw() -> Image.Image:
        image = picture((800, 1000), mode="RGB")
        return image.transpose(STORED[orientation]) if orientation in STORED else image

    return _saved(draw, "JPEG", exif=exif)


def _with_alpha(mode: str, alpha: Image.Image | int) -> Image.Image:
    image = picture(SIZE).convert(mode)
    image.putalpha(alpha)
    return image


def _white_on_clear() -> Image.Image:
    """White writing; everything else is transparent."""
    image = Image.new("RGBA", SIZE, (255, 255, 255, 0))
    image.putalpha(ImageOps.invert(picture(SIZE)))
    return image


def _black_on_clear() -> Image.Image:
    image = Image.new("RGBA", SIZE, (0, 0, 0, 0))
    image.putalpha(ImageOps.invert(picture(SIZE)))
    return image


def _screenshot(width: int, height: int, *, dark: bool = False) -> Image.Image:
    """A conversation: bubbles with words, each with a number."""
    image = Image.new("RGB", (width, height), "white")
    step = width // 2
    for number, top in enumerate(range(0, height - step + 1, step)):
        part = picture((width * 3 // 4, step - 20), number, mode="RGB")
        image.paste(part, (0 if number % 2 else width // 4, top + 10))
    return ImageOps.invert(image) if dark else image


def _animated(form: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        first, *others = (picture(SIZE, number) for number in (1, 2, 3))
        first.save(path, form, save_all=True, append_images=others)

    return make


def _bad_profile(path: Path) -> None:
    picture(SIZE).save(path, "JPEG", icc_profile=b"this is no profile" * 20)


def _cut(image: Draw, form: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        data = io.BytesIO()
        image().save(data, form)
        path.write_bytes(data.getvalue()[: len(data.getvalue()) // 2])

    return make


def _big(path: Path) -> None:
    """12 megapixels, as of a telephone."""
    photograph((3024, 4032)).convert("RGB").save(path, "JPEG", quality=80)


def _gigantic(path: Path) -> None:
    Image.new("1", (30000, 30000), 1).save(path, "PNG")


def _sixteen_bits() -> Image.Image:
    gray = picture(SIZE).tobytes()
    data = bytearray(2 * len(gray))
    data[::2] = data[1::2] = gray
    return Image.frombytes("I;16", SIZE, bytes(data))


def _colors() -> Image.Image:
    return picture(SIZE, ink=(160, 0, 0), ground=(255, 255, 220), mode="RGB")


SAMPLES = [
    *(
        Sample(f"{mode.lower().replace(';', '_')}.png", _saved(lambda mode=mode: picture(SIZE).convert(mode), "PNG"))
        for mode in ("1", "L", "P", "RGB", "RGBA", "LA")
    ),
    Sample("gray_16_bit.png", _saved(_sixteen_bits, "PNG")),
    Sample("colors.png", _saved(_colors, "PNG")),
    Sample("palette_transparent.png", _saved(lambda: picture(SIZE).convert("P"), "PNG", transparency=0), either=True),
    Sample("alpha_opaque.png", _saved(lambda: _with_alpha("RGB", 255), "PNG")),
    Sample("alpha_black_on_clear.png", _saved(_black_on_clear, "PNG")),
    Sample("letter_300_dpi.png", _saved(lambda: picture((2550, 3300)), "PNG", dpi=(300, 300))),
    Sample("dpi_not_square.png", _saved(lambda: picture(SIZE), "PNG", dpi=(100, 101))),
    Sample("landscape.png", _saved(lambda: picture((1100, 850)), "PNG")),
    Sample("wide_3_1.png", _saved(lambda: picture((1500, 500)), "PNG"), 0),
    Sample("square.png", _saved(lambda: picture((900, 900)), "PNG")),
    Sample("small.png", _saved(lambda: picture((200, 260)), "PNG")),
    Sample("icon.png", _saved(lambda: picture((64, 64)), "PNG")),
    Sample("screenshot_phone.png", _saved(lambda: _screenshot(1125, 2436), "PNG")),
    Sample("screenshot_dark.png", _saved(lambda: _screenshot(1125, 2436, dark=True), "PNG"), loose=True),
    Sample("screenshot_long.png", _saved(lambda: _screenshot(1125, 9000), "PNG"), 0),
    Sample("receipt.png", _saved(lambda: picture((400, 4000)), "PNG"), 0),
    Sample("receipt_on_its_side.png", _saved(lambda: picture((4000, 400)), "PNG"), 0),
    Sample("gray.jpg", _saved(lambda: picture(SIZE), "JPEG")),
    Sample("color.jpg", _saved(_colors, "JPEG")),
    Sample("progressive.jpg", _saved(_colors, "JPEG", progressive=True)),
    Sample("cmyk.jpg", _saved(lambda: picture(SIZE).convert("CMYK"), "JPEG")),
    Sample("bad_profile.jpg", _bad_profile),
    *(Sample(f"exif_{number}.jpg", _oriented(number)) for number in range(1, 9)),
    Sample("photo.jpg", _saved(lambda: photograph((1500, 2000)), "JPEG"), loose=True),
    Sample("photo_landscape.jpg", _saved(lambda: photograph((2000, 1500)), "JPEG"), loose=True),
    Sample("photo_12_megapixels.jpg", _big, loose=True),
    Sample("plain.gif", _saved(lambda: picture(SIZE), "GIF")),
    Sample("animated.gif", _animated("GIF")),
    Sample("transparent.gif", _saved(_black_on_clear, "GIF")),
    Sample("lossy.webp", _saved(_colors, "WEBP")),
    Sample("lossless_alpha.webp", _saved(_black_on_clear, "WEBP", lossless=True)),
    Sample("animated.webp", _animated("WEBP")),
    Sample("plain.bmp", _saved(_colors, "BMP")),
    Sample("bilevel.bmp", _saved(lambda: picture(SIZE).convert("1"), "BMP")),
    Sample("palette.bmp", _saved(lambda: picture(SIZE).convert("P"), "BMP")),
    *([Sample("plain.avif", _saved(_colors, "AVIF"))] if features.check("avif") else []),
    Sample("plain.heic", _saved(_colors, "HEIF")),
    Sample("animated.png", _animated("PNG")),
    Sample(
        "first_of_two.png", _saved(lambda: picture(SIZE), "PNG"), 2,
        together=(Sample("second_of_two.jpg", _saved(lambda: picture((1100, 850), 2), "JPEG")),),
    ),
    refused("white_on_clear.png", _saved(_white_on_clear, "PNG"), NOTHING),
    refused("all_white.png", _saved(lambda: Image.new("L", SIZE, 255), "PNG"), NOTHING),
    refused("all_clear.png", _saved(lambda: Image.new("RGBA", SIZE, (0, 0, 0, 0)), "PNG"), NOTHING),
    refused("cut.jpg", _cut(lambda: photograph((1500, 2000)), "JPEG"), "damaged|cut short"),
    refused("cut.png", _cut(lambda: photograph((500, 700)), "PNG"), "damaged|cut short"),
    refused("cut.webp", _cut(lambda: photograph((500, 700)), "WEBP"), "damaged|cut short"),
    refused("gigantic.png", _gigantic, "large|pixels|blank|nothing"),
]  # fmt: skip
