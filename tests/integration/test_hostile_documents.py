"""Files made to do harm, through the real converter: each ends in a sentence, in time, and leaves nothing."""

import io
import shutil
import struct
import time
import zlib
from collections.abc import Sequence
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from faxbot.documents.sandbox import DocumentSandbox
from faxbot.fax.document import Document, Part
from faxbot.fax.errors import BadDocument

MOST_PAGES = 20
SECONDS = 30.0
needs_ghostscript = pytest.mark.skipif(
    shutil.which("gs") is None, reason="PostScript is drawn by Ghostscript"
)


def pdf_of(*objects: bytes, trailer: bytes = b"") -> bytes:
    """A PDF of these objects, numbered from 1; the first is its catalog."""
    out, places = io.BytesIO(), []
    out.write(b"%PDF-1.5\n")
    for number, body in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % place for place in places)
    out.write(
        b"trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, start)
    )
    return out.getvalue()


def stream(data: bytes, entries: bytes = b"") -> bytes:
    packed = zlib.compress(data, level=1)
    return b"<</Filter/FlateDecode/Length %d%s>>stream\n%s\nendstream" % (len(packed), entries, packed)


CATALOGUE, PAGE = b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Page/Parent 2 0 R>>"
BOX = b"/MediaBox[0 0 612 792]"
DRAWN, BAR = b"<</Type/Page/Parent 2 0 R/Contents 4 0 R>>", stream(b"72 72 72 72 re f")


def pages(kids: bytes, count: int) -> bytes:
    return b"<</Type/Pages/Count %d/Kids[%s]%s>>" % (count, kids, BOX)


def many_pages(number: int, count: int) -> bytes:
    """So many pages in one list, whose /Count is *count*."""
    kids = b" ".join(b"%d 0 R" % (each + 3) for each in range(number))
    return pdf_of(CATALOGUE, pages(kids, count), *[PAGE] * number)


def one_page_many_times(number: int) -> bytes:
    return pdf_of(CATALOGUE, pages(b"3 0 R " * number, 1), PAGE)


def deep_tree(depth: int) -> bytes:
    """A page below so many empty floors."""
    floors = [b"<</Type/Pages/Count 1/Parent %d 0 R/Kids[%d 0 R]>>" % (n + 1, n + 3) for n in range(1, depth)]
    return pdf_of(CATALOGUE, pages(b"3 0 R", 1), *floors, b"<</Type/Page/Parent %d 0 R>>" % (depth + 1))


def tree_in_a_circle() -> bytes:
    return pdf_of(CATALOGUE, pages(b"3 0 R", 1), b"<</Type/Pages/Count 1/Kids[2 0 R]>>")


def tables_in_a_circle() -> bytes:
    """Each cross-reference table names another as the one before it; the first again."""
    made = pdf_of(CATALOGUE, pages(b"3 0 R", 1), DRAWN, BAR, trailer=b"/Prev 0000000000")
    return made.replace(b"/Prev 0000000000", b"/Prev %010d" % made.rindex(b"xref\n0 "))


