"""TIFF files of every kind become pages; a plain fax keeps its bytes."""

import io
import itertools
import struct

import pytest
from PIL import Image

from faxbot.documents import tiff
from faxbot.documents.paper import PAPER
from faxbot.fax.document import Note
from faxbot.fax.errors import BadDocument
from tests.support.dots import STORED, blackness, corners, ink, marked, noisy, pages_of

LETTER, A4, LEGAL = PAPER["letter"], PAPER["a4"], PAPER["legal"]
DOTS = 1728
WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, ORIENTATION = 256, 257, 258, 259, 262, 274
STRIPS, SAMPLES, ROWS, COUNTS, PLANES, EXTRA, FORMAT = 273, 277, 278, 279, 284, 338, 339
SUBFILE, OLD_SUBFILE, COLORS, X_RESOLUTION, Y_RESOLUTION, UNIT = 254, 255, 320, 282, 283, 296
GRAY = marked().tobytes()


def tiff_of(*pages: tuple[list[bytes], dict[int, object]]) -> bytes:
    """A TIFF file: for each page its strips or planes, and its tags; those of value None are left out."""
    out, link = bytearray(b"II*\0\0\0\0\0"), 4
    for strips, given in pages:
        starts = list(itertools.accumulate((len(strip) for strip in strips), initial=len(out)))[:-1]
        out += b"".join(strips) + bytes(sum(map(len, strips)) % 2)
        height = given.get(HEIGHT, 400)
        counts = [len(strip) for strip in strips]
        defaults = {WIDTH: 300, HEIGHT: 400, COMPRESSION: 1, STRIPS: starts, ROWS: height, COUNTS: counts}
        tags = {tag: value for tag, value in sorted({**defaults, **given}.items()) if value is not None}
        struct.pack_into("<I", out, link, len(out))
        extra = len(out) + 2 + 12 * len(tags) + 4
        entries, values = struct.pack("<H", len(tags)), b""
        for tag, value in tags.items():
            numbers = value if isinstance(value, list) else [value]
            if tag in (X_RESOLUTION, Y_RESOLUTION):
                kind, packed = 5, struct.pack("<II", round(value * 100), 100)
            else:
                kind, packed = 4, struct.pack(f"<{len(numbers)}I", *numbers)
                if tag not in (STRIPS, COUNTS):
                    kind, packed = 3, struct.pack(f"<{len(numbers)}H", *numbers)
            entries += struct.pack("<HHI", tag, kind, len(numbers))
            if len(packed) > 4:
                entries += struct.pack("<I", extra + len(values))
                values += packed
            else:
                entries += packed.ljust(4, b"\0")
        out += entries
        link = len(out)
        out += bytes(4) + values + bytes(len(values) % 2)
    return bytes(out)


def coded(picture: Image.Image, compression: str = "group4") -> bytes:
    """A bilevel picture's code, for which white is 0."""
    out = io.BytesIO()
    picture.convert("L").point(lambda value: 255 - value).convert("1").save(
        out, "TIFF", compression=compression, strip_size=1 << 24
    )
    with Image.open(out) as image:
        (start,), (count,) = image.tag_v2[STRIPS], image.tag_v2[COUNTS]
    return out.getvalue()[start : start + count]


FAX = marked((DOTS, 1000), "1")
FAX_TAGS = {
    WIDTH: DOTS,
    HEIGHT: 1000,
    COMPRESSION: 4,
    PHOTOMETRIC: 0,
    X_RESOLUTION: 204.0,
    Y_RESOLUTION: 98.0,
    UNIT: 2,
}


def fax_tiff(**changes: object) -> bytes:
    return tiff_of(([FAX_CODE], {**FAX_TAGS, **{globals()[tag]: value for tag, value in changes.items()}}))


FAX_CODE = coded(FAX)


