"""Guesses the encoding of text in which bytes above 127 are not UTF-8."""

# ruff: noqa: RUF001 - letters and marks as they are in texts

import re
import unicodedata

_SCRIPTS: dict[str, str] = {
    "cp932": "Shift JIS",
    "euc_jp": "EUC-JP",
    "gb18030": "GB18030",
    "big5": "Big5",
    "cp949": "EUC-KR",
    "cp1251": "Windows-1251",
    "koi8_r": "KOI8-R",
    "koi8_u": "KOI8-U",
    "iso8859_5": "ISO 8859-5",
    "cp866": "DOS 866",
    "mac_cyrillic": "Mac Cyrillic",
    "cp1253": "Windows-1253",
    "iso8859_7": "ISO 8859-7",
    "cp1255": "Windows-1255",
    "cp1256": "Windows-1256",
    "iso8859_6": "ISO 8859-6",
    "cp874": "TIS-620",
}
"""Encodings of other scripts than Latin, and their usual names."""

_LATIN: dict[str, str] = {
    "cp1252": "Windows-1252",
    "cp1254": "Windows-1254",
    "cp1250": "Windows-1250",
    "iso8859_2": "ISO 8859-2",
    "cp1257": "Windows-1257",
    "mac_roman": "Mac Roman",
    "cp850": "DOS 850",
    "cp437": "DOS 437",
    "cp852": "DOS 852",
    "cp1258": "Windows-1258",
}
"""Encodings of Latin letters with accents, the usual ones first."""

NAMES = _SCRIPTS | _LATIN

_WESTERN = (
    "äöüß",
    "éèêëàâçîïôùûœæÿü",
    "áéíóúñüïç",
    "áéíóúãõâêôàçü",
    "åäöæøéü",
    "àèéìíîòóùú",
    "áéíóúýþæöð",
    "éëïöüèáóúê",
)
_CENTRAL = (
    "ąćęłńóśźż",
    "áčďéěíňóřšťúůýžäĺľŕô",
    "áéíóöőúüű",
    "ăâîșşțţ",
    "čćđšž",
    "äöüß",
)
_BALTIC = ("ąčęėįšųūž", "āčēģīķļņōŗšūž", "äöõüšž")
_LANGUAGES: dict[str, tuple[str, ...]] = {
    "cp1252": _WESTERN,
    "cp1254": ("çğıöşüâîûİ",),
    "cp1250": _CENTRAL,
    "iso8859_2": _CENTRAL,
    "cp1257": _BALTIC,
    "mac_roman": _WESTERN,
    "cp850": _WESTERN,
    "cp437": _WESTERN,
    "cp852": _CENTRAL,
    "cp1258": ("àáâãèéêìíòóôõùúýăđĩũơư",),
}
_MARKS = frozenset("“”„‘’‚–—…•€£§°®©™«»¡¿ªº·½¼¾±×÷µ²³¹´\xa0\xad¢¥≤≥≠√∞†")
_OPENING = frozenset("“„‘‚«¿¡")
_WITHIN_WORDS = frozenset("’‘–—·\xad\xa0")
_AFTER_SOMETHING = frozenset("²³¹ªº´®™")
_BESIDE_DIGITS = frozenset("¥¢½¼¾")
_ICELANDIC = frozenset("ðþý")
_KANA = re.compile(r"[\u3041-\u30ff]")
_RUN = re.compile(r"([a-zA-Z]?)([^\W\d_a-zA-Z]+)([a-zA-Z]?)")

_MIN_SAMPLE_BYTES = 1000
_MIN_LETTERS = 4
_MIN_KANA_SHARE = 0.2
_MIN_SEPARATE_SHARE = 0.7
_MIN_RUN = 1.8
_MAX_ODD_SHARE = 0.05
_SAME_LETTER_RUN = 3
_MIX_COST = 0.05
_MAX_COST = 0.25


