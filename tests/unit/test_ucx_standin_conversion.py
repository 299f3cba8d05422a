"""Conversion in the simulated UCX: what Ghostscript and HylaFAX 6.0.7 make of a file."""

import io
from pathlib import Path

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from faxbot.standins.ucx import documents
from faxbot.standins.ucx.conversion.fixed_media import print_pdf
from faxbot.standins.ucx.conversion.paper import UcxPaper
from faxbot.standins.ucx.conversion.tiff_directory import INVALID, Verdict, check, read_pages
from faxbot.standins.ucx.conversion.tiff_pages import NO_PAGES
from faxbot.standins.ucx.conversion.type_rules import DocumentFormat, DocumentRefusedError, format_of
from faxbot.standins.ucx.conversion.typesetting import COLUMNS, LINES_A_PAGE, typeset

NOTE = b"A note.\n"


def a_page(directory: Path, *, content: bytes = b"0 0 1 1 re f", **facts: object) -> Path:
    """A PDF of one page with these entries, such as MediaBox and Rotate."""
    path = directory / "page.pdf"
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page(page_size=(612, 792))
        page.Contents = pdf.make_stream(content)
        for name, value in facts.items():
            page.obj[f"/{name}"] = pikepdf.Array(value) if isinstance(value, list) else value
        pdf.save(path)
    return path


def printed(path: Path, paper: UcxPaper = UcxPaper.LETTER) -> tuple[list[float], pikepdf.Dictionary, bytes]:
    """The part of the page that is on the paper, the page itself, and its content."""
    kept = path.with_name("kept.pdf")
    assert print_pdf(path, kept, paper) == 1
    with pikepdf.open(kept) as pdf:
        page = pdf.pages[0]
        page.contents_coalesce()
        facts = {name: str(page.obj.get(name, "")) for name in ("/CropBox", "/Rotate", "/UserUnit")}
        return [float(each) for each in page.mediabox], facts, page.Contents.read_bytes()


