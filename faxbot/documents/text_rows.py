"""Breaks lines of text into rows of a page: in which font each part is, how wide it is and where."""

# ruff: noqa: RUF001 - marks as they are in texts

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from itertools import groupby

from faxbot.documents.fonts import Font, Fonts
from faxbot.documents.text_direction import DIRECTED, directed, visual_order

COLUMNS = 80
POINTS = 10
WIDE_POINTS = 11
CELL = 0.60205 * POINTS
"""The width of a character of the monospaced font, in points; a wide one, such as a Chinese one, has two."""

WIDTH = COLUMNS * CELL
_TAB = 8
_ROUNDING = 0.01

_SHAPED = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0590-\u109f\u1100-\u11ff\u1700-\u18af\u1900-\u1cff\u1dc0-\u1dff\u200c\u200d"
    "\u20d0-\u20ff\u302a-\u302f\u3099\u309a\ua66f-\ua67d\ua800-\uabff\ud7b0-\ud7ff\ufb1d-\ufdff\ufe20-\ufe2f"
    "\ufe70-\ufefc\U00010a00-\U00011fff]"
)
"""Characters whose shape or place depends on those beside them."""

_INVISIBLE = re.compile(
    "[\xad\u034f\u061c\u180b-\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\U0001f3fb-\U0001f3ff\U000e0000-\U000e0fff]"
)
_DEPENDENT = re.compile(f"{_SHAPED.pattern}|{DIRECTED.pattern}|{_INVISIBLE.pattern}")
_JOINERS = "\u200c\u200d"
_WORD_OR_SPACE = re.compile(r"\s+|\S+")
_SPACES = re.compile("[\xa0\u2000-\u200a\u202f\u205f]")
_WIDE_SPACE = "\u3000"
_NOT_FIRST = frozenset(
    "、。，．・：；？！）〕］｝〉》」』】〗ー々ゝゞヽヾ‼％℃,.:;?!)]}ぁぃぅぇぉっゃゅょァィゥェォッャュョ"
)
_NOT_LAST = frozenset("（〔［｛〈《「『【〖([{￥＄")


class Style(Enum):
    """How a run is drawn."""

    PLAIN = auto()
    """In the monospaced font, a cell for each character."""

    WIDE = auto()
    """Two cells for each character."""

    SHAPED = auto()
    """As wide as the font makes it, with ligatures and marks."""


_CELLS = {Style.PLAIN: 1, Style.WIDE: 2}


@dataclass(frozen=True, slots=True)
class Run:
    """Text in one font; *x* is where it begins, in points from the left edge of the rows."""

    text: str
    font: Font
    style: Style
    rtl: bool
    x: float


@dataclass(frozen=True, slots=True)
class _Atom:
    """What is not broken between two rows; *level* is odd if it is read from right to left."""

    text: str
    font: Font
    style: Style
    level: int
    width: float


Measure = Callable[[str, Font, bool], float]
"""The width of a shaped text in points; the flag is whether it is read from right to left."""


class NoGlyphError(Exception):
    """No font has the character *char*."""

    def __init__(self, char: str) -> None:
        super().__init__(char)
        self.char = char


