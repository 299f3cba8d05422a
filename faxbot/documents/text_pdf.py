"""Draws rows of text as PDF pages; only the glyphs that are used are embedded."""

import hashlib
import re
import zlib
from collections.abc import Sequence

import pikepdf
import uharfbuzz as hb  # type: ignore[import-untyped]
from pikepdf import Array, Dictionary, Name

from faxbot.documents.fonts import Font, Fonts
from faxbot.documents.paper import PAPER, Paper
from faxbot.documents.text_rows import CELL, POINTS, WIDE_POINTS, WIDTH, Run, Style

ROWS = 57
_LEADING = 12
_MARGIN = 54
_EM = 1000
_SYMBOLIC, _FIXED_PITCH = 4, 1
_BBOX_AT = 36  # in the table `head`
_UNUSED_TABLES = [
    int.from_bytes(tag, "big") for tag in (b"GSUB", b"GPOS", b"GDEF")
]  # the text is shaped already
_CMAP = """/CIDInit /ProcSet findresource begin 12 dict begin begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def /CMapType 2 def
1 begincodespacerange <0000> <FFFF> endcodespacerange
{}endcmap CMapName currentdict /CMap defineresource pop end end
"""
_CMAP_ENTRIES = 100


class Canvas:
    """A PDF with the text of *fonts* on pages of *paper*."""

    def __init__(self, fonts: Fonts, paper: Paper) -> None:
        self._paper = paper
        self._pdf = pikepdf.Pdf.new()
        self._resources = self._pdf.make_indirect(Dictionary(Font=Dictionary()))
        self._embedded: dict[Font, _EmbeddedFont] = {}
        self._widths: dict[tuple[str, Font, bool], float] = {}
        self._plain = self._font(fonts.monospaced)
        self._left = (min(paper[0], PAPER["fit"][0]) - WIDTH) / 2
        # Text on A4 is also whole on Letter; nothing else is as long as Legal.
        top = paper[1] if paper[1] > PAPER["a4"][1] else min(paper[1], PAPER["fit"][1])
        self._first = top - _MARGIN

    def width(self, text: str, font: Font, rtl: bool) -> float:  # noqa: FBT001 - as text_rows.Measure
        """The width of shaped text, in points."""
        key = (text, font, rtl)
        if key not in self._widths:
            self._widths[key] = self._font(font).width(text, rtl=rtl) * POINTS / _EM
        return self._widths[key]

    def draw(self, rows: Sequence[Sequence[Run]]) -> None:
        """Add a page with these rows, closer together if there are more than usual."""
        leading = min(_LEADING, ROWS * _LEADING / max(1, len(rows)))
        drawn = ["BT"]
        used: tuple[str, float] | None = None
        for number, row in enumerate(rows):
            for run in row:
                font = self._plain if run.style is Style.PLAIN else self._font(run.font)
                size = WIDE_POINTS if run.style is Style.WIDE else POINTS
                if used != (font.name, size):
                    drawn.append(f"/{font.name} {size} Tf")
                    used = (font.name, size)
                x = self._left + run.x
                drawn.append(_shown(run, font, x, self._first - number * leading))
        drawn.append("ET")
        page = self._pdf.add_blank_page(page_size=self._paper)
        page.obj.MediaBox = Array([0, 0, *self._paper])
        page.obj.Resources = self._resources
        content = self._pdf.make_stream(zlib.compress("\n".join(drawn).encode()))
        content.Filter = Name.FlateDecode
        page.obj.Contents = content

    def finish(self) -> pikepdf.Pdf:
        """The PDF with the fonts embedded."""
        for font in self._embedded.values():
            if font.has_glyphs:
                self._resources.Font[f"/{font.name}"] = font.embed(self._pdf)
        return self._pdf

    def _font(self, font: Font) -> "_EmbeddedFont":
        if font not in self._embedded:
            self._embedded[font] = _EmbeddedFont(font, f"F{len(self._embedded) + 1}")
        return self._embedded[font]


def _shown(run: Run, font: "_EmbeddedFont", x: float, y: float) -> str:
    if run.style is Style.SHAPED:
        return f"1 0 0 1 {x:.2f} {y:.2f} Tm {font.shaped(run.text, rtl=run.rtl)}"
    if run.style is Style.WIDE:
        gap = 2 * CELL - WIDE_POINTS
        return f"1 0 0 1 {x + gap / 2:.2f} {y:.2f} Tm {gap:.2f} Tc <{font.codes(run.text)}> Tj 0 Tc"
    return f"1 0 0 1 {x:.2f} {y:.2f} Tm <{font.codes(run.text)}> Tj"


