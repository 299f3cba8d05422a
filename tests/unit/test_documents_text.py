"""Text is typeset so that every character of it is on the page, readable, on any paper."""

# ruff: noqa: RUF001 - marks as they are in texts

import io
import re
import time
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxbot.documents import encoding, fonts, plain_text
from faxbot.documents.fonts import Font, Fonts
from faxbot.documents.paper import PAPER
from faxbot.documents.plain_text import typeset
from faxbot.documents.text_pdf import Canvas
from faxbot.documents.text_rows import WIDTH, Style, TextRows
from faxbot.fax.document import Note
from faxbot.fax.errors import BadDocument

LETTER = PAPER["letter"]
Pages = Callable[..., list[str]]


@pytest.fixture
def pages(tmp_path: Path) -> Pages:
    """The text that a viewer reads on each page of a typeset text."""

    def read(content: str | bytes, max_pages: int = 20) -> list[str]:
        pdf, _ = typeset_bytes(tmp_path, content, max_pages=max_pages)
        return texts(pdf)

    return read


def typeset_bytes(
    folder: Path, content: str | bytes, paper: tuple[float, float] = LETTER, max_pages: int = 20
) -> tuple[pikepdf.Pdf, list[Note]]:
    path = folder / "text"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return typeset(path, "a.txt", paper, max_pages)


def lines(number: int) -> str:
    return "\n".join(["line"] * number)


def saved(pdf: pikepdf.Pdf) -> bytes:
    out = io.BytesIO()
    pdf.save(out, deterministic_id=True)
    return out.getvalue()


def texts(pdf: pikepdf.Pdf) -> list[str]:
    with pypdfium2.PdfDocument(saved(pdf)) as shown:
        return [page.get_textpage().get_text_bounded().replace("\r\n", "\n") for page in shown]


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r", "\x0b", "\u2028", "\x85"])
def test_a_line_is_a_line(pages: Pages, ends: str) -> None:
    """Line ends of Unix, Windows, old Macs and Unicode."""
    assert pages(f"first{ends}second{ends}")[0] == "first\nsecond"


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ("a\fb", ["a", "b"]),
        ("\f\fa\f\f", ["a"]),
        ("\n\n\fa\n\f\nb\n\f\n\n", ["a", "b"]),
        ("a\f\fb", ["a", "", "b"]),
        ("line\n" * 57 + "\fb", [lines(57), "b"]),
        ("line\n" * 57 + "\n" * 90, [lines(57)]),
        ("line\n" * 58, [lines(57), "line"]),
        ("line\n" * 66 + "\fb", [lines(66), "b"]),
        ("line\n" * 67 + "\fb", [lines(57), lines(10), "b"]),
    ],
)
def test_a_form_feed_is_a_page_break(pages: Pages, content: str, shown: list[str]) -> None:
    """Those at the beginning and at the end make no blank page; pages of 66 lines are not divided."""
    assert pages(content) == shown


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ("N\bNA\bA_\bM_\bE", "NAME"),
        ("x\b_", "x"),
        ("\x1b[1;31mred\x1b[0m\x07", "red"),
        ("text\r\n\x1a", "text"),
        ("text\0\0\0", "text"),
        ("zero\u200bwidth\ufeff\u2060\xad", "zerowidth"),
        ("a\xa0b\u2009c", "a b c"),
        ("e\u0301", "é"),
        ("☎\ufe0f", "☎"),
    ],
)
def test_marks_of_printers_and_screens_are_not_printed(pages: Pages, content: str, shown: str) -> None:
    """What was struck twice is printed once."""
    assert pages(content) == [shown]


@pytest.mark.parametrize(
    ("line", "shown"), [("a\tb", "a       b"), ("ab\t\tc", "ab              c"), ("é\tb", "é       b")]
)
def test_tabs_go_to_eight_columns(rows: TextRows, line: str, shown: str) -> None:
    """As on a screen."""
    ((run,),) = rows.of(line)
    assert run.text == shown


