"""PDFs of any size: one page with a picture of noise, which nothing can make smaller."""

import os
from pathlib import Path

_CHUNK = 1 << 20
_WIDTH = 1_000
_DRAW = b"q 612 0 0 792 0 0 cm /Noise Do Q"


def write_pdf(path: Path, size: int) -> None:
    """Write one of about *size* bytes."""
    height = size // _WIDTH
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
            b" /Resources << /XObject << /Noise 5 0 R >> >> >>"
        ),
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(_DRAW), _DRAW),
        (
            b"<< /Type /XObject /Subtype /Image /ColorSpace /DeviceGray /BitsPerComponent 8"
            b" /Width %d /Height %d /Length %d >>\nstream\n" % (_WIDTH, height, _WIDTH * height)
        ),
    ]
    with path.open("wb") as file:
        places = []
        file.write(b"%PDF-1.4\n")
        for number, body in enumerate(objects, start=1):
            places.append(file.tell())
            file.write(b"%d 0 obj\n" % number + body)
            if number == len(objects):
                left = _WIDTH * height
                while left:
                    left -= file.write(os.urandom(min(_CHUNK, left)))
                file.write(b"\nendstream")
            file.write(b"\nendobj\n")
        table = file.tell()
        file.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
        file.writelines(b"%010d 00000 n \n" % place for place in places)
        file.write(
            b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
        )
