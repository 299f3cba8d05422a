"""The fax server's lines (virtual faxes), and the mapping of modems to lines."""

from collections.abc import Mapping
from dataclasses import asdict

from faxbot.fax.errors import ServerFault, UnknownLine
from faxbot.fax.line import FaxLine, ModemMap, find_line
from faxbot.services.model.ledger import Store
from faxbot.services.model.ports import Clock, FaxServer

FRESH_SECONDS = 60.0
"""Seconds for which a fetched list of lines is used."""


class LineDirectory:
    """
    The lines, fetched at most once per FRESH_SECONDS and stored for outages and restarts.

    *settled*: configured modem -> line id. *preferred*: the line of a fax that names none.

    Source: FaxList.
    """

    def __init__(
        self,
        server: FaxServer,
        store: Store,
        clock: Clock,
        *,
        settled: Mapping[str, str] | None = None,
        preferred: str = "",
    ) -> None:
        self._server, self._store, self._clock = server, store, clock
        self._settled, self._preferred = dict(settled or {}), preferred
        self._modems = ModemMap(configured=self._settled)
        self._lines: list[FaxLine] = []
        self._fetched_at = 0.0

    async def start(self) -> None:
        """Load the stored lines and modems."""
        learned, lines = await self._store.read(lambda ledger: (ledger.modems(), ledger.recall("lines")))
        self._modems = ModemMap(learned, self._settled)
        if isinstance(lines, list):
            self._lines = [FaxLine(**line) for line in lines]

    async def lines(self) -> list[FaxLine]:
        """
        All lines; during an outage the stored ones.

        Raises:
            ServerFault: The fax server does not answer and no lines are stored.
        """
        now = self._clock.now().timestamp()
        if now - self._fetched_at < FRESH_SECONDS and self._lines:
            return self._lines
        try:
            lines = await self._server.list_lines()
        except ServerFault:
            if not self._lines:
                raise
            return self._lines
        self._fetched_at = now
        if lines != self._lines:
            self._lines = lines
            facts = [asdict(line) for line in lines]
            await self._store.write(lambda ledger: ledger.remember("lines", facts))
        return self._lines

    async def choose(self, wanted: str) -> FaxLine:
        """
        The line that *wanted* names; the preferred or first one if it is empty.

        Raises:
            UnknownLine: There is no such line.
            ServerFault: The lines are not known.
        """
        lines = await self.lines()
        if wanted := wanted or self._preferred:
            return find_line(wanted, lines)
        if not lines:
            raise UnknownLine("The fax server has no line yet. Ask whoever runs it to add a virtual fax.")
        return lines[0]

    def of_modem(self, modem: str) -> FaxLine | None:
        """The line that *modem* serves; None if it is unknown."""
        return self._modems.line_of(modem, self._lines)

    def is_sure_of(self, modem: str) -> bool:
        """Whether the line of *modem* is known (configured or learned), not assumed."""
        return self._modems.is_known(modem)

    def name_of(self, line_id: str) -> str:
        """The label of a line; empty if it is unknown."""
        return next((line.label for line in self._lines if line.line_id == line_id), "")

    async def learn(self, modem: str, line_id: str) -> None:
        """Store which line *modem* serves, as FileSend's answer says (`device`)."""
        if self._modems.learn(modem, line_id):
            await self._store.write(lambda ledger: ledger.teach_modem(modem, line_id))