def test_long_lines_are_wrapped_at_spaces(pages: Pages) -> None:
    """Within 80 columns; a word that is longer is broken."""
    words = "word " * 40 + "x" * 170
    lines = pages(words)[0].split("\n")
    assert max(map(len, lines)) <= 80
    assert "".join(lines).replace(" ", "") == words.replace(" ", "")
    assert all(line.endswith("word") for line in lines[:2])


@pytest.mark.parametrize(
    "codec",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be", "cp1252", "iso8859_15"],
)
def test_letters_with_accents(tmp_path: Path, codec: str) -> None:
    """Nothing is garbled, whatever the encoding."""
    text = "Müller & Söhne, Café, naïve, £100, dash\n" * 3
    pdf, notes = typeset_bytes(tmp_path, text.encode(codec))
    assert texts(pdf) == [text.strip()]
    assert bool(notes) == (codec in ("cp1252", "iso8859_15", "utf-16-le", "utf-16-be", "utf-32-be"))


@pytest.mark.parametrize("before", [4_000, 400_000])
@pytest.mark.parametrize("codec", ["utf-8", "cp1252", "mac_roman", "cp850"])
def test_an_accent_that_comes_late(tmp_path: Path, before: int, codec: str) -> None:
    """The whole file is looked at before its encoding is chosen."""
    text = (
        "Plain text of seventy characters, as in most files that people share.\n" * (before // 70)
        + "José met Zoë\n"
    )
    pdf, _ = typeset_bytes(tmp_path, text.encode(codec), max_pages=1000)
    last = pypdfium2.PdfDocument(saved(pdf))[len(pdf.pages) - 1]
    assert last.get_textpage().get_text_bounded().endswith("José met Zoë")


SAMPLES = {
    "ru": "Уважаемый Иван Петрович, направляем Вам документы по договору. Просим подтвердить получение.",
    "el": "Αγαπητέ κύριε, σας αποστέλλουμε τα έγγραφα που ζητήσατε. Με εκτίμηση, Γιώργος, Αθήνα.",
    "ja": "株式会社 山田商事 御中\n平素より大変お世話になっております。請求書をお送りいたします。",
    "zh": "尊敬的王先生：随信附上您要求的文件，请查收并确认。此致敬礼，李明，北京。",
    "tw": "尊敬的王先生：隨信附上您要求的文件，請查收並確認。此致敬禮，李明，臺北。",
    "ko": "존경하는 김 선생님께, 요청하신 서류를 보내드립니다. 확인 부탁드립니다. 감사합니다.",
    "pl": "Szanowny Panie, proszę o przesłanie dokumentów dotyczących pożyczki. Zażółć gęślą jaźń. Łódź.",
    "cs": "Dobrý den, příjemný večer přeje Jiří Dvořák. Žádám o zaslání účtu za měsíc květen.",
    "tr": "Sayın Yılmaz, istediğiniz belgeleri ekte gönderiyorum. Teşekkür ederim. Şükrü Çağlar.",
    "he": "אדון נכבד, מצורפים המסמכים שביקשת. נא לאשר את קבלתם. בברכה, משה כהן, תל אביב.",
    "ar": "السيد المحترم، نرسل إليكم المستندات المطلوبة. يرجى تأكيد الاستلام. مع التحية، القاهرة.",
    "th": "เรียนคุณสมชาย ขอส่งเอกสารตามที่ท่านขอ กรุณายืนยันการรับ ขอแสดงความนับถือ",
    "de": "Sehr geehrte Frau Müller, anbei die Unterlagen für Köln. Mit freundlichen Grüßen, Jürgen.",
    "fr": "Le patient a été opéré à Orléans, où il reçoit des soins. À bientôt, François Lefèvre.",
    "es": "Estimado señor Núñez: ¿Podría confirmar la recepción? Atentamente, José Ibáñez. ¡Gracias!",
    "en": "“It’s 5 o’clock” — the price is 100 • that’s it…",
    "box": "┌────┐ Übersicht\n│ ab │\n└────┘",
}


@pytest.mark.parametrize(
    ("sample", "codec"),
    [
        *(("ru", codec) for codec in ("cp1251", "koi8_r", "iso8859_5", "cp866", "mac_cyrillic")),
        *(("el", codec) for codec in ("cp1253", "iso8859_7")),
        *(("ja", codec) for codec in ("shift_jis", "euc_jp", "iso2022_jp")),
        *(("zh", codec) for codec in ("gb18030", "gb2312")),
        *(("pl", codec) for codec in ("cp1250", "iso8859_2")),
        *(("cs", codec) for codec in ("cp1250", "iso8859_2")),
        *(("de", codec) for codec in ("cp1252", "mac_roman", "cp850", "cp437")),
        *(("fr", codec) for codec in ("cp1252", "mac_roman", "cp850")),
        *(("es", codec) for codec in ("cp1252", "mac_roman", "cp850")),
        ("tw", "big5"),
        ("ko", "euc_kr"),
        ("tr", "cp1254"),
        ("he", "cp1255"),
        ("ar", "cp1256"),
        ("th", "cp874"),
        ("en", "cp1252"),
        ("box", "cp437"),
    ],
)
def test_the_encoding_is_detected(tmp_path: Path, sample: str, codec: str) -> None:
    """It is named, since it is not certain."""
    path = tmp_path / "a.txt"
    path.write_bytes(SAMPLES[sample].encode(codec))
    found = encoding.detect(path)
    assert found
    assert "".join(encoding.decode(path, found)) == SAMPLES[sample]
    assert found.label


def test_the_note_names_the_encoding(tmp_path: Path) -> None:
    """UTF-8 is certain; KOI8-R is a guess that a person may check."""
    assert typeset_bytes(tmp_path, SAMPLES["ru"])[1] == []
    assert typeset_bytes(tmp_path, SAMPLES["ru"].encode("koi8_r"))[1] == [Note(0, "read as KOI8-R")]


def test_utf_8_with_a_stray_letter(tmp_path: Path) -> None:
    """A line of another program in a log of UTF-8 does not garble the rest."""
    pdf, notes = typeset_bytes(tmp_path, "Müller, Zoë, Café\n".encode() * 3 + b"Jos\xe9\n")
    assert texts(pdf)[0].endswith("Café\nJosé")
    assert "UTF-8" in notes[0].text


def test_what_follows_ctrl_z_is_said(tmp_path: Path) -> None:
    """DOS ends a text there; a person is told that something is left out."""
    pdf, notes = typeset_bytes(tmp_path, b"text\r\n\x1arest of a sector")
    assert texts(pdf) == ["text"]
    assert "Ctrl-Z" in notes[0].text


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"bi\0nary\n", "a.txt can't be faxed"),
        (b"text\x02\n", "a.txt can't be faxed"),
        (b"\x1b(s0p10H printer", "one kind of printer"),
        (b" \n\t\r\n\f\n", "no text in it"),
        (b"x\n" * (57 * 20 + 1), "more than 20 pages; 20 is the most"),
        (b"x" * 200_000, "more than 20 pages"),
        (b"x\f" * 21, "more than 20 pages"),
        ("Hi \U0001f4e0\n".encode(), "“\U0001f4e0” (fax machine)"),
        ("Hi \ue123\n".encode(), "U+E123"),
    ],
)
def test_what_cannot_be_typeset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, why: str
) -> None:
    """The sentence names the file and the character."""
    monkeypatch.setattr(plain_text, "Fonts", lambda: Fonts(folders=()))
    with pytest.raises(BadDocument) as refused:
        typeset_bytes(tmp_path, content)
    assert why in str(refused.value)


