"""Gray pictures are readable in black and white, in fine and in standard resolution."""

import pytest
from PIL import Image, ImageChops, ImageDraw

from faxbot.documents.halftone import black_and_white
from faxbot.documents.whitening import whitened
from tests.support.dots import blackness


def every_second_line(dots: Image.Image, first: int) -> Image.Image:
    """What is printed in standard resolution, if the first of two lines is dropped (1) or the second (0)."""
    pairs = Image.frombytes("L", (dots.width * 2, dots.height // 2), dots.convert("L").tobytes())
    return pairs.crop((dots.width * first, 0, dots.width * (first + 1), pairs.height))


@pytest.mark.parametrize("shade", [64, 128, 190])
@pytest.mark.parametrize("kept", [None, 0, 1])
def test_a_shade_is_as_dark_in_every_resolution(shade, kept):
    """Error diffusion over all lines would lose its pattern when every second line is dropped."""
    dots = black_and_white(shaded(shade))
    if kept is not None:
        dots = every_second_line(dots, kept)
    middle = (50, dots.height // 4, 350, dots.height * 3 // 4)
    assert blackness(dots, middle) == pytest.approx(1 - shade / 255, abs=0.02)
    whiter = [blackness(dots, (x, middle[1], x + 10, middle[3])) for x in range(50, 350, 10)]
    assert max(whiter) - min(whiter) < 0.03


def shaded(shade: int) -> Image.Image:
    picture = Image.new("L", (400, 400), shade)
    ImageDraw.Draw(picture).rectangle((0, 0, 399, 20), fill=0)
    return picture


@pytest.mark.parametrize("top", range(20, 24))
@pytest.mark.parametrize("thickness", [1, 2])
def test_a_thin_line_survives_standard_resolution(top, thickness):
    """Wherever it lies, the line that is kept has it."""
    picture = Image.new("L", (200, 60), 255)
    picture.paste(0, (0, top, 200, top + thickness))
    assert blackness(every_second_line(black_and_white(picture), 1)) > 0.02


@pytest.mark.parametrize("top", range(20, 24))
def test_a_gap_of_two_lines_survives_standard_resolution(top):
    """The eye of an e is not filled."""
    picture = Image.new("L", (200, 60), 0)
    picture.paste(255, (0, top, 200, top + 2))
    assert blackness(every_second_line(black_and_white(picture), 1)) < 0.98


def test_type_is_not_dithered():
    """Gray edges of letters become black or white, without dots around them."""
    picture = Image.new("L", (400, 100), 255)
    ImageDraw.Draw(picture).text((10, 10), "small type 0123456789", fill=0, font_size=24)
    dots = black_and_white(picture)
    left, top, right, bottom = ImageChops.invert(picture.convert("L")).getbbox()
    outside = ImageChops.invert(dots.convert("L"))
    outside.paste(0, (left, top - 1, right, bottom + 1))
    assert outside.getbbox() is None
    assert blackness(dots) == pytest.approx(
        1 - sum(v * n for v, n in enumerate(picture.histogram())) / 255 / 40_000, abs=0.02
    )


def sheet(light: Image.Image) -> Image.Image:
    """A photograph of a sheet with lines of type, under uneven *light*."""
    page = Image.new("L", light.size, 235)
    draw = ImageDraw.Draw(page)
    for y in range(100, light.height - 100, 40):
        draw.text((80, y), "Amoxicillin 500 mg capsules, 1 cap by mouth 3x daily", fill=20, font_size=24)
    noise = Image.effect_noise(light.size, 6)
    return ImageChops.add(ImageChops.multiply(page, light), noise, 1, -128)


def test_shadows_on_a_sheet_of_paper_disappear():
    """Type is black on white in the dark corner as in the bright one."""
    light = Image.linear_gradient("L").resize((800, 1000)).point(lambda value: 120 + value * 135 // 255)
    white = whitened(sheet(light))
    assert white is not None
    dots = black_and_white(white)
    for top in (0, 900):
        assert blackness(dots, (0, top, 800, top + 90)) < 0.01
    upper, lower = (blackness(dots, (80, y, 700, y + 30)) for y in (100, 860))
    assert 0.1 < upper < 0.3
    assert upper == pytest.approx(lower, abs=0.05)


def test_a_scan_on_gray_paper_becomes_white():
    """Even a ground without shadows would be dithered."""
    scan = Image.new("L", (800, 1000), 190)
    ImageDraw.Draw(scan).text((80, 100), "Amoxicillin", fill=20, font_size=60)
    white = whitened(scan)
    assert white is not None
    assert white.getpixel((5, 5)) == 255


def test_a_photograph_keeps_its_shades():
    """Only paper is whitened: not a landscape, not a dark X-ray, not a drawing with colored fields."""
    gradient = Image.linear_gradient("L").resize((800, 1000))
    assert whitened(ImageChops.add(gradient, Image.effect_noise((800, 1000), 80), 2)) is None
    assert whitened(ImageChops.add(gradient, Image.new("L", (800, 1000), 0), 4)) is None
    fields = Image.new("L", (800, 1000), 255)
    fields.paste(118, (100, 100, 700, 400))
    assert whitened(fields) is None


def test_a_clean_scan_is_left_alone():
    """White paper needs nothing, and nothing is said of it."""
    assert whitened(sheet(Image.new("L", (800, 1000), 255)).point(lambda value: min(255, value + 30))) is None
