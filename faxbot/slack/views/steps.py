"""The steps of an outgoing fax: one line each, as replies in the thread of its card."""

from collections.abc import Callable
from datetime import datetime

from faxbot.fax.job import Job, JobState
from faxbot.fax.status import diagnose
from faxbot.services.model.faxes import Fax
from faxbot.services.model.messages import FaxSteps, Step, StepKind
from faxbot.slack.views.blocks import Rendered, rendered, section
from faxbot.slack.views.outcomes import failure_reason
from faxbot.slack.views.profile import BotProfile
from faxbot.slack.views.progress import dial_count, failure_cause, next_try, pages_confirmed
from faxbot.slack.views.text import SERVER_TEXT_CHARS, count, escape, mention, quoted, sentence, server_words


def render_steps(message: FaxSteps, profile: BotProfile, now: datetime) -> Rendered:
    """One reply; it holds several steps if rate limits delayed them."""
    lines = [line for step in message.steps if (line := step_line(message.fax, step, profile, now))]
    text = "\n".join(lines) or "No news."
    return rendered(text, [section(text)])


def step_line(fax: Fax, step: Step, profile: BotProfile, now: datetime) -> str:
    """*step* as one line."""
    job = step.job
    if job is not None and step.kind in _JOB_STEPS:
        return _JOB_STEPS[step.kind](fax, job, now)
    plain = _FIXED_STEPS.get(step.kind)
    if plain is not None:
        return plain
    return _other_step(fax, step, profile)


def _queued(fax: Fax, _job: Job, _now: datetime) -> str:
    return f"Queued on {escape(fax.line_name)}" if fax.line_name else "Queued"


def _dialing(_fax: Fax, job: Job, _now: datetime) -> str:
    counted = dial_count(job)
    return f"Dialing ({counted})" if counted and (job.dials or 0) > 0 else "Dialing"


def _sending(_fax: Fax, job: Job, _now: datetime) -> str:
    return f"Sending, {count(job.total_pages, 'page')}" if job.total_pages else "Sending"


def _page(_fax: Fax, job: Job, _now: datetime) -> str:
    of = f" of {job.total_pages}" if job.total_pages else ""
    return f"Page {job.sent_pages}{of} sent"


def _retrying(_fax: Fax, job: Job, now: datetime) -> str:
    return f"{failure_cause(job)}: {next_try(job, now)}"


def _other(_fax: Fax, job: Job, _now: datetime) -> str:
    if job.state is JobState.SUSPENDED:
        return f"On hold at the fax server.{server_words(job.status_text)}"
    name = f"The fax server calls it {quoted(job.state_text)}." if job.state_text.strip() else "Under way."
    return f"{name}{server_words(job.status_text)}"


def _delivered(_fax: Fax, job: Job, _now: datetime) -> str:
    pages = job.sent_pages or job.total_pages
    if not pages:
        return "Delivered"
    return f"Delivered, {count(pages, 'page')}" + (f" in {job.duration} s" if job.duration else "")


def _waiting(_fax: Fax, job: Job, _now: datetime) -> str:
    last = diagnose(job.status_text).plain if job.dials else ""
    return (
        f"Waiting to dial again. The last try: {last[:1].lower()}{last[1:]}"
        if last
        else "Waiting for its turn"
    )


_JOB_STEPS: dict[StepKind, Callable[[Fax, Job, datetime], str]] = {
    StepKind.QUEUED: _queued,
    StepKind.DIALLING: _dialing,
    StepKind.SENDING: _sending,
    StepKind.PAGE: _page,
    StepKind.RETRYING: _retrying,
    StepKind.WAITING: _waiting,
    StepKind.OTHER: _other,
    StepKind.DELIVERED: _delivered,
}

_FIXED_STEPS = {
    StepKind.QUEUED: "Queued",
    StepKind.DIALLING: "Dialing",
    StepKind.SENDING: "Sending",
    StepKind.PAGE: "A page was sent",
    StepKind.RETRYING: "The fax server will try again",
    StepKind.BLOCKED: "Waiting for another fax to the same number",
    StepKind.WAITING: "Waiting for its turn",
    StepKind.OTHER: "Under way",
    StepKind.DELIVERED: "Delivered",
    StepKind.KEPT: "The fax server doesn't answer. The fax is kept and goes out when it is back.",
    StepKind.LOCKED_OUT: (
        "The fax server doesn't let me in; its Fax API license may have expired. "
        "The fax is kept and goes out when an admin has put that right."
    ),
    StepKind.PUT_OFF: "The fax server is busy. The fax is kept and goes out later.",
    StepKind.UNKNOWN: "No answer from the fax server. Looking whether it took the fax.",
    StepKind.ASKED: "Not found on the fax server. Did it go? The buttons are on the card.",
    StepKind.LOST: "The fax server forgot this fax. Ask the recipient whether it came.",
}


_PERSON_STEPS = {
    StepKind.WITHDRAWN: "Stopped{by}. Nothing was dialed.",
    StepKind.CANCELLING: "Canceling…{asked}",
    StepKind.WENT: "It went, says {who}",
    StepKind.GIVEN_UP: "Given up{by}. Whether it went is not known.",
    StepKind.SENT_AGAIN: "Sent again{by} as another fax",
    StepKind.DELETED: "Record deleted{by}",
}


def _other_step(fax: Fax, step: Step, profile: BotProfile) -> str:
    """A step that names a person, or quotes the fax server."""
    who = mention(step.by)
    by, asked = (f" by {who}", f" {who} asked for it.") if step.by else ("", "")
    match step.kind:
        case StepKind.FAILED:
            words = f"Not delivered: {failure_reason(step.job, step.text or fax.fault)}"
        case StepKind.CANCELLED:
            gone = pages_confirmed(step.job, "had") if step.job else ""
            words = f"Stopped{by or ' on the fax server'}.{gone or ' Nothing was sent.'}"
        case StepKind.CANCEL_REFUSED:
            words = f"The fax server did not cancel it.{server_words(step.text)}"
        case StepKind.REFUSED:
            words = f"Refused by the fax server. Nothing was dialed.{server_words(step.text or fax.fault)}"
        case StepKind.ADOPTED:
            words = f"Found on the fax server{f' as {escape(fax.job_id)}' if fax.job_id else ''}"
        case StepKind.SLOW:
            line = f" The line: {escape(step.text, SERVER_TEXT_CHARS)}." if step.text.strip() else ""
            words = f"Not picked up yet by the fax server.{line}"
        case kind if kind in _PERSON_STEPS:
            words = _PERSON_STEPS[kind].format(who=who, by=by, asked=asked)
        case _:
            words = sentence(step.text, profile)
    return words
