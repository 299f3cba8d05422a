"""The order in which text of both directions stands on a row: the Unicode bidirectional algorithm."""

import re
from collections.abc import Sequence
from typing import TypeVar

_T = TypeVar("_T")

DIRECTED = re.compile("[\u0590-\u08ff\u202b\u202e\u2067\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff]")
"""Letters that are read from right to left, and the marks that make others so."""


def directed(line: str) -> tuple[int, Sequence[tuple[str, int]]]:
    """The level of the paragraph, and its parts with their levels, in the order in which they are read."""
    if not DIRECTED.search(line):
        return 0, [(line, 0)]
    from fpdf.bidi import BidiParagraph  # noqa: PLC0415 - takes a second to import

    paragraph = BidiParagraph(line)
    parts: list[tuple[str, int]] = []
    for each in paragraph.get_characters_with_embedding_level():
        if parts and parts[-1][1] == each.embedding_level:
            parts[-1] = (parts[-1][0] + each.character, each.embedding_level)
        else:
            parts.append((each.character, each.embedding_level))
    return paragraph.base_embedding_level, parts


def visual_order(items: Sequence[_T], levels: Sequence[int]) -> list[_T]:
    """*items* from left to right: what is read from right to left is reversed (rule L2 of the algorithm)."""
    ordered = list(zip(items, levels, strict=True))
    for level in range(max(levels, default=0), 0, -1):
        start = 0
        while start < len(ordered):
            end = start
            while end < len(ordered) and ordered[end][1] >= level:
                end += 1
            ordered[start:end] = reversed(ordered[start:end])
            start = end + 1
    return [item for item, _ in ordered]
