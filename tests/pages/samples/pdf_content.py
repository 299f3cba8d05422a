"""PDF pages with layers, comments, form fields, pictures, and content that may be invisible."""

import io
from collections.abc import Callable
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name, String
from PIL import Image

from tests.pages.samples.marked import picture
from tests.pages.samples.pdf_writer import Page, built, form_xobject, sized, write
from tests.pages.samples.sample import Sample, refused

SECRET = "0 g 150 500 300 60 re f BT /F1 30 Tf 160 470 Td (SECRET LAYER) Tj ET"
_ON_THE_LAYER = f"/OC /Layer BDC q {SECRET} Q EMC"
BLANK = "will be empty|nothing|blank|empty"


def _layer(config: Callable[[pikepdf.Object], Dictionary], *, page: Page | None = None, **group: object):
    """A document whose layer stands in the default configuration that *config* makes of it."""

    def change(pdf: pikepdf.Pdf) -> None:
        layer = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String("Draft"), **group))
        pdf.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=config(layer))
        for each in pdf.pages:
            each.obj.Resources.Properties = Dictionary(Layer=layer)

    return write([page or sized(612, 792, extra=_ON_THE_LAYER)], change=change)


def _off(layer: pikepdf.Object) -> Dictionary:
    return Dictionary(OFF=Array([layer]))


def _usage(view: str, printed: str) -> Dictionary:
    return Dictionary(View=Dictionary(ViewState=Name(view)), Print=Dictionary(PrintState=Name(printed)))


def _by_event(layer: pikepdf.Object) -> Dictionary:
    return Dictionary(
        AS=Array([Dictionary(Event=Name.View, OCGs=Array([layer]), Category=Array([Name.View]))])
    )


def _membership(policy: str) -> Callable[[Path], None]:
    """Content that belongs to a group of layers: one is on, one is off."""

    def change(pdf: pikepdf.Pdf) -> None:
        on, off = (pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String(n))) for n in ("on", "off"))
        pdf.Root.OCProperties = Dictionary(OCGs=Array([on, off]), D=Dictionary(OFF=Array([off])))
        both = Dictionary(Type=Name.OCMD, OCGs=Array([on, off]), P=Name(policy))
        pdf.pages[0].obj.Resources.Properties = Dictionary(Layer=pdf.make_indirect(both))

    return write([sized(700, 900, extra=_ON_THE_LAYER)], change=change)


def _picture_on_a_layer(path: Path) -> None:
    def change(pdf: pikepdf.Pdf) -> None:
        layer = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String("Stamp")))
        pdf.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=_off(layer))
        form = form_xobject(pdf, (0, 0, 612, 792), SECRET, OC=layer)
        pdf.pages[0].obj.Resources.XObject = Dictionary(Hidden=form)

    write([sized(612, 792, extra="/Hidden Do")], change=change)(path)


def _layer_in_a_form(path: Path) -> None:
    """The layer is named in the resources of a form, not of the page."""

    def change(pdf: pikepdf.Pdf) -> None:
        layer = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String("Stamp")))
        pdf.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=_off(layer))
        form = form_xobject(pdf, (0, 0, 800, 1000), _ON_THE_LAYER)
        form.Resources.Properties = Dictionary(Layer=layer)
        pdf.pages[0].obj.Resources.XObject = Dictionary(Form=form)

    write([sized(800, 1000, extra="/Form Do")], change=change)(path)


def _nested_layers(path: Path) -> None:
    """What is visible ends inside what is not, and begins again after it."""
    extra = (
        "/OC /Layer BDC q 0 g 100 500 50 50 re f /Span BMC 200 500 50 50 re f EMC 300 500 50 50 re f Q EMC"
    )
    _layer(_off, page=sized(800, 1000, extra=f"{extra} 400 500 50 50 re f"))(path)


def _damaged_layer(path: Path) -> None:
    """A layer that is off, in a file whose cross-reference table is wrong."""
    _layer(_off)(path)
    data = path.read_bytes()
    at = data.rindex(b"startxref")
    path.write_bytes(data[:at] + b"startxref\n7\n%%EOF\n")


def _annotated(
    annotation: Callable[[pikepdf.Pdf], Dictionary], page: Page | None = None
) -> Callable[[Path], None]:
    def change(pdf: pikepdf.Pdf) -> None:
        made = annotation(pdf)
        made.Type = Name.Annot
        pdf.pages[0].obj.Annots = Array([pdf.make_indirect(made)])

    return write([page or sized(612, 792)], change=change)


