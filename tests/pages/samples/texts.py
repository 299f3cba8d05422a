"""Text in many encodings, line ends and lengths."""

import codecs
from collections.abc import Callable
from pathlib import Path

from tests.pages.samples.sample import Sample, refused

LETTER = "Dear Sir or Madam,\n\nplease find the order below.\n\n  12  apples\n   3  pears\n\nYours,\nDana Example\n"
_ACCENTS = "Müller, Grüße aus Zürich. Ça va très bien, señor Muñoz. Größe 5 × 3 m, 20 °C."
_QUOTES = "“Quoted” – with a dash — and an ellipsis… 30 € · ‘single’ • bullet"
SCRIPTS = {
    "greek": "Καλημέρα κόσμε. Η ταχεία αλεπού πηδά πάνω από τον σκύλο.",
    "russian": "Съешь же ещё этих мягких французских булок, да выпей чаю.",
    "polish": "Zażółć gęślą jaźń. Pchnąć w tę łódź jeża.",
    "turkish": "Pijamalı hasta yağız şoföre çabucak güvendi.",
    "vietnamese": "Tiếng Việt có dấu: Hà Nội, thành phố Hồ Chí Minh.",
    "ukrainian": "Щастям б’єш жук їх глицю в фон й ґедзь пріч.",
}
EITHER = {
    "hebrew": "שלום עולם. זה מסמך לדוגמה.",
    "arabic": "مرحبا بالعالم. هذه وثيقة.",
    "thai": "สวัสดีชาวโลก เอกสารตัวอย่าง",
    "hindi": "नमस्ते दुनिया। यह एक दस्तावेज़ है।",
    "chinese": "你好，世界。这是一份传真文件。请查收。",
    "japanese": "こんにちは世界。これはファックスの文書です。",
    "korean": "안녕하세요 세계. 이것은 팩스 문서입니다.",
    "emoji": "All good 👍 see you 🎉",
}


def _as(text: str, encoding: str, *, bom: bytes = b"") -> Callable[[Path], object]:
    return lambda path: path.write_bytes(bom + text.encode(encoding))


def _words(text: str) -> str:
    return " ".join(text.split())


def _numbered(lines: int, width: int = 60) -> str:
    return "".join(f"Line {number:05d} {'lorem ipsum dolor ' * 9}"[:width] + "\n" for number in range(lines))


_LONG = "One very long paragraph: " + " ".join(f"word{number}" for number in range(1500)) + "\n"
_UNBROKEN = "".join(f"{number:06d}" for number in range(400)) + "\n"
_TABLE = "name\tcity\tamount\nMiller\tSpringfield\t12.50\nSmith\tBoston\t3.00\n"
_CODE = "def main():\n    if True:\n        return {'a': [1, 2], \"b\": None}  # comment\n"
_BOXES = "┌────────┬───────┐\n│ Total  │ 12.50 │\n└────────┴───────┘\n"