@pytest.mark.parametrize(
    ("facts", "shown"),
    [
        ({"MediaBox": [0, 0, 792, 612]}, [0, 0, 612, 792]),
        ({"MediaBox": [100, 100, 712, 892]}, [100, 100, 712, 892]),
        ({"MediaBox": [100, 100, 400, 400]}, [100, 100, 712, 892]),
        ({"MediaBox": [700, 792, 50, 0]}, [50, 0, 662, 792]),
        ({"MediaBox": [0, 0, 792, 612], "Rotate": 90}, [0, 0, 792, 612]),
        ({"MediaBox": [100, 200, 500, 900], "Rotate": 90}, [-292, 200, 500, 812]),
        ({"MediaBox": [100, 200, 500, 900], "Rotate": 180}, [-112, 108, 500, 900]),
        ({"MediaBox": [100, 200, 500, 900], "Rotate": 270}, [100, 288, 892, 900]),
        ({"MediaBox": [0, 0, 700, 600], "Rotate": -90}, [0, -12, 792, 600]),
        ({"MediaBox": [50, 50, 650, 850], "UserUnit": 2}, [50, 50, 356, 446]),
        ({"MediaBox": [0, 0, 595, 842]}, [0, 0, 612, 792]),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_a_page_lies_in_the_lower_left_corner_and_is_cut_at_the_edges(
    facts: dict[str, object], shown: list[float], tmp_path: Path
) -> None:
    """Compared with Ghostscript 10: the lower left corner of the turned MediaBox, without any fitting."""
    assert printed(a_page(tmp_path, **facts))[0] == shown


def test_a_landscape_page_loses_its_right_part(tmp_path: Path) -> None:
    """Of 792 points only those of the paper are left, on A4 fewer than on Letter."""
    assert printed(a_page(tmp_path, MediaBox=[0, 0, 792, 612]), UcxPaper.A4)[0] == [0, 0, 595, 842]
    assert printed(a_page(tmp_path, MediaBox=[0, 0, 792, 612]), UcxPaper.LEGAL)[0] == [0, 0, 612, 1008]


def test_a_crop_box_cuts_but_does_not_move_the_page(tmp_path: Path) -> None:
    """The MediaBox stays in the corner; what the CropBox hides is not printed."""
    path = a_page(tmp_path, MediaBox=[0, 0, 900, 1000], CropBox=[100, 100, 712, 892])
    shown, facts, content = printed(path)
    assert shown == [0, 0, 612, 792]
    assert "612" in facts["/CropBox"]
    assert content.startswith(b"q 100.000 100.000 612.000 792.000 re W n")


def test_inherited_boxes_count(tmp_path: Path) -> None:
    """Boxes and rotation of the page tree are those of its pages."""
    path = a_page(tmp_path)
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        del pdf.pages[0].obj["/MediaBox"]
        pdf.Root.Pages.MediaBox = pikepdf.Array([0, 0, 792, 612])
        pdf.Root.Pages.CropBox = pikepdf.Array([0, 0, 300, 300])
        pdf.Root.Pages.Rotate = 90
        pdf.save(path)
    shown, facts, content = printed(path)
    assert (shown, facts["/Rotate"]) == ([0, 0, 792, 612], "90")
    assert content.startswith(b"q 0.000 0.000 300.000 300.000 re W n")


@pytest.mark.parametrize("size", [(612, 792), (612.3, 791.7)])
def test_a_page_of_the_paper_is_kept_byte_for_byte(size: tuple[float, float], tmp_path: Path) -> None:
    """Nothing is written anew that is printed as it is."""
    path = a_page(tmp_path, MediaBox=[0, 0, *size], CropBox=[0, 0, *size])
    before = path.read_bytes()
    print_pdf(path, tmp_path / "kept.pdf", UcxPaper.LETTER)
    assert (tmp_path / "kept.pdf").read_bytes() == before


@given(
    box=st.tuples(*[st.integers(-2000, 2000)] * 4),
    rotate=st.sampled_from([0, 90, 180, 270, 360, -90, 45]),
    unit=st.sampled_from([1, 0.5, 2, 4]),
)
def test_any_page_becomes_one_of_the_paper_and_stays_it(
    box: tuple[int, ...], rotate: int, unit: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever its boxes are, it shows as much as the paper holds; a second conversion changes nothing."""
    folder = tmp_path_factory.mktemp("any")
    shown = printed(a_page(folder, MediaBox=list(box), Rotate=rotate, UserUnit=unit))[0]
    sides = sorted([(shown[2] - shown[0]) * unit, (shown[3] - shown[1]) * unit])
    assert sides == pytest.approx([612, 792], abs=0.02)
    (folder / "kept.pdf").replace(folder / "again.pdf")
    assert printed(folder / "again.pdf")[0] == shown


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7\n", DocumentFormat.PDF),
        (b"%!PS\n", DocumentFormat.POSTSCRIPT),
        (b"II*\0....", DocumentFormat.TIFF),
        (b"MMR vaccination record\n", DocumentFormat.TIFF),
        (b"MM", DocumentFormat.TEXT),
        (b"\x1b%-12345X@PJL\n%!PS\n", DocumentFormat.PCL),
        (NOTE, DocumentFormat.TEXT),
        (b"<html><body>Hello</body></html>", DocumentFormat.TEXT),
        (b"{\\rtf1 Hello}", DocumentFormat.TEXT),
        (NOTE * 100 + "é".encode(), DocumentFormat.TEXT),
        (b"GIF90a", DocumentFormat.TIFF),
        (b"GI", DocumentFormat.TIFF),
    ],
)
def test_the_first_bytes_decide(content: bytes, kind: DocumentFormat, tmp_path: Path) -> None:
    """As in the real typerules, where "MM" is a TIFF, PJL is PCL, markup is text, and 512 bytes are read."""
    (tmp_path / "file").write_bytes(content)
    assert format_of(tmp_path / "file", "a") is kind


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "a.bin: Empty file"),
        ("Café\n".encode(), "a.bin: Can not determine file type\n"),
        ("Café\n".encode("cp1252"), "a.bin: Can not determine file type\n"),
        ("Hi\n".encode("utf-16"), "a.bin: Can not determine file type\n"),
        (b"\x04%!PS\n", "a.bin: Can not determine file type\n"),
        (b"PK\x03\x04", "a.bin: Can not determine file type\n"),
        (b"GIF89a....", "sh: gif2ps: command not found\n"),
        (b"\x89PNG\r\n\x1a\n", "sh: pngtopnm: command not found\nsh: ppmtopgm: command not found\n"),
        (b"\xff\xd8\xff\xe0..JFIF", "sh: jpegtopnm: command not found\n"),
        (b"\xff\xd8\xff\xe1..Exif", "a.bin: filetype conversion support not configured\n"),
        (b"\x01\xda\x01\x01", "a.bin: Cannot convert from SGI on Linux\n"),
        (b"P4 1 1", "sh: ppmtopgm: command not found\n"),
        (b"begin 644 a\n", "a.bin: uuencoded file support not configured\n"),
    ],
)
def test_what_the_rules_do_not_take_is_refused_in_several_lines(
    content: bytes, said: str, tmp_path: Path
) -> None:
    """Text outside ASCII is no text; for pictures the server has no converter, as the contract lists none."""
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(DocumentRefusedError) as refused:
        format_of(tmp_path / "file", "a.bin")
    assert said in str(refused.value)
    assert "\n" in str(refused.value)


def test_text_is_typeset_like_enscript() -> None:
    """56 lines a page, 82 columns, tabs of eight; each kind of line end; bytes outside ASCII as Latin-1."""
    assert [len(page) for page in typeset(b"x\n" * (LINES_A_PAGE + 1))] == [LINES_A_PAGE, 1]
    assert typeset(b"x" * (COLUMNS + 1)) == [["x" * COLUMNS, "x"]]
    assert typeset(b"a\tb\rc\r\nd\fe\f") == [["a       b", "c", "d"], ["e"]]
    assert typeset("é".encode()) == [["Ã©"]]
    assert typeset(b"\x07\x93") == [["\\007\\223"]]


def a_tiff(*pictures: Image.Image, **facts: object) -> bytes:
    buffer = io.BytesIO()
    first, *rest = pictures
    first.save(buffer, format="TIFF", save_all=True, append_images=rest, **facts)
    return buffer.getvalue()


def bilevel(size: tuple[int, int] = (1728, 1000)) -> Image.Image:
    return Image.new("1", size, 1)


CLASS_F = {"compression": "group3", "dpi": (204, 98), "tiffinfo": {262: 0, 278: 9999}}


def accept(content: bytes, directory: Path, paper: UcxPaper = UcxPaper.LETTER) -> documents.AcceptedDocument:
    (directory / "upload").write_bytes(content)
    return documents.accept(directory / "upload", "a.tif", "hash", directory / "kept.pdf", paper)


@pytest.mark.parametrize(
    ("content", "verdict"),
    [
        (a_tiff(bilevel(), **CLASS_F), Verdict.OK),
        (a_tiff(bilevel(), **{**CLASS_F, "compression": "group4"}), Verdict.REFORMAT),
        (a_tiff(bilevel(), **{**CLASS_F, "dpi": (204, 196)}), Verdict.REVRES),
        (a_tiff(bilevel((1700, 1000)), **CLASS_F), Verdict.RESIZE),
        (a_tiff(bilevel((1728, 1200)), **CLASS_F), Verdict.RESIZE),
        (a_tiff(Image.new("L", (1728, 1000)), dpi=(204, 98)), Verdict.REFORMAT | Verdict.REIMAGE),
        (a_tiff(bilevel(), bilevel((1700, 900)), **CLASS_F), Verdict.RESIZE),
        (b"II*\0broken", Verdict.REJECT),
        (NOTE, Verdict.REJECT),
    ],
)
def test_a_tiff_gets_the_verdict_of_tiffcheck(content: bytes, verdict: Verdict) -> None:
    """The verdicts of all pages together, each with a reason."""
    found, reasons = check(read_pages(io.BytesIO(content)), UcxPaper.LETTER)
    assert found in (verdict, verdict | Verdict.REFORMAT)  # libtiff writes strips of its own choice
    assert bool(reasons) is (found is not Verdict.OK)


@pytest.mark.parametrize(
    ("content", "failure"),
    [
        (b"MM, this is a note\n", INVALID + "\n"),
        (a_tiff(bilevel(), **CLASS_F)[:300], INVALID + "\n"),
        (a_tiff(Image.new("F", (80, 100))), NO_PAGES),
        (a_tiff(Image.new("LAB", (80, 100))), NO_PAGES),
        (b"\x1b%-12345X@PJL\n", "PCL documents are not (currently) supported.\n"),
    ],
    ids=["text that begins with MM", "cut", "float", "lab", "pcl"],
)
def test_what_cannot_be_converted_is_accepted_and_fails_later(
    content: bytes, failure: str, tmp_path: Path
) -> None:
    """FileSend takes it; the text of the job is that of tiffcheck, or of faxq when no page came out."""
    document = accept(content, tmp_path)
    assert (document.pages, document.failure) == (0, failure)


def test_gray_with_transparency_fails_with_a_text_of_several_lines(tmp_path: Path) -> None:
    """Ghostscript fails on what tiff2ps writes; the reasons of tiffcheck are at the end."""
    failure = accept(a_tiff(Image.new("LA", (80, 100))), tmp_path).failure
    assert "Unexpected failure converting TIFF document" in failure
    assert "Document is a multi-sample image (samples/pixel 2).\n" in failure


def picture_on(path: Path) -> tuple[list[float], list[float], Image.Image]:
    """The paper, the operands of the picture's matrix, and the picture, of a one-page PDF."""
    with pikepdf.open(path) as pdf:
        page = pdf.pages[0]
        matrix = next(
            [float(each) for each in operands]
            for operands, operator in pikepdf.parse_content_stream(page)
            if str(operator) == "cm"
        )
        picture = pikepdf.PdfImage(page.Resources.XObject.Im).as_pil_image()
        return [float(each) for each in page.mediabox], matrix, picture


def test_a_fax_page_is_sent_dot_by_dot(tmp_path: Path) -> None:
    """1728 dots are the width of the paper, 98 lines an inch; its page is as long as it is."""
    accept(a_tiff(bilevel((1728, 980)), **CLASS_F), tmp_path)
    media, matrix, picture = picture_on(tmp_path / "kept.pdf")
    assert (media, matrix) == ([0, 0, 612, 720], [612, 0, 0, 720, 0, 0])
    assert picture.size == (1728, 980)


@pytest.mark.parametrize(
    ("facts", "size"),
    [({"dpi": (100, 100)}, [144, 216]), ({}, [200, 300])],
    ids=["100 dpi", "no resolution"],
)
def test_another_picture_lies_in_the_corner_in_its_own_size(
    facts: dict[str, object], size: list[float], tmp_path: Path
) -> None:
    """Without a resolution a dot is a point, and a scan is cut."""
    accept(a_tiff(Image.new("L", (200, 300), 255), **facts), tmp_path)
    media, matrix, _ = picture_on(tmp_path / "kept.pdf")
    assert media == [0, 0, 612, 792]
    assert matrix == [size[0], 0, 0, size[1], 0, 0]


def test_the_orientation_tag_has_no_effect(tmp_path: Path) -> None:
    """A page that viewers turn upside down is sent as its rows are stored."""
    sheet = bilevel((200, 300))
    sheet.paste(0, (0, 0, 200, 20))
    accept(a_tiff(sheet, dpi=(100, 100), tiffinfo={274: 3}), tmp_path)
    picture = picture_on(tmp_path / "kept.pdf")[2].convert("L")
    assert (picture.getpixel((100, 5)), picture.getpixel((100, 295))) == (0, 255)


def test_a_page_that_cannot_be_printed_takes_the_later_ones_with_it(tmp_path: Path) -> None:
    """The fax is short, and nothing says so: the data of a tiled page swallows what follows."""
    content = a_tiff(Image.new("L", (80, 100)), Image.new("RGB", (80, 100)), Image.new("F", (80, 100)))
    assert accept(content, tmp_path).pages == 2
