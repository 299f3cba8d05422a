"""The queue of send jobs: which job may dial, retries after a call, and the records of ended jobs."""

from faxbot.standins.ucx.conversion.tiff_pages import unexpected_failure
from faxbot.standins.ucx.documents import AcceptedDocument
from faxbot.standins.ucx.hylafax.calls import OutgoingCall
from faxbot.standins.ucx.hylafax.job import ABORTED, BLOCKED, SendJob, SendJobState, SendStage
from faxbot.standins.ucx.hylafax.line import COMING_FREE, Modem, digits
from faxbot.standins.ucx.hylafax.numbers import Failure, Hold, Retry, lookup
from faxbot.standins.ucx.hylafax.reception import Receptions
from faxbot.standins.ucx.hylafax.records import JobType, StoredRecord
from faxbot.standins.ucx.hylafax.resources import SystemResources


class SendQueue:
    """Send jobs by number; at most one call per modem and per destination at a time."""

    def __init__(self, resources: SystemResources, receptions: Receptions) -> None:
        self._resources = resources
        self._receptions = receptions
        self.jobs: dict[int, SendJob] = {}
        """Every job since the last reset, including ended ones whose record was not deleted."""
        self.calls: list[OutgoingCall] = []
        self.next_number = 1
        resources.on_wake.append(self.dispatch)

    def unfinished(self, modem: Modem | None = None) -> list[SendJob]:
        """The jobs that have not ended, of one modem or of all."""
        return [job for job in self.jobs.values() if not job.ended and modem in (None, job.modem)]

    def submit(self, modem: Modem, destination: str, document: AcceptedDocument) -> SendJob:
        """Queue a new job."""
        while self.next_number in self.jobs and not self.jobs[self.next_number].ended:
            self.next_number += 1
        job = SendJob(self.next_number, modem, destination, document, self._resources.stamp())
        self.next_number += 1
        self.jobs.pop(job.number, None)
        self.jobs[job.number] = job
        job.ignored = self._hold_of(job) is Hold.IGNORED
        self._requeue(job)
        return job

    def cancel(self, job: SendJob) -> None:
        """Cancel *job*; a call in progress ends after Timing.cancel_dialing or cancel_sending."""
        if job.ended or job.canceling:
            return
        job.canceling = True
        timing = self._resources.timing
        for call in self.calls:
            if call.job is job and not call.ended:
                dialing = job.stage is SendStage.DIALING
                wait = timing.cancel_dialing if dialing else timing.cancel_sending
                self._resources.timeline.after(wait, call.abort)
                return
        if job.stage is SendStage.CONVERTING:
            self._resources.release(job.modem)
        self._end(job, SendJobState.FAILED, ABORTED)

    def wake_ignored(self) -> None:
        """Process the jobs that the queue has ignored."""
        for job in self.unfinished():
            job.ignored = False
        self.dispatch()

    def dispatch(self) -> None:
        """Start every queued job that may run."""
        for job in self.unfinished():
            if job.stage is SendStage.QUEUED and not job.ignored:
                self._try_start(job)

    def restart(self) -> None:
        """Restart after a power cycle: calls are lost, sleeping jobs keep their time, others become ready."""
        for call in self.calls:
            call.stop()
        self.calls.clear()
        for job in self.unfinished():
            if job.canceling:
                self._end(job, SendJobState.FAILED, ABORTED)
            elif job.total_pages and job.sent_pages == job.total_pages:
                self._end(job, SendJobState.DONE, "")
            elif job.wakes_at is not None:
                self._sleep(job, max(0.0, job.wakes_at - self._resources.timeline.now))
            else:
                job.state, job.holds_number = SendJobState.READY, False
                self._requeue(job)

    def drop_jobs(self) -> None:
        """Lose the queue: its jobs leave no record, and pending JobCancel calls are answered."""
        for call in self.calls:
            call.stop()
        self.calls.clear()
        dropped = self.unfinished()
        self.jobs.clear()
        for job in dropped:
            job.stage = SendStage.ENDED
            self._notify_end(job)

    def _hold_of(self, job: SendJob) -> Hold | None:
        own = self._resources.own_line(job.destination)
        return None if own is not None else lookup(job.destination).hold

    def _requeue(self, job: SendJob) -> None:
        job.stage = SendStage.WAITING

        def queue() -> None:
            if job.stage is SendStage.WAITING:
                job.stage = SendStage.QUEUED
                self.dispatch()

        self._resources.timeline.after(self._resources.timing.pickup, queue)

    def _try_start(self, job: SendJob) -> None:
        if self._hold_of(job) is Hold.BLOCKED or (not job.holds_number and self._number_taken(job)):
            if job.state is not SendJobState.BLOCKED:
                job.state, job.status_text, job.time = SendJobState.BLOCKED, BLOCKED, self._resources.stamp()
        elif job.state is SendJobState.BLOCKED:
            job.state, job.status_text, job.time = SendJobState.READY, "", self._resources.stamp()
            job.holds_number = True
            self._requeue(job)
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
        job.stage = SendStage.CONVERTING
        job.time = self._resources.stamp()
        job.modem.activity = COMING_FREE

        def converted() -> None:
            if job.stage is not SendStage.CONVERTING:
                return
            if failure := self._conversion_failure(job):
                self._resources.release(job.modem)
                self._end(job, SendJobState.FAILED, failure)
                return
            job.total_pages = job.document.pages
            self._call(job)

        self._resources.timeline.after(self._resources.timing.conversion, converted)

    def _conversion_failure(self, job: SendJob) -> str:
        if self._hold_of(job) is Hold.NOT_CONVERTED:
            return unexpected_failure(["Document is a multi-sample image (samples/pixel 2)."])
        return job.document.failure

    def _call(self, job: SendJob) -> None:
        self.calls = [call for call in self.calls if not call.ended]
        self.calls.append(OutgoingCall(self._resources, self._receptions, job, self._call_ended))

    def _call_ended(self, job: SendJob, failure: Failure | None) -> None:
        def settle() -> None:
            if job.ended:
                return
            if failure is None and job.sent_pages == job.total_pages:
                self._end(job, SendJobState.DONE, "")
            elif failure is None or job.canceling:
                self._end(job, SendJobState.FAILED, ABORTED)
            elif (final_text := self._text_if_given_up(job, failure)) is not None:
                self._end(job, SendJobState.FAILED, final_text)
            else:
                job.status_text = failure.text
                job.time = self._resources.stamp()
                self._sleep(job, self._retry_in(failure))

        self._resources.timeline.after(self._resources.timing.requeue, settle)

    def _text_if_given_up(self, job: SendJob, failure: Failure) -> str | None:
        """The final status text when the job is given up after *failure*; None when it is retried."""
        timing = self._resources.timing
        if failure.retry is Retry.NO_CARRIER and job.dials > 1:
            return failure.text
        if job.total_dials >= timing.max_dials:
            return f"{failure.text}; too many attempts to dial"
        if job.tries >= timing.max_tries:
            return f"{failure.text}; too many attempts to send"
        return None

    def _retry_in(self, failure: Failure) -> float:
        timing = self._resources.timing
        return {
            Retry.BUSY: timing.retry_busy,
            Retry.UNANSWERED: timing.retry_unanswered,
            Retry.NO_CARRIER: timing.retry_no_carrier,
            Retry.NO_DIALTONE: timing.retry_no_dialtone,
            Retry.PROTOCOL: timing.retry_protocol,
        }[failure.retry]

    def _sleep(self, job: SendJob, seconds: float) -> None:
        timeline, requeue = self._resources.timeline, self._resources.timing.requeue
        job.state, job.stage = SendJobState.SLEEPING, SendStage.WAITING
        job.wakes_at = timeline.now + seconds

        def wake_up() -> None:
            if not job.ended:
                job.wakes_at = None
                timeline.after(requeue, make_ready)

        def make_ready() -> None:
            if not job.ended:
                job.state, job.time = SendJobState.READY, self._resources.stamp()
                self._requeue(job)

        timeline.after(seconds, wake_up)

    def _end(self, job: SendJob, state: SendJobState, text: str) -> None:
        job.state, job.status_text, job.stage = state, text, SendStage.ENDED
        job.wakes_at, job.holds_number = None, False
        job.time = self._resources.stamp()
        self._add_record(job)
        self._resources.log.add(
            "ended", job_id=job.jobid, state=state, status_text=text, sent_pages=job.sent_pages
        )
        self._notify_end(job)
        self.dispatch()

    def _add_record(self, job: SendJob) -> None:
        records = self._resources.records
        if job.lost and not records.keeps_failed_conversions:
            return
        records.add(
            StoredRecord(
                jobid=job.jobid,
                kind=JobType.TX,
                time=job.time,
                phone_number=job.destination,
                cid_name=job.modem.line.cidname,
                station_id=job.station_id,
                state=job.state,
                sent_pages=job.sent_pages,
                total_pages=job.total_pages,
                attempts=job.total_dials,
                duration=job.duration,
                status_text=job.status_text,
                requestor=job.requestor,
                modem=job.modem.line.modem,
                destination=job.destination,
                file=job.document.file,
            ),
        )

    def _notify_end(self, job: SendJob) -> None:
        for callback in job.on_end:
            callback()
        job.on_end.clear()
