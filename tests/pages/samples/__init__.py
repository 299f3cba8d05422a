"""Small documents of every kind, made in code, each with what is right for it."""

from collections.abc import Mapping, Sequence

from tests.pages.samples import (
    other_kinds,
    pdf_content,
    pdf_files,
    pdf_geometry,
    pictures,
    postscripts,
    shared,
    texts,
    tiffs,
)
from tests.pages.samples.sample import Sample

SAMPLES: Mapping[str, Sequence[Sample]] = {
    "the documents in tests/samples": shared.SAMPLES,
    "PDF: sizes, rotations, boxes": pdf_geometry.SAMPLES,
    "PDF: layers, comments, fields, scans": pdf_content.SAMPLES,
    "PDF: encrypted, damaged, wrapped": pdf_files.SAMPLES,
    "TIFF": tiffs.SAMPLES,
    "pictures": pictures.SAMPLES,
    "text": texts.SAMPLES,
    "PostScript": postscripts.SAMPLES,
    "other kinds": other_kinds.SAMPLES,
}
