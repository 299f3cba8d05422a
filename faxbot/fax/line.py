"""Fax lines (virtual faxes of the UCX) and the modems that serve them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from faxbot.fax.errors import UnknownLine

ASSUMED_MODEM = "ttyIAX{}"
"""The usual name of a virtual fax's modem on a UCX, assumed until a reply to FileSend shows another."""

_SHORTEST_NUMBER = 7
"""In digits: shorter input is not compared with the lines' telephone numbers."""


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
        """The name to show."""
        return self.name or self.extension or self.line_id


@dataclass(frozen=True, slots=True)
class LineUsage:
    """A line's current state, as HylaFAX's text, and how many jobs wait for it. Source: FaxUsage."""

    line_id: str
    state_text: str
    job_count: int = 0


def find_line(wanted: str, lines: Sequence[FaxLine]) -> FaxLine:
    """
    Find the line whose name, id, extension, number or beginning of the name is *wanted*.

    Raises:
        UnknownLine: No line matches, or several do; the message lists the lines.
    """
    text = wanted.strip().lower()
    digits = "".join(c for c in text if c.isdigit())
    by_name = [line for line in lines if line.name.lower() == text]
    by_id = [line for line in lines if text in (line.line_id.lower(), line.extension.lower())]
    by_number = [line for line in lines if len(digits) >= _SHORTEST_NUMBER and line.number.endswith(digits)]
    by_start = [line for line in lines if text and line.name.lower().startswith(text)]
    for found in (by_name, by_id, by_number, by_start):
        if text and len(found) == 1:
            return found[0]
    names = ", ".join(line.label for line in lines) or "none"
    raise UnknownLine(f'There is no line "{wanted.strip()}". The lines are: {names}.')


class ModemMap:
    """
    The line of each modem: *configured* (FAXBOT_MODEMS), or *learned* from FileSend, or else assumed.

    FileSend's reply names the `device` of the `fax_id` used. Without either, a UCX's usual name is assumed.
    """

    def __init__(
        self, learned: Mapping[str, str] | None = None, configured: Mapping[str, str] | None = None
    ) -> None:
        self._learned = dict(learned or {})
        self._configured = dict(configured or {})

    def learn(self, modem: str, line_id: str) -> bool:
        """Remember that *modem* serves *line_id*; True if that was not known."""
        if not modem or self._learned.get(modem) == line_id:
            return False
        self._learned[modem] = line_id
        return True

    def is_known(self, modem: str) -> bool:
        """Whether the line of *modem* is configured or learned, not assumed."""
        return modem in self._configured or modem in self._learned

    def line_of(self, modem: str, lines: Iterable[FaxLine]) -> FaxLine | None:
        """The line of *lines* that *modem* serves; None if it is not known."""
        by_id = {line.line_id: line for line in lines}
        if line_id := self._configured.get(modem) or self._learned.get(modem):
            return by_id.get(line_id)
        has_another_modem = set(self._configured.values()) | set(self._learned.values())
        return next(
            (
                line
                for line in by_id.values()
                if modem == ASSUMED_MODEM.format(line.line_id) and line.line_id not in has_another_modem
            ),
            None,
        )