SAMPLES = [
    Sample("letter.txt", _as(LETTER, "ascii"), text=_words(LETTER)),
    Sample("crlf.txt", _as(LETTER.replace("\n", "\r\n"), "ascii"), text=_words(LETTER)),
    Sample("cr.txt", _as(LETTER.replace("\n", "\r"), "ascii"), text=_words(LETTER)),
    Sample("no_last_newline.txt", _as(LETTER.strip(), "ascii"), text=_words(LETTER)),
    Sample("one_word.txt", _as("Hello", "ascii"), text="Hello"),
    Sample("ctrl_z.txt", _as(LETTER + "\x1a", "ascii"), text=_words(LETTER)),
    Sample("form_feeds.txt", _as("first\fsecond\n\fthird\f", "ascii"), 3, text="first second third"),
    Sample("form_feed_at_the_end.txt", _as("only\n\f", "ascii"), 1, text="only"),
    Sample("tabs.txt", _as(_TABLE, "ascii"), text=_words(_TABLE)),
    Sample("code.py", _as(_CODE, "ascii"), text=_words(_CODE)),
    Sample("readme.md", _as("# Title\n\n- one\n- two\n", "ascii"), text="# Title - one - two"),
    Sample("table.csv", _as('a,b\n1,"x, y"\n', "ascii"), text='a,b 1,"x, y"'),
    Sample("long_lines.txt", _as(_LONG, "ascii"), 0, text=_words(_LONG)),
    Sample("unbroken.txt", _as(_UNBROKEN, "ascii"), 0, text=_UNBROKEN.strip()),
    Sample("two_hundred_lines.txt", _as(_numbered(200), "ascii"), 0, text=_words(_numbered(200))),
    Sample("wide_lines.txt", _as(_numbered(20, 132), "ascii"), 0, text=_words(_numbered(20, 132))),
    Sample("indented_far.txt", _as(" " * 70 + "far right\n", "ascii"), text="far right"),
    Sample("blank_lines_first.txt", _as("\n" * 30 + "below\n", "ascii"), text="below"),
    Sample("utf8.txt", _as(_ACCENTS, "utf-8"), text=_ACCENTS),
    Sample("utf8_bom.txt", _as(_ACCENTS, "utf-8-sig"), text=_ACCENTS),
    Sample("utf8_late.txt", _as("plain text\n" * 120 + _ACCENTS, "utf-8"), 0, text=_words("plain text\n" * 120 + _ACCENTS)),
    Sample("utf8_combining.txt", _as("re\u0301sume\u0301 de nai\u0308ve", "utf-8"), text="r\u00e9sum\u00e9 de na\u00efve"),
    Sample("utf8_quotes.txt", _as(_QUOTES, "utf-8"), text=_QUOTES),
    Sample("utf8_spaces.txt", _as("one\u00a0two\u2009three\u200bfour\u00adfive", "utf-8"), either=True, text=""),
    Sample("boxes.txt", _as(_BOXES, "utf-8"), text=_words(_BOXES)),
    Sample("utf16_le.txt", _as(_ACCENTS, "utf-16-le", bom=codecs.BOM_UTF16_LE), text=_ACCENTS),
    Sample("utf16_be.txt", _as(_ACCENTS, "utf-16-be", bom=codecs.BOM_UTF16_BE), text=_ACCENTS),
    Sample("utf16_crlf.txt", _as(LETTER.replace("\n", "\r\n"), "utf-16"), text=_words(LETTER)),
    Sample("utf16_no_bom.txt", _as(LETTER, "utf-16-le"), either=True, text=_words(LETTER)),
    Sample("utf32.txt", _as(_ACCENTS, "utf-32"), either=True, text=_ACCENTS),
    Sample("latin1.txt", _as(_ACCENTS, "latin-1"), text=_ACCENTS),
    Sample("cp1252.txt", _as(_QUOTES, "cp1252"), text=_QUOTES),
    *(Sample(f"{name}.txt", _as(text, "utf-8"), text=text) for name, text in SCRIPTS.items()),
    *(Sample(f"{name}.txt", _as(text, "utf-8"), either=True, text=text if name in ("chinese", "japanese", "korean") else "") for name, text in EITHER.items()),
    Sample("cp1251.txt", _as(SCRIPTS["russian"] * 6, "cp1251"), 0, either=True, text=SCRIPTS["russian"] * 6),
    Sample("koi8_r.txt", _as(SCRIPTS["russian"] * 6, "koi8-r"), 0, either=True, text=SCRIPTS["russian"] * 6),
    Sample("cp437.txt", _as(_BOXES, "cp437"), either=True, text=_words(_BOXES)),
    Sample("shift_jis.txt", _as(EITHER["japanese"] * 3, "shift_jis"), either=True, text=""),
    Sample("gb18030.txt", _as(EITHER["chinese"] * 3, "gb18030"), either=True, text=""),
    Sample("text_after_text.txt", _as("first part\n", "ascii"), 2, text="first part second part", together=(Sample("second.txt", _as("second part\n", "ascii")),)),
    refused("nothing.txt", lambda path: path.write_bytes(b""), "empty"),
    refused("only_spaces.txt", _as("  \n\n \t\n", "ascii"), "blank|empty|nothing"),
    refused("only_a_bom.txt", lambda path: path.write_bytes(codecs.BOM_UTF8), "blank|empty|nothing"),
    refused("binary.txt", lambda path: path.write_bytes(bytes(range(256)) * 20), "can't be faxed"),
    refused("too_long.txt", _as(_numbered(60_000), "ascii"), "pages"),
    refused("too_many_form_feeds.txt", _as("x\f" * 600, "ascii"), "pages"),
]  # fmt: skip
