"""PostScript, plain and in wrappers."""

from collections.abc import Callable
from pathlib import Path

from tests.pages.samples.marked import operators
from tests.pages.samples.sample import Sample, refused

_PROLOGUE = """\
/re { /h exch def /w exch def moveto w 0 rlineto 0 h rlineto w neg 0 rlineto closepath } def
/f { fill } def /q { gsave } def /Q { grestore } def /g { setgray } def
/BT { } def /ET { } def /F1 /Helvetica def
/Tf { exch findfont exch scalefont setfont } def
/Td { 2 copy /y0 exch def /x0 exch def moveto } def
/TL { /lead exch def } def
/Tj { show } def /T* { /y0 y0 lead sub def x0 y0 moveto } def
"""


def document(
    width: int, height: int, pages: int = 1, *, head: str = "%!PS-Adobe-3.0\n", setup: str = ""
) -> bytes:
    """Pages with the marks, of this size in points."""
    body = "".join(f"{operators((0, 0, width, height), page)}\nshowpage\n" for page in range(1, pages + 1))
    size = setup or f"<< /PageSize [{width} {height}] >> setpagedevice\n"
    return f"{head}{_PROLOGUE}{size}{body}%%EOF\n".encode()


def _bytes(data: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(data)


def _eps(box: tuple[int, int, int, int]) -> bytes:
    head = "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: " + " ".join(map(str, box)) + "\n%%EndComments\n"
    return f"{head}{_PROLOGUE}{operators(box)}\n%%EOF\n".encode()


def _dos(eps: bytes) -> bytes:
    """The header with which DOS programs put a preview beside the EPS."""
    numbers = (30, len(eps), 0, 0, 30 + len(eps), 8)
    head = b"\xc5\xd0\xd3\xc6" + b"".join(number.to_bytes(4, "little") for number in numbers)
    return head + b"\xff\xff" + eps + b"II*\0\x08\0\0\0"


_PJL = b'\x1b%-12345X@PJL JOB NAME="letter"\r\n@PJL SET RESOLUTION=600\r\n@PJL ENTER LANGUAGE=POSTSCRIPT\r\n'
_SMALL = document(612, 792)
_RISKY = {
    "reads_a_file": b"%!PS\n(/etc/passwd) (r) file 200 string readstring pop show showpage\n",
    "runs_a_program": b"%!PS\n(%pipe%id) (r) file closefile showpage\n",
}

SAMPLES = [
    Sample("letter.ps", _bytes(_SMALL)),
    Sample("a4.ps", _bytes(document(595, 842))),
    Sample("landscape.ps", _bytes(document(792, 612))),
    Sample("tabloid.ps", _bytes(document(792, 1224))),
    Sample("plan.ps", _bytes(document(2384, 3370))),
    Sample("three_pages.ps", _bytes(document(612, 792, 3)), 3),
    Sample("no_size.ps", _bytes(document(612, 792, setup="%no size\n"))),
    Sample("short_magic.ps", _bytes(document(612, 792, head="%!\n"))),
    Sample("ctrl_d_first.ps", _bytes(b"\x04" + _SMALL)),
    Sample("ctrl_d_both.ps", _bytes(b"\x04" + _SMALL + b"\x04")),
    Sample("bom.ps", _bytes(b"\xef\xbb\xbf" + _SMALL)),
    Sample("newline_first.ps", _bytes(b"\r\n" + _SMALL)),
    Sample("pjl.ps", _bytes(_PJL + _SMALL + b"\x04\x1b%-12345X@PJL EOJ\r\n\x1b%-12345X")),
    Sample("pjl_lf.ps", _bytes(_PJL.replace(b"\r", b"") + _SMALL)),
    Sample("crlf.ps", _bytes(_SMALL.replace(b"\n", b"\r\n"))),
    Sample("cr.ps", _bytes(_SMALL.replace(b"\n", b"\r"))),
    Sample("picture.eps", _bytes(_eps((0, 0, 300, 200)))),
    Sample("shifted.eps", _bytes(_eps((200, 500, 560, 740)))),
    Sample("negative.eps", _bytes(_eps((-150, -100, 150, 100)))),
    Sample("large.eps", _bytes(_eps((0, 0, 1500, 2000)))),
    Sample("dos.eps", _bytes(_dos(_eps((0, 0, 400, 300))))),
    Sample("after_pdf.ps", _bytes(_SMALL), 2, together=(Sample("behind.ps", _bytes(document(792, 612))),)),
    refused("infinite.ps", _bytes(b"%!PS\n{} loop\n"), "complex|long|damaged"),
    refused("six_hundred_pages.ps", _bytes(b"%!PS\n1 1 600 {pop 100 100 99 99 rectfill showpage} for\n"), "pages"),
    refused("no_pages.ps", _bytes(b"%!PS\n1 2 add pop\n"), "nothing|empty|damaged|no page"),
    refused("blank.ps", _bytes(b"%!PS\nshowpage\n"), "blank|nothing|empty"),
    refused("broken.ps", _bytes(b"%!PS\n1 2 add undefinedoperator showpage\n"), "damaged|nothing|error"),
    *(refused(f"{name}.ps", _bytes(code), "damaged|error|nothing|blank") for name, code in _RISKY.items()),
]  # fmt: skip
