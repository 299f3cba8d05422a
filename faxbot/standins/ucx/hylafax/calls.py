"""Calls as scripts along the timeline: one that a job places, and one that comes from outside."""

from collections.abc import Callable, Iterator
from pathlib import Path

from faxbot.standins.ucx.hylafax.job import SendJob, SendJobState, SendStage
from faxbot.standins.ucx.hylafax.line import INITIALIZING, Modem
from faxbot.standins.ucx.hylafax.numbers import (
    BUSY,
    NO_ANSWER,
    Failure,
    NumberBehavior,
    Retry,
    cut_after,
    lookup,
)
from faxbot.standins.ucx.hylafax.reception import CUT_OFF, Caller, Reception, Receptions
from faxbot.standins.ucx.hylafax.resources import SystemResources

DIALING = "Dialing"


class OutgoingCall:
    """
    One dial of one job, from setting up the modem until it hangs up.

    Args:
        over: Told how it ended: the failure, or None when every page went through or the call was aborted.

    """

    def __init__(
        self,
        board: SystemResources,
        receptions: Receptions,
        job: SendJob,
        over: Callable[[SendJob, Failure | None], None],
    ) -> None:
        self._board = board
        self._receptions = receptions
        self._over = over
        self._reception: Reception | None = None
        self._dialled: float | None = None
        self._counted = False
        self.job = job
        self.ended = False
        self._play = board.timeline.play(self._script())

    def uses(self, modem: Modem) -> bool:
        """Whether the call is on *modem*, at either end."""
        called = self._reception.modem if self._reception is not None else None
        return modem in (self.job.modem, called)

    def abort(self) -> None:
        """Hang up because the job is being cancelled; a fax that is all through stays sent."""
        if not self.ended and self.job.sent_pages < self.job.total_pages:
            self._break_off(None)

    def cut(self) -> None:
        """The telephone network drops the call."""
        if not self.ended and self.job.sent_pages < self.job.total_pages:
            connected = self.job.step is SendStage.SENDING
            self._break_off(cut_after(self.job.sent_pages) if connected else NO_ANSWER)

    def stop(self) -> None:
        """The server went down: the call is gone, without an outcome."""
        self.ended = True
        self._play.stop()
        if self._reception is not None:
            self._reception.drop()

    def _script(self) -> Iterator[float]:
        job, timing = self.job, self._board.timing
        job.state, job.status_text, job.step = SendJobState.ACTIVE, "", SendStage.DIALLING
        job.time = self._board.stamp()
        job.modem.doing = INITIALIZING
        yield timing.initialise
        self._dialled = self._board.timeline.now
        job.modem.doing = f"Sending job {job.number}"
        job.status_text = DIALING if timing.dialing_text else ""
        self._board.log.add(
            "dial",
            job_id=job.jobid,
            destination=job.destination,
            line=job.modem.line.id,
            dial=job.total_dials + 1,
        )
        own = self._board.own_line(job.destination)
        outcome = NumberBehavior("") if own is not None else lookup(job.destination)
        failure = outcome.dial(job.total_dials)
        yield timing.ring
        if own is not None and not own.free:
            failure = BUSY if own.in_order else NO_ANSWER
        if failure is not None and not failure.connects:
            yield self._patience(failure) - timing.ring
            self._hang_up(failure)
            return
        if own is not None:
            self._reception = self._ring_at(own)
        yield from self._connect(own)
        yield from self._send_pages(failure, outcome.slowness)

    def _ring_at(self, own: Modem) -> Reception:
        line = self.job.modem.line
        caller = Caller(line.cidnumber, line.cidname, line.cidname)
        reception = Reception(
            self._board,
            self._receptions,
            own,
            caller,
            source=self.job.document.file,
            first_page=self.job.sent_pages,
        )
        reception.pick_up()
        return reception

    def _connect(self, own: Modem | None) -> Iterator[float]:
        job, timing = self.job, self._board.timing
        yield timing.answer
        if self._reception is not None:
            self._reception.open()
        yield timing.handshake
        if self._reception is not None:
            self._reception.identify()
        job.station_id = own.line.cidname if own is not None else f"FAX {job.destination[-4:]}"
        job.step, job.status_text = SendStage.SENDING, ""

    def _send_pages(self, cut: Failure | None, slowness: int) -> Iterator[float]:
        job, timing, reception = self.job, self._board.timing, self._reception
        while job.sent_pages < job.total_pages:
            if reception is not None:
                reception.page_begins()
            seconds = self._board.page_seconds(slowness)
            if cut is not None and job.sent_pages == cut.after_pages:
                yield seconds / 2
                self._break_off(cut)
                return
            yield seconds
            if reception is not None:
                reception.page_in()
            yield timing.confirm
            self._count(None)
            job.sent_pages += 1
            job.time = self._board.stamp()
        yield timing.goodbye
        if reception is not None:
            reception.hang_up()
        yield timing.goodbye
        self._hang_up(None)

    def _patience(self, failure: Failure) -> float:
        timing = self._board.timing
        return {Retry.UNANSWERED: timing.unanswered, Retry.PROTOCOL: timing.no_protocol}.get(
            failure.retry, timing.busy_tone
        )

    def _break_off(self, failure: Failure | None) -> None:
        self._play.stop()
        if self._reception is not None:
            self._reception.hang_up(CUT_OFF)
        self._hang_up(failure)

    def _hang_up(self, failure: Failure | None) -> None:
        job, board = self.job, self._board
        self.ended = True
        if self._dialled is not None:
            job.duration = round(board.timeline.now - self._dialled)
            self._count(failure)
            board.log.add(
                "hangup",
                job_id=job.jobid,
                outcome=failure.text if failure else "",
                sent_pages=job.sent_pages,
            )
        job.time = board.stamp()
        board.reset_modem(job.modem)
        self._over(job, failure)

    def _count(self, failure: Failure | None) -> None:
        """Dials and tries are counted once a call: when its first page is through, or when it ends."""
        if self._counted:
            return
        self._counted = True
        job = self.job
        job.total_dials += 1
        if failure is None or failure.retry is Retry.PROTOCOL:
            job.tries += 1
            job.dials = 0
        else:
            job.dials += 1


class IncomingCall:
    """A call from outside: *pages* pages of *source*, cut in the page after *cut* ones if that is given."""

    def __init__(
        self, board: SystemResources, reception: Reception, pages: int, cut: int | None = None
    ) -> None:
        self._board = board
        self._pages = pages
        self._cut = cut
        self.reception = reception
        self.ended = False
        self._play = board.timeline.play(self._script())

    def cut(self) -> None:
        """The telephone network drops the call."""
        if not self.ended:
            self.ended = True
            self._play.stop()
            self.reception.hang_up(CUT_OFF)

    def stop(self) -> None:
        """The server went down."""
        self.ended = True
        self._play.stop()
        self.reception.drop()

    def _script(self) -> Iterator[float]:
        timing, reception = self._board.timing, self.reception
        reception.pick_up()
        yield timing.answer
        reception.open()
        yield timing.handshake
        reception.identify()
        for page in range(self._pages):
            if page == self._cut:
                yield timing.confirm
                self.cut()
                return
            reception.page_begins()
            yield self._board.page_seconds()
            reception.page_in()
            yield timing.confirm
        yield timing.goodbye
        self.ended = True
        reception.hang_up()


class WaitingCall:
    """A fax that somebody outside is about to send to one of the lines."""

    def __init__(self, caller: Caller, modem: Modem, source: Path, pages: int, cut: int | None) -> None:
        self.caller = caller
        self.modem = modem
        self.source = source
        self.pages = pages
        self.cut = cut
