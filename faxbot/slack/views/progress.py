"""Texts for a job that has not ended."""

from datetime import datetime

from faxbot.fax.job import Job, JobState
from faxbot.fax.status import Cause, diagnose
from faxbot.slack.views.text import at, count, escape, quoted, server_words

_BAR = 6
"""Characters of the progress bar."""


def bar(done: int, total: int) -> str:
    """`▰▰▰▱▱▱`: the share of confirmed pages."""
    filled = max(0, min(_BAR, _BAR * done // total))
    return "▰" * filled + "▱" * (_BAR - filled)


def dial_count(job: Job) -> str:
    """`dial 3 of 12`: the current or last dial; empty before the first, or if dials are not counted."""
    if job.dials is None:
        return ""
    placed = job.dials
    if job.state is JobState.ACTIVE:
        # HylaFAX increments the count when a dial ends or its first page is confirmed.
        placed = max(placed, 1) if job.sent_pages else placed + 1
    if placed <= 0:
        return ""
    most = job.max_dials or 0
    return f"dial {min(placed, most)} of {most}" if most else f"dial {placed}"


def pages_confirmed(job: Job, verb: str = "have") -> str:
    """` 1 of 2 pages have gone through.`; empty without a confirmed page."""
    if job.sent_pages <= 0:
        return ""
    verb = {"have": "has"}.get(verb, verb) if job.sent_pages == 1 else verb
    if job.total_pages and job.total_pages >= job.sent_pages:
        return f" {job.sent_pages} of {count(job.total_pages, 'page')} {verb} gone through."
    return f" {count(job.sent_pages, 'page')} {verb} gone through."


def failure_cause(job: Job) -> str:
    """Why the last dial failed, in a few words with a capital."""
    diagnosis = diagnose(job.status_text)
    if diagnosis.cause in (Cause.NONE, Cause.UNKNOWN, Cause.UNDERWAY):
        return "Not through yet"
    return diagnosis.plain


def next_try(job: Job, now: datetime) -> str:
    """`the fax server will try again at 4:01 PM (dial 3 of 12)`."""
    when = at(job.next_try, now) if job.next_try else "shortly"
    counted = dial_count(job)
    return f"the fax server will try again {when}" + (f" ({counted})" if counted else "")


def underway(job: Job, line_name: str, now: datetime) -> str:
    """The state of a job that has not ended: one or two sentences, the important word first."""
    match job.state:
        case JobState.ACTIVE:
            return _on_the_line(job)
        case JobState.SLEEPING:
            words = f"*{failure_cause(job)}* — {next_try(job, now)}."
            return f"{words}{pages_confirmed(job)}{server_words(job.status_text)}"
        case JobState.BLOCKED:
            return "*Waiting* for another fax to the same number. It goes out when that one is done."
        case JobState.READY | JobState.PENDING:
            return _queued(job, line_name)
        case JobState.SUSPENDED:
            return f"*On hold* at the fax server.{server_words(job.status_text)}"
        case _:
            named = f" The fax server calls it {quoted(job.state_text)}." if job.state_text.strip() else ""
            return f"*Under way.*{named}{server_words(job.status_text)}"


def _queued(job: Job, line_name: str) -> str:
    where = f" on {escape(line_name)}" if line_name else ""
    if job.dials:
        last = diagnose(job.status_text)
        before = f" The last try: {last.plain[:1].lower()}{last.plain[1:]}." if last.plain else ""
        return f"*Dialing again soon*{where}.{before}{pages_confirmed(job)}"
    return f"*Queued*{where}."


def _on_the_line(job: Job) -> str:
    pages = job.total_pages
    if not pages or (not job.sent_pages and job.status_text.lower().startswith("dial")):
        return f"*Dialing*{'.' + pages_confirmed(job) if job.sent_pages else ''}"
    if job.sent_pages < pages:
        return f"*Sending page {job.sent_pages + 1} of {pages}*   {bar(job.sent_pages, pages)}"
    return f"*Finishing* — {pages} of {count(pages, 'page')} sent   {bar(1, 1)}"
