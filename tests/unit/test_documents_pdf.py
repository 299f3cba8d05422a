"""The pages of a PDF, as a viewer shows them, on the fax server's paper."""

import io
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name
from PIL import Image, ImageChops

from faxbot.documents.merge import Limits, merge_parts
from faxbot.documents.paper import PAPER
from faxbot.documents.rendering import printed_pages
from faxbot.fax.document import Document, Part
from faxbot.fax.errors import BadDocument

LETTER = PAPER["letter"]
CORNERS = b"0 0 40 20 re f 572 0 40 20 re f 0 772 40 20 re f 300 400 20 60 re f"
"""Marks in three corners of a Letter page, and in its middle."""


def page_of(pdf: pikepdf.Pdf, content: bytes, box=(0, 0, 612, 792), **keys) -> pikepdf.Page:
    page = pdf.add_blank_page(page_size=(box[2], box[3]))
    page.obj.MediaBox = Array(box)
    page.obj.Contents = pdf.make_stream(content)
    for key, value in keys.items():
        page.obj[f"/{key}"] = value
    return page


def saved(build: Callable[[pikepdf.Pdf], object], **save: object) -> bytes:
    out = io.BytesIO()
    with pikepdf.new() as pdf:
        build(pdf)
        pdf.save(out, **save)  # type: ignore[arg-type]
    return out.getvalue()


def made(folder: Path, *contents: bytes, paper: str = "letter") -> Document:
    number = len(list(folder.iterdir()))
    work = folder / f"work{number}"
    work.mkdir()
    parts = []
    for index, content in enumerate(contents):
        path = folder / f"in{number}.{index}"
        path.write_bytes(content)
        parts.append(Part(path, f"file{index}.pdf"))
    return merge_parts(parts, folder / f"out{number}", work, Limits(50_000_000, 100, PAPER[paper]))


def ink(picture: Image.Image) -> tuple[int, int, int, int]:
    """The box of everything black, in hundredths of the page."""
    box = ImageChops.invert(picture.convert("L")).getbbox()
    assert box
    size = picture.width, picture.height
    return tuple(round(100 * value / size[index % 2]) for index, value in enumerate(box))  # type: ignore[return-value]


def pages(document: Document) -> list[Image.Image]:
    return list(printed_pages(document.path))


def test_a_page_that_fits_goes_as_it_is(tmp_path):
    """The very bytes of a PDF without comments, layers and forms, whose pages have the paper's size."""
    content = saved(lambda pdf: page_of(pdf, CORNERS))
    assert made(tmp_path, content).path.read_bytes() == content


@pytest.mark.parametrize(
    "build",
    [
        lambda pdf: page_of(pdf, CORNERS, (0, 0, 792, 612)),
        lambda pdf: page_of(pdf, CORNERS, (0, 0, 1224, 1584)),
        lambda pdf: page_of(pdf, CORNERS, (10, 10, 622, 802)),
        lambda pdf: page_of(pdf, CORNERS, Rotate=180),
        lambda pdf: page_of(pdf, CORNERS, UserUnit=4),
        lambda pdf: page_of(pdf, CORNERS, (-50, -50, 662, 842), CropBox=Array([0, 0, 612, 792])),
        lambda pdf: page_of(pdf, CORNERS, (0, 0, 200, 100)),
    ],
)
@pytest.mark.parametrize("paper", sorted(PAPER))
def test_every_page_becomes_a_page_of_the_paper(tmp_path, build, paper):
    """Twice is once: what has become a page of the paper goes as it is, and text stays text."""
    first = made(tmp_path, saved(build), paper=paper)
    with pikepdf.open(first.path) as pdf:
        assert [tuple(map(float, page.mediabox)) for page in pdf.pages] == [(0, 0, *PAPER[paper])]
        assert not {"/Rotate", "/UserUnit", "/CropBox"} & set(pdf.pages[0].obj.keys())
    again = made(tmp_path, first.path.read_bytes(), paper=paper)
    assert again.sha256 == first.sha256
    assert again.notes == ()


