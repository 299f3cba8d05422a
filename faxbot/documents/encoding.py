"""Finds out in which encoding a text is, and decodes it."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from faxbot.documents import charset

_CHUNK_BYTES = 1 << 18
_HEAD_BYTES = 4096
_SAMPLE_BYTES = 1 << 14
_MAX_PIECE_BYTES = 2000
_MAX_REST_BYTES = 4096
_CHARS_PER_BLOCK = 8
_MIN_VALID_SHARE = 2

_CTRL_Z = b"\x1a"
_PADDING = b"\0\x1a"
_NOT_IN_TEXT = re.compile(rb"[\0-\x06\x10-\x1a\x1c-\x1f\x7f]")
_NOT_IN_WIDE_TEXT = re.compile(r"[\0-\x06\x10-\x1a\x1c-\x1f\x7f\ufffe\uffff]")
_ISO_2022_JP = re.compile(rb"\x1b(?:\$[@B]|\$\(D|\([IJ])")
_HIGH = re.compile(rb"[\x80-\xff]")
_PIECE = re.compile(rb"[^\r\n\f]*[\x80-\xff][^\r\n\f]*")
_CUT = re.compile(rb".*[ \t,.;:!?()\"'/<>-]", re.DOTALL)
_UTF_8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")

_WIDE_BOMS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_UNMARKED = {"utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "utf-32-le": "UTF-32", "utf-32-be": "UTF-32"}
_AS_WESTERN = "faxbot.as_western"


def _as_western(error: UnicodeError) -> tuple[str, int]:
    """Decode one byte that is not UTF-8 as Windows-1252."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    byte = error.object[error.start : error.start + 1]
    return byte.decode("cp1252", "replace"), error.start + 1


codecs.register_error(_AS_WESTERN, _as_western)


@dataclass(frozen=True, slots=True)
class Encoding:
    """
    How a text file is decoded.

    *codec* and *errors* are Python's. *label* is the encoding's usual name if it was detected, and empty if
    the file leaves no doubt. *size* is the number of bytes without padding; *cut* is whether something else
    follows the mark with which DOS ends a text.
    """

    codec: str
    size: int
    label: str = ""
    errors: str = "strict"
    cut: bool = False


def detect(path: Path) -> Encoding | None:
    """The encoding of the text at *path*; None if it is no text, or its encoding is not certain enough."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    size = path.stat().st_size
    if codec := next((codec for bom, codec in _WIDE_BOMS if head.startswith(bom)), None):
        return _checked(path, Encoding(codec, size))
    if b"\0" in head.rstrip(_PADDING):
        return next(filter(None, (_unmarked(path, head, codec, size) for codec in _UNMARKED)), None)
    return _detect_narrow(path, size)


def decode(path: Path, encoding: Encoding) -> Iterator[str]:
    """
    The text at *path* in pieces.

    Raises:
        UnicodeDecodeError: The file is not in *encoding*.
    """
    decoder = codecs.getincrementaldecoder(encoding.codec)(encoding.errors)
    for chunk in _chunks(path, encoding.size):
        yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)


def _unmarked(path: Path, head: bytes, codec: str, size: int) -> Encoding | None:
    """UTF-16 or UTF-32 without a byte order mark: if each character of the beginning is one of a text."""
    width = 4 if "32" in codec else 2
    if size % width:
        return None
    try:
        start = codecs.getincrementaldecoder(codec)().decode(head).rstrip("\0\x1a")
    except UnicodeDecodeError:
        return None
    blocks = {ord(char) >> 8 for char in start}
    if (
        0 not in blocks
        or len(blocks) > max(2, len(start) // _CHARS_PER_BLOCK)
        or not all(_is_of_text(char) for char in start)
    ):
        return None
    return _checked(path, Encoding(codec, size, _UNMARKED[codec]))


def _is_of_text(char: str) -> bool:
    return char.isprintable() or char.isspace()


def _checked(path: Path, encoding: Encoding) -> Encoding | None:
    """*encoding* if all of the file can be decoded, and is text."""
    try:
        for piece in decode(path, encoding):
            if _NOT_IN_WIDE_TEXT.search(piece.rstrip("\0\x1a")):
                return None
    except UnicodeDecodeError:
        return None
    return encoding


def _detect_narrow(path: Path, size: int) -> Encoding | None:
    """An encoding in which ASCII is ASCII."""
    end, cut = _end_of_text(path, size)
    decoder: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()
    japanese, left = False, end
    for chunk in _chunks(path, end):
        left -= len(chunk)
        if _NOT_IN_TEXT.search(chunk):
            return None
        japanese = japanese or _ISO_2022_JP.search(chunk) is not None
        try:
            if decoder:
                decoder.decode(chunk, final=not left)
        except UnicodeDecodeError:
            decoder = None
    if not end:
        return None
    if decoder and japanese:
        return Encoding("iso2022_jp", end, "ISO-2022-JP", "replace", cut=cut)
    if decoder:
        return Encoding("utf-8-sig", end, cut=cut)
    sample = _sample(path, end)
    valid = len(_UTF_8.findall(sample))
    if valid >= _MIN_VALID_SHARE * max(1, len(_HIGH.findall(_UTF_8.sub(b"", sample)))):
        return Encoding("utf-8-sig", end, "UTF-8 with single letters in Windows-1252", _AS_WESTERN, cut=cut)
    codec = charset.guess(sample)
    return _decodable(path, Encoding(codec, end, charset.NAMES[codec], cut=cut)) if codec else None


def _decodable(path: Path, encoding: Encoding) -> Encoding | None:
    try:
        for _ in decode(path, encoding):
            pass
    except UnicodeDecodeError:
        return None
    return encoding


def _sample(path: Path, end: int) -> bytes:
    """Lines in which there are bytes above 127, wherever in the file they are."""
    sample = bytearray()
    with path.open("rb") as file:
        while file.tell() < end and len(sample) < _SAMPLE_BYTES:
            chunk = file.read(_CHUNK_BYTES) + file.readline(_CHUNK_BYTES)
            for piece in () if chunk.isascii() else _PIECE.finditer(chunk):
                shortened = (
                    _CUT.match(piece[0][:_MAX_PIECE_BYTES]) if len(piece[0]) > _MAX_PIECE_BYTES else None
                )
                sample += (shortened[0] if shortened and not shortened[0].isascii() else piece[0]) + b"\n"
                if len(sample) >= _SAMPLE_BYTES:
                    break
    return bytes(sample)


def _end_of_text(path: Path, size: int) -> tuple[int, bool]:
    """Where the text ends before Ctrl-Z and padding, and whether something else follows."""
    at = 0
    for chunk in _chunks(path, size):
        found = chunk.find(_CTRL_Z)
        if found >= 0:
            at += found
            break
        at += len(chunk)
    with path.open("rb") as file:
        if at < size and size - at <= _MAX_REST_BYTES:
            file.seek(at)
            return at, bool(file.read().strip(_PADDING + b"\r\n "))
        end = size
        while end:
            start = max(0, end - _CHUNK_BYTES)
            file.seek(start)
            if rest := file.read(end - start).rstrip(_PADDING):
                return start + len(rest), False
            end = start
    return 0, False


def _chunks(path: Path, size: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        while size > 0 and (chunk := file.read(min(_CHUNK_BYTES, size))):
            size -= len(chunk)
            yield chunk