class TextRows:
    """Breaks lines into rows of 80 columns, with *fonts*."""

    def __init__(self, fonts: Fonts, measure: Measure) -> None:
        self._fonts = fonts
        self._measure = measure
        self._setting = lru_cache(maxsize=None)(self._setting_of)
        mono = fonts.monospaced
        self._plain = frozenset(
            char for char in map(chr, mono.characters) if char.isprintable() and not _is_special(char)
        )

    def of(self, line: str) -> Iterator[Sequence[Run]]:
        """
        The rows of *line*, at least one, each with its runs from left to right.

        Raises:
            NoGlyphError: A character is in none of the fonts.
        """
        if self._plain.issuperset(line):
            yield from self._plain_rows(line)
            return
        line = unicodedata.normalize("NFC", _expanded(line)).replace(_WIDE_SPACE, "  ")
        line = _SPACES.sub(" ", line)
        if self._plain.issuperset(line):
            yield from self._plain_rows(line)
            return
        line = line.rstrip()
        if not _DEPENDENT.search(line) and (simple := self._simple_row(line)) is not None:
            yield simple
            return
        base, parts = directed(line)
        for row in _filled(list(self._atoms(parts))):
            yield self._placed(row, base)

    def _plain_rows(self, line: str) -> Iterator[Sequence[Run]]:
        mono = self._fonts.monospaced
        line = line.rstrip()
        while len(line) > COLUMNS:
            space = line.rfind(" ", 0, COLUMNS + 1)
            end = space if line[: max(space, 0)].strip() else COLUMNS
            yield (Run(line[:end].rstrip(), mono, Style.PLAIN, rtl=False, x=0.0),)
            line = line[end:].lstrip(" ")
        yield (Run(line, mono, Style.PLAIN, rtl=False, x=0.0),) if line else ()

    def _simple_row(self, line: str) -> Sequence[Run] | None:
        """The row of a line in which each character has its own shape; None if it is longer than a row."""
        row, x = [], 0.0
        for (font, style), chars in groupby(line, key=self._setting):
            text = "".join(chars)
            row.append(Run(text, font, style, rtl=False, x=x))
            x += (
                self._measure(text, font, False)
                if style is Style.SHAPED
                else _CELLS[style] * CELL * len(text)
            )
        return row if x <= WIDTH + _ROUNDING else None

    def _atoms(self, parts: Sequence[tuple[str, int]]) -> Iterator[_Atom]:
        previous: _Atom | None = None
        for text, level in parts:
            for piece in _WORD_OR_SPACE.findall(text):
                if piece.isspace():
                    atoms = [self._space(level, previous)] * len(piece)
                elif level % 2 or _SHAPED.search(piece):
                    atoms = list(self._shaped_word(piece, level))
                else:
                    atoms = [self._character(char, level) for char in _INVISIBLE.sub("", piece)]
                yield from atoms
                previous = atoms[-1] if atoms else previous

    def _space(self, level: int, previous: _Atom | None) -> _Atom:
        """A space in the font of what is before it, so that both are one run."""
        font = self._fonts.monospaced
        if previous and previous.style is Style.SHAPED and ord(" ") in previous.font.characters:
            font = previous.font
            return _Atom(" ", font, Style.SHAPED, level, self._measure(" ", font, level % 2 == 1))
        return _Atom(" ", font, Style.SHAPED if level % 2 else Style.PLAIN, level, CELL)

    def _character(self, char: str, level: int) -> _Atom:
        font, style = self._setting(char)
        width = self._measure(char, font, False) if style is Style.SHAPED else _CELLS[style] * CELL
        return _Atom(char, font, style, level, width)

    def _setting_of(self, char: str) -> tuple[Font, Style]:
        """The font and the style of a character that does not depend on its neighbors."""
        if char in self._plain:
            return self._fonts.monospaced, Style.PLAIN
        font = self._fonts.covering(char)
        if font is None:
            raise NoGlyphError(char)
        wide = unicodedata.east_asian_width(char) in "WF" and font.advance(char) == 1
        return font, Style.WIDE if wide else Style.SHAPED

    def _shaped_word(self, word: str, level: int) -> Iterator[_Atom]:
        """The word as one atom if one font has all of it and it is not longer than a row."""
        word = _INVISIBLE.sub("", word)
        visible = word.translate({ord(char): None for char in _JOINERS})
        font = self._fonts.covering(visible)
        rtl = level % 2 == 1
        if font and (width := self._measure(word, font, rtl)) <= WIDTH:
            yield _Atom(word, font, Style.SHAPED, level, width)
            return
        for cluster in _clusters(word):
            shown = cluster.strip(_JOINERS)
            each = self._fonts.covering(shown)
            if each is None:
                raise NoGlyphError(next((char for char in shown if not self._fonts.covering(char)), shown[0]))
            yield _Atom(cluster, each, Style.SHAPED, level, self._measure(cluster, each, rtl))

    def _placed(self, row: Sequence[_Atom], base: int) -> Sequence[Run]:
        """The runs of a row, from left to right; a paragraph read from right to left begins at the right."""
        runs: list[Run] = []
        widths: list[float] = []
        for atom in _merged(visual_order(row, [atom.level for atom in row])):
            rtl = atom.level % 2 == 1
            shaped = atom.style is Style.SHAPED
            widths.append(self._measure(atom.text, atom.font, rtl) if shaped else atom.width)
            runs.append(Run(atom.text, atom.font, atom.style, rtl, 0.0))
        x = max(0.0, WIDTH - sum(widths)) if base % 2 else 0.0
        placed = []
        for run, width in zip(runs, widths, strict=True):
            placed.append(Run(run.text, run.font, run.style, run.rtl, x))
            x += width
        return placed


