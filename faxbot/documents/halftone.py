"""
Turns gray pictures into black and white ones that a fax machine prints readably.

Ghostscript's own halftone is a coarse screen in which small type is lost, so the fax server gets pictures
without shades: type and lines are cut at a threshold, areas with shades are dithered.
"""

from PIL import Image, ImageFilter

from faxbot.documents.grayscale import darkest

_WHITE = 255
_INK = 165  # a dot of a line is black if it has less light
_FAINT, _FAINT_SHARE = 100, 0.002  # a picture with hardly any darker dot gets more contrast
_SHADES = range(61, 215)
_SHADED_SHARE, _NEIGHBORS = 0.55, 5  # of the dots around, for an area to be dithered
_SHARPENING = ImageFilter.UnsharpMask(radius=2, percent=120, threshold=4)
_VERTICAL_SHARPENING = ImageFilter.Kernel((3, 3), (0, -2, 0, -1, 10, -1, 0, -2, 0), scale=4)


def black_and_white(gray: Image.Image) -> Image.Image:
    """
    Convert *gray*, which has the dots of a fine fax page, to mode "1"; its height is even.

    A fax server that prints in standard resolution drops every second line; Ghostscript keeps the lower one
    of two. That one is drawn so that strokes and gaps survive, and shades are the same in both.
    """
    gray = _with_contrast(gray)
    standard = gray.resize((gray.width, gray.height // 2), Image.Resampling.BOX).filter(_VERTICAL_SHARPENING)
    lines = _with_lower_lines(gray.filter(_SHARPENING), standard).point(
        [_WHITE * (value > _INK) for value in range(256)]
    )
    dithered = standard.convert("1").convert("L").resize(gray.size, Image.Resampling.NEAREST)
    return Image.composite(dithered, lines, _shaded(gray)).convert("1", dither=Image.Dither.NONE)


def _with_contrast(gray: Image.Image) -> Image.Image:
    """Make faint writing, such as a pencil's, black."""
    ink = min(darkest(gray, _FAINT_SHARE), _WHITE - 1)
    if ink <= _FAINT:
        return gray
    return gray.point([max(0, (value - ink) * _WHITE // (_WHITE - ink)) for value in range(256)])


def _with_lower_lines(fine: Image.Image, standard: Image.Image) -> Image.Image:
    """Replace the lower line of each two lines of *fine* by a line of *standard*."""
    pairs = Image.frombytes("L", (fine.width * 2, fine.height // 2), fine.tobytes())
    pairs.paste(standard, (fine.width, 0))
    return Image.frombytes("L", fine.size, pairs.tobytes())


def _shaded(gray: Image.Image) -> Image.Image:
    """A mask of the areas, not lines, that are neither black nor white."""
    shades = gray.point([_WHITE * (value in _SHADES) for value in range(256)])
    share = shades.filter(ImageFilter.BoxBlur(_NEIGHBORS))
    return share.point([_WHITE * (value > _SHADED_SHARE * _WHITE) for value in range(256)])