_RECT = (150.0, 560.0, 400.0, 620.0)
_DRAWN = "q 2 w 1 1 248 58 re S BT /F1 24 Tf 20 20 Td (APPROVED) Tj ET Q"


def _annotation(subtype: str, *, flags: int = 4, drawn: str | None = _DRAWN, **more: object):
    def make(pdf: pikepdf.Pdf) -> Dictionary:
        made = Dictionary(Subtype=Name(f"/{subtype}"), Rect=Array(list(_RECT)), F=flags, **more)
        if drawn:
            made.AP = Dictionary(N=form_xobject(pdf, (0, 0, 250, 60), drawn))
        return made

    return make


def _on_a_hidden_layer(pdf: pikepdf.Pdf) -> Dictionary:
    layer = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String("Comments")))
    pdf.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=_off(layer))
    return _annotation("Stamp", OC=layer)(pdf)


def _with_a_matrix(pdf: pikepdf.Pdf) -> Dictionary:
    """An appearance that is turned and does not have the size of the rectangle."""
    made = _annotation("Stamp", drawn=None)(pdf)
    form = form_xobject(pdf, (10, 10, 510, 130), "q 4 w 12 12 496 116 re S 30 30 60 60 re f Q")
    form.Matrix = Array([0, 1, -1, 0, 0, 0])
    made.AP = Dictionary(N=form)
    return made


def _field(kind: str, *, appearance: bool = True, flags: int = 0, needs: bool = False, **more: object):
    """A document with one form field."""

    def change(pdf: pikepdf.Pdf) -> None:
        font = pdf.pages[0].obj.Resources.Font.F1
        field = Dictionary(
            Type=Name.Annot, Subtype=Name.Widget, FT=Name(f"/{kind}"), T=String("field"), F=4, Ff=flags
        )
        field.Rect = Array([150, 560, 400, 590])
        field.DA = String("/F1 18 Tf 0 g")
        field.MK = Dictionary(BC=Array([0]))
        for key, value in more.items():
            field[f"/{key}"] = value
        if appearance and kind == "Btn":
            on = form_xobject(pdf, (0, 0, 250, 30), "q 2 w 1 1 28 28 re S 5 5 20 20 re f Q")
            off = form_xobject(pdf, (0, 0, 250, 30), "q 2 w 1 1 28 28 re S Q")
            field.AP = Dictionary(N=Dictionary(Yes=on, Off=off))
        elif appearance:
            words = "/Tx BMC q BT /F1 18 Tf 4 8 Td (Sir Example) Tj ET Q EMC"
            field.AP = Dictionary(N=form_xobject(pdf, (0, 0, 250, 30), words))
        widget = pdf.make_indirect(field)
        pdf.pages[0].obj.Annots = Array([widget])
        pdf.Root.AcroForm = Dictionary(
            Fields=Array([widget]), DA=String("/F1 18 Tf 0 g"), DR=Dictionary(Font=Dictionary(F1=font))
        )
        if needs:
            pdf.Root.AcroForm.NeedAppearances = True

    return write([sized(612, 792)], change=change)


def _image(
    draw: Callable[[], Image.Image], *, form: str = "PNG", decode: str = "", **more: object
) -> Callable[[Path], None]:
    """A scanned page: nothing but a picture as large as a Letter page."""

    def change(pdf: pikepdf.Pdf) -> None:
        image = draw()
        if decode:
            data = io.BytesIO()
            image.save(data, form)
            stream = pikepdf.Stream(pdf, data.getvalue())
            stream.Filter = Name(decode)
        else:
            stream = pikepdf.Stream(pdf, image.tobytes())
        stream.Type, stream.Subtype = Name.XObject, Name.Image
        stream.Width, stream.Height = image.width, image.height
        stream.BitsPerComponent = 1 if image.mode == "1" else 8
        stream.ColorSpace = {"RGB": Name.DeviceRGB, "CMYK": Name.DeviceCMYK}.get(image.mode, Name.DeviceGray)
        for key, value in more.items():
            stream[f"/{key}"] = value
        pdf.pages[0].obj.Resources.XObject = Dictionary(Scan=stream)

    return write([sized(612, 792, content="q 612 0 0 792 0 0 cm /Scan Do Q")], change=change)


