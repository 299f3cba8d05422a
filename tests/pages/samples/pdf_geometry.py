"""PDF pages of every size, rotation, box, unit and origin."""

from pathlib import Path

from pikepdf import Array, Dictionary, Name

from tests.pages.samples.pdf_writer import Page, built, sized, write
from tests.pages.samples.sample import Sample

SIZES = {
    "letter": (612, 792),
    "a4": (595, 842),
    "a4_exact": (595.276, 841.89),
    "a4_rounded_up": (595.32, 841.92),
    "legal": (612, 1008),
    "a3": (842, 1191),
    "a5": (420, 595),
    "a6": (298, 420),
    "tabloid": (792, 1224),
    "ledger_landscape": (1224, 792),
    "letter_landscape": (792, 612),
    "a4_landscape": (842, 595),
    "executive": (522, 756),
    "folio": (612, 936),
    "square_letter": (612, 612),
    "square_large": (1500, 1500),
    "postcard": (288, 432),
    "business_card": (252, 144),
    "label": (288, 162),
    "receipt": (227, 1400),
    "till_roll": (204, 1500),
    "banner": (3000, 400),
    "slides_16_9": (960, 540),
    "slides_4_3": (720, 540),
    "scan_200_dpi_as_points": (1700, 2200),
    "photo_as_points": (4032, 3024),
    "plan_a0": (2384, 3370),
    "plan_huge": (14400, 10800),
    "one_point_taller_than_letter": (612, 793),
    "two_points_wider_than_a4": (597, 842),
    "slightly_landscape": (620, 610),
    "thumb": (72, 72),
}


def _inherited(path: Path) -> None:
    with built([sized(842, 595), sized(842, 595)]) as pdf:
        tree = pdf.Root.Pages
        tree.MediaBox, tree.Rotate = Array([0, 0, 842, 595]), 0
        tree.Resources = pdf.pages[0].Resources
        for page in pdf.pages:
            del page.obj["/MediaBox"], page.obj["/Resources"]
        pdf.save(path)


def _inherited_rotation(path: Path) -> None:
    with built([sized(842, 595), sized(842, 595, rotate=0)]) as pdf:
        pdf.Root.Pages.Rotate = 90
        pdf.save(path)


def _without_a_media_box(path: Path) -> None:
    with built([sized(612, 792)]) as pdf:
        del pdf.pages[0].obj["/MediaBox"]
        pdf.save(path)


def _indirect(path: Path) -> None:
    with built([sized(1000, 1300)]) as pdf:
        page = pdf.pages[0].obj
        page.MediaBox = pdf.make_indirect(Array([pdf.make_indirect(each) for each in page.MediaBox]))
        page.Rotate = pdf.make_indirect(90)
        pdf.save(path)


def _without_a_page_type(path: Path) -> None:
    with built([sized(700, 900)]) as pdf:
        del pdf.pages[0].obj["/Type"]
        pdf.save(path)


def _same_page_twice(path: Path) -> None:
    with built([sized(700, 900)]) as pdf:
        tree = pdf.Root.Pages
        tree.Kids = Array([pdf.pages[0].obj, pdf.pages[0].obj])
        tree.Count = 2
        pdf.save(path)


def _shared_content(path: Path) -> None:
    with built([sized(1000, 700), sized(700, 1000, rotate=180)]) as pdf:
        pdf.pages[1].obj.Contents = pdf.pages[0].obj.Contents
        pdf.save(path)


def _content_in_parts(path: Path) -> None:
    """The parts have to be read as one: an operand ends one of them."""
    with built([sized(900, 1100)]) as pdf:
        page = pdf.pages[0].obj
        words = bytes(page.Contents.read_bytes()).split(b"\n")
        parts = [b"\n".join(words[at : at + 3]) for at in range(0, len(words), 3)]
        page.Contents = Array([pdf.make_stream(part) for part in parts])
        pdf.save(path)


def _unbalanced(path: Path) -> None:
    """The content leaves graphics states open, and closes more than it opened."""
    page = sized(1000, 1300, extra="q 0.5 0 0 0.5 100 100 cm q")
    with built([page, sized(1000, 1300, extra="Q Q Q")]) as pdf:
        pdf.save(path)


def _turned(width: float, height: float) -> list[Sample]:
    name = "landscape" if width > height else "portrait"
    return [
        Sample(f"rotate_{degrees}_{name}.pdf", write([sized(width, height, rotate=degrees)]))
        for degrees in (90, 180, 270, -90, 450)
    ]