def test_marks_in_the_corners_stay_where_a_viewer_shows_them(tmp_path):
    """The page is whole: cut, crop marks outside the CropBox; turned, a landscape page."""
    cropped = saved(
        lambda pdf: page_of(
            pdf, CORNERS + b" -45 -45 20 20 re f", (-50, -50, 662, 842), CropBox=Array([0, 0, 612, 792])
        )
    )
    (page,) = pages(made(tmp_path, cropped))
    assert ink(page) == (0, 0, 100, 100)
    assert not page.getpixel((10, 10))
    assert page.getpixel((page.width - 10, 10))
    landscape = saved(lambda pdf: page_of(pdf, b"0 592 40 20 re f 782 0 10 10 re f", (0, 0, 792, 612)))
    (page,) = pages(made(tmp_path, landscape))
    assert ink(page) == (0, 0, 100, 100)
    assert not page.getpixel((10, page.height - 10)), (
        "the upper left corner is the lower left one of a turned page"
    )


def test_what_is_outside_the_cropbox_is_not_on_the_paper(tmp_path):
    """A viewer shows a part of the page; around it the paper stays white."""
    content = saved(lambda pdf: page_of(pdf, b"0 0 612 792 re f", CropBox=Array([200, 300, 400, 500])))
    (page,) = pages(made(tmp_path, content))
    assert ink(page) == (34, 37, 66, 63)


def test_a_fill_color_left_behind_does_not_reach_beyond_its_page(tmp_path):
    """A page whose operators q and Q do not match is put on the paper all the same."""
    content = saved(lambda pdf: page_of(pdf, b"q q 0.5 0 0 0.5 0 0 cm 0 0 100 100 re f Q", (0, 0, 700, 900)))
    (page,) = pages(made(tmp_path, content))
    assert ink(page)[3] == 100


def comment(pdf: pikepdf.Pdf, flags: int = 4, *, drawn: bool = True, kind: str = "/Square") -> pikepdf.Object:
    look = pdf.make_stream(b"0 0 100 50 re f")
    look.stream_dict = Dictionary(Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 100, 50]))
    made_of = Dictionary(
        Type=Name.Annot,
        Subtype=Name(kind),
        Rect=Array([100, 600, 200, 650]),
        C=Array([0]),
        IC=Array([0]),
        F=flags,
    )
    if drawn:
        made_of.AP = Dictionary(N=look)
    return pdf.make_indirect(made_of)


@pytest.mark.parametrize("size", [(612, 792), (1224, 1584)])
@pytest.mark.parametrize("drawn", [True, False])
def test_comments_stay_visible(tmp_path, size, drawn):
    """With an appearance they become part of the page, without one the page becomes a picture."""

    def build(pdf: pikepdf.Pdf) -> None:
        page = page_of(pdf, CORNERS, (0, 0, *size))
        page.obj.Annots = Array([comment(pdf, drawn=drawn)])

    document = made(tmp_path, saved(build))
    (page,) = pages(document)
    scale = 612 / size[0]
    at = round(150 * scale / 612 * page.width), round((792 - 625 * scale) / 792 * page.height)
    assert not page.getpixel(at)
    with pikepdf.open(document.path) as pdf:
        assert "/Annots" not in pdf.pages[0].obj


def test_a_sticky_note_shows_its_icon(tmp_path):
    """As a viewer shows it, also where the file does not say how it looks."""

    def build(pdf: pikepdf.Pdf) -> None:
        page_of(pdf, b"0 0 10 10 re f").obj.Annots = Array([comment(pdf, drawn=False, kind="/Text")])

    (page,) = pages(made(tmp_path, saved(build)))
    assert ink(page)[1] < 40


def test_comments_that_pages_share_are_on_each_of_them(tmp_path):
    """A stamp that a program put on all pages at once, beside a link."""

    def build(pdf: pikepdf.Pdf) -> None:
        link = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 9, 9]))
        shared = pdf.make_indirect(Array([comment(pdf), pdf.make_indirect(link)]))
        for _ in range(3):
            page_of(pdf, b"0 0 10 10 re f").obj.Annots = shared

    assert [ink(page)[1] < 40 for page in pages(made(tmp_path, saved(build)))] == [True] * 3