def _searchable_scan(path: Path) -> None:
    """A scan with the recognized text behind it, which is invisible."""
    _image(lambda: picture((850, 1100)))(path)
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        page = pdf.pages[0].obj
        page.Resources.Font = Dictionary(
            F1=Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        )
        words = "BT 3 Tr /F1 60 Tf 50 300 Td (RECOGNIZED TEXT) Tj ET"
        page.Contents = pdf.make_stream(f"{words} q 612 0 0 792 0 0 cm /Scan Do Q".encode())
        pdf.save(path)


def _stencil(path: Path) -> None:
    """A picture that is a stencil: what is drawn through it has the current color."""
    image = picture((800, 1000)).convert("1")
    with built([sized(612, 792, content="0 g q 612 0 0 792 0 0 cm /Scan Do Q")]) as pdf:
        stream = pikepdf.Stream(pdf, image.tobytes())
        stream.Type, stream.Subtype, stream.ImageMask = Name.XObject, Name.Image, True
        stream.Width, stream.Height, stream.BitsPerComponent = 800, 1000, 1
        pdf.pages[0].obj.Resources.XObject = Dictionary(Scan=stream)
        pdf.save(path)


_HIGHLIGHT = {"C": Array([1, 1, 0]), "QuadPoints": Array([150, 620, 400, 620, 150, 560, 400, 560])}
_ANNOTATIONS = {
    "stamp": _annotation("Stamp"),
    "stamp_not_for_print": _annotation("Stamp", flags=0),
    "stamp_with_matrix": _with_a_matrix,
    "stamp_hidden": _annotation("Stamp", flags=2 | 4),
    "stamp_not_for_view": _annotation("Stamp", flags=32 | 4),
    "stamp_on_hidden_layer": _on_a_hidden_layer,
    "free_text": _annotation("FreeText", Contents=String("Call back"), DA=String("/Helv 12 Tf 0 g")),
    "free_text_bare": _annotation("FreeText", drawn=None, Contents=String("x"), DA=String("/Helv 12 Tf 0 g")),
    "square_bare": _annotation("Square", drawn=None, C=Array([0, 0, 0]), BS=Dictionary(W=3)),
    "circle_bare": _annotation("Circle", drawn=None, C=Array([0, 0, 0]), BS=Dictionary(W=3)),
    "highlight_bare": _annotation("Highlight", drawn=None, **_HIGHLIGHT),
    "underline_bare": _annotation("Underline", drawn=None, **{**_HIGHLIGHT, "C": Array([0, 0, 0])}),
    "ink_bare": _annotation(
        "Ink", drawn=None, C=Array([0, 0, 0]), InkList=Array([Array([160, 570, 250, 610, 390, 570])])
    ),
    "link": _annotation("Link", drawn=None, Border=Array([0, 0, 0])),
    "note": _annotation("Text", drawn=None, Contents=String("a note"), Name=Name.Comment),
    "popup": _annotation("Popup", drawn=None, Open=True),
    "file": _annotation("FileAttachment", drawn=None),
}

