"""The font that comes with faxbot, and those that the machine has, by the characters that are in them."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import uharfbuzz as hb  # type: ignore[import-untyped]

MONOSPACED = Path(__file__).with_name("fonts") / "DejaVuSansMono.ttf"
"""Latin, Greek, Cyrillic, Arabic and many symbols, all of one width."""

FOLDERS: tuple[Path, ...] = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path("~/.local/share/fonts").expanduser(),
    Path("~/.fonts").expanduser(),
    Path("/Library/Fonts"),
    Path("/System/Library/Fonts"),
)

_SUFFIXES = (".ttf", ".otf", ".ttc", ".otc")
_PREFERENCES: tuple[re.Pattern[str], ...] = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"^(?!.*(?:bold|italic|oblique|black|heavy|light|thin|medium|condensed|display))",
        r"^noto",
        r"sans",
        r"mono",
        r"^(?!.*(?:ui|extra|serif))",
    )
)
"""What makes a font the better choice, the most important first."""

_WITHOUT_GLYPHS = re.compile(r"last\s?resort|adobe-?blank|redacted|emoji.*color|color.*emoji", re.IGNORECASE)


@dataclass(frozen=True)
class Font:
    """One font of a file; *index* is its place in a collection (.ttc)."""

    path: Path
    index: int = 0

    @cached_property
    def characters(self) -> frozenset[int]:
        """The characters that have a glyph; empty if the file is damaged or has bitmaps only."""
        try:
            face = hb.Face(hb.Blob.from_file_path(str(self.path)), self.index)
            tables = set(face.table_tags)
            return frozenset(face.unicodes) if tables & {"glyf", "CFF "} else frozenset()
        except (hb.HarfBuzzError, OSError, ValueError, RuntimeError):
            return frozenset()

    def advance(self, char: str) -> float:
        """The width of a character, as a share of the font's size."""
        glyph = self._shapes.get_nominal_glyph(ord(char))
        return 0.0 if glyph is None else self._shapes.get_glyph_h_advance(glyph) / self._shapes.face.upem

    @cached_property
    def _shapes(self) -> "hb.Font":
        return hb.Font(hb.Face(hb.Blob.from_file_path(str(self.path)), self.index))


@dataclass
class Fonts:
    """The fonts that a text is set in: the monospaced one, then those of *folders* that it needs."""

    folders: Sequence[Path] = FOLDERS
    used: list[Font] = field(default_factory=lambda: [Font(MONOSPACED)])

    @property
    def monospaced(self) -> Font:
        """The font for all characters that it has."""
        return self.used[0]

    def covering(self, text: str) -> Font | None:
        """The font that has all characters of *text*; one that is in use already if possible."""
        wanted = {ord(char) for char in text}
        for font in self.used:
            if wanted <= font.characters:
                return font
        for font in self._others:
            if wanted <= font.characters:
                self.used.append(font)
                return font
        return None

    @cached_property
    def _others(self) -> list[Font]:
        found = sorted(_files(self.folders), key=lambda path: (_rank(path), path.name, path))
        return [Font(path) for path in found]


def _files(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in folders:
        for where, _, names in os.walk(folder):
            yield from (
                Path(where, name)
                for name in names
                if name.lower().endswith(_SUFFIXES) and not _WITHOUT_GLYPHS.search(name)
            )


def _rank(path: Path) -> tuple[bool, ...]:
    return tuple(pattern.search(path.stem) is None for pattern in _PREFERENCES)
