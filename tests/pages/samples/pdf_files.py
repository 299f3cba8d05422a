"""PDF files that are encrypted, damaged, wrapped or of a kind that is no document."""

from collections.abc import Callable
from pathlib import Path

import pikepdf
from pikepdf import Array, AttachedFileSpec, Dictionary, Name, Permissions, String

from tests.pages.samples.pdf_writer import built, sized, write
from tests.pages.samples.sample import Sample, refused

LETTER, PLAN = sized(612, 792), sized(1000, 1400)
_ALL = [LETTER, PLAN]
_NOTHING_ALLOWED = Permissions(
    accessibility=False, extract=False, modify_annotation=False, modify_assembly=False, modify_form=False,
    modify_other=False, print_lowres=False, print_highres=False,
)  # fmt: skip


def _encrypted(*, user: str = "", level: int = 6) -> Callable[[Path], None]:
    lock = pikepdf.Encryption(
        owner="owner",
        user=user,
        R=level,
        allow=_NOTHING_ALLOWED,
        **({} if level >= 4 else {"aes": False, "metadata": False}),
    )  # type: ignore[arg-type]
    return write(_ALL, encryption=lock)


def _bytes(change: Callable[[bytes], bytes], pages: list = _ALL, **save: object) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        write(pages, **save)(path)
        path.write_bytes(change(path.read_bytes()))

    return make


def _wrong_table(data: bytes) -> bytes:
    return data[: data.rindex(b"startxref")] + b"startxref\n99999999\n%%EOF\n"


def _shifted_table(data: bytes) -> bytes:
    """A mail program changed the line ends: nothing is where the table says."""
    head, rest = data.split(b"\n", 1)
    return head + b"\n%" + b"x" * 50 + b"\n" + rest


def _updated(path: Path) -> None:
    """An incremental update that replaces the content of the page."""
    write([LETTER])(path)
    data = path.read_bytes()
    with pikepdf.open(path) as pdf:
        number = pdf.pages[0].obj.Contents.objgen[0]
        size = int(pdf.trailer.Size)
        root = pdf.Root.objgen[0]
    old = int(data[data.rindex(b"startxref") + 9 :].split()[0])
    body = b"0 g 100 100 300 300 re f 60 700 40 40 re f"
    at = len(data)
    added = b"%d 0 obj\n<< /Length %d >>\nstream\n%b\nendstream\nendobj\n" % (number, len(body), body)
    table = at + len(added)
    added += b"xref\n%d 1\n%010d 00000 n \n" % (number, at)
    added += b"trailer << /Size %d /Root %d 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (
        size,
        root,
        old,
        table,
    )
    path.write_bytes(data + added)


def _wrong_count(pdf: pikepdf.Pdf) -> None:
    pdf.Root.Pages.Count = 7


def _attachment(pdf: pikepdf.Pdf) -> None:
    pdf.attachments["table.csv"] = AttachedFileSpec(pdf, b"1,2,3", filename="table.csv")


def _portfolio(pdf: pikepdf.Pdf) -> None:
    _attachment(pdf)
    pdf.Root.Collection = Dictionary(Type=Name.Collection, View=Name.D)


def _dynamic_xfa(pdf: pikepdf.Pdf) -> None:
    template = pdf.make_stream(b'<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/"></xdp:xdp>')
    pdf.Root.AcroForm = Dictionary(Fields=Array([]), XFA=template)
    pdf.Root.NeedsRendering = True


def _static_xfa(pdf: pikepdf.Pdf) -> None:
    pdf.Root.AcroForm = Dictionary(Fields=Array([]), XFA=pdf.make_stream(b"<xdp:xdp></xdp:xdp>"))


def _script(pdf: pikepdf.Pdf) -> None:
    pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=String("app.alert('hello')"))


def _outline(pdf: pikepdf.Pdf) -> None:
    with pdf.open_outline() as outline:
        outline.root.append(pikepdf.OutlineItem("First", 0))
    pdf.Root.PageLabels = Dictionary(Nums=Array([0, Dictionary(S=Name.r)]))
    with pdf.open_metadata() as metadata:
        metadata["dc:title"] = "A title"


def _without_pages(path: Path) -> None:
    with pikepdf.new() as pdf:
        pdf.save(path)