_MEDIA = (0.0, 0.0, 700.0, 880.0)
_BOXES = {
    "crop_inside": Page(_MEDIA, crop=(44, 44, 656, 836)),
    "crop_small": Page(_MEDIA, crop=(100, 200, 400, 420)),
    "crop_letter_in_tabloid": Page((0, 0, 792, 1224), crop=(90, 216, 702, 1008)),
    "crop_rotated_90": Page(_MEDIA, crop=(44, 100, 500, 836), rotate=90),
    "crop_rotated_180": Page(_MEDIA, crop=(44, 100, 500, 836), rotate=180),
    "crop_rotated_270": Page(_MEDIA, crop=(44, 100, 500, 836), rotate=270),
    "crop_backwards": Page(_MEDIA, crop=(656, 836, 44, 44)),
    "crop_with_unit": Page(_MEDIA, crop=(44, 44, 656, 836), unit=3),
    "media_backwards": Page((612, 792, 0, 0)),
    "origin_negative": Page((-306, -396, 306, 396)),
    "origin_shifted": Page((1000, 2000, 1612, 2792)),
    "origin_shifted_landscape": Page((-500, 300, 500, 900)),
    "origin_shifted_rotated": Page((100, 200, 900, 800), rotate=90),
    "unit_2": sized(500, 700, unit=2),
    "unit_half": sized(1224, 1584, unit=0.5),
    "unit_4_plan": sized(900, 1200, unit=4),
    "unit_10_rotated": sized(300, 200, unit=10, rotate=270),
    "unit_of_a_letter_in_inches": sized(8.5, 11, unit=72),
}


def _crop_beyond(path: Path) -> None:
    """A CropBox larger than the MediaBox: what is in both is shown."""
    with built([sized(612, 792)]) as pdf:
        pdf.pages[0].obj.CropBox = Array([-50, -50, 700, 900])
        pdf.save(path)


def _crop_outside(path: Path) -> None:
    with built([sized(612, 792)]) as pdf:
        pdf.pages[0].obj.CropBox = Array([2000, 2000, 2400, 2400])
        pdf.save(path)


def _other_boxes(path: Path) -> None:
    """Boxes for a printing house do not change what a viewer shows."""
    with built([sized(640, 820)]) as pdf:
        page = pdf.pages[0].obj
        page.TrimBox, page.BleedBox, page.ArtBox = (
            Array([14, 14, 626, 806]),
            Array([5, 5, 635, 815]),
            Array([100, 100, 200, 200]),
        )
        pdf.save(path)


def _outside_the_crop(path: Path) -> None:
    """Crop marks and a slug beside the visible part must stay invisible."""
    slug = "q 0 g 0 0 700 20 re f BT /F1 18 Tf 10 850 Td (SLUG: do not print) Tj ET Q"
    write([Page((0, 0, 700, 880), crop=(44, 44, 656, 836), extra=slug)])(path)


def _mixed(path: Path) -> None:
    sizes = [(612, 792), (792, 612), (842, 1191), (298, 420), (595, 842), (1224, 792)]
    write([sized(*size, rotate=90 * (number % 2)) for number, size in enumerate(sizes)])(path)


def _page_templates(path: Path) -> None:
    """/Group and /Metadata of pages, transparency on a page that is shrunk."""
    with built([sized(1200, 1600, extra="/G gs 0.6 g 200 200 500 300 re f")]) as pdf:
        page = pdf.pages[0].obj
        page.Group = Dictionary(S=Name.Transparency, CS=Name.DeviceRGB, I=True)
        page.Resources.ExtGState = Dictionary(G=Dictionary(ca=0.5, BM=Name.Multiply))
        pdf.save(path)


SAMPLES = [
    *(Sample(f"size_{name}.pdf", write([sized(*size)])) for name, size in SIZES.items()),
    *_turned(612, 792),
    *_turned(842, 595),
    *(Sample(f"{name}.pdf", write([page])) for name, page in _BOXES.items()),
    Sample("crop_beyond_the_media.pdf", _crop_beyond),
    Sample("crop_outside_the_media.pdf", _crop_outside, either=True),
    Sample("crop_marks_outside.pdf", _outside_the_crop),
    Sample("boxes_for_printing.pdf", _other_boxes),
    Sample("inherited_box.pdf", _inherited, 2),
    Sample("inherited_rotation.pdf", _inherited_rotation, 2),
    Sample("no_media_box.pdf", _without_a_media_box),
    Sample("indirect_box.pdf", _indirect),
    Sample("no_page_type.pdf", _without_a_page_type),
    Sample("same_page_twice.pdf", _same_page_twice, 2),
    Sample("shared_content.pdf", _shared_content, 2),
    Sample("content_in_parts.pdf", _content_in_parts),
    Sample("content_unbalanced.pdf", _unbalanced, 2),
    Sample("mixed.pdf", _mixed, 6),
    Sample("transparency_shrunk.pdf", _page_templates),
    Sample("thirty_pages.pdf", write([sized(612, 792) for _ in range(30)]), 30),
    Sample("thirty_plans.pdf", write([sized(1000 + 20 * n, 1400) for n in range(30)]), 30),
]
