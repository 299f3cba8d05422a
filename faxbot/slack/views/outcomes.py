"""Texts for the outcome of a fax."""

from datetime import datetime

from faxbot.fax.job import Job, JobState
from faxbot.fax.status import Cause, conversion_failed, diagnose, reasons
from faxbot.services.model.faxes import Fax, Outcome
from faxbot.slack.views.profile import BotProfile
from faxbot.slack.views.progress import pages_confirmed
from faxbot.slack.views.text import at, count, from_epoch, mention, quoted, sentence, server_words

_WHY = {
    Cause.BUSY: "the number was busy",
    Cause.NO_ANSWER: "nobody answered",
    Cause.NOT_A_FAX: "no fax machine answered",
    Cause.LINE_QUALITY: "the line was cut",
    Cause.DOCUMENT: "the document could not be faxed",
    Cause.CONVERSION: "the fax server could not convert the document",
    Cause.NOT_DIALED: "the number was not dialed",
    Cause.SERVER: "the fax server had a fault",
}
_COUNT_DIALS = frozenset({Cause.BUSY, Cause.NO_ANSWER, Cause.NOT_A_FAX})


def outcome_of(fax: Fax, job: Job | None) -> Outcome | None:
    """The outcome of *fax*, or None; an ended *job* decides before the outcome is stored."""
    if fax.outcome is not None or job is None or not job.state.ended:
        return fax.outcome
    if job.cancelled:
        return Outcome.CANCELLED
    return Outcome.DELIVERED if job.state is JobState.DONE else Outcome.FAILED


def outcome_text(fax: Fax, job: Job | None, outcome: Outcome, profile: BotProfile, now: datetime) -> str:
    """One or two sentences about the outcome, the important word first, the next step last."""
    when = _when(fax, job, now)
    match outcome:
        case Outcome.DELIVERED:
            words = f"*Delivered*{when}{_pages_and_dials(job)}.{_answered_by(fax)}"
        case Outcome.FAILED:
            words = f"*Not delivered* — {failure_text(job, fax.fault)}"
        case Outcome.CANCELLED:
            words = f"*{_stopped(fax)}*{when}.{_gone_through(job)}"
        case Outcome.WITHDRAWN:
            words = f"*{_stopped(fax)}*{when}. Nothing was dialed."
        case Outcome.REFUSED:
            words = f"*Refused by the fax server* — {_refused(fax.fault)}"
        case Outcome.UNSENDABLE:
            words = f"*Not sent* — {sentence(fax.fault or 'no fax could be made of the files.', profile)}"
        case Outcome.WENT:
            words = f"*It went*, says {mention(fax.decided_by)}. The fax server's own answer was lost."
        case Outcome.GIVEN_UP:
            words = f"*Closed by {mention(fax.decided_by)}*{when}. Whether it went is not known."
        case Outcome.LOST:
            words = f"*Outcome not known* — {_lost(job)}"
    return words


def failure_text(job: Job | None, fault: str = "") -> str:
    """Why the fax failed and what to do, as sentences after a dash."""
    text = (job.status_text if job else "") or fault
    diagnosis = diagnose(text)
    advice = (
        diagnosis.advice if diagnosis.cause in _WHY else "Send it again; tell an admin if it fails again."
    )
    pages = pages_confirmed(job, "had") if job else ""
    return f"{failure_reason(job, fault)}.{pages} {advice}{server_words(reasons(text))}"


def failure_reason(job: Job | None, fault: str = "") -> str:
    """Why the fax failed, in a few words: `the number was busy (12 dials)`."""
    cause = diagnose((job.status_text if job else "") or fault).cause
    dials = job.dials or 0 if job else 0
    counted = f" ({count(dials, 'dial')})" if cause in _COUNT_DIALS and dials > 1 else ""
    return _WHY.get(cause, "the fax server gave up") + counted


def _refused(fault: str) -> str:
    if conversion_failed(fault):
        words = "it cannot convert the document; nothing was dialed. Save it as a PDF and send that."
    else:
        words = "nothing was dialed. Check the number and the file, then send it again."
    return f"{words}{server_words(reasons(fault))}"


def _lost(job: Job | None) -> str:
    """A job that is gone without a record; before it has pages, a server may drop it for its document."""
    if job is None or job.total_pages or job.sent_pages or job.dials:
        return "the fax server forgot this fax. Ask the recipient whether it came."
    return (
        "the fax server dropped this fax before it had made pages of it; maybe it could not convert the"
        " document. Ask the recipient whether it came; if not, save it as a PDF and send that."
    )


def _when(fax: Fax, job: Job | None, now: datetime) -> str:
    moment = from_epoch(fax.ended_at) if fax.ended_at is not None else (job.time if job else None)
    return f" {at(moment, now)}" if moment else ""


def _pages_and_dials(job: Job | None) -> str:
    if job is None:
        return ""
    pages = job.sent_pages or job.total_pages
    parts = [count(pages, "page") + (f" in {job.duration} s" if job.duration else "")] if pages else []
    if job.dials:
        parts.append(count(job.dials, "dial"))
    return f" — {', '.join(parts)}" if parts else ""


def _answered_by(fax: Fax) -> str:
    return f" Answered by {quoted(fax.answered_by)}." if fax.answered_by.strip() else ""


def _stopped(fax: Fax) -> str:
    return f"Stopped by {mention(fax.cancel_by)}" if fax.cancel_by else "Stopped on the fax server"


def _gone_through(job: Job | None) -> str:
    return (pages_confirmed(job, "had") if job else "") or " Nothing was sent."