@pytest.fixture
def convert(tmp_path):
    """Convert a TIFF, given as bytes or picture; return its pages and notes."""

    def run(content, paper=LETTER, max_pages=10, **save):
        path, made = tmp_path / "scan.tif", tmp_path / "made.pdf"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            content.save(path, **save)
        notes = tiff.to_pdf(path, "scan.tif", paper, max_pages, made)
        pages = pages_of(made)
        assert len(pages) == tiff.check_tiff(path, "scan.tif", max_pages)
        return pages, notes

    return run


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"Y_RESOLUTION": 196.0, "SUBFILE": 2},
        {"ORIENTATION": 1, "BITS": 1, "SAMPLES": 1},
        {"X_RESOLUTION": 80.31, "Y_RESOLUTION": 38.5, "UNIT": 3},
        {"COMPRESSION": 3},
    ],
)
def test_a_plain_fax_keeps_its_bytes(tmp_path, changes):
    """Class F: bilevel, Group 3 or 4, white is zero, 1728 dots across, of a fax's resolution, upright."""
    path = tmp_path / "fax.tif"
    path.write_bytes(fax_tiff(**changes))
    assert tiff.fits(path, LETTER)
    assert tiff.fits(path, LEGAL)


@pytest.mark.parametrize(
    "changes",
    [
        {"UNIT": None, "X_RESOLUTION": None, "Y_RESOLUTION": None},
        {"UNIT": 1},
        {"UNIT": None},
        {"Y_RESOLUTION": 391.0},
        {"X_RESOLUTION": 408.0, "Y_RESOLUTION": 391.0},
        {"X_RESOLUTION": 200.0, "Y_RESOLUTION": 200.0},
        {"X_RESOLUTION": 0.0},
        {"Y_RESOLUTION": 89.0},
        {"ORIENTATION": 3},
        {"PHOTOMETRIC": 1},
        {"PHOTOMETRIC": None},
        {"COMPRESSION": 5},
        {"BITS": 8},
        {"SUBFILE": 1},
        {"SUBFILE": 4},
        {"OLD_SUBFILE": 2},
        {"WIDTH": 2048},
        {"HEIGHT": 1200},
    ],
)
def test_any_other_tiff_is_converted(tmp_path, changes):
    """What the fax server's tiffcheck resizes or reimages, turns its pages or does not know."""
    path = tmp_path / "fax.tif"
    path.write_bytes(fax_tiff(**changes))
    assert not tiff.fits(path, LETTER)


def test_a_fax_is_wider_than_a4(tmp_path):
    """1728 dots of 204 per inch are 215 mm: when the server changes the resolution, it cuts off 5 mm."""
    path = tmp_path / "fax.tif"
    path.write_bytes(fax_tiff())
    assert not tiff.fits(path, A4)


def test_every_page_has_to_fit(tmp_path):
    """One page of another kind, and the whole file is converted."""
    path = tmp_path / "fax.tif"
    path.write_bytes(tiff_of(([FAX_CODE], FAX_TAGS), ([FAX_CODE], {**FAX_TAGS, ORIENTATION: 3})))
    assert not tiff.fits(path, LETTER)


def twice(data: bytes) -> bytes:
    return bytes(byte for value in data for byte in (value, value))


def mixed(*planes: bytes) -> bytes:
    return bytes(itertools.chain.from_iterable(zip(*planes, strict=True)))


