"""The simulated fax system as a whole: lines, queue, receptions, records; moved along by `catch_up`."""

from collections.abc import Iterable
from pathlib import Path

from faxbot.standins.ucx import documents
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
    ) -> None:
        self.board = SystemResources(directory, lines, clock, log, timing=timing or Timing(), seed=seed)
        self.receptions = Receptions()
        self.queue = SendQueue(self.board, self.receptions)
        self.clock = clock
        self._arrivals: list[WaitingCall] = []
        self._incoming: list[IncomingCall] = []
        self.board.when_free.append(self._put_through)

    def catch_up(self) -> None:
        """Let everything happen that is due by now."""
        self.board.timeline.advance(self.clock.simulated())

    def submit(self, line_id: str, destination: str, document: AcceptedDocument) -> SendJob:
        """
        Queue *document* for *destination* on the line *line_id*.

        Raises:
            KeyError: There is no such line.
        """
        return self.queue.submit(self.board.modems[line_id], destination, document)

    def job(self, jobid: str) -> SendJob | None:
        """The job to send called *jobid*, ended or not."""
        number = jobid.removeprefix(JobType.TX)
        return self.queue.jobs.get(int(number)) if number.isascii() and number.isdigit() else None

    def reception(self, jobid: str) -> Reception | None:
        """The reception in progress called *jobid*."""
        return next((fax for fax in self.receptions.active.values() if fax.jobid == jobid), None)

    def delete(self, jobid: str) -> bool:
        """Delete the record of *jobid* and its file; False when nothing is recorded under it."""
        if not self.board.records.delete(jobid):
            return False
        job = self.job(jobid) if jobid.startswith(JobType.TX) else None
        if job is not None and job.ended:
            del self.queue.jobs[job.number]
        return True

    def receive(
        self, line_id: str, caller: Caller, source: Path, *, pages: int | None = None, cut: int | None = None
    ) -> None:
        """
        Let *caller* send the PDF *source* to a line, as soon as that line is free.

        Args:
            line_id: The line that rings.
            caller: Who sends.
            source: The document.
            pages: How many pages of it; None for all.
            cut: The line is cut after this many pages.

        Raises:
            KeyError: There is no such line.

        """
        count = documents.count_pdf_pages(source) if pages is None else pages
        self._arrivals.append(WaitingCall(caller, self.board.modems[line_id], source, count, cut))
        self._put_through()

    def cut_calls(self, line_id: str) -> int:
        """
        Let the telephone network drop the calls on a line; return how many there were.

        Raises:
            KeyError: There is no such line.

        """
        modem = self.board.modems[line_id]
        outgoing = [call for call in self.queue.calls if not call.ended and call.uses(modem)]
        incoming = [call for call in self._incoming if not call.ended and call.reception.modem is modem]
        calls: list[OutgoingCall | IncomingCall] = [*outgoing, *incoming]
        for call in calls:
            call.cut()
        return len(outgoing) + len(incoming)

    def set_in_order(self, line_id: str, *, in_order: bool) -> None:
        """Break or mend the modem of a line; a call that is on goes on."""
        self.board.modems[line_id].in_order = in_order
        self.board.wake()

    def restart(self, *, keep_jobs: bool = True, keep_records: bool = True, reuse_ids: bool = False) -> None:
        """
        Turn the fax system off and on again: every call is gone.

        Args:
            keep_jobs: The queue survives; else nobody remembers these jobs.
            keep_records: The record database survives.
            reuse_ids: Jobs are numbered from 1 again.

        """
        for call in self._incoming:
            call.stop()
        self._incoming.clear()
        self.board.timeline.clear()
        for modem in self.board.modems.values():
            self.board.reset_modem(modem)
        if keep_jobs:
            self.queue.restart()
        else:
            self.queue.forget()
        for reception in list(self.receptions.active.values()):
            reception.drop()
        if not keep_records:
            self.board.records.clear()
        if reuse_ids:
            self.queue.next_number = 1
            self.receptions.next_number = 1

    def reset(self) -> None:
        """Back to an empty server whose modems are all ready."""
        self._arrivals.clear()
        self.restart(keep_jobs=False, keep_records=False, reuse_ids=True)
        self.board.timeline.clear()
        self.board.records.order = Order.ASCENDING
        for modem in self.board.modems.values():
            modem.doing, modem.in_order = IDLE, True

    def _put_through(self) -> None:
        self._incoming = [call for call in self._incoming if not call.ended]
        for arrival in list(self._arrivals):
            if arrival.modem.free:
                self._arrivals.remove(arrival)
                reception = Reception(
                    self.board, self.receptions, arrival.modem, arrival.caller, source=arrival.source
                )
                self._incoming.append(IncomingCall(self.board, reception, arrival.pages, arrival.cut))
