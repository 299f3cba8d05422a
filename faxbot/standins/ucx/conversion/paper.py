"""The paper of the fax server: every page is as large as that, and nothing is fitted to it."""

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True)
class PaperSize:
    """Width and height in points, as Ghostscript knows them, and the length in whole millimeters."""

    width: float
    height: float
    length_mm: int


class UcxPaper(Enum):
    """The sizes that a simulated UCX can be set to."""

    LETTER = PaperSize(612.0, 792.0, 280)
    A4 = PaperSize(595.0, 842.0, 297)
    LEGAL = PaperSize(612.0, 1008.0, 364)

    @classmethod
    def named(cls, name: str) -> "UcxPaper":
        """
        The size *name*, ignoring case.

        Raises:
            KeyError: There is no such size.
        """
        return cls[name.upper()]
