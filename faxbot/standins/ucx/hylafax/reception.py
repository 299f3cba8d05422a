"""Faxes coming in: what a line shows while it receives, and the record that is left."""

from dataclasses import dataclass
from pathlib import Path

from faxbot.standins.ucx import documents
from faxbot.standins.ucx.hylafax.line import ANSWERING, RECEIVING, Modem
from faxbot.standins.ucx.hylafax.records import JobType, StoredRecord
from faxbot.standins.ucx.hylafax.resources import SystemResources

CUT_OFF = "T.30 T2 timeout, expected signal not received"


@dataclass(frozen=True)
class Caller:
    """Who calls, as the telephone network and the sending machine tell it."""

    number: str
    name: str
    station_id: str


class Receptions:
    """The receptions in progress, and their numbering."""

    def __init__(self) -> None:
        self.active: dict[int, Reception] = {}
        self.next_number = 1

    def admit(self, reception: "Reception") -> int:
        """Number a reception that has begun."""
        number = self.next_number
        self.next_number += 1
        self.active[number] = reception
        return number


class Reception:
    """One fax being received on one line."""

    def __init__(
        self,
        board: SystemResources,
        desk: Receptions,
        modem: Modem,
        caller: Caller,
        *,
        source: Path,
        first_page: int = 0,
    ) -> None:
        self._board = board
        self._desk = desk
        self._source = source
        self._first_page = first_page
        self._in_page = False
        self._begun = 0.0
        self._over = False
        self.modem = modem
        self.caller = caller
        self.number: int | None = None
        self.pages = 0
        self.status_text = ""
        self.time = 0.0

    @property
    def jobid(self) -> str:
        """The id that the contract uses, the record's later."""
        return f"RX{self.number}"

    def pick_up(self) -> None:
        """The modem answers the phone."""
        self.modem.doing = ANSWERING

    def open(self) -> None:
        """Fax tones were recognised: the reception has a number now."""
        self.number = self._desk.admit(self)
        self._begun = self._board.timeline.now
        self.time = self._board.stamp()
        self._show(RECEIVING)

    def identify(self) -> None:
        """The sender has said who it is (TSI)."""
        if self.caller.station_id:
            self._show(f'Receiving from "{self.caller.station_id}"')

    def page_begins(self) -> None:
        """The first lines of a page are in."""
        self._in_page = True

    def page_in(self) -> None:
        """A whole page is in."""
        self._in_page = False
        self.pages += 1
        self.time = self._board.stamp()

    def hang_up(self, text: str = "") -> None:
        """
        The call has ended; with a *text*, it was cut.

        A page that was still coming in counts: what there was of it is in the file. Without a single page
        there is nothing to record.
        """
        if self._over:
            return
        self._over = True
        if self.number is None:
            self._board.reset_modem(self.modem)
            return
        self._desk.active.pop(self.number, None)
        if text:
            self.pages += self._in_page
            self.time = self._board.stamp()
        if self.pages:
            self._record(text)
        self._board.release(self.modem, after=self._board.timing.after_reception)

    def drop(self) -> None:
        """The server went down: nothing is kept."""
        if self.number is not None:
            self._desk.active.pop(self.number, None)

    def _show(self, text: str) -> None:
        self.status_text = text
        self.modem.doing = text

    def _record(self, text: str) -> None:
        board = self._board
        kept = board.new_file(".pdf")
        documents.excerpt(self._source, self._first_page, self.pages, kept)
        board.records.add(
            StoredRecord(
                jobid=self.jobid,
                kind=JobType.RX,
                time=self.time,
                phone_number=self.caller.number,
                cid_name=self.caller.name,
                station_id=self.caller.station_id,
                state="Done",
                sent_pages=self.pages,
                total_pages=self.pages,
                attempts=0,
                duration=round(board.timeline.now - self._begun),
                status_text=text,
                requestor="",
                modem=self.modem.line.modem,
                destination=self.modem.line.cidnumber,
                file=kept,
            ),
        )
        board.log.add(
            "reception",
            job_id=self.jobid,
            line=self.modem.line.id,
            caller=self.caller.number,
            pages=self.pages,
            status_text=text,
            sha256=documents.digest(kept),
        )
