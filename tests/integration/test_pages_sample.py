"""A small sample of `make pages`: documents of each kind, printed by the fax server's own converters."""

import pytest

from tests.pages.compare import Sheet, compare
from tests.pages.converters import Converters
from tests.pages.run import prove
from tests.pages.samples import SAMPLES
from tests.pages.viewer import show

DOCUMENTS = {sample.name: sample for samples in reversed(SAMPLES.values()) for sample in samples}
CHOSEN = (
    ("size_tabloid.pdf", "letter", 98),
    ("rotate_90_landscape.pdf", "a4", 196),
    ("crop_marks_outside.pdf", "letter", 196),
    ("layer_off_nested.pdf", "letter", 98),
    ("annotation_stamp.pdf", "a4", 98),
    ("orientation_3.tif", "letter", 98),
    ("fax_standard.tif", "letter", 196),
    ("exif_6.jpg", "letter", 98),
    ("utf8.txt", "letter", 98),
    ("pjl.ps", "letter", 98),
)


@pytest.fixture(scope="module")
def converters():
    """HylaFAX's converters; without them nothing can be said of what is printed."""
    with Converters() as found:
        yield found


@pytest.fixture(autouse=True, scope="module")
def _installed():
    if missing := Converters().missing:
        pytest.skip(missing)


@pytest.mark.parametrize(("name", "paper", "lines"), CHOSEN, ids=str)
def test_what_is_printed_is_what_a_viewer_shows(converters, name, paper, lines):
    """Whole, upright, in order, nothing hidden."""
    assert prove(DOCUMENTS[name], paper, converters, [lines]).problems == []


def test_the_fax_server_cuts_what_it_is_given(converters, tmp_path):
    """A larger page as it is: the converters cut it, and report nothing."""
    path = tmp_path / "tabloid.pdf"
    DOCUMENTS["size_tabloid.pdf"].make(path)
    with converters.printed(path, "letter", 98) as printed:
        assert (printed.count, printed.error) == (1, "")
        wrong = compare(show(path)[0], Sheet.of(printed.page(0), 612.0, 98)).problem
    assert wrong.startswith("cut")


def test_a_failed_conversion_has_a_text(converters, tmp_path):
    """What HylaFAX says of a kind that its type rules do not know, and of a TIFF that it rejects."""
    (tmp_path / "sound.mp3").write_bytes(b"ID3" + bytes(100))
    with converters.printed(tmp_path / "sound.mp3", "letter", 98) as printed:
        assert printed.error == "No conversion for this type of file."
    (tmp_path / "broken.tif").write_bytes(b"II*\0\x08\0\0\0")
    with converters.printed(tmp_path / "broken.tif", "letter", 98) as printed:
        assert printed.error
