"""Pictures become pages of the fax paper: whole, upright, readable in black and white."""

import itertools
import shutil
import struct
import subprocess
import zlib

import pillow_heif
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from faxbot.documents.paper import PAPER
from faxbot.documents.pictures import put_on_pages
from faxbot.fax.document import Note
from faxbot.fax.errors import BadDocument
from tests.support.dots import STORED, blackness, corners, ink, marked, noisy, pages_of, papers_of

LETTER = PAPER["letter"]
DOTS = 1728


def png_of(width: int, height: int) -> bytes:
    """The start of a PNG of this size."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    data = b"IDAT" + zlib.compress(bytes(1000))
    chunks = (
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
        for chunk in (header, data)
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.fixture
def fax(tmp_path):
    """Save a picture, put it on pages, and return them with the notes."""

    def put(picture, suffix="png", paper=LETTER, max_pages=20, **save):
        path, made = tmp_path / f"picture.{suffix}", tmp_path / "made.pdf"
        if isinstance(picture, bytes):
            path.write_bytes(picture)
        elif suffix == "heic":
            pillow_heif.from_pillow(picture).save(path, quality=90)
        else:
            picture.save(path, **save)
        notes = put_on_pages(path, path.name, paper, max_pages, made)
        assert papers_of(made) == [(0, 0, *paper)] * len(papers_of(made))
        return pages_of(made), notes

    return put


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "webp", "bmp", "avif", "heic", "mpo"])
def test_every_kind_of_picture_becomes_a_page(fax, suffix):
    """Formats of phones, cameras and browsers: one upright page."""
    (page,), notes = fax(marked(mode="RGB"), suffix)
    assert corners(page) == "upright"
    assert notes == []


@pytest.mark.parametrize(
    ("suffix", "orientation"),
    [*(("jpg", orientation) for orientation in (1, *STORED)), ("webp", 6), ("png", 3)],
)
def test_a_photo_is_turned_as_its_camera_says(fax, orientation, suffix):
    """All eight EXIF orientations come out upright."""
    picture, exif = marked(mode="RGB"), Image.Exif()
    exif[0x0112] = orientation
    if (stored := STORED.get(orientation)) is not None:
        picture = picture.transpose(stored)
    (page,), notes = fax(picture, suffix, exif=exif)
    assert corners(page) == "upright"
    assert notes == []


def test_unreadable_exif_data_is_ignored(fax, tmp_path):
    """A picture is faxed as it is stored if its camera's data is damaged."""
    exif = Image.Exif()
    exif[0x0112] = 6
    marked().save(tmp_path / "good.jpg", exif=exif)
    content = (tmp_path / "good.jpg").read_bytes()
    at = content.index(b"Exif\0\0") + 6
    (page,), _ = fax(content[:at] + b"\xff" * 20 + content[at + 20 :], "jpg")
    assert corners(page) == "upright"


def test_only_the_first_picture_of_an_animation_is_a_page(fax):
    """A GIF that moves is one page."""
    frames = [Image.new("L", (300, 400), 255), marked(), marked()]
    pages, _ = fax(marked(), "gif", save_all=True, append_images=frames)
    assert [corners(page) for page in pages] == ["upright"]


def test_a_landscape_picture_is_turned(fax):
    """It is larger on its side; the person is told."""
    (page,), notes = fax(marked((800, 600)))
    assert corners(page) == "turned"
    assert notes == [Note(1, "turned")]


@pytest.mark.parametrize("paper", sorted(PAPER))
def test_every_paper_is_filled_and_never_exceeded(fax, paper):
    """A scan of a sheet is as wide as the paper; its frame is whole."""
    (page,), _ = fax(marked((1700, 2200)), paper=PAPER[paper], dpi=(200, 200))
    left, top, right, bottom = ink(page)
    assert corners(page) == "upright"
    assert page.size == (DOTS, int(PAPER[paper][1] * 196 / 72))
    assert right - left == DOTS or bottom - top >= page.height - 1


@pytest.mark.parametrize(
    ("dpi", "width"),
    [
        ((300, 300), 678),  # one third of 8.5 inches less margins: 800 dots at 300 dpi are 2.67 inches
        ((150, 150), 1084),
        (None, 1626),
        ((1, 1), 1626),
        ((30000, 30000), 1626),
    ],
)
def test_a_picture_is_as_large_as_it_says_or_as_the_paper_allows(fax, dpi, width):
    """A known resolution is kept; without one, the picture fills the width within the margins."""
    size = (800, 1000) if dpi == (150, 150) else (1000, 1250)
    (page,), notes = fax(marked(size), **({"dpi": dpi} if dpi else {}))
    left, _, right, _ = ink(page)
    assert right - left == pytest.approx(width, abs=2)
    assert notes == []


def test_a_small_picture_without_a_resolution_is_neither_a_stamp_nor_a_poster(fax):
    """A pixel is a sixtieth of an inch at most."""
    (page,), _ = fax(marked((150, 200)))
    left, _, right, _ = ink(page)
    assert right - left == pytest.approx(150 / 60 * DOTS / 8.5, abs=2)