def _is_special(char: str) -> bool:
    return bool(_SHAPED.match(char) or _INVISIBLE.match(char)) or (char.isspace() and char != " ")


def _expanded(line: str) -> str:
    """Replace tabs by spaces up to the next multiple of eight columns."""
    if "\t" not in line:
        return line
    if line.isascii():
        return line.expandtabs(_TAB)
    expanded, column = [], 0
    for char in line:
        if char == "\t":
            spaces = _TAB - column % _TAB
            expanded.append(" " * spaces)
            column += spaces
        else:
            expanded.append(char)
            column += _cells(char)
    return "".join(expanded)


def _cells(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _clusters(word: str) -> list[str]:
    """A letter with the marks on it, each."""
    clusters: list[str] = []
    for char in word:
        joined = clusters and (
            unicodedata.category(char) in ("Mn", "Mc", "Me")
            or char in _JOINERS
            or clusters[-1][-1] in _JOINERS
        )
        if joined:
            clusters[-1] += char
        else:
            clusters.append(char)
    return clusters


def _filled(atoms: list[_Atom]) -> Iterator[list[_Atom]]:
    """Fill rows with atoms; break after a space or beside a wide character if there is one."""
    if sum(atom.width for atom in atoms) <= WIDTH + _ROUNDING:
        yield _without_last_spaces(atoms)
        return
    row: list[_Atom] = []
    width, breakable = 0.0, 0
    for atom in atoms:
        if row and _may_break(row[-1], atom):
            breakable = len(row)
        if row and width + atom.width > WIDTH + _ROUNDING and not atom.text.isspace():
            at = breakable or len(row)
            yield _without_last_spaces(row[:at])
            row, breakable = row[at:], 0
            width = sum(each.width for each in row)
        row.append(atom)
        width += atom.width
    yield _without_last_spaces(row)


def _may_break(before: _Atom, after: _Atom) -> bool:
    if before.text.isspace():
        return not after.text.isspace()
    if Style.WIDE in (before.style, after.style):
        return before.text not in _NOT_LAST and after.text not in _NOT_FIRST
    return False


def _without_last_spaces(row: list[_Atom]) -> list[_Atom]:
    while row and row[-1].text.isspace():
        row = row[:-1]
    return row


def _merged(row: Sequence[_Atom]) -> list[_Atom]:
    """Join neighbors of one font and style; text that is read from right to left stays in reading order."""
    merged = []
    for (font, style, level), group in groupby(row, key=lambda atom: (atom.font, atom.style, atom.level)):
        atoms = list(group)
        texts = [atom.text for atom in atoms]
        text = "".join(reversed(texts) if level % 2 else texts)
        merged.append(_Atom(text, font, style, level, sum(atom.width for atom in atoms)))
    return merged