def objects_that_unpack(size: int) -> bytes:
    """A page that lies in an object stream of *size* bytes once it is unpacked, with an xref stream."""
    head = b"3 0 "
    packed = stream(head + PAGE + b" " * size, b"/Type/ObjStm/N 1/First %d" % len(head))
    objects = [CATALOGUE, pages(b"3 0 R", 1), b"", packed]
    out, places = io.BytesIO(), {}
    out.write(b"%PDF-1.5\n")
    for number, body in enumerate(objects, 1):
        if body:
            places[number] = out.tell()
            out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    rows = [struct.pack(">BIH", 0, 0, 65535)]
    rows += [
        struct.pack(">BIH", 1, places[n], 0) if n in places else struct.pack(">BIH", 2, 4, 0)
        for n in (1, 2, 3, 4)
    ]
    places[5] = out.tell()
    rows.append(struct.pack(">BIH", 1, places[5], 0))
    table = stream(b"".join(rows), b"/Type/XRef/Size 6/W[1 4 2]/Root 1 0 R")
    out.write(b"5 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (table, places[5]))
    return out.getvalue()


def contents_that_unpack(size: int) -> bytes:
    return pdf_of(CATALOGUE, pages(b"3 0 R", 1), DRAWN, stream(bytes(size)))


def png(width: int, height: int) -> bytes:
    """A PNG that claims to be so large, of a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(bytes(1000))), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def jpeg(width: int, height: int) -> bytes:
    """A JPEG whose frame header claims to be so large."""
    out = io.BytesIO()
    Image.new("L", (16, 16)).save(out, "JPEG")
    made = bytearray(out.getvalue())
    at = made.index(b"\xff\xc0") + 5
    made[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(made)


def tiff(frames: int, width: int = 8, height: int = 8, *, circle: bool = False) -> bytes:
    """A TIFF of so many pages of one strip; in a *circle* the last leads to the first again."""
    data = zlib.compress(bytes(64))
    out = io.BytesIO()
    out.write(b"II*\0" + struct.pack("<I", 8 + len(data)) + data)
    for frame in range(frames):
        tags = [(256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 8), (262, 3, 1)]
        tags += [(273, 4, 8), (277, 3, 1), (278, 4, height), (279, 4, len(data))]
        entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
        following = out.tell() + 2 + len(entries) + 4 if frame + 1 < frames else (8 + len(data)) * circle
        out.write(struct.pack("<H", len(tags)) + entries + struct.pack("<I", following))
    return out.getvalue()


@pytest.fixture
def spool(tmp_path, monkeypatch) -> Path:
    """A folder for the converter, and another for what it would leave elsewhere."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "elsewhere"))
    (tmp_path / "spool").mkdir()
    return tmp_path / "spool"


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def prepare(
    spool: Path, contents: Sequence[bytes], seconds: float = SECONDS, **limits: int
) -> Document:
    """What the converter makes of these files; whatever that is, nothing else is left."""
    parts = [Part(spool / f"part{number}", f"trap{number}") for number in range(len(contents))]
    for part, content in zip(parts, contents, strict=True):
        part.path.write_bytes(content)
    given = {"max_bytes": 40 << 20, "max_pages": MOST_PAGES, "memory_bytes": 512 << 20} | limits
    began = time.monotonic()
    try:
        return await DocumentSandbox(**given, seconds=seconds).prepare(parts, spool / "fax")
    finally:
        assert time.monotonic() - began < seconds + 10
        left = set(names(spool)) - {part.path.name for part in parts}
        assert left <= {"fax.pdf", "fax.tif"}
        assert names(spool.parent / "elsewhere") == []


ANOTHER = pdf_of(CATALOGUE, pages(b"3 0 R", 1), DRAWN, BAR)
# What the tests name is made when its test runs: hundreds of megabytes are packed for some.
TOO_MANY, TOO_LARGE, BROKEN = f"{MOST_PAGES} is the most", "too many pixels", "damaged or cut short"


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: many_pages(200_000, 200_000), "has 200000 pages"),
        (lambda: many_pages(200_000, 1), f"more than {MOST_PAGES} pages"),
        (lambda: one_page_many_times(200_000), f"more than {MOST_PAGES} pages"),
        (lambda: tiff(100_000), f"more than {MOST_PAGES} pages"),
        (lambda: b"\f" * 2_000_000, TOO_MANY),
        (lambda: b"x" * 5_000_000, TOO_MANY),
    ],
    ids=["pages", "pages that are not counted", "one page often", "frames", "form feeds", "a long line"],
)
async def test_pages_beyond_the_limit_are_not_even_read(spool, make, why):
    """With little memory: what says too much is refused for that, not because reading it failed."""
    content = make()
    contents = [content] if content[:4] in (b"%PDF", b"II*\0") else [content, ANOTHER]
    with pytest.raises(BadDocument, match=why):
        await prepare(spool, contents, memory_bytes=250 << 20)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: deep_tree(20_000), "trap0"),
        (tree_in_a_circle, BROKEN),
        (lambda: objects_that_unpack(300 << 20), "too complex"),
        (lambda: contents_that_unpack(300 << 20), "too complex"),
        (lambda: tiff(3, circle=True)[:-30], BROKEN),
    ],
    ids=["deep", "circle", "unpacks to much", "contents unpack to much", "cut in a circle"],
)
async def test_structures_that_lead_nowhere_are_refused(spool, make, why):
    """Neither recursion, nor a circle, nor what unpacks to more than the memory brings the bot down."""
    with pytest.raises(BadDocument, match=why):
        await prepare(spool, [make()], memory_bytes=250 << 20)


