"""The lines there are, and which modem serves which."""

from collections.abc import Mapping
from dataclasses import asdict

from faxbot.fax.errors import ServerFault, UnknownLine
from faxbot.fax.line import FaxLine, ModemMap, find_line
from faxbot.services.model.ledger import Store
from faxbot.services.model.ports import Clock, FaxServer

FRESH_SECONDS = 60.0
"""How long a list of lines is taken as true."""


class LineDirectory:
    """
    The virtual faxes, asked for now and then and remembered across outages.

    *settled* names the line of a modem by hand; *preferred* is the line of a fax that names none.
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
        """Recall what was known before."""
        taught, lines = await self._store.read(lambda ledger: (ledger.modems(), ledger.recall("lines")))
        self._modems = ModemMap(taught, self._settled)
        if isinstance(lines, list):
            self._lines = [FaxLine(**line) for line in lines]

    async def lines(self) -> list[FaxLine]:
        """
        The lines; while the fax server does not answer, the ones it had.

        Raises:
            ServerFault: It does not answer and never did.
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
        The line that a person means; the preferred or first one if they named none.

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
        """The line that *modem* serves, as far as is known now."""
        return self._modems.line_of(modem, self._lines)

    def is_sure_of(self, modem: str) -> bool:
        """Whether the line of *modem* is known, and not assumed."""
        return self._modems.is_known(modem)

    def name_of(self, line_id: str) -> str:
        """What people call a line; nothing if it is not known."""
        return next((line.label for line in self._lines if line.line_id == line_id), "")

    async def learn(self, modem: str, line_id: str) -> None:
        """FileSend's answer names the modem of a line."""
        if self._modems.learn(modem, line_id):
            await self._store.write(lambda ledger: ledger.teach_modem(modem, line_id))