BLACK = bytes(len(GRAY))
INVERTED = bytes(255 - value for value in GRAY)
NIBBLES = bytes((GRAY[at] & 0xF0) | GRAY[at + 1] >> 4 for at in range(0, len(GRAY), 2))
KINDS: dict[str, tuple[list[bytes], dict[int, object]]] = {
    "gray": ([GRAY], {BITS: 8, PHOTOMETRIC: 1}),
    "gray, white is zero": ([INVERTED], {BITS: 8, PHOTOMETRIC: 0}),
    "4 bits": ([NIBBLES], {BITS: 4, PHOTOMETRIC: 1}),
    "16 bits": ([twice(GRAY)], {BITS: 16, PHOTOMETRIC: 1}),
    "16 bits, white is zero": ([twice(INVERTED)], {BITS: 16, PHOTOMETRIC: 0}),
    "float": (
        [b"".join(struct.pack("<f", value / 255) for value in GRAY)],
        {BITS: 32, PHOTOMETRIC: 1, FORMAT: 3},
    ),
    "gray and alpha": ([mixed(BLACK, INVERTED)], {BITS: [8, 8], PHOTOMETRIC: 1, SAMPLES: 2, EXTRA: 2}),
    "RGB": ([mixed(GRAY, GRAY, GRAY)], {BITS: [8] * 3, PHOTOMETRIC: 2, SAMPLES: 3}),
    "RGB, 16 bits": ([twice(mixed(GRAY, GRAY, GRAY))], {BITS: [16] * 3, PHOTOMETRIC: 2, SAMPLES: 3}),
    "RGB, separate planes": ([GRAY] * 3, {BITS: [8] * 3, PHOTOMETRIC: 2, SAMPLES: 3, PLANES: 2}),
    "RGBA": (
        [mixed(BLACK, BLACK, BLACK, INVERTED)],
        {BITS: [8] * 4, PHOTOMETRIC: 2, SAMPLES: 4, EXTRA: 2},
    ),
    "CMYK": ([mixed(BLACK, BLACK, BLACK, INVERTED)], {BITS: [8] * 4, PHOTOMETRIC: 5, SAMPLES: 4}),
    "LAB": ([mixed(GRAY, BLACK, BLACK)], {BITS: [8] * 3, PHOTOMETRIC: 8, SAMPLES: 3}),
    "palette": ([GRAY], {BITS: 8, PHOTOMETRIC: 3, COLORS: [shade * 257 for shade in range(256)] * 3}),
    "no byte counts": ([GRAY], {BITS: 8, PHOTOMETRIC: 1, COUNTS: None}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_pixel_becomes_a_page(convert, kind):
    """Black on white, upright."""
    (page,), _ = convert(tiff_of(KINDS[kind]))
    assert corners(page) == "upright"
    assert 0.05 < blackness(page.crop(ink(page))) < 0.2


@pytest.mark.parametrize(
    ("compression", "mode"),
    [
        *itertools.product(
            ("group3", "group4", "tiff_ccitt", "packbits", "tiff_lzw", "tiff_adobe_deflate", "lzma", "zstd"),
            "1",
        ),
        ("jpeg", "L"),
        ("jpeg", "RGB"),
    ],
)
def test_every_compression_is_read(convert, compression, mode):
    """What scanners and programs write."""
    (page,), _ = convert(marked((600, 800), mode), compression=compression)
    assert corners(page) == "upright"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_becomes_upright(convert, orientation):
    """All eight of them; the resolution turns with the page."""
    stored = marked((400, 500), "1")
    if orientation in STORED:
        stored = stored.transpose(STORED[orientation])
    dpi = (50, 100) if orientation > 4 else (100, 50)
    (page,), notes = convert(
        stored, compression="group4", tiffinfo={ORIENTATION: orientation}, dpi=(dpi[0] * 2, dpi[1] * 2)
    )
    assert corners(page) == "upright"
    left, top, right, bottom = ink(page)
    assert ((right - left) / DOTS * 8.5, (bottom - top) / 196) == (
        pytest.approx(2, abs=0.02),
        pytest.approx(5, abs=0.02),
    )
    assert notes == []


@pytest.mark.parametrize("resolution", [(204.0, 98.0), None])
@pytest.mark.parametrize("paper", [LETTER, A4])
def test_a_fax_of_standard_resolution_keeps_its_dots_and_its_shape(convert, resolution, paper):
    """Each line is printed twice in fine resolution; if unknown, few lines are standard resolution."""
    noise = noisy((DOTS, 1000))
    (page,), notes = convert(
        noise, paper, compression="group3", **({"dpi": resolution} if resolution else {})
    )
    top = (page.height - 2000) // 4 * 2
    assert page.crop((0, top, DOTS, top + 2000)).tobytes() == noise.resize((DOTS, 2000)).tobytes()
    assert notes == []


@pytest.mark.parametrize("resolution", [(204.0, 196.0), None])
def test_a_fax_of_fine_resolution_keeps_its_dots(convert, resolution):
    """So many lines without a resolution are fine resolution."""
    noise = noisy((DOTS, 2156))
    (page,), _ = convert(noise, compression="group4", **({"dpi": resolution} if resolution else {}))
    assert page.tobytes() == noise.tobytes()


def test_a_landscape_scan_is_turned(convert):
    """A page of 11 x 8.5 inches fills a portrait one."""
    (page,), notes = convert(marked((1100, 850), "1"), compression="group4", dpi=(100, 100))
    assert corners(page) == "turned"
    assert notes == [Note(1, "turned")]
    assert ink(page) == (0, 0, *page.size)


def test_a_scan_without_a_resolution_fills_the_paper(convert):
    """Its proportions are those of a sheet."""
    (page,), notes = convert(marked((2550, 3300), "1"), compression="group4")
    assert ink(page) == (0, 0, *page.size)
    assert notes == []


def test_pages_come_in_their_order_and_overviews_are_none(convert):
    """A smaller copy of a page and a mask are not pages; notes count pages of the document."""
    wide = marked((900, 700)).tobytes()
    gray = {BITS: 8, PHOTOMETRIC: 1}
    pages, notes = convert(
        tiff_of(
            ([GRAY], gray),
            ([GRAY], {**gray, SUBFILE: 1}),
            ([GRAY], {**gray, SUBFILE: 4}),
            ([GRAY], {**gray, OLD_SUBFILE: 2}),
            ([wide], {**gray, WIDTH: 900, HEIGHT: 700}),
            ([b"\xff" * len(GRAY)], {**gray, SUBFILE: 2}),
        )
    )
    assert [corners(page) for page in pages[:2]] == ["upright", "turned"]
    assert notes == [Note(2, "turned")]
    assert blackness(pages[2]) == 0


@pytest.mark.parametrize(
    ("page", "why"),
    [
        (
            ([twice(GRAY)] * 3, {BITS: [16] * 3, PHOTOMETRIC: 2, SAMPLES: 3, PLANES: 2}),
            "a kind that I can't read",
        ),
        (([twice(twice(GRAY))], {BITS: 32, PHOTOMETRIC: 1}), "a kind that I can't read"),
        (([twice(twice(twice(GRAY)))], {BITS: 64, PHOTOMETRIC: 1, FORMAT: 3}), "Save it as a PDF"),
        (([GRAY], {BITS: 8, PHOTOMETRIC: 1, COMPRESSION: 34661}), "a kind that I can't read"),
        (([GRAY], {BITS: 8, PHOTOMETRIC: 1, COMPRESSION: 5}), "damaged or cut short"),
        (([GRAY], {BITS: 8, PHOTOMETRIC: 1, HEIGHT: 60_000, WIDTH: 60_000}), "too many pixels"),
    ],
)
def test_what_cannot_be_decoded_is_refused(convert, page, why):
    """By name, with what to do; never faxed garbled."""
    with pytest.raises(BadDocument, match=rf"scan\.tif .*{why}"):
        convert(tiff_of(page))


def test_a_tiff_cut_short_is_refused(tmp_path):
    """The data of each page has to be in the file."""
    path = tmp_path / "scan.tif"
    content = bytearray(tiff_of(([GRAY], {BITS: 8, PHOTOMETRIC: 1})))
    path.write_bytes(content.replace(struct.pack("<I", len(GRAY)), struct.pack("<I", len(GRAY) * 2)))
    with pytest.raises(BadDocument, match=r"scan\.tif is damaged or cut short"):
        tiff.check_tiff(path, "scan.tif")
    path.write_bytes(content[:50])
    with pytest.raises(BadDocument, match=r"scan\.tif is damaged"):
        tiff.check_tiff(path, "scan.tif")


def test_a_tiff_of_too_many_pages_is_refused(tmp_path, convert):
    """Those of the file, and those that a long page is cut into."""
    path = tmp_path / "scan.tif"
    path.write_bytes(tiff_of(*[([GRAY], {BITS: 8, PHOTOMETRIC: 1})] * 4))
    with pytest.raises(BadDocument, match=r"scan\.tif has more than 3 pages"):
        tiff.check_tiff(path, "scan.tif", 3)
    with pytest.raises(BadDocument, match=r"has 4 pages; 3 is the most"):
        convert(marked((400, 4000)), max_pages=3, dpi=(120, 120))


def test_blank_pages_are_found(tmp_path):
    """White all over."""
    path = tmp_path / "fax.tif"
    white = coded(Image.new("1", (DOTS, 1000), 1))
    path.write_bytes(tiff_of(([white], FAX_TAGS), ([FAX_CODE], FAX_TAGS)))
    assert tiff.blank_pages(path) == [True, False]