@pytest.mark.parametrize(
    "make",
    [tables_in_a_circle, lambda: tiff(3, circle=True)],
    ids=["tables in a circle", "frames in a circle"],
)
async def test_what_only_looks_dangerous_is_faxed(spool, make):
    """What readers see through does no harm."""
    document = await prepare(spool, [make()], memory_bytes=250 << 20)
    assert document.pages in (1, 3)


@pytest.mark.parametrize(
    "make",
    [
        lambda: png(60_000, 60_000),
        lambda: png(12_000, 12_000),
        lambda: jpeg(65_000, 65_000),
        lambda: tiff(1, 12_000, 12_000),
    ],
    ids=["huge png", "large png", "jpeg", "tiff"],
)
async def test_a_few_bytes_that_claim_to_be_a_huge_picture_are_refused(spool, make):
    """By their header, before a dot of them is unpacked."""
    with pytest.raises(BadDocument, match=TOO_LARGE):
        await prepare(spool, [make(), ANOTHER], memory_bytes=250 << 20)


async def test_files_are_weighed_before_they_are_opened(spool):
    """Whatever is in them."""
    with pytest.raises(BadDocument, match="the most for one fax"):
        await prepare(spool, [many_pages(10, 10) + b" " * 100_000], max_bytes=100_000)


def postscript(program: str) -> bytes:
    return f"%!PS\n{program}\n".encode()


@needs_ghostscript
async def test_a_program_that_never_ends_is_ended(spool):
    """PostScript is a program; what it kept beside the document goes as well."""
    with pytest.raises(BadDocument, match="too complex"):
        await prepare(spool, [postscript("showpage {1 pop} loop"), ANOTHER], seconds=2.0)


@needs_ghostscript
async def test_a_program_that_takes_all_the_memory_is_refused(spool):
    """Its limits are the converter's."""
    with pytest.raises(BadDocument):
        await prepare(spool, [postscript("[ { 60000 string } loop ]"), ANOTHER], seconds=3.0)


@needs_ghostscript
async def test_a_program_that_draws_too_many_pages_is_refused(spool):
    """Ghostscript draws one more than may be, and no more of ten thousand."""
    with pytest.raises(BadDocument, match=f"has more than {MOST_PAGES} pages; {TOO_MANY}"):
        await prepare(spool, [postscript("10000 { showpage } repeat"), ANOTHER])


@needs_ghostscript
async def test_a_program_reaches_no_files(spool, monkeypatch):
    """It reads, lists, writes, renames and deletes nothing, and starts no program; else it draws a page."""
    secret, written, moved = (spool.parent / name for name in ("secret", "written", "moved"))
    secret.write_text("ABRACADABRA")
    attempts = [
        f"({secret}) (r) file pop",
        f"({secret}) status {{pop pop pop pop}} {{fail}} ifelse",
        f"({secret}) run",
        f"({written}) (w) file dup (x) writestring closefile",
        f"({secret}) ({moved}) renamefile",
        f"({secret}) deletefile",
        f"(%pipe%touch {written}) (r) file pop",
        f"(%pipe%touch {written}) (w) file pop",
        "(SLACK_BOT_TOKEN) getenv {pop} {fail} ifelse",
        f"/n 0 def ({secret}*) {{ pop /n n 1 add def }} 300 string filenameforall n 0 eq {{fail}} if",
    ]
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    program = "\n".join(f"{{ {attempt} }} stopped {{ clear }} {{ showpage }} ifelse" for attempt in attempts)
    document = await prepare(spool, [postscript(f"{program}\n99 99 99 99 rectfill showpage"), ANOTHER])
    assert document.pages == 2, "an attempt went through, and drew a page"
    assert secret.read_text() == "ABRACADABRA"
    assert not written.exists()
    assert not moved.exists()


@needs_ghostscript
async def test_odd_paths_are_no_commands(tmp_path, monkeypatch):
    """What Ghostscript reads into a path (%d, |) is kept from it."""
    folder = tmp_path / "50%d |x"
    (folder / "elsewhere").mkdir(parents=True)
    (folder / "spool").mkdir()
    document = await prepare(folder / "spool", [postscript("99 99 99 99 rectfill showpage"), ANOTHER])
    with pikepdf.open(document.path) as made:
        assert len(made.pages) == 2
