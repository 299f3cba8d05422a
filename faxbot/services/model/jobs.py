"""The fax jobs of outgoing faxes, as last seen on the fax server."""

from datetime import UTC, datetime

from sqlmodel import SQLModel

from faxbot.fax.job import Job, JobState


class SeenJob(SQLModel):
    """The job of one outgoing fax as last seen, in the terms of fax/job.py. Moments are epoch seconds."""

    fax_id: int
    job_id: str
    state: JobState
    state_text: str = ""
    destination: str = ""
    sent_pages: int = 0
    total_pages: int | None = None
    dials: int | None = None
    max_dials: int | None = None
    attempts: int | None = None
    max_attempts: int | None = None
    next_try: float | None = None
    duration: int | None = None
    """Seconds on the line."""
    status_text: str = ""
    modem: str = ""
    time: float | None = None

    @property
    def job(self) -> Job:
        """The job as the fax server reported it."""
        return Job(
            job_id=self.job_id,
            state=self.state,
            state_text=self.state_text,
            destination=self.destination,
            sent_pages=self.sent_pages,
            total_pages=self.total_pages,
            dials=self.dials,
            max_dials=self.max_dials,
            attempts=self.attempts,
            max_attempts=self.max_attempts,
            next_try=_aware(self.next_try),
            duration=self.duration,
            status_text=self.status_text,
            modem=self.modem,
            time=_aware(self.time),
        )


def seen_job(fax_id: int, job: Job) -> SeenJob:
    """The row of *job*, which is that of the fax *fax_id*."""
    return SeenJob(
        fax_id=fax_id,
        job_id=job.job_id,
        state=job.state,
        state_text=job.state_text,
        destination=job.destination,
        sent_pages=job.sent_pages,
        total_pages=job.total_pages,
        dials=job.dials,
        max_dials=job.max_dials,
        attempts=job.attempts,
        max_attempts=job.max_attempts,
        next_try=job.next_try.timestamp() if job.next_try else None,
        duration=job.duration,
        status_text=job.status_text,
        modem=job.modem,
        time=job.time.timestamp() if job.time else None,
    )


def _aware(moment: float | None) -> datetime | None:
    return None if moment is None else datetime.fromtimestamp(moment, UTC)
