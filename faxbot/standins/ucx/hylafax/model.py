"""The simulated fax system: lines, queue, receptions and records, advanced by `catch_up`."""

from collections.abc import Iterable
from pathlib import Path

from faxbot.standins.ucx import documents
from faxbot.standins.ucx.conversion.paper import UcxPaper
from faxbot.standins.ucx.documents import AcceptedDocument
from faxbot.standins.ucx.hylafax.calls import IncomingCall, OutgoingCall, WaitingCall
from faxbot.standins.ucx.hylafax.clock import SimulatedClock
from faxbot.standins.ucx.hylafax.job import SendJob
from faxbot.standins.ucx.hylafax.line import IDLE, SimulatedLine
from faxbot.standins.ucx.hylafax.reception import Caller, Reception, Receptions
from faxbot.standins.ucx.hylafax.records import JobType, Order
from faxbot.standins.ucx.hylafax.resources import SystemResources
from faxbot.standins.ucx.hylafax.sendqueue import SendQueue
from faxbot.standins.ucx.hylafax.timing import Timing
from faxbot.standins.ucx.log import EventLog


class HylaFax:
    """
    A fax system with one modem per line.

    Deterministic: the same seed and the same inputs at the same simulated moments give the same run.
    """

    def __init__(
        self,
        directory: Path,
        lines: Iterable[SimulatedLine],
        clock: SimulatedClock,
        log: EventLog,
        *,
        timing: Timing | None = None,
        seed: int = 0,
        paper: UcxPaper = UcxPaper.LETTER,
    ) -> None:
        self.resources = SystemResources(
            directory, lines, clock, log, timing=timing or Timing(), seed=seed, paper=paper
        )
        self.receptions = Receptions()
        self.queue = SendQueue(self.resources, self.receptions)
        self.clock = clock
        self._waiting: list[WaitingCall] = []
        self._incoming: list[IncomingCall] = []
        self.resources.on_wake.append(self._connect_waiting)

    def catch_up(self) -> None:
        """Run every event that is due now."""
        self.resources.timeline.advance(self.clock.simulated())

    def submit(self, line_id: str, destination: str, document: AcceptedDocument) -> SendJob:
        """
        Queue *document* for *destination* on the line *line_id*.

        Raises:
            KeyError: There is no such line.
        """
        return self.queue.submit(self.resources.modems[line_id], destination, document)

    def job(self, jobid: str) -> SendJob | None:
        """The send job *jobid*, ended or not."""
        number = jobid.removeprefix(JobType.TX)
        return self.queue.jobs.get(int(number)) if number.isascii() and number.isdigit() else None

    def reception(self, jobid: str) -> Reception | None:
        """The reception in progress with the id *jobid*."""
        return next((fax for fax in self.receptions.active.values() if fax.jobid == jobid), None)

    def delete(self, jobid: str) -> bool:
        """Delete the record of *jobid* and its file; False when there is none."""
        if not self.resources.records.delete(jobid):
            return False
        job = self.job(jobid) if jobid.startswith(JobType.TX) else None
        if job is not None and job.ended:
            del self.queue.jobs[job.number]
        return True

    def receive(
        self, line_id: str, caller: Caller, source: Path, *, pages: int | None = None, cut: int | None = None
    ) -> None:
        """
        Receive the PDF *source* from *caller* on a line, as soon as the line is free.

        Args:
            line_id: The called line.
            caller: The calling side.
            source: The document.
            pages: The number of pages sent; None for all.
            cut: Drop the call after this many complete pages, during the next one; None: never.

        Raises:
            KeyError: There is no such line.

        """
        count = documents.count_pdf_pages(source) if pages is None else pages
        self._waiting.append(WaitingCall(caller, self.resources.modems[line_id], source, count, cut))
        self._connect_waiting()

    def cut_calls(self, line_id: str) -> int:
        """
        Drop the calls on a line as the telephone network would; return their number.

        Raises:
            KeyError: There is no such line.

        """
        modem = self.resources.modems[line_id]
        outgoing = [call for call in self.queue.calls if not call.ended and call.uses(modem)]
        incoming = [call for call in self._incoming if not call.ended and call.reception.modem is modem]
        calls: list[OutgoingCall | IncomingCall] = [*outgoing, *incoming]
        for call in calls:
            call.cut()
        return len(outgoing) + len(incoming)

    def set_in_service(self, line_id: str, *, in_service: bool) -> None:
        """Take the modem of a line out of service or back; a call in progress continues."""
        self.resources.modems[line_id].in_service = in_service
        self.resources.wake()

    def restart(self, *, keep_jobs: bool = True, keep_records: bool = True, reuse_ids: bool = False) -> None:
        """
        Power-cycle the fax system: every call is lost.

        Args:
            keep_jobs: Whether the queue is kept; otherwise its jobs are unknown afterwards.
            keep_records: Whether the record database is kept.
            reuse_ids: Whether jobs are numbered from 1 again.

        """
        for call in self._incoming:
            call.stop()
        self._incoming.clear()
        self.resources.timeline.clear()
        for modem in self.resources.modems.values():
            self.resources.reset_modem(modem)
        if keep_jobs:
            self.queue.restart()
        else:
            self.queue.drop_jobs()
        for reception in list(self.receptions.active.values()):
            reception.discard()
        if not keep_records:
            self.resources.records.clear()
        if reuse_ids:
            self.queue.next_number = 1
            self.receptions.next_number = 1

    def reset(self) -> None:
        """Restore the initial state: no jobs, no records, every modem ready."""
        self._waiting.clear()
        self.restart(keep_jobs=False, keep_records=False, reuse_ids=True)
        self.resources.timeline.clear()
        self.resources.records.order = Order.ASCENDING
        self.resources.records.keeps_failed_conversions = True
        for modem in self.resources.modems.values():
            modem.activity, modem.in_service = IDLE, True

    def _connect_waiting(self) -> None:
        """Connect the waiting callers whose line is free now."""
        self._incoming = [call for call in self._incoming if not call.ended]
        for waiting in list(self._waiting):
            if waiting.modem.free:
                self._waiting.remove(waiting)
                reception = Reception(
                    self.resources, self.receptions, waiting.modem, waiting.caller, source=waiting.source
                )
                self._incoming.append(IncomingCall(self.resources, reception, waiting.pages, waiting.cut))