def test_a_page_that_is_not_called_one_is_made_one(tmp_path):
    """A viewer shows it; Ghostscript finds no page without /Type."""
    content = saved(lambda pdf: page_of(pdf, CORNERS)).replace(b"/Type /Page ", b"/Odd  /Page ")
    assert b"/Type /Page " not in content
    assert b"/Type /Page " in made(tmp_path, content).path.read_bytes()


@pytest.mark.parametrize("flags", [2, 32])
def test_hidden_comments_stay_hidden(tmp_path, flags):
    """The flags Hidden and NoView of an annotation."""

    def build(pdf: pikepdf.Pdf) -> None:
        page_of(pdf, CORNERS).obj.Annots = Array([comment(pdf, flags)])

    (page,) = pages(made(tmp_path, saved(build)))
    assert page.getpixel((round(150 / 612 * page.width), round((792 - 625) / 792 * page.height)))


def form(pdf: pikepdf.Pdf, value: str) -> None:
    page = page_of(pdf, b"0 0 10 10 re f")
    font = Dictionary(
        Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding
    )
    field = pdf.make_indirect(
        Dictionary(
            Type=Name.Annot,
            Subtype=Name.Widget,
            FT=Name.Tx,
            T="name",
            V=value,
            DA="/Helv 24 Tf 0 g",
            Rect=Array([100, 600, 400, 640]),
            F=4,
        )
    )
    page.obj.Annots = Array([field])
    pdf.Root.AcroForm = Dictionary(
        Fields=Array([field]), NeedAppearances=True, DR=Dictionary(Font=Dictionary(Helv=font))
    )


@pytest.mark.parametrize(("value", "shown"), [("Dana Whitfield", True), ("Łódź", True), ("", False)])
def test_form_fields_without_an_appearance_are_filled_in(tmp_path, value, shown):
    """Latin-1 text is written into the page; a page with other text becomes its picture."""
    (page,) = pages(made(tmp_path, saved(lambda pdf: form(pdf, value))))
    assert (ink(page)[1] < 40) is shown


def test_a_form_field_that_cannot_be_drawn_is_not_left_out(tmp_path):
    """The recipient would hold an empty field."""
    with pytest.raises(BadDocument, match=r'file0\.pdf has "漢" in a form field'):
        made(tmp_path, saved(lambda pdf: form(pdf, "漢字")))


def layered(
    pdf: pikepdf.Pdf, config: dict[str, object] | None = None, usage: Dictionary | None = None
) -> None:
    page = page_of(pdf, b"/OC /L0 BDC 0 692 612 100 re f EMC 0 0 10 10 re f")
    layer = pdf.make_indirect(Dictionary(Type=Name.OCG, Name="draft"))
    if usage is not None:
        layer.Usage = usage
    page.obj.Resources = Dictionary(Properties=Dictionary(L0=layer))
    default = Dictionary(OFF=Array([layer])) if config is None else Dictionary(**config)
    pdf.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=default)


def drawn_layer(pdf: pikepdf.Pdf) -> None:
    """A hidden layer that is named by a picture, inside a form: Ghostscript would print it."""
    layer = pdf.make_indirect(Dictionary(Type=Name.OCG, Name="draft"))
    bar = pdf.make_stream(b"0 692 612 100 re f")
    bar.stream_dict = Dictionary(Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 612, 792]), OC=layer)
    form = pdf.make_stream(b"/Bar Do 0 0 10 10 re f")
    form.stream_dict = Dictionary(
        Type=Name.XObject,
        Subtype=Name.Form,
        BBox=Array([0, 0, 612, 792]),
        Resources=Dictionary(XObject=Dictionary(Bar=bar)),
    )
    page_of(pdf, b"/Form Do").obj.Resources = Dictionary(XObject=Dictionary(Form=form))
    pdf.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=Dictionary(OFF=Array([layer])))


