"""A page that betrays what is done to it: other marks in each corner, at the edges, and an R in the middle."""

from PIL import Image, ImageDraw, ImageFont

Box = tuple[float, float, float, float]


def operators(box: Box, number: int = 1) -> str:
    """Operators of PDF that fill *box* (left, bottom, right, top); /F1 is a font."""
    left, bottom, right, top = box
    width, height = right - left, top - bottom
    unit = min(width, height) / 100

    def rectangle(x: float, y: float, across: float, up: float) -> str:
        return f"{left + x:.3f} {bottom + y:.3f} {across:.3f} {up:.3f} re f"

    edge = unit / 2
    marks = [
        rectangle(edge, height - edge - 6 * unit, 6 * unit, 6 * unit),
        rectangle(width - edge - 3 * unit, height - edge - 9 * unit, 3 * unit, 9 * unit),
        rectangle(edge, edge, 10 * unit, 3 * unit),
        rectangle(width - edge - 4 * unit, edge, 4 * unit, 4 * unit),
        rectangle(width * 0.3, height - edge - unit, 12 * unit, unit),
        rectangle(width * 0.4, edge, 20 * unit, unit),
        rectangle(edge, height * 0.3, unit, 12 * unit),
        rectangle(width - edge - unit, height * 0.6, unit, 20 * unit),
    ]
    size = 4.5 * unit
    lines = [f"BT /F1 {size:.3f} Tf {left + 12 * unit:.3f} {top - 16 * unit:.3f} Td {1.4 * size:.3f} TL"]
    lines += [
        f"(Line {line + 1} of page {number}: {'the quick brown fox'[: 19 - 3 * line]}) Tj T*"
        for line in range(4)
    ]
    lines.append("ET")
    middle = f"{left + width * 0.35:.3f} {bottom + height * 0.3:.3f}"
    letter = f"BT /F1 {12 * unit:.3f} Tf {middle} Td (R{number}) Tj ET"
    return "\n".join(["q 0 g", *marks, *lines, letter, "Q"])


def picture(
    size: tuple[int, int],
    number: int = 1,
    *,
    ink: object = "black",
    ground: object = "white",
    mode: str = "L",
) -> Image.Image:
    """The same as a picture of *size* in dots."""
    image = Image.new(mode, size, ground)  # type: ignore[arg-type]
    draw = ImageDraw.Draw(image)
    width, height = size
    unit = min(size) / 100

    def rectangle(x: float, y: float, across: float, down: float) -> None:
        draw.rectangle((x, y, max(x, x + across - 1), max(y, y + down - 1)), fill=ink)  # type: ignore[arg-type]

    edge = unit / 2
    rectangle(edge, edge, 6 * unit, 6 * unit)
    rectangle(width - edge - 3 * unit, edge, 3 * unit, 9 * unit)
    rectangle(edge, height - edge - 3 * unit, 10 * unit, 3 * unit)
    rectangle(width - edge - 4 * unit, height - edge - 4 * unit, 4 * unit, 4 * unit)
    rectangle(width * 0.3, edge, 12 * unit, unit)
    rectangle(width * 0.4, height - edge - unit, 20 * unit, unit)
    rectangle(edge, height * 0.6, unit, 12 * unit)
    rectangle(width - edge - unit, height * 0.2, unit, 20 * unit)
    small, large = ImageFont.load_default(max(1, 5 * unit)), ImageFont.load_default(max(1, 30 * unit))
    for line in range(4):
        words = f"Line {line + 1} of page {number}: {'the quick brown fox'[: 19 - 3 * line]}"
        draw.text((12 * unit, (12 + 7 * line) * unit), words, fill=ink, font=small)  # type: ignore[arg-type]
    draw.text((width * 0.35, height * 0.5), f"R{number}", fill=ink, font=large)  # type: ignore[arg-type]
    return image


def photograph(size: tuple[int, int]) -> Image.Image:
    """A sheet of paper on a dark table, in uneven light, with writing on it."""
    width, height = size
    table = Image.linear_gradient("L").resize(size).point(lambda value: 40 + value // 6)
    paper = (round(width * 0.86), round(height * 0.86))
    sheet = picture(paper)
    light = Image.radial_gradient("L").resize(paper).point(lambda value: value // 4)
    lit = Image.composite(
        Image.new("L", paper, 45),
        Image.eval(light, lambda value: 225 - value),
        sheet.point(lambda v: 255 - v),
    )
    table.paste(lit, (round(width * 0.07), round(height * 0.07)))
    return table