def test_a_scan_larger_than_the_paper_is_shrunk_and_said_so(fax):
    """11 x 17 inches on Letter."""
    (page,), notes = fax(marked((1100, 1700)), dpi=(100, 100))
    assert notes == [Note(1, "shrunk to 65 %")]
    assert corners(page) == "upright"


def test_pixels_need_not_be_square(fax):
    """A picture of 204 x 102 dots per inch keeps its shape."""
    (page,), _ = fax(marked((816, 510)), dpi=(204, 102))
    left, top, right, bottom = ink(page)
    assert (right - left) / DOTS * 8.5 == pytest.approx(4, abs=0.02)
    assert (bottom - top) / 196 == pytest.approx(5, abs=0.02)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_is_white(fax, mode):
    """What shows nothing on a screen blackens no paper."""
    picture = Image.new("RGBA", (300, 400))
    picture.paste("black", (100, 100, 200, 300))
    picture = picture.quantize(8) if mode == "P" else picture.convert(mode)
    (page,), _ = fax(picture)
    left, top, right, bottom = ink(page)
    assert (right - left, bottom - top) == (pytest.approx(339, abs=2), pytest.approx(653, abs=2))


@pytest.mark.parametrize(
    ("picture", "why"),
    [
        (Image.new("RGBA", (30, 40)), r"nothing but white on a transparent .* dark color and share that"),
        (Image.new("RGBA", (30, 40), (250, 250, 240, 128)), r"nothing but white on a transparent"),
        (Image.new("L", (30, 40), 252), r"is all white: nothing would be visible\. Share another"),
        (Image.new("1", (30, 40), 1), r"is all white"),
        (Image.new("RGBA", (30, 40), "white"), r"is all white"),
    ],
)
def test_a_picture_that_would_not_be_visible_is_refused(fax, picture, why):
    """White writing on a clear ground shows on a dark screen, and never on paper."""
    with pytest.raises(BadDocument, match=rf"picture\.png.*{why}"):
        fax(picture)


