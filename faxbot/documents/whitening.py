"""Takes the shadows and the color of the paper away from a photograph or scan of a sheet."""

import math

from PIL import Image, ImageChops, ImageFilter

from faxbot.documents.grayscale import darkest

_WHITE = 255
_LOG_STEP = _WHITE / math.log(_WHITE)
_LOGS = [0, *(round(math.log(value) * _LOG_STEP) for value in range(1, 256))]
_POWERS = [round(_WHITE * math.exp((value - _WHITE) / _LOG_STEP)) for value in range(256)]

_FLAT_SHARE = 0.25  # of the picture in one shade: a program drew it, no lens saw it
_PAPER = range(100, 240)  # shades of paper that are not white
_THUMBNAIL = 200  # pixels across, in which light and shadow are looked at
_LINE_OF_TYPE = 11  # pixels of it, with the gap to the next
_EVEN_LIGHT, _PAPER_SHARE = 220, 0.6
_DARKEST_SHADOW = 0.5
_SOFTNESS = 4


def whitened(gray: Image.Image) -> Image.Image | None:
    """
    Make the paper white in the photograph or scan of a sheet; None if it is white, or *gray* is no sheet.

    The light on the paper is estimated from the brightest points around each, and the picture divided by it.
    """
    level, share = _most_frequent(gray)
    if share > _FLAT_SHARE:
        return (
            gray.point([min(_WHITE, value * _WHITE // level) for value in range(256)])
            if level in _PAPER
            else None
        )
    height = max(1, round(gray.height * _THUMBNAIL / gray.width))
    small = gray.resize((_THUMBNAIL, height), Image.Resampling.BOX)
    light = small.filter(ImageFilter.MaxFilter(_LINE_OF_TYPE)).filter(ImageFilter.MinFilter(_LINE_OF_TYPE))
    usual = darkest(light, 0.5)
    if darkest(light, 0.05) >= _PAPER.stop or usual < _PAPER.start or not _is_sheet(small, light):
        return None
    shadow = round(usual * _DARKEST_SHADOW)
    light = light.filter(ImageFilter.GaussianBlur(_SOFTNESS)).point(
        [max(value, shadow) for value in range(256)]
    )
    return _divided(gray, light.resize(gray.size, Image.Resampling.BILINEAR))


def _most_frequent(gray: Image.Image) -> tuple[int, float]:
    """The most frequent shade, and its share of the picture."""
    counts = gray.histogram()
    level = max(range(len(counts)), key=counts.__getitem__)
    return level, counts[level] / sum(counts)


def _is_sheet(small: Image.Image, light: Image.Image) -> bool:
    """Whether most of the picture is as bright as its surroundings, as between lines of type."""
    even = _divided(small, light).histogram()
    return sum(even[_EVEN_LIGHT:]) > _PAPER_SHARE * sum(even)


def _divided(gray: Image.Image, light: Image.Image) -> Image.Image:
    """Divide by *light*, by way of logarithms."""
    quotient = ImageChops.subtract(gray.point(_LOGS), light.point(_LOGS), scale=1, offset=_WHITE)
    return quotient.point(_POWERS)
