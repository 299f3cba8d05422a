"""One document, and what is right for it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Sample:
    """
    A document of the file name *name*; *make* writes it.

    *pages* that are printed; 0: one or more, as many as it takes; None: it is refused. *refusal* is a regular
    expression for the sentence. *either*: it may be refused as well. *text*: words that the pages have to show, in
    this order, instead of what a viewer shows. *loose*: a photograph, whose shades may change. *together* with
    these samples it was shared in one message.
    """

    name: str
    make: Callable[[Path], object]
    pages: int | None = 1
    refusal: str = ""
    either: bool = False
    text: str = ""
    loose: bool = False
    together: tuple["Sample", ...] = ()


def refused(name: str, make: Callable[[Path], object], words: str, **more: object) -> Sample:
    """A document that cannot be faxed, with *words* in the sentence that says so."""
    return Sample(name, make, None, words, **more)  # type: ignore[arg-type]