@pytest.mark.parametrize("paper", PAPER)
def test_text_is_whole_on_any_paper(tmp_path: Path, paper: str) -> None:
    """The page is the paper; the text on it is also inside Letter and A4, but for Legal's length."""
    full = ("W" * 80 + "\n") * 57
    pdf, _ = typeset_bytes(tmp_path, full, PAPER[paper])
    assert [float(side) for side in pdf.pages[0].obj.MediaBox] == [0, 0, *PAPER[paper]]
    with pypdfium2.PdfDocument(saved(pdf)) as shown:
        bounds = [each.get_bounds() for each in shown[0].get_objects()]
    assert min(left for left, *_ in bounds) > 36
    assert min(bottom for _, bottom, *_ in bounds) > 36
    assert max(right for *_, right, _ in bounds) < 595 - 36
    assert max(top for *_, top in bounds) < (1008 if paper == "legal" else 792) - 36


def test_the_same_text_makes_the_same_bytes(tmp_path: Path) -> None:
    """Preparing a fax again after a crash gives the same document."""
    first = saved(typeset_bytes(tmp_path, SAMPLES["ru"])[0])
    assert first == saved(typeset_bytes(tmp_path, SAMPLES["ru"])[0])
    assert b"CreationDate" not in first


def test_the_fonts_are_in_the_document(tmp_path: Path) -> None:
    """Only the glyphs that are used: the fax server needs no fonts."""
    pdf, _ = typeset_bytes(tmp_path, "Grüße\n")
    (font,) = pdf.pages[0].obj.Resources.Font.values()
    program = font.DescendantFonts[0].FontDescriptor.FontFile2.read_bytes()
    assert len(program) < fonts.MONOSPACED.stat().st_size / 4


