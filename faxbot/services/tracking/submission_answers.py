"""What came of a submission: its answer, or that there was none."""

from datetime import datetime

from faxbot.fax.job import Job
from faxbot.services.model.ledger import Ledger
from faxbot.services.model.submissions import SubmissionState

_NO_JOB = (SubmissionState.ACCEPTED, SubmissionState.FOUND, SubmissionState.NOT_SENT)
"""After these no job is looked for, so that what was active before the intent does not matter any more."""


def end_submission(
    ledger: Ledger, fax_id: int, to: SubmissionState, at: datetime, *, job: Job | None = None, fault: str = ""
) -> None:
    """Write down what came of the newest submission of a fax, if it has one."""
    submission = ledger.submission_of(fax_id)
    if submission is None or submission.state is to or not ledger.change_state(submission, to):
        return
    submission.answered_at, submission.fault = at.timestamp(), fault
    if job is not None:
        submission.job_id, submission.device = job.job_id, job.modem
    if to in _NO_JOB:
        submission.known_jobs = []


def is_open(ledger: Ledger, fax_id: int) -> bool:
    """Whether FileSend is under way for a fax, as far as is written down."""
    submission = ledger.submission_of(fax_id)
    return submission is not None and submission.state is SubmissionState.SENDING
