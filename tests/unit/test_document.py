"""What a document says of its pages."""

from pathlib import Path

from faxbot.fax.document import Document, Note


def test_pages_with_the_same_remark_are_named_together():
    """A person reads ranges, not five hundred lines."""
    notes = (
        Note(0, "read as Shift JIS"),
        *(Note(page, "turned") for page in (1, 2, 3, 5)),
        Note(4, "shrunk to 71 %"),
    )
    document = Document(Path("a.pdf"), "a.pdf", "application/pdf", 9, 1, "", "", notes, (7, 8))
    assert document.remarks == (
        "read as Shift JIS",
        "pages 1-3, 5: turned",
        "page 4: shrunk to 71 %",
        "pages 7-8 look blank",
    )
