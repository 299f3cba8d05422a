"""A page that the fax server's converter prints otherwise than a viewer shows it is sent as a picture."""

import os
import shutil
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Dictionary, Name

from faxbot.documents import proof
from faxbot.documents.merge import Limits, merge_parts
from faxbot.documents.paper import PAPER
from faxbot.documents.proof import draws_more_than_lines, prove
from faxbot.fax.document import Part
from faxbot.fax.errors import BadDocument

LETTER = PAPER["letter"]
WHITE = "printf 'P5\\n#\\n833 1078\\n255\\n'; head -c 897974 /dev/zero | tr '\\0' '\\377'"
"""Prints a white page."""


def letters(path: Path, pages: int = 1) -> Path:
    """A PDF with a word on each page."""
    with pikepdf.new() as pdf:
        for _ in range(pages):
            page = pdf.add_blank_page(page_size=LETTER)
            font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
            page.obj.Resources = Dictionary(Font=Dictionary(F=font))
            page.obj.Contents = pdf.make_stream(b"BT /F 24 Tf 72 700 Td (Mercy Clinic) Tj ET")
        pdf.save(path)
    return path


@pytest.fixture
def ghostscript(tmp_path, monkeypatch):
    """Puts a program in the place of Ghostscript."""

    def put(script: str) -> None:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        (folder / "gs").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "gs").chmod(0o700)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    return put


@pytest.mark.parametrize("script", [WHITE, "exit 1", "echo P5"])
def test_what_is_missing_in_print_is_sent_as_a_picture(tmp_path, ghostscript, script):
    """The converter draws no letters, or fails."""
    ghostscript(script)
    (tmp_path / "work").mkdir()
    part = Part(letters(tmp_path / "a.pdf"), "a.pdf")
    document = merge_parts([part], tmp_path / "fax", tmp_path / "work", Limits(1_000_000, 10))
    with pikepdf.open(document.path) as pdf:
        assert pdf.pages[0].obj.Resources.XObject.Page.Subtype == Name.Image


def test_what_the_converter_has_no_time_for_goes_as_it_is(tmp_path, ghostscript, monkeypatch):
    """A long document does not wait for all its pages."""
    ghostscript(f"{WHITE}; exec sleep 60")
    monkeypatch.setattr(proof, "SECONDS", 1.0)
    assert prove(letters(tmp_path / "a.pdf", 3), "a.pdf", LETTER, pages=3, foreign=[0, 1, 2]).otherwise == [0]


def test_a_page_that_takes_the_converter_too_long_is_refused(tmp_path, ghostscript, monkeypatch):
    """It would hold up every fax of the server."""
    ghostscript("exec sleep 60")
    monkeypatch.setattr(proof, "SECONDS", 0.2)
    with pytest.raises(BadDocument, match=r"a\.pdf is too complex"):
        prove(letters(tmp_path / "a.pdf"), "a.pdf", LETTER, pages=1, foreign=[0])


def test_a_document_that_takes_long_to_draw_is_not_held_up(tmp_path, monkeypatch):
    """Pages that there is no time for count as written on."""
    monkeypatch.setattr(proof, "SECONDS", 0.0)
    with pikepdf.new() as pdf:
        for _ in range(3):
            pdf.add_blank_page(page_size=LETTER)
        pdf.save(tmp_path / "a.pdf")
    assert prove(tmp_path / "a.pdf", "a.pdf", LETTER, pages=3, foreign=[]).blank == [False] * 3


@pytest.mark.skipif(shutil.which("gs") is None, reason="Ghostscript is not installed")
def test_letters_are_printed_as_they_are_shown(tmp_path):
    """Both programs put another font in the place of one that is not in the file."""
    assert prove(letters(tmp_path / "a.pdf", 2), "a.pdf", LETTER, pages=2, foreign=[0, 1]).otherwise == []


def test_without_ghostscript_nothing_is_compared(tmp_path, monkeypatch):
    """It need not be installed."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert prove(letters(tmp_path / "a.pdf"), "a.pdf", LETTER, pages=1, foreign=[0]).otherwise == []


def test_lines_are_not_compared(tmp_path):
    """Nothing is as sure as a rectangle, and most of the time goes into the start of Ghostscript."""
    with pikepdf.open(letters(tmp_path / "a.pdf")) as pdf:
        assert draws_more_than_lines(pdf.pages[0])
        del pdf.pages[0].obj.Resources.Font
        assert not draws_more_than_lines(pdf.pages[0])