def _bomb(path: Path) -> None:
    """A page whose content draws a rectangle two hundred million times."""
    with built([sized(612, 792)]) as pdf:
        inner = "".join(f"/F{n} Do\n" for n in [0] * 100)
        form = None
        for depth in range(5):
            stream = pdf.make_stream((inner if form else "0 0 1 1 re f\n" * 100).encode())
            stream.Type, stream.Subtype, stream.BBox = Name.XObject, Name.Form, Array([0, 0, 612, 792])
            if form is not None:
                stream.Resources = Dictionary(XObject=Dictionary(F0=form))
            form = stream
            del depth
        page = pdf.pages[0].obj
        page.Resources.XObject = Dictionary(F0=form)
        page.Contents = pdf.make_stream(b"/F0 Do")
        pdf.save(path)


def _gigantic(path: Path) -> None:
    write([sized(14400, 14400, unit=1000)])(path)


DAMAGED = "damaged|cut short|incomplete"
SAMPLES = [
    Sample("restricted_aes256.pdf", _encrypted(), 2),
    Sample("restricted_aes128.pdf", _encrypted(level=4), 2),
    Sample("restricted_rc4.pdf", _encrypted(level=3), 2),
    refused("needs_a_password.pdf", _encrypted(user="secret"), "password"),
    refused("needs_a_password_rc4.pdf", _encrypted(user="secret", level=3), "password"),
    Sample("nul_padded.pdf", _bytes(lambda data: data + bytes(4096)), 2),
    Sample("spaces_behind.pdf", _bytes(lambda data: data + b"\r\n   \n\n\x1a"), 2),
    Sample("mail_header_before.pdf", _bytes(lambda data: b"\r\n\r\n" + data), 2),
    Sample("junk_before.pdf", _bytes(lambda data: b"X-Scanner: 7\n" * 20 + data), 2),
    Sample("wrong_table.pdf", _bytes(_wrong_table), 2),
    Sample("shifted_table.pdf", _bytes(_shifted_table), 2),
    Sample("no_end_mark.pdf", _bytes(lambda data: data[: data.rindex(b"%%EOF")]), 2),
    refused("cut_in_half.pdf", _bytes(lambda data: data[: len(data) // 2], [LETTER] * 20), DAMAGED, either=True),
    refused("cut_at_the_start.pdf", _bytes(lambda data: data[:60]), DAMAGED),
    refused("only_a_header.pdf", lambda path: path.write_bytes(b"%PDF-1.7\n"), DAMAGED),
    refused("no_pages.pdf", _without_pages, "no pages|damaged|empty"),
    Sample("linearized.pdf", write(_ALL, linearize=True), 2),
    Sample("object_streams.pdf", write(_ALL, object_stream_mode=pikepdf.ObjectStreamMode.generate), 2),
    Sample("updated.pdf", _updated),
    Sample("wrong_count.pdf", write(_ALL, change=_wrong_count), 2, either=True),
    Sample("attachment.pdf", write(_ALL, change=_attachment), 2),
    refused("portfolio.pdf", write(_ALL, change=_portfolio), "portfolio|attach|files inside"),
    refused("xfa_dynamic.pdf", write(_ALL, change=_dynamic_xfa), "print it|Print it|form"),
    Sample("xfa_static.pdf", write(_ALL, change=_static_xfa), 2),
    Sample("script.pdf", write(_ALL, change=_script), 2),
    Sample("outline.pdf", write(_ALL, change=_outline), 2),
    Sample("version_1_0.pdf", write(_ALL, force_version="1.0"), 2),
    Sample("version_2_0.pdf", write(_ALL, force_version="2.0"), 2),
    Sample("named_wrongly.txt", write(_ALL), 2),
    refused("bomb.pdf", _bomb, "complex|large|simpler"),
    refused("gigantic.pdf", _gigantic, "large|complex", either=True),
    refused("too_many_pages.pdf", write([LETTER] * 501), "pages"),
    Sample("two_files.pdf", write([PLAN]), 3, together=(Sample("second.pdf", write(_ALL)),)),
    refused(
        "good_before_locked.pdf", write([LETTER]), "locked_behind",
        together=(Sample("locked_behind.pdf", _encrypted(user="secret")),),
    ),
]  # fmt: skip