def test_faint_writing_becomes_black(fax):
    """A pencil's gray is no reason for a blank page."""
    (page,), _ = fax(marked((600, 800)).point(lambda value: 200 + value * 55 // 255))
    assert corners(page) == "upright"
    assert blackness(page) > 0.1


def test_a_cmyk_photo_keeps_black_and_white(fax):
    """Adobe stores such JPEGs inverted."""
    (page,), _ = fax(marked(mode="RGB").convert("CMYK"), "jpg")
    assert corners(page) == "upright"


@pytest.mark.parametrize("profile", [b"junk" * 40, b"\0" * 128])
def test_a_broken_color_profile_is_ignored(fax, profile):
    """Profiles make no difference to black and white."""
    (page,), _ = fax(marked(), "jpg", icc_profile=profile)
    assert corners(page) == "upright"


def test_sixteen_bits_are_not_all_white(fax):
    """A PNG of 16 bits keeps its shades."""
    (page,), _ = fax(marked().convert("I").point(lambda value: value * 257).convert("I;16"))
    assert corners(page) == "upright"


def numbered_strip(length: int = 4000) -> Image.Image:
    """A strip whose width in black grows from its top to its bottom."""
    strip = Image.new("L", (400, length), 255)
    for line in range(length):
        strip.paste(0, (0, line, 20 + line * 300 // length, line + 1))
    return strip


def test_a_long_strip_is_cut_into_pages_that_overlap(fax):
    """Each page begins with a part of the one before; nothing is between two pages."""
    pages, notes = fax(numbered_strip(), dpi=(120, 120))
    assert notes == [Note(1, f"cut into {len(pages)} pages")]
    widths = []
    for page in pages:
        left, top, right, bottom = ink(page)
        assert right - left < DOTS / 2
        widths.append(
            [row - left for row in (ink(page.crop((0, y, DOTS, y + 1)))[2] for y in (top, bottom - 1))]
        )
    assert widths[0][0] == pytest.approx(34, abs=3)
    assert widths[-1][1] == pytest.approx(542, abs=3)
    for before, after in itertools.pairwise(widths):
        assert before[0] < after[0] < before[1] < after[1]


def test_a_wide_strip_is_read_from_its_left(fax):
    """It lies on its side; the first page has its left end, which is below."""
    pages, notes = fax(numbered_strip().transpose(Image.Transpose.ROTATE_270), dpi=(120, 120))
    assert notes == [Note(1, f"turned, cut into {len(pages)} pages")]
    shares = [blackness(page) for page in pages]
    assert len(pages) == 4
    assert shares == sorted(shares, reverse=True)


def test_a_strip_of_too_many_pages_is_refused(fax):
    """The limit of pages holds for slices."""
    with pytest.raises(BadDocument, match=r"picture\.png has 4 pages; 3 is the most"):
        fax(numbered_strip(), max_pages=3, dpi=(120, 120))


@pytest.mark.parametrize(
    ("content", "suffix", "why"),
    [
        (png_of(11_000, 10_000), "png", "too many pixels"),
        (png_of(20_000, 20_000), "png", "too many pixels"),
        (b"\x89PNG\r\n\x1a\n nothing", "png", "damaged or cut short"),
        (b"\0\0\0\x18ftypheic" + bytes(40), "heic", "damaged or cut short"),
    ],
)
def test_what_cannot_be_decoded_is_refused(fax, content, suffix, why):
    """By name, before it takes the memory."""
    with pytest.raises(BadDocument, match=rf"picture\.{suffix} .*{why}"):
        fax(content, suffix)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "gif", "avif"])
def test_a_picture_cut_short_is_refused(fax, tmp_path, suffix):
    """Half a photo is never faxed."""
    fax(marked(mode="RGB"), suffix)
    content = (tmp_path / f"picture.{suffix}").read_bytes()
    with pytest.raises(BadDocument, match="damaged or cut short"):
        fax(content[: len(content) * 2 // 3], suffix)


def test_an_avif_without_its_picture_is_refused(fax, tmp_path):
    """Its decoder raises exceptions of another kind than the others."""
    fax(marked(mode="RGB"), "avif")
    content = (tmp_path / "picture.avif").read_bytes()
    at = content.index(b"mdat") + 4
    with pytest.raises(BadDocument, match="damaged or cut short"):
        fax(content[:at] + bytes(len(content) - at), "avif")


def test_the_same_picture_gives_the_same_bytes(fax, tmp_path):
    """After a crash the work is repeated with the same result."""
    fax(marked())
    first = (tmp_path / "made.pdf").read_bytes()
    fax(marked())
    assert (tmp_path / "made.pdf").read_bytes() == first


def test_a_fax_page_is_not_resampled(fax):
    """A bilevel picture of 1728 dots across keeps every dot."""
    noise = noisy((DOTS, 2156))
    (page,), _ = fax(noise, dpi=(204, 196))
    assert page.tobytes() == noise.tobytes()


@given(
    width=st.integers(20, 500),
    height=st.integers(20, 500),
    dpi=st.sampled_from((None, 72, 97, 200, 300)),
    mode=st.sampled_from(("1", "L")),
    paper=st.sampled_from(sorted(PAPER.values())),
)
def test_the_edges_of_any_picture_survive(  # noqa: PLR0917 - hypothesis fills them in
    tmp_path_factory, width, height, dpi, mode, paper
):
    """Whatever its size and resolution: all four edges are on the pages, within them."""
    folder = tmp_path_factory.mktemp("any")
    picture = Image.new("L", (width, height), 255)
    ImageDraw.Draw(picture).rectangle(
        (0, 0, width - 1, height - 1), outline=0, width=max(width, height) // 100 + 1
    )
    picture.convert(mode).save(folder / "any.png", **({"dpi": (dpi, dpi)} if dpi else {}))
    put_on_pages(folder / "any.png", "any.png", paper, 200, folder / "made.pdf")
    pages = pages_of(folder / "made.pdf")
    boxes = [ink(page) for page in pages]
    assert all(boxes)
    if len(pages) == 1:
        ((left, top, right, bottom),) = boxes
        page = pages[0].crop(boxes[0])
        for edge in (
            (0, 0, page.width, 1),
            (0, page.height - 1, page.width, page.height),
            (0, 0, 1, page.height),
            (page.width - 1, 0, page.width, page.height),
        ):
            assert blackness(page, edge) > 0.9
        long, short = sorted(((right - left) * paper[0] / DOTS, (bottom - top) * 72 / 196))[::-1]
        assert long / short == pytest.approx(max(width, height) / min(width, height), rel=0.1)


@pytest.mark.skipif(shutil.which("gs") is None, reason="Ghostscript is not installed")
@pytest.mark.parametrize(("paper", "across"), [("letter", "203.29"), ("a4", "209.10"), ("legal", "203.29")])
def test_ghostscript_prints_the_page_dot_for_dot(fax, tmp_path, paper, across):
    """With the fax server's own command: all lines in fine resolution, the lower of each two in standard."""
    (page,), _ = fax(noisy((300, 400)), paper=PAPER[paper])
    command = [
        "gs",
        "-q",
        "-sDEVICE=tiffg4",
        "-dNOPAUSE",
        "-dSAFER=true",
        f"-sPAPERSIZE={paper}",
        "-dFIXEDMEDIA",
    ]
    for lines, expected in ((196, page), (98, lower_lines(page))):
        printed = tmp_path / f"{lines}.tif"
        subprocess.run(  # noqa: S603
            [
                *command,
                "-P-",
                "-dMaxStripSize=0",
                "-dBATCH",
                f"-r{across}x{lines}",
                f"-sOutputFile={printed}",
                "made.pdf",
            ],
            cwd=tmp_path,
            check=True,
        )
        with Image.open(printed) as image:
            assert image.size == expected.size
            assert image.convert("1").tobytes() == expected.tobytes()


def lower_lines(page: Image.Image) -> Image.Image:
    height = page.height // 2
    rows = (page.crop((0, 2 * row + 1, page.width, 2 * row + 2)) for row in range(height))
    lower = Image.new("1", (page.width, height))
    for row, line in enumerate(rows):
        lower.paste(line, (0, row))
    return lower
