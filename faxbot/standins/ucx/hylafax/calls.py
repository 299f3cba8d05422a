"""Outgoing and incoming calls as scripts on the timeline."""

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
    One dial of one job, from modem setup to hanging up.

    Args:
        resources: The shared parts of the fax system.
        receptions: Where a call to an own line is received.
        job: The job that dials.
        on_end: Called with the failure; None when every page was sent or the call was aborted.

    """

    def __init__(
        self,
        resources: SystemResources,
        receptions: Receptions,
        job: SendJob,
        on_end: Callable[[SendJob, Failure | None], None],
    ) -> None:
        self._resources = resources
        self._receptions = receptions
        self._on_end = on_end
        self._reception: Reception | None = None
        self._dialed_at: float | None = None
        self._counted = False
        self.job = job
        self.ended = False
        self._script_run = resources.timeline.start(self._script())

    def uses(self, modem: Modem) -> bool:
        """Whether the call occupies *modem*, at either end."""
        called = self._reception.modem if self._reception is not None else None
        return modem in (self.job.modem, called)

    def abort(self) -> None:
        """Hang up because the job is canceled; no effect once every page is sent."""
        if not self.ended and self.job.sent_pages < self.job.total_pages:
            self._break_off(None)

    def cut(self) -> None:
        """Drop the call as the telephone network would."""
        if not self.ended and self.job.sent_pages < self.job.total_pages:
            connected = self.job.stage is SendStage.SENDING
            self._break_off(cut_after(self.job.sent_pages) if connected else NO_ANSWER)

    def stop(self) -> None:
        """Stop the call without an outcome, because the server went down."""
        self.ended = True
        self._script_run.stop()
        if self._reception is not None:
            self._reception.discard()

    def _script(self) -> Iterator[float]:
        job, timing = self.job, self._resources.timing
        job.state, job.status_text, job.stage = SendJobState.ACTIVE, "", SendStage.DIALING
        job.time = self._resources.stamp()
        job.modem.activity = INITIALIZING
        yield timing.initialize
        self._dialed_at = self._resources.timeline.now
        job.modem.activity = f"Sending job {job.number}"
        job.status_text = DIALING if timing.dialing_text else ""
        self._resources.log.add(
            "dial",
            job_id=job.jobid,
            destination=job.destination,
            line=job.modem.line.id,
            dial=job.total_dials + 1,
        )
        own = self._resources.own_line(job.destination)
        outcome = NumberBehavior("") if own is not None else lookup(job.destination)
        failure = outcome.dial(job.total_dials)
        yield timing.ring
        if own is not None and not own.free:
            failure = BUSY if own.in_service else NO_ANSWER
        if failure is not None and not failure.connects:
            yield self._seconds_until_failure(failure) - timing.ring
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
            self._resources,
            self._receptions,
            own,
            caller,
            source=self.job.document.file,
            first_page=self.job.sent_pages,
        )
        reception.answer_call()
        return reception

    def _connect(self, own: Modem | None) -> Iterator[float]:
        job, timing = self.job, self._resources.timing
        yield timing.answer
        if self._reception is not None:
            self._reception.begin()
        yield timing.handshake
        if self._reception is not None:
            self._reception.identify()
        job.station_id = own.line.cidname if own is not None else f"FAX {job.destination[-4:]}"
        job.stage, job.status_text = SendStage.SENDING, ""

    def _send_pages(self, cut: Failure | None, slowness: int) -> Iterator[float]:
        job, timing, reception = self.job, self._resources.timing, self._reception
        while job.sent_pages < job.total_pages:
            if reception is not None:
                reception.start_page()
            seconds = self._resources.page_seconds(slowness)
            if cut is not None and job.sent_pages == cut.after_pages:
                yield seconds / 2
                self._break_off(cut)
                return
            yield seconds
            if reception is not None:
                reception.finish_page()
            yield timing.confirm
            self._count(None)
            job.sent_pages += 1
            job.time = self._resources.stamp()
        yield timing.goodbye
        if reception is not None:
            reception.hang_up()
        yield timing.goodbye
        self._hang_up(None)

    def _seconds_until_failure(self, failure: Failure) -> float:
        timing = self._resources.timing
        return {Retry.UNANSWERED: timing.unanswered, Retry.PROTOCOL: timing.no_protocol}.get(
            failure.retry, timing.busy_tone
        )

    def _break_off(self, failure: Failure | None) -> None:
        self._script_run.stop()
        if self._reception is not None:
            self._reception.hang_up(CUT_OFF)
        self._hang_up(failure)

    def _hang_up(self, failure: Failure | None) -> None:
        job, resources = self.job, self._resources
        self.ended = True
        if self._dialed_at is not None:
            job.duration = round(resources.timeline.now - self._dialed_at)
            self._count(failure)
            resources.log.add(
                "hangup",
                job_id=job.jobid,
                outcome=failure.text if failure else "",
                sent_pages=job.sent_pages,
            )
        job.time = resources.stamp()
        resources.reset_modem(job.modem)
        self._on_end(job, failure)

    def _count(self, failure: Failure | None) -> None:
        """Count the dial and the try once per call: at its first confirmed page, or at its end."""
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
    """An incoming call: *pages* pages, cut in the page after *cut* pages when that is given."""

    def __init__(
        self, resources: SystemResources, reception: Reception, pages: int, cut: int | None = None
    ) -> None:
        self._resources = resources
        self._pages = pages
        self._cut = cut
        self.reception = reception
        self.ended = False
        self._script_run = resources.timeline.start(self._script())

    def cut(self) -> None:
        """Drop the call as the telephone network would."""
        if not self.ended:
            self.ended = True
            self._script_run.stop()
            self.reception.hang_up(CUT_OFF)

    def stop(self) -> None:
        """Stop the call because the server went down."""
        self.ended = True
        self._script_run.stop()
        self.reception.discard()

    def _script(self) -> Iterator[float]:
        timing, reception = self._resources.timing, self.reception
        reception.answer_call()
        yield timing.answer
        reception.begin()
        yield timing.handshake
        reception.identify()
        for page in range(self._pages):
            if page == self._cut:
                yield timing.confirm
                self.cut()
                return
            reception.start_page()
            yield self._resources.page_seconds()
            reception.finish_page()
            yield timing.confirm
        yield timing.goodbye
        self.ended = True
        reception.hang_up()


class WaitingCall:
    """An incoming fax that waits until its line is free."""

    def __init__(self, caller: Caller, modem: Modem, source: Path, pages: int, cut: int | None) -> None:
        self.caller = caller
        self.modem = modem
        self.source = source
        self.pages = pages
        self.cut = cut