HIDE = Dictionary(View=Dictionary(ViewState=Name.OFF))
SHOW = Dictionary(View=Dictionary(ViewState=Name.ON))


@pytest.mark.parametrize(
    ("build", "hidden"),
    [
        (layered, True),
        (drawn_layer, True),
        (lambda pdf: layered(pdf, {"BaseState": Name.OFF}), True),
        (lambda pdf: layered(pdf, {}, HIDE), True),
        (lambda pdf: layered(pdf, {}), False),
        (lambda pdf: layered(pdf, None, SHOW), False),
    ],
)
@pytest.mark.parametrize("damaged", [False, True])
@pytest.mark.parametrize("alone", [False, True])
def test_what_a_viewer_hides_stays_hidden(tmp_path, build, hidden, damaged, alone):
    """A layer that is off: alone, together with other files, and in a file that has to be repaired first."""
    content = saved(build)
    if damaged:
        content = content.replace(b"startxref", b"startxxxx")
    letter = saved(lambda pdf: page_of(pdf, CORNERS))
    document = made(tmp_path, *([content] if alone else [letter, content]))
    *_, page = pages(document)
    assert (ink(page)[1] > 50) is hidden
    with pikepdf.open(document.path) as pdf:
        assert "/OCProperties" not in pdf.Root
        drawn = pdf.pages[-1].obj.Resources.get("/XObject")
        assert (drawn is not None and drawn.Page.Subtype == Name.Image) is hidden


@pytest.mark.parametrize(
    ("build", "why"),
    [
        (lambda pdf: pdf.Root.__setattr__("Collection", Dictionary()), "portfolio"),
        (lambda pdf: pdf.Root.__setattr__("NeedsRendering", True), "Print it to a PDF"),
    ],
)
def test_a_document_whose_pages_are_elsewhere_is_refused(tmp_path, build, why):
    """A portfolio and a dynamic form have one page, which says that another program is needed."""

    def whole(pdf: pikepdf.Pdf) -> None:
        page_of(pdf, CORNERS)
        build(pdf)

    with pytest.raises(BadDocument, match=f"file0.pdf.*{why}"):
        made(tmp_path, saved(whole))


def test_blank_pages_are_counted_and_a_blank_document_is_refused(tmp_path):
    """A page is blank when a viewer shows nothing on it, whatever is in its content."""

    def build(pdf: pikepdf.Pdf) -> None:
        page_of(pdf, b"1 g 0 0 612 792 re f")
        page_of(pdf, CORNERS)
        page_of(pdf, b"")

    assert made(tmp_path, saved(build)).blank == (1, 3)
    with pytest.raises(BadDocument, match=r"every page of file0\.pdf is blank"):
        made(tmp_path, saved(lambda pdf: page_of(pdf, b"")))


def test_a_locked_document_that_opens_is_unlocked(tmp_path):
    """A password that only restricts what may be done is no obstacle, and is gone from what is faxed."""
    locked = saved(lambda pdf: page_of(pdf, CORNERS), encryption=pikepdf.Encryption(owner="boss", user=""))
    with pikepdf.open(made(tmp_path, locked).path) as pdf:
        assert not pdf.is_encrypted


def test_zero_bytes_behind_the_end_are_no_damage(tmp_path):
    """Some scanners pad their files."""
    content = saved(lambda pdf: page_of(pdf, CORNERS)) + bytes(4096)
    assert made(tmp_path, content).pages == 1


def test_several_documents_keep_their_order_and_name_the_faulty_one(tmp_path):
    """Notes count the pages of the whole document."""
    letter = saved(lambda pdf: page_of(pdf, CORNERS))
    tabloid = saved(lambda pdf: page_of(pdf, CORNERS, (0, 0, 792, 1224)))
    document = made(tmp_path, letter, tabloid)
    assert document.pages == 2
    assert [(note.page, note.text) for note in document.notes] == [(2, "shrunk to 65 %")]
    with pytest.raises(BadDocument, match=r"file1\.pdf"):
        made(tmp_path, letter, tabloid[:400])
