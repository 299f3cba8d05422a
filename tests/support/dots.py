"""The dots of a fax-ready PDF of pictures, and pictures whose corners can be told apart."""

from pathlib import Path

import pikepdf
from PIL import Image, ImageChops, ImageDraw

STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How a picture is stored that is to be shown upright, by its orientation in EXIF or TIFF; 1 is as shown."""


def pages_of(pdf: Path) -> list[Image.Image]:
    """Each page's dots as the fax machine prints them; a page has to be one picture of the whole width."""
    dots = []
    with pikepdf.open(pdf) as made:
        for page in made.pages:
            (image,) = page.get_images().values()
            width, _, _, height, left, bottom = map(float, page.Contents.read_bytes().split()[1:7])
            box = [float(side) for side in page.mediabox]
            assert (left, width) == (0, box[2])
            assert round(bottom + height, 4) == box[3]
            assert round(height * 196 / 72, 3) == image.Height
            dots.append(pikepdf.PdfImage(image).as_pil_image().convert("1"))
    return dots


def papers_of(pdf: Path) -> list[tuple[float, ...]]:
    with pikepdf.open(pdf) as made:
        return [tuple(float(side) for side in page.mediabox) for page in made.pages]


def ink(dots: Image.Image) -> tuple[int, int, int, int] | None:
    """The smallest box around all that is black."""
    return ImageChops.invert(dots.convert("L")).getbbox()


def blackness(dots: Image.Image, box: tuple[int, int, int, int] | None = None) -> float:
    """The share of black dots."""
    counts = dots.convert("L").crop(box).histogram() if box else dots.convert("L").histogram()
    return counts[0] / sum(counts)


def marked(size: tuple[int, int] = (300, 400), mode: str = "L") -> Image.Image:
    """A framed white sheet with a black field in its upper left corner, and a smaller one in the right."""
    width, height = size
    sheet = Image.new("L", size, 255)
    draw = ImageDraw.Draw(sheet)
    draw.rectangle((0, 0, width - 1, height - 1), outline=0, width=max(2, width // 100))
    draw.rectangle((0, 0, width // 3, height // 4), fill=0)
    draw.rectangle((width - width // 6, 0, width - 1, height // 8), fill=0)
    return sheet.convert(mode)


def noisy(size: tuple[int, int]) -> Image.Image:
    """A bilevel sheet with single dots along its upper and lower edge."""
    sheet = Image.new("1", size, 255)
    noise = Image.effect_noise((size[0], 40), 200).convert("1")
    sheet.paste(noise, (0, 0))
    sheet.paste(noise, (0, size[1] - 40))
    return sheet


def corners(dots: Image.Image) -> str:
    """Where a marked sheet's fields came to lie: "upright", "turned", or something else."""
    box = ink(dots)
    assert box is not None
    sheet = dots.crop(box)
    across, down = sheet.width // 12, sheet.height // 16
    at = {
        "upper left": (across, down),
        "upper right": (sheet.width - across, down),
        "lower left": (across, sheet.height - down),
        "lower right": (sheet.width - across, sheet.height - down),
    }
    black = [name for name, place in at.items() if not sheet.getpixel(place)]
    if black == ["upper left", "upper right"]:
        larger = not sheet.getpixel((sheet.width // 4, sheet.height // 5))
        return "upright" if larger else "mirrored"
    if black == ["upper left", "lower left"]:
        larger = not sheet.getpixel((sheet.width // 5, sheet.height - sheet.height // 4))
        return "turned" if larger else "mirrored and turned"
    return f"black at {black}"
