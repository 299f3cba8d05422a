"""The pixels of any picture as black and white, or as gray, on a white ground."""

from PIL import Image

WIDE_MODES = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")
"""Modes of 16 or more bits, whose white has no fixed value."""

_WHITE = 255
_STEPS = {
    "F": (1.0, 255.0, 4095.0, 65535.0),
    "I": (255.0, 4095.0, 65535.0),
    **dict.fromkeys(("I;16", "I;16B", "I;16L", "I;16N"), (65535.0,)),
}


def to_gray(image: Image.Image, *, white: float | None = None) -> Image.Image:
    """
    Convert a loaded picture to mode "1" or "L"; what is transparent becomes white.

    Color profiles are ignored: they are often wrong, and no fax shows the difference. *white* is the value of
    white in a picture of 16 or more bits; without it, it follows from the highest value found.
    """
    if image.has_transparency_data:
        return _on_white(image)
    if image.mode in ("1", "L"):
        return image
    if image.mode in WIDE_MODES:
        return _narrowed(image, white)
    if image.mode in ("LAB", "YCbCr"):
        return image.getchannel(0)
    if image.mode == "CMYK":
        image = image.convert("RGB")
    return image.convert("L")


def is_black_and_white(gray: Image.Image) -> bool:
    """Whether a picture of mode "1" or "L" has no shades of gray."""
    return gray.mode == "1" or not any(gray.histogram()[1:_WHITE])


def is_transparent(image: Image.Image) -> bool:
    """Whether any pixel of a loaded picture is not opaque."""
    return image.has_transparency_data and any(_alpha(image).histogram()[:_WHITE])


def darkest(gray: Image.Image, share: float = 0.0) -> int:
    """The shade, from 0 (black) to 255, than which at most *share* of the pixels are darker."""
    counts = gray.convert("L").histogram()
    left = share * sum(counts)
    for value, count in enumerate(counts):
        left -= count
        if left < 0:
            return value
    return _WHITE


def _on_white(image: Image.Image) -> Image.Image:
    alpha = _alpha(image)
    if image.mode in ("P", "PA", "RGBa"):
        image = image.convert("RGBA")
    elif image.mode == "La":
        image = image.convert("LA")
    white = Image.new("L", image.size, _WHITE)
    white.paste(image.convert("L"), mask=alpha)
    return white


def _alpha(image: Image.Image) -> Image.Image:
    bands = image.getbands()
    if bands[-1] in ("A", "a"):
        return image.getchannel(bands[-1])
    return image.convert("LA" if image.mode in ("1", "L") else "RGBA").getchannel("A")


def _narrowed(image: Image.Image, white: float | None) -> Image.Image:
    wide = image if image.mode in ("I", "F") else image.convert("I")
    lowest, highest = (float(value) for value in wide.getextrema())  # type: ignore[arg-type]  # one band
    if white is None:
        white = next((step for step in _STEPS[image.mode] if highest <= step), highest)
    black = min(0.0, lowest)
    scale = _WHITE / ((white - black) or 1.0)
    return wide.point(lambda value: value * scale + -black * scale).convert("L")