def test_five_hundred_pages_take_a_moment(tmp_path: Path) -> None:
    """Seconds of this process, so that other processes make no difference."""
    text = ("Invoice 4711 of Müller & Sons, due on the 5th, amount 1,234.56 EUR\n" * 57) * 500
    start = time.process_time()
    pdf, _ = typeset_bytes(tmp_path, text, max_pages=500)
    assert len(pdf.pages) == 500
    assert time.process_time() - start < 5


@pytest.fixture(scope="module")
def rows() -> TextRows:
    """Rows in the fonts of this machine."""
    own = Fonts()
    return TextRows(own, Canvas(own, LETTER).width)


@given(st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=400))
def test_no_character_is_lost_or_outside(rows: TextRows, line: str) -> None:
    """Any line: its letters in their order, and no row wider than 80 columns."""
    made = list(rows.of(line))
    shown = "".join(run.text for row in made for run in row)
    assert re.sub(r"[\s\xad]", "", shown) == re.sub(r"[\s\xad]", "", line)
    assert all(len(run.text) <= 80 for row in made for run in row if run.style is Style.PLAIN)


@given(st.text(st.sampled_from("abc  אבג،السلام(12)-é\u0301"), max_size=200))
def test_rows_of_both_directions_are_within_the_page(rows: TextRows, line: str) -> None:
    """Hebrew and Arabic among Latin letters: all is there, and nothing is beside the page."""
    made = list(rows.of(line))
    width = Canvas(Fonts(), LETTER).width
    for row in made:
        ends = [run.x + width(run.text, run.font, run.rtl) for run in row if run.style is Style.SHAPED]
        assert all(run.x >= 0 for run in row)
        assert max(ends, default=0) <= WIDTH + 1


def test_what_is_read_from_right_to_left_ends_at_the_right(rows: TextRows) -> None:
    """Arabic is set in one run, with its words in reading order."""
    (row,) = rows.of("السلام عليكم (12)")
    assert [run.text for run in row if run.rtl][-1].startswith("السلام عليكم")
    assert row[0].x > WIDTH / 2


def test_fonts_are_chosen_by_what_they_have(tmp_path: Path) -> None:
    """A folder with files that are no fonts does no harm."""
    (tmp_path / "NotoSans-Regular.ttf").write_bytes(b"no font")
    (tmp_path / "copy.ttf").write_bytes(fonts.MONOSPACED.read_bytes())
    own = Fonts(folders=[tmp_path], used=[Font(tmp_path / "NotoSans-Regular.ttf")])
    assert own.covering("é") == Font(tmp_path / "copy.ttf")
    assert own.covering("\ue123") is None
