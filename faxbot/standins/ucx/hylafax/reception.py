"""Receptions: the state of a line while it receives, and the record of a received fax."""

from dataclasses import dataclass
from pathlib import Path

from faxbot.standins.ucx import documents
from faxbot.standins.ucx.hylafax.line import ANSWERING, RECEIVING, Modem
from faxbot.standins.ucx.hylafax.records import JobType, StoredRecord
from faxbot.standins.ucx.hylafax.resources import SystemResources

CUT_OFF = "T.30 T2 timeout, expected signal not received"


@dataclass(frozen=True)
class Caller:
    """The calling side: caller ID from the telephone network, TSI from the sending machine."""

    number: str
    name: str
    station_id: str


class Receptions:
    """The receptions in progress, and their numbering."""

    def __init__(self) -> None:
        self.active: dict[int, Reception] = {}
        self.next_number = 1

    def admit(self, reception: "Reception") -> int:
        """Add a reception that has started; return its number."""
        number = self.next_number
        self.next_number += 1
        self.active[number] = reception
        return number


class Reception:
    """One fax that is received on one line."""

    def __init__(
        self,
        resources: SystemResources,
        receptions: Receptions,
        modem: Modem,
        caller: Caller,
        *,
        source: Path,
        first_page: int = 0,
    ) -> None:
        self._resources = resources
        self._receptions = receptions
        self._source = source
        self._first_page = first_page
        self._in_page = False
        self._began_at = 0.0
        self._ended = False
        self.modem = modem
        self.caller = caller
        self.number: int | None = None
        self.pages = 0
        self.status_text = ""
        self.time = 0.0

    @property
    def jobid(self) -> str:
        """The job id of the contract, also the id of the record."""
        return f"RX{self.number}"

    def answer_call(self) -> None:
        """Answer the call."""
        self.modem.activity = ANSWERING

    def begin(self) -> None:
        """Number the reception: fax tones were recognized."""
        self.number = self._receptions.admit(self)
        self._began_at = self._resources.timeline.now
        self.time = self._resources.stamp()
        self._show(RECEIVING)

    def identify(self) -> None:
        """Show the sender's TSI."""
        if self.caller.station_id:
            self._show(f'Receiving from "{self.caller.station_id}"')

    def start_page(self) -> None:
        """Start receiving a page."""
        self._in_page = True

    def finish_page(self) -> None:
        """Count a completely received page."""
        self._in_page = False
        self.pages += 1
        self.time = self._resources.stamp()

    def hang_up(self, text: str = "") -> None:
        """
        End the reception; *text* is the status text of a call that was cut.

        A partly received page counts: the file contains the part. Without any page there is no record.
        """
        if self._ended:
            return
        self._ended = True
        if self.number is None:
            self._resources.reset_modem(self.modem)
            return
        self._receptions.active.pop(self.number, None)
        if text:
            self.pages += self._in_page
            self.time = self._resources.stamp()
        if self.pages:
            self._record(text)
        self._resources.release(self.modem, after=self._resources.timing.after_reception)

    def discard(self) -> None:
        """Discard the reception because the server went down."""
        if self.number is not None:
            self._receptions.active.pop(self.number, None)

    def _show(self, text: str) -> None:
        self.status_text = text
        self.modem.activity = text

    def _record(self, text: str) -> None:
        resources = self._resources
        kept = resources.new_file(".pdf")
        documents.excerpt(self._source, self._first_page, self.pages, kept)
        resources.records.add(
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
                duration=round(resources.timeline.now - self._began_at),
                status_text=text,
                requestor="",
                modem=self.modem.line.modem,
                destination=self.modem.line.cidnumber,
                file=kept,
            ),
        )
        resources.log.add(
            "reception",
            job_id=self.jobid,
            line=self.modem.line.id,
            caller=self.caller.number,
            pages=self.pages,
            status_text=text,
            sha256=documents.digest(kept),
        )
