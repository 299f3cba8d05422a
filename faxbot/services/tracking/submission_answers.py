"""Records the result of a submission: its answer, or that the answer was lost."""

from datetime import datetime

from faxbot.fax.job import Job
from faxbot.services.model.ledger import Ledger
from faxbot.services.model.submissions import SubmissionState

_NO_LOOKUP = (SubmissionState.ACCEPTED, SubmissionState.FOUND, SubmissionState.NOT_SENT)
"""States after which no job is looked up, so that the jobs from before the intent are not needed."""


def end_submission(
    ledger: Ledger, fax_id: int, to: SubmissionState, at: datetime, *, job: Job | None = None, fault: str = ""
) -> None:
    """
    Move the newest submission of a fax, if there is one, to the state *to*.

    *job*: the job of the fax. *fault*: why there is no job or no answer.
    """
    submission = ledger.submission_of(fax_id)
    if submission is None or submission.state is to or not ledger.change_state(submission, to):
        return
    submission.answered_at, submission.fault = at.timestamp(), fault
    if job is not None:
        submission.job_id, submission.device = job.job_id, job.modem
    if to in _NO_LOOKUP:
        submission.known_jobs = []


def is_open(ledger: Ledger, fax_id: int) -> bool:
    """Whether the newest submission of a fax has no recorded result yet."""
    submission = ledger.submission_of(fax_id)
    return submission is not None and submission.state is SubmissionState.SENDING