def guess(sample: bytes) -> str | None:
    """The codec of *sample*, lines with bytes above 127; None if no reading of it is likely."""
    from charset_normalizer import from_bytes  # noqa: PLC0415 - only text of old encodings needs it

    repeated = sample * (_MIN_SAMPLE_BYTES // len(sample) + 1)
    matches = [match.encoding for match in from_bytes(repeated, cp_isolation=list(NAMES))]
    if "euc_jp" in matches and _has_kana(sample):
        matches.insert(0, "euc_jp")
    scripts = (codec for codec in matches if codec in _SCRIPTS and _reads_as_words(sample, codec))
    return next(scripts, None) or _likely_latin(sample)


def _has_kana(sample: bytes) -> bool:
    """Whether it is Japanese in EUC-JP; the same bytes are other letters in Korean and Chinese encodings."""
    letters = [char for char in sample.decode("euc_jp", "replace") if not char.isascii() and char.isalpha()]
    return sum(1 for char in letters if _KANA.match(char)) > _MIN_KANA_SHARE * len(letters)


def _reads_as_words(sample: bytes, codec: str) -> bool:
    """Whether letters of another script stand together; in Latin text read wrongly they stand among ASCII."""
    text = f" {sample.decode(codec, 'replace')} "
    runs = _RUN.findall(text)
    letters = sum(len(run) for _, run, _ in runs)
    separate = sum(len(run) for before, run, after in runs if not before and not after)
    odd = sum(1 for at, char in enumerate(text) if not char.isascii() and _is_odd_letter(text, at))
    return (
        letters >= max(_MIN_LETTERS, _MIN_RUN * len(runs))
        and separate >= _MIN_SEPARATE_SHARE * letters
        and odd <= _MAX_ODD_SHARE * letters
        and "\ufffd" not in text
    )


def _is_odd_letter(text: str, at: int) -> bool:
    """Whether a capital follows a small letter, a letter stands three times, or a mark has no letter."""
    before, char, after = text[at - 1], text[at], text[at + 1]
    if unicodedata.category(char) == "Mn":
        return not before.isalpha() and unicodedata.category(before) != "Mn"
    return (char.isupper() and before.islower()) or (before == char == after and char.isalpha())


def _likely_latin(sample: bytes) -> str | None:
    costs = {codec: cost for codec in _LATIN if (cost := _cost(sample, codec)) is not None}
    best = min(costs, key=lambda codec: costs[codec], default=None)
    return best if best and costs[best] <= _MAX_COST else None


def _cost(sample: bytes, codec: str) -> float | None:
    """The share of characters above ASCII that are unlikely where they stand; None if bytes are undefined."""
    try:
        text = f" {sample.decode(codec)} "
    except UnicodeDecodeError:
        return None
    places = [at for at, char in enumerate(text) if not char.isascii()]
    letters = [text[at] for at in places if text[at].isalpha() and text[at] not in _MARKS]
    odd = sum(1 for at in places if _is_odd_letter(text, at) or _is_odd_mark(text, at))
    foreign: float = min(
        sum(1 for letter in letters if letter.lower() not in language) for language in _LANGUAGES[codec]
    )
    if codec == "cp1252":  # names of several languages in one text
        known = set("".join(_WESTERN)) - _ICELANDIC
        foreign = min(foreign, sum(1 if letter.lower() not in known else _MIX_COST for letter in letters))
    return (odd + foreign) / len(places)


def _is_odd_mark(text: str, at: int) -> bool:
    """Whether a character that is no letter stands where it does not belong, or a letter between such."""
    before, char, after = text[at - 1], text[at], text[at + 1]
    if "\u2500" <= char <= "\u259f":  # lines and boxes of DOS
        return before.isalpha() and after.isalpha()
    if char in _WITHIN_WORDS or unicodedata.category(char) == "Mn":
        return False
    if char in _MARKS:
        return (
            (char in _OPENING and before.isalpha())
            or (char in _AFTER_SOMETHING and not before.isalnum() and before not in ").")
            or (char in _BESIDE_DIGITS and not before.isdigit() and not after.isdigit())
            or (before.isalpha() and after.isalpha())
            or (before in _MARKS and after in _MARKS)
        )
    return not char.isalpha() or (not before.isascii() and not after.isascii())
