"""A virtual fax: the line that sends and receives."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from faxbot.fax.errors import UnknownLine

ASSUMED_MODEM = "ttyIAX{}"
"""How a UCX names the modem of a virtual fax, until its own answers teach otherwise."""

_A_NUMBER = 7
"""From this many digits on, what a person typed can be the line's telephone number."""


@dataclass(frozen=True, slots=True)
class FaxLine:
    """One virtual fax. Source: FaxList, ucx-fax-api."""

    line_id: str
    name: str
    extension: str = ""
    number: str = ""
    caller_name: str = ""

    @property
    def label(self) -> str:
        """What people call it."""
        return self.name or self.extension or self.line_id


@dataclass(frozen=True, slots=True)
class LineUsage:
    """What a line is doing now, in HylaFAX's words, and how many jobs wait on it. Source: FaxUsage."""

    line_id: str
    state_text: str
    job_count: int = 0


def find_line(wanted: str, lines: Sequence[FaxLine]) -> FaxLine:
    """
    The line that a person means by *wanted*: its name, id, extension or number.

    Raises:
        UnknownLine: None fits, or several do; the message lists the lines there are.
    """
    text = wanted.strip().lower()
    digits = "".join(c for c in text if c.isdigit())
    by_name = [line for line in lines if line.name.lower() == text]
    by_id = [line for line in lines if text in (line.line_id.lower(), line.extension.lower())]
    by_number = [line for line in lines if len(digits) >= _A_NUMBER and line.number.endswith(digits)]
    by_start = [line for line in lines if text and line.name.lower().startswith(text)]
    for found in (by_name, by_id, by_number, by_start):
        if text and len(found) == 1:
            return found[0]
    names = ", ".join(line.label for line in lines) or "none"
    raise UnknownLine(f'There is no line "{wanted.strip()}". The lines are: {names}.')


class ModemMap:
    """
    Which line a modem belongs to.

    FileSend teaches it (the `device` for the `fax_id` used); a setting overrides; until then a UCX's
    usual names are assumed.
    """

    def __init__(
        self, taught: Mapping[str, str] | None = None, settled: Mapping[str, str] | None = None
    ) -> None:
        self._taught = dict(taught or {})
        self._settled = dict(settled or {})

    def teach(self, modem: str, line_id: str) -> bool:
        """Remember that *modem* serves *line_id*; True if that is news."""
        if not modem or self._taught.get(modem) == line_id:
            return False
        self._taught[modem] = line_id
        return True

    def knows(self, modem: str) -> bool:
        """Whether it was told, and is not assumed, which line *modem* serves."""
        return modem in self._settled or modem in self._taught

    def line_of(self, modem: str, lines: Iterable[FaxLine]) -> FaxLine | None:
        """The line that *modem* serves, or None if nothing tells."""
        known = {line.line_id: line for line in lines}
        if line_id := self._settled.get(modem) or self._taught.get(modem):
            return known.get(line_id)
        taught_elsewhere = set(self._settled.values()) | set(self._taught.values())
        return next(
            (
                line
                for line in known.values()
                if modem == ASSUMED_MODEM.format(line.line_id) and line.line_id not in taught_elsewhere
            ),
            None,
        )
