"""
Turns gray pictures into black and white ones that a fax machine prints readably.

Ghostscript's own halftone is a coarse screen in which small type is lost, so the fax server gets pictures
without shades. Type and lines are cut at a threshold, areas with shades are dithered, and of a photograph of a
sheet of paper the shadows are taken away first.
"""

import math

from PIL import Image, ImageChops, ImageFilter

_WHITE = 255
_LOG_STEP = _WHITE / math.log(_WHITE)
_LOGS = [0] + [round(math.log(value) * _LOG_STEP) for value in range(1, 256)]
_POWERS = [round(_WHITE * math.exp((value - _WHITE) / _LOG_STEP)) for value in range(256)]

_INK, _BLACK, _BRIGHT, _SHADED = 165, 60, 215, 140
_VERTICAL_SHARPENING = ImageFilter.Kernel((3, 3), (0, -2, 0, -1, 10, -1, 0, -2, 0), scale=4)
_THUMBNAIL = 200  # pixels across, in which light and shadow are looked at
_GROUND = 11  # pixels of it: larger than a line of type
_BARELY_GRAY = 240
_FLAT_SHARE = 0.25
_PAPER_SHARE, _LIGHT, _DARKEST = 0.6, 100, 0.5


def black_and_white(gray: Image.Image) -> Image.Image:
    """
    Convert *gray*, which has the dots of a fine fax page, to mode "1"; its height is even.

    A fax server that prints in standard resolution drops every second line; Ghostscript keeps the lower one of two.
    That one is drawn so that strokes and gaps survive, and shades are the same in both.
    """
    fine = gray.filter(ImageFilter.UnsharpMask(radius=2, percent=120, threshold=4))
    standard = gray.resize((gray.width, gray.height // 2), Image.Resampling.BOX).filter(_VERTICAL_SHARPENING)
    lines = _with_lower_lines(fine, standard).point(lambda value: _WHITE if value > _INK else 0)
    shades = standard.convert("1").convert("L").resize(gray.size, Image.Resampling.NEAREST)
    shaded = gray.point(lambda value: _WHITE if _BLACK < value < _BRIGHT else 0).filter(
        ImageFilter.BoxBlur(5)
    )
    mixed = Image.composite(shades, lines, shaded.point(lambda value: _WHITE if value > _SHADED else 0))
    return mixed.convert("1", dither=Image.Dither.NONE)


def _with_lower_lines(fine: Image.Image, standard: Image.Image) -> Image.Image:
    """Replace the lower line of each two lines of *fine* by a line of *standard*."""
    pairs = Image.frombytes("L", (fine.width * 2, fine.height // 2), fine.tobytes())
    pairs.paste(standard, (fine.width, 0))
    return Image.frombytes("L", fine.size, pairs.tobytes())


def whitened(gray: Image.Image) -> Image.Image | None:
    """Take light and shadow away from a photograph or scan of a sheet of paper; None for anything else."""
    level, share = _most_frequent(gray)
    if share > _FLAT_SHARE:  # drawn by a program, not seen by a lens
        return (
            gray.point(lambda value: min(_WHITE, value * _WHITE // level))
            if _LIGHT < level < _BRIGHT
            else None
        )
    small = gray.resize(
        (_THUMBNAIL, max(1, round(gray.height * _THUMBNAIL / gray.width))), Image.Resampling.BOX
    )
    ground = small.filter(ImageFilter.MaxFilter(_GROUND)).filter(ImageFilter.MinFilter(_GROUND))
    if _percentile(ground, 0.05) >= _BARELY_GRAY or not _is_paper(small, ground):
        return None
    light = _percentile(ground, 0.5)
    ground = ground.filter(ImageFilter.GaussianBlur(4)).point(
        lambda value: max(value, round(light * _DARKEST))
    )
    return _divided(gray, ground.resize(gray.size, Image.Resampling.BILINEAR))


def _most_frequent(gray: Image.Image) -> tuple[int, float]:
    """The most frequent shade, and its share of the picture."""
    counts = gray.histogram()
    level = max(range(len(counts)), key=counts.__getitem__)
    return level, counts[level] / sum(counts)


def _is_paper(small: Image.Image, ground: Image.Image) -> bool:
    even = _divided(small, ground)
    share = sum(even.histogram()[220:]) / (even.width * even.height)
    return share > _PAPER_SHARE and _percentile(ground, 0.5) > _LIGHT


def _divided(gray: Image.Image, ground: Image.Image) -> Image.Image:
    """Divide by *ground*, by way of logarithms."""
    quotient = ImageChops.subtract(gray.point(_LOGS), ground.point(_LOGS), scale=1, offset=_WHITE)
    return quotient.point(_POWERS)


def _percentile(gray: Image.Image, share: float) -> int:
    counts = gray.histogram()
    left = share * sum(counts)
    for value, count in enumerate(counts):
        left -= count
        if left <= 0:
            return value
    return _WHITE