class _EmbeddedFont:
    """A font of the PDF; the code of a glyph is its number in the font's file."""

    def __init__(self, font: Font, name: str) -> None:
        self.name = name
        self._face = hb.Face(hb.Blob.from_file_path(str(font.path)), font.index)
        self._font = hb.Font(self._face)
        self._scale = _EM / self._face.upem
        self._glyphs: dict[int, int] = {}
        self._text: dict[int, str] = {}

    @property
    def has_glyphs(self) -> bool:
        """Whether anything was drawn with it."""
        return bool(self._text)

    def codes(self, text: str) -> str:
        """The codes of *text*, a glyph for each character, in hexadecimal."""
        for char in set(map(ord, text)) - self._glyphs.keys():
            self._glyphs[char] = self._font.get_nominal_glyph(char) or 0
            self._text[self._glyphs[char]] = chr(char)
        return text.translate(self._glyphs).encode("utf-16-be", "surrogatepass").hex()

    def width(self, text: str, *, rtl: bool) -> float:
        """The width of shaped text at the size of 1000."""
        advances = (position.x_advance for position in self._shape(text, rtl=rtl).glyph_positions)
        return float(sum(advances) * self._scale)

    def shaped(self, text: str, *, rtl: bool) -> str:
        """The operators that show *text* with its ligatures, and its marks in their places."""
        shapes = self._shape(text, rtl=rtl)
        operators: list[str] = []
        line: list[str] = []
        rise, behind = 0, 0.0
        for info, at in zip(shapes.glyph_infos, shapes.glyph_positions, strict=True):
            self._text.setdefault(info.codepoint, text[info.cluster])
            if at.y_offset != rise:
                operators.append(f"[{' '.join(line)}] TJ {at.y_offset * POINTS / self._face.upem:.3f} Ts")
                line, rise = [], at.y_offset
            if move := round(behind - at.x_offset * self._scale):
                line.append(str(move))
                behind -= move
            line.append(f"<{info.codepoint:04x}>")
            behind += (self._font.get_glyph_h_advance(info.codepoint) - at.x_advance) * self._scale
        operators.append(f"[{' '.join(line)}] TJ")
        return " ".join([*operators, "0 Ts"] if rise else operators)

    def embed(self, pdf: pikepdf.Pdf) -> Dictionary:
        """The font's objects in *pdf*."""
        wanted = hb.SubsetInput()
        wanted.glyph_set.update(self._text)
        wanted.flags = hb.SubsetFlags.RETAIN_GIDS | hb.SubsetFlags.NO_LAYOUT_CLOSURE
        wanted.drop_table_tag_set.update(_UNUSED_TABLES)
        subset = hb.subset(self._face, wanted)
        name = Name(f"/{self._base_name()}")
        truetype = "glyf" in self._face.table_tags
        program = subset.blob.data if truetype else subset.reference_table("CFF ").data
        file = pdf.make_stream(program)
        if not truetype:
            file.Subtype = Name.CIDFontType0C
        box = memoryview(self._face.reference_table("head").data)[_BBOX_AT : _BBOX_AT + 8]
        bounds = [int.from_bytes(box[at : at + 2], "big", signed=True) for at in range(0, 8, 2)]
        extents = self._font.get_font_extents("ltr")
        descriptor = Dictionary(
            Type=Name.FontDescriptor,
            FontName=name,
            Flags=_SYMBOLIC,
            FontBBox=Array([round(bound * self._scale) for bound in bounds]),
            ItalicAngle=0,
            Ascent=round(extents.ascender * self._scale),
            Descent=round(extents.descender * self._scale),
            CapHeight=round(extents.ascender * self._scale),
            StemV=80,
        )
        descriptor["/FontFile2" if truetype else "/FontFile3"] = file
        descendant = Dictionary(
            Type=Name.Font,
            Subtype=Name.CIDFontType2 if truetype else Name.CIDFontType0,
            BaseFont=name,
            CIDSystemInfo=Dictionary(
                Registry=pikepdf.String("Adobe"), Ordering=pikepdf.String("Identity"), Supplement=0
            ),
            FontDescriptor=pdf.make_indirect(descriptor),
            W=self._widths(),
        )
        if truetype:
            descendant.CIDToGIDMap = Name.Identity
        return pdf.make_indirect(
            Dictionary(
                Type=Name.Font,
                Subtype=Name.Type0,
                BaseFont=name,
                Encoding=Name("/Identity-H"),
                DescendantFonts=Array([pdf.make_indirect(descendant)]),
                ToUnicode=pdf.make_stream(self._to_unicode().encode()),
            )
        )

    def _shape(self, text: str, *, rtl: bool) -> hb.Buffer:
        buffer = hb.Buffer()
        buffer.add_str(text)
        buffer.guess_segment_properties()
        buffer.language = "und"  # not that of the machine
        buffer.direction = "rtl" if rtl else "ltr"
        hb.shape(self._font, buffer)
        return buffer

    def _base_name(self) -> str:
        """The font's name, behind letters that differ for each set of glyphs."""
        digest = hashlib.sha256(repr(sorted(self._text)).encode()).digest()
        own = self._face.get_name(hb.OTNameIdPredefined.POSTSCRIPT_NAME) or "Font"
        return (
            "".join(chr(ord("A") + byte % 26) for byte in digest[:6])
            + "+"
            + re.sub(r"[^\w-]", "", own, flags=re.ASCII)
        )

    def _widths(self) -> Array:
        widths = Array()
        for glyph in sorted(self._text):
            widths.append(glyph)
            widths.append(Array([round(self._font.get_glyph_h_advance(glyph) * self._scale)]))
        return widths

    def _to_unicode(self) -> str:
        entries = [
            f"<{glyph:04x}> <{text.encode('utf-16-be').hex()}>\n"
            for glyph, text in sorted(self._text.items())
        ]
        blocks = [entries[at : at + _CMAP_ENTRIES] for at in range(0, len(entries), _CMAP_ENTRIES)]
        return _CMAP.format(
            "".join(f"{len(block)} beginbfchar\n{''.join(block)}endbfchar\n" for block in blocks)
        )