SAMPLES = [
    Sample("layer_off.pdf", _layer(_off)),
    Sample("layer_off_on_a_plan.pdf", _layer(_off, page=sized(900, 1300, extra=_ON_THE_LAYER))),
    Sample("layer_on.pdf", _layer(lambda _layer: Dictionary(OFF=Array([])))),
    Sample("layer_all_off.pdf", _layer(lambda _layer: Dictionary(BaseState=Name.OFF))),
    Sample("layer_all_off_but_one.pdf", _layer(lambda one: Dictionary(BaseState=Name.OFF, ON=Array([one])))),
    Sample("layer_for_print_only.pdf", _layer(_by_event, Usage=_usage("/OFF", "/ON"))),
    Sample("layer_off_damaged.pdf", _damaged_layer),
    Sample("layer_off_picture.pdf", _picture_on_a_layer),
    Sample("layer_off_in_a_form.pdf", _layer_in_a_form),
    Sample("layer_off_nested.pdf", _nested_layers),
    *(
        Sample(f"layers_{p.lower()}.pdf", _membership(f"/{p}"))
        for p in ("AnyOn", "AllOn", "AnyOff", "AllOff")
    ),
    Sample(
        "letter_before_layer.pdf",
        write([sized(612, 792)]),
        2,
        together=(Sample("layer_behind_letter.pdf", _layer(_off)),),
    ),
    *(Sample(f"annotation_{name}.pdf", _annotated(made)) for name, made in _ANNOTATIONS.items()),
    Sample("annotation_turned.pdf", _annotated(_annotation("Stamp"), sized(612, 792, rotate=90))),
    Sample("annotation_on_a_plan.pdf", _annotated(_annotation("Stamp"), sized(1000, 1300, unit=2))),
    Sample(
        "annotation_in_a_crop.pdf",
        _annotated(_annotation("Stamp"), Page((0, 0, 700, 880), (99, 99, 600, 800))),
    ),
    Sample("field_text.pdf", _field("Tx", V=String("Sir Example"))),
    Sample("field_text_bare.pdf", _field("Tx", appearance=False, V=String("Sir Example"))),
    Sample("field_text_needs.pdf", _field("Tx", appearance=False, needs=True, V=String("Sir Example"))),
    Sample("field_text_empty.pdf", _field("Tx", appearance=False)),
    Sample("field_lines_bare.pdf", _field("Tx", appearance=False, flags=1 << 12, V=String("one\rtwo"))),
    Sample(
        "field_choice_bare.pdf",
        _field(
            "Ch",
            appearance=False,
            flags=1 << 17,
            V=String("Mild"),
            Opt=Array([String("Mild"), String("Hot")]),
        ),
    ),
    Sample("field_checked.pdf", _field("Btn", V=Name.Yes, AS=Name.Yes)),
    Sample("field_not_checked.pdf", _field("Btn", V=Name.Off, AS=Name.Off)),
    Sample("field_signature.pdf", _field("Sig")),
    Sample("scan_gray.pdf", _image(lambda: picture((1700, 2200)))),
    Sample("scan_color.pdf", _image(lambda: picture((850, 1100), mode="RGB"))),
    Sample("scan_bilevel.pdf", _image(lambda: picture((1704, 2200)).convert("1"))),
    Sample("scan_jpeg.pdf", _image(lambda: picture((850, 1100)), form="JPEG", decode="/DCTDecode")),
    Sample(
        "scan_jpeg_cmyk.pdf",
        _image(
            lambda: picture((850, 1100)).convert("CMYK"),
            form="JPEG",
            decode="/DCTDecode",
            Decode=Array([1, 0] * 4),
        ),
    ),
    Sample("scan_jpeg2000.pdf", _image(lambda: picture((850, 1100)), form="JPEG2000", decode="/JPXDecode")),
    Sample(
        "scan_inverted.pdf",
        _image(lambda: picture((850, 1100), ink="white", ground="black"), Decode=Array([1, 0])),
    ),
    Sample("scan_with_text.pdf", _searchable_scan),
    Sample("scan_stencil.pdf", _stencil),
    Sample(
        "text_on_black.pdf",
        write(
            [
                sized(
                    612,
                    792,
                    content="0 g 0 0 612 792 re f 1 g BT /F1 40 Tf 90 500 Td (White on black) Tj ET 100 100 80 80 re f",
                )
            ]
        ),
    ),
    Sample(
        "text_gray.pdf",
        write(
            [sized(612, 792, content="0.4 g BT /F1 40 Tf 90 500 Td (Gray words) Tj ET 100 100 80 80 re f")]
        ),
    ),
    Sample("one_word.pdf", write([sized(612, 792, content="BT /F1 12 Tf 90 500 Td (Hello) Tj ET")])),
    Sample("one_word_on_a3.pdf", write([sized(842, 1191, content="BT /F1 12 Tf 90 500 Td (Hello) Tj ET")])),
    Sample("blank_second.pdf", write([sized(612, 792), sized(612, 792, content=""), sized(842, 595)]), 3),
    refused("blank.pdf", write([sized(612, 792, content=""), sized(612, 792, content="")]), BLANK),
    refused(
        "white_on_white.pdf",
        write([sized(612, 792, content="1 g BT /F1 40 Tf 90 500 Td (White) Tj ET")]),
        BLANK,
    ),
    refused(
        "nothing_but_a_hidden_layer.pdf", _layer(_off, page=sized(612, 792, content=_ON_THE_LAYER)), BLANK
    ),
    Sample("nothing_but_a_field.pdf", _annotated(_annotation("Stamp"), sized(612, 792, content=""))),
]
