"""The queue of faxes to send: who may dial when, what follows a call, and what is recorded in the end."""

from faxbot.standins.ucx.documents import AcceptedDocument
from faxbot.standins.ucx.hylafax.calls import OutgoingCall
from faxbot.standins.ucx.hylafax.job import (
    ABORTED,
    BLOCKED,
    CONVERSION_FAILED,
    SendJob,
    SendJobState,
    SendStage,
)
from faxbot.standins.ucx.hylafax.line import COMING_FREE, Modem, digits
from faxbot.standins.ucx.hylafax.numbers import Failure, Hold, Retry, lookup
from faxbot.standins.ucx.hylafax.reception import Receptions
from faxbot.standins.ucx.hylafax.records import JobType, StoredRecord
from faxbot.standins.ucx.hylafax.resources import SystemResources


class SendQueue:
    """Jobs in order of their numbers; one call per modem and one call per number at a time."""

    def __init__(self, board: SystemResources, receptions: Receptions) -> None:
        self._board = board
        self._receptions = receptions
        self.jobs: dict[int, SendJob] = {}
        """Every job since the last reset that has no deleted record, ended ones included."""
        self.calls: list[OutgoingCall] = []
        self.next_number = 1
        board.when_free.append(self.dispatch)

    def unfinished(self, modem: Modem | None = None) -> list[SendJob]:
        """The jobs that are not over, on one modem or on all."""
        return [job for job in self.jobs.values() if not job.ended and modem in (None, job.modem)]

    def submit(self, modem: Modem, destination: str, document: AcceptedDocument) -> SendJob:
        """Queue a fax."""
        while self.next_number in self.jobs and not self.jobs[self.next_number].ended:
            self.next_number += 1
        job = SendJob(self.next_number, modem, destination, document, self._board.stamp())
        self.next_number += 1
        self.jobs.pop(job.number, None)
        self.jobs[job.number] = job
        job.ignored = self._hold(job) is Hold.IGNORED
        self._soon(job)
        return job

    def cancel(self, job: SendJob) -> None:
        """Take *job* back; a call that is on takes its time to end."""
        if job.ended or job.cancelling:
            return
        job.cancelling = True
        timing = self._board.timing
        for call in self.calls:
            if call.job is job and not call.ended:
                dialling = job.step is SendStage.DIALLING
                wait = timing.cancel_dialling if dialling else timing.cancel_sending
                self._board.timeline.after(wait, call.abort)
                return
        if job.step is SendStage.CONVERTING:
            self._board.release(job.modem)
        self._end(job, SendJobState.FAILED, ABORTED)

    def wake_ignored(self) -> None:
        """Something woke the queue: jobs that it had overlooked are seen."""
        for job in self.unfinished():
            job.ignored = False
        self.dispatch()

    def dispatch(self) -> None:
        """Let every job go on that can."""
        for job in self.unfinished():
            if job.step is SendStage.QUEUED and not job.ignored:
                self._consider(job)

    def restart(self) -> None:
        """After the server came back: calls are gone, sleeping jobs sleep on, the others are ready again."""
        for call in self.calls:
            call.stop()
        self.calls.clear()
        for job in self.unfinished():
            if job.cancelling:
                self._end(job, SendJobState.FAILED, ABORTED)
            elif job.total_pages and job.sent_pages == job.total_pages:
                self._end(job, SendJobState.DONE, "")
            elif job.wakes_at is not None:
                self._sleep(job, max(0.0, job.wakes_at - self._board.timeline.now))
            else:
                job.state, job.holds_number = SendJobState.READY, False
                self._soon(job)

    def forget(self) -> None:
        """The queue was lost: nobody will ever hear of these jobs again."""
        for call in self.calls:
            call.stop()
        self.calls.clear()
        lost = self.unfinished()
        self.jobs.clear()
        for job in lost:
            job.step = SendStage.ENDED
            self._tell(job)

    def _hold(self, job: SendJob) -> Hold | None:
        own = self._board.own_line(job.destination)
        return None if own is not None else lookup(job.destination).hold

    def _soon(self, job: SendJob) -> None:
        job.step = SendStage.WAITING

        def queue() -> None:
            if job.step is SendStage.WAITING:
                job.step = SendStage.QUEUED
                self.dispatch()

        self._board.timeline.after(self._board.timing.pickup, queue)

    def _consider(self, job: SendJob) -> None:
        if self._hold(job) is Hold.BLOCKED or (not job.holds_number and self._number_taken(job)):
            if job.state is not SendJobState.BLOCKED:
                job.state, job.status_text, job.time = SendJobState.BLOCKED, BLOCKED, self._board.stamp()
        elif job.state is SendJobState.BLOCKED:
            job.state, job.status_text, job.time = SendJobState.READY, "", self._board.stamp()
            job.holds_number = True
            self._soon(job)
        elif job.modem.free:
            job.holds_number = True
            if job.total_pages:
                self._call(job)
            else:
                self._convert(job)

    def _number_taken(self, job: SendJob) -> bool:
        number = digits(job.destination)
        return any(
            other.holds_number and digits(other.destination) == number
            for other in self.unfinished()
            if other is not job
        )

    def _convert(self, job: SendJob) -> None:
        job.step = SendStage.CONVERTING
        job.time = self._board.stamp()
        job.modem.doing = COMING_FREE

        def converted() -> None:
            if job.step is not SendStage.CONVERTING:
                return
            if job.document.damaged:
                self._board.release(job.modem)
                self._end(job, SendJobState.FAILED, CONVERSION_FAILED)
                return
            job.total_pages = job.document.pages
            self._call(job)

        self._board.timeline.after(self._board.timing.conversion, converted)

    def _call(self, job: SendJob) -> None:
        self.calls = [call for call in self.calls if not call.ended]
        self.calls.append(OutgoingCall(self._board, self._receptions, job, self._called))

    def _called(self, job: SendJob, failure: Failure | None) -> None:
        def settle() -> None:
            if job.ended:
                return
            if failure is None and job.sent_pages == job.total_pages:
                self._end(job, SendJobState.DONE, "")
            elif failure is None or job.cancelling:
                self._end(job, SendJobState.FAILED, ABORTED)
            elif (last_words := self._last_words(job, failure)) is not None:
                self._end(job, SendJobState.FAILED, last_words)
            else:
                job.status_text = failure.text
                job.time = self._board.stamp()
                self._sleep(job, self._retry_in(failure))

        self._board.timeline.after(self._board.timing.requeue, settle)

    def _last_words(self, job: SendJob, failure: Failure) -> str | None:
        """What the job's status text says when it is given up after *failure*; None: it is tried again."""
        timing = self._board.timing
        if failure.retry is Retry.NO_CARRIER and job.dials > 1:
            return failure.text
        if job.total_dials >= timing.max_dials:
            return f"{failure.text}; too many attempts to dial"
        if job.tries >= timing.max_tries:
            return f"{failure.text}; too many attempts to send"
        return None

    def _retry_in(self, failure: Failure) -> float:
        timing = self._board.timing
        return {
            Retry.BUSY: timing.retry_busy,
            Retry.UNANSWERED: timing.retry_unanswered,
            Retry.NO_CARRIER: timing.retry_no_carrier,
            Retry.NO_DIALTONE: timing.retry_no_dialtone,
            Retry.PROTOCOL: timing.retry_protocol,
        }[failure.retry]

    def _sleep(self, job: SendJob, seconds: float) -> None:
        timeline, requeue = self._board.timeline, self._board.timing.requeue
        job.state, job.step = SendJobState.SLEEPING, SendStage.WAITING
        job.wakes_at = timeline.now + seconds

        def stir() -> None:
            if not job.ended:
                job.wakes_at = None
                timeline.after(requeue, get_up)

        def get_up() -> None:
            if not job.ended:
                job.state, job.time = SendJobState.READY, self._board.stamp()
                self._soon(job)

        timeline.after(seconds, stir)

    def _end(self, job: SendJob, state: SendJobState, text: str) -> None:
        job.state, job.status_text, job.step = state, text, SendStage.ENDED
        job.wakes_at, job.holds_number = None, False
        job.time = self._board.stamp()
        self._board.records.add(
            StoredRecord(
                jobid=job.jobid,
                kind=JobType.TX,
                time=job.time,
                phone_number=job.destination,
                cid_name=job.modem.line.cidname,
                station_id=job.station_id,
                state=state,
                sent_pages=job.sent_pages,
                total_pages=job.total_pages,
                attempts=job.total_dials,
                duration=job.duration,
                status_text=text,
                requestor=job.requestor,
                modem=job.modem.line.modem,
                destination=job.destination,
                file=job.document.file,
            ),
        )
        self._board.log.add(
            "ended", job_id=job.jobid, state=state, status_text=text, sent_pages=job.sent_pages
        )
        self._tell(job)
        self.dispatch()

    def _tell(self, job: SendJob) -> None:
        for tell in job.on_end:
            tell()
        job.on_end.clear()
