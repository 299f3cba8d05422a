"""Makes annotations and form fields part of the page, as a viewer shows them."""

from collections.abc import Iterator
from copy import copy

import pikepdf

from faxbot.documents.kinds import display_name
from faxbot.fax.errors import BadDocument

_HIDDEN, _NO_VIEW = 2, 32  # annotation flags
_DRAWN_BY_VIEWERS = frozenset(
    ("/Highlight", "/Underline", "/StrikeOut", "/Squiggly", "/Square", "/Circle", "/Ink", "/Text")
)
_LAST_DRAWN = 0x052F  # the end of Latin, Greek and Cyrillic, which PDFium draws without fonts of the system
_MAX_PARENTS = 32


def flatten_annotations(pdf: pikepdf.Pdf) -> bool:
    """
    Draw the annotations and form fields of *pdf* into its pages; return whether there were any.

    Fields without an appearance get one. What a viewer hides is dropped, and so are links.
    """
    acroform = pdf.Root.get("/AcroForm")
    annotated = [page for page in pdf.pages if isinstance(page.obj.get("/Annots"), pikepdf.Array)]
    _unshare(pdf, annotated)
    if isinstance(acroform, pikepdf.Dictionary) and annotated:
        pdf.generate_appearance_streams()
    if annotated:
        pdf.flatten_annotations("screen")
    for page in annotated:
        if "/Annots" in page.obj:
            del page.obj["/Annots"]
    if "/AcroForm" in pdf.Root:
        del pdf.Root["/AcroForm"]
    return bool(annotated) or acroform is not None


def _unshare(pdf: pikepdf.Pdf, pages: list[pikepdf.Page]) -> None:
    """Give each page annotations of its own: qpdf draws one that several pages share on the first only."""
    seen: set[tuple[int, int]] = set()
    for page in pages:
        own = []
        for annotation in _annotations(page):
            is_shared = annotation.objgen in seen and annotation.is_indirect
            own.append(pdf.make_indirect(copy(annotation)) if is_shared else annotation)
            seen.add(annotation.objgen)
        page.obj.Annots = pikepdf.Array(own)


def needs_picture(page: pikepdf.Page, pdf: pikepdf.Pdf, name: str) -> bool:
    """
    Whether *page* of the document *name* has marks that only a viewer can draw.

    These are comments and form fields without an appearance stream, if qpdf cannot write the field's value.

    Raises:
        BadDocument: A form field has writing that no viewer here can draw.
    """
    stale = _needs_appearances(pdf)
    for annotation in _annotations(page):
        kind = annotation.get("/Subtype")
        if int(annotation.get("/F", 0)) & (_HIDDEN | _NO_VIEW):
            continue
        drawn = isinstance(annotation.get("/AP"), pikepdf.Dictionary) and "/N" in annotation.AP
        if kind in _DRAWN_BY_VIEWERS and not drawn:
            return True
        if kind == "/Widget" and (stale or not drawn) and _is_beyond_qpdf(annotation, name):
            return True
    return False


def _annotations(page: pikepdf.Page) -> Iterator[pikepdf.Dictionary]:
    found = page.obj.get("/Annots")
    if isinstance(found, pikepdf.Array):
        for number in range(len(found)):
            annotation = found[number]
            if isinstance(annotation, pikepdf.Dictionary):
                yield annotation


def _needs_appearances(pdf: pikepdf.Pdf) -> bool:
    acroform = pdf.Root.get("/AcroForm")
    return isinstance(acroform, pikepdf.Dictionary) and bool(acroform.get("/NeedAppearances", False))


def _is_beyond_qpdf(widget: pikepdf.Dictionary, name: str) -> bool:
    """Whether qpdf would write the field's value wrongly: it writes single lines of Latin-1 text."""
    kind, value = _of_field(widget, "/FT"), _of_field(widget, "/V")
    if kind not in ("/Tx", "/Ch") or value is None:
        return False
    flags = _of_field(widget, "/Ff")
    multiline = kind == "/Tx" and isinstance(flags, int) and bool(flags & 1 << 12)
    if not isinstance(value, pikepdf.String):
        return True
    text = str(value)
    if strange := next((char for char in text if ord(char) > _LAST_DRAWN), ""):
        raise BadDocument(
            f'{display_name(name)} has "{strange}" in a form field, which only its viewer can show.'
            " Print it to a PDF and share that."
        )
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return True
    return (multiline or kind == "/Ch") and bool(text)


def _of_field(widget: pikepdf.Dictionary, key: str) -> object:
    node: object = widget
    for _ in range(_MAX_PARENTS):
        if not isinstance(node, pikepdf.Dictionary):
            return None
        if key in node:
            return node[key]
        node = node.get("/Parent")
    return None
