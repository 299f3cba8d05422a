"""Renders one job or record of an answer: in detail, or as a row of a list."""

from datetime import UTC, datetime

from slack_sdk.models.blocks import Block, ButtonElement

from faxbot.fax.job import Direction, Job, JobState
from faxbot.fax.number import pretty
from faxbot.fax.record import Record
from faxbot.fax.status import diagnose
from faxbot.services.model.faxes import Fax, Outcome
from faxbot.services.model.messages import FaxCard
from faxbot.services.queries.results import JobEntry
from faxbot.slack.action_ids import Subject, Target
from faxbot.slack.views import buttons
from faxbot.slack.views.blocks import actions, section
from faxbot.slack.views.card import destination, facts, state_text
from faxbot.slack.views.outcomes import outcome_of, outcome_text
from faxbot.slack.views.profile import BotProfile
from faxbot.slack.views.progress import underway
from faxbot.slack.views.text import count, escape, mention, moment, number, one_line, quoted, server_words

_SHORT = {
    Outcome.DELIVERED: "delivered",
    Outcome.CANCELLED: "stopped",
    Outcome.REFUSED: "refused by the fax server",
    Outcome.UNSENDABLE: "not sent",
    Outcome.WITHDRAWN: "stopped before it was dialed",
    Outcome.WENT: "went",
    Outcome.GIVEN_UP: "closed, outcome not known",
    Outcome.LOST: "outcome not known",
}


def entry_details(entry: JobEntry, profile: BotProfile, now: datetime) -> list[str]:
    """Two texts about one fax: headline with state, and details for the small print."""
    if entry.direction is Direction.RX:
        if entry.record is not None:
            return _received(entry, entry.record, profile, now)
        return [_receiving(entry, entry.job, profile), ""]
    fax, job = _as_sent(entry)
    outcome = outcome_of(fax, job)
    if outcome is not None:
        state = outcome_text(fax, job, outcome, profile, now)
    else:
        state = state_text(FaxCard(fax, job), now) if entry.fax else underway(job, entry.line_name, now)
    headline = f"*Fax to {number(destination(fax, job), profile)}* · {escape(entry.job_id)}"
    small = (
        facts(fax, job, entry.document)
        if entry.fax
        else (f"from {escape(entry.line_name)}" if entry.line_name else "")
    )
    return [f"{headline}\n{state}", small]


def row(entry: JobEntry, profile: BotProfile, now: datetime) -> str:
    """A fax as one line of a list."""
    parts = [f"*{escape(entry.job_id)}*"]
    if entry.record is not None:
        parts += _record_row(entry, entry.record, profile)
        parts.append(moment(entry.record.time, now))
    elif entry.direction is Direction.RX:
        return _receiving(entry, entry.job, profile)
    elif entry.job is not None:
        fax, job = _as_sent(entry)
        parts[0] += f" to {number(destination(fax, job), profile)}"
        parts.append(_plain(underway(job, "", now)))
        if fax.user_id:
            parts.append(mention(fax.user_id))
    if entry.line_name:
        parts.append(escape(entry.line_name))
    return " · ".join(parts)


def waiting_row(card: FaxCard, profile: BotProfile, now: datetime) -> str:
    """A fax that is not submitted yet, as one line of a list."""
    state = _plain(state_text(card, now).split("\n")[0])
    small = facts(card.fax, None, card.document)
    return f"*Fax to {number(destination(card.fax, None), profile)}* · {state} · {small}"


def row_blocks(text: str, actions_allowed: list[ButtonElement]) -> list[Block]:
    """A row as blocks: a single button beside it, several below."""
    if len(actions_allowed) == 1:
        return [section(text, actions_allowed[0])]
    return [section(text), *actions(*actions_allowed)]


def entry_buttons(entry: JobEntry, profile: BotProfile) -> list[ButtonElement]:
    """The buttons for what the viewer may do with *entry*."""
    target = target_of(entry)
    actions_allowed: list[ButtonElement] = []
    if not target.is_readable:
        return actions_allowed
    if entry.can_cancel:
        fax, job = _as_sent(entry)
        to = one_line(pretty(one_line(destination(fax, job), 80), profile.region), 80)
        actions_allowed.append(buttons.cancel(target, to))
    if entry.can_get:
        actions_allowed.append(buttons.download(target))
    if entry.can_delete:
        actions_allowed.append(buttons.delete(target))
    return actions_allowed


def target_of(entry: JobEntry) -> Target:
    """The target of the entry's buttons: the row in `faxes`, or else the job id and record time."""
    if entry.fax is not None and entry.fax.id is not None:
        return Target(Subject.FAX, str(entry.fax.id))
    when = int(entry.record.time.timestamp()) if entry.record else None
    return Target(Subject.JOB, entry.job_id, when)


def _as_sent(entry: JobEntry) -> tuple[Fax, Job]:
    """A sent *entry* as fax and job; what is missing is filled in from its record."""
    record = entry.record
    if record is None:
        fax = entry.fax or Fax(job_id=entry.job_id, line_name=entry.line_name)
        return fax, entry.job or Job(entry.job_id, JobState.UNKNOWN)
    job = Job(
        record.job_id,
        record.state,
        state_text=record.state_text,
        destination=record.number,
        sent_pages=record.sent_pages,
        total_pages=record.total_pages,
        duration=record.duration,
        status_text=record.status_text,
        time=record.time,
    )
    return entry.fax or Fax(
        job_id=entry.job_id,
        line_name=entry.line_name,
        answered_by=record.station_id,
        ended_at=record.time.astimezone(UTC).timestamp(),
    ), job


def _record_row(entry: JobEntry, record: Record, profile: BotProfile) -> list[str]:
    """The parts of a row about a finished fax: number, then outcome and pages."""
    pages = record.sent_pages or record.total_pages
    if entry.direction is Direction.RX:
        parts = [f"from {number(record.number, profile)}", count(pages, "page") if pages else "no page"]
        return [*parts, "incomplete"] if record.incomplete else parts
    fax, job = _as_sent(entry)
    outcome = outcome_of(fax, job) or Outcome.DELIVERED
    parts = [f"to {number(destination(fax, job), profile)}"]
    if outcome is Outcome.FAILED:
        plain = diagnose(job.status_text).plain
        return [*parts, "not delivered" + (f": {plain[:1].lower()}{plain[1:]}" if plain else "")]
    words = _SHORT[outcome]
    return [*parts, f"{words}, {count(pages, 'page')}" if pages and outcome is Outcome.DELIVERED else words]


def _received(entry: JobEntry, record: Record, profile: BotProfile, now: datetime) -> list[str]:
    """Headline and details of a received fax."""
    pages = record.sent_pages or record.total_pages
    kind = "Incomplete fax" if record.incomplete else "Fax"
    parts = [count(pages, "page") + (f" in {record.duration} s" if record.duration else "")] if pages else []
    if entry.line_name:
        parts.append(escape(entry.line_name))
    parts.append(moment(record.time, now))
    if record.station_id.strip():
        parts.append(f"From {quoted(record.station_id)} (what their machine says)")
    state = f"\nThe line was cut.{server_words(record.status_text)}" if record.incomplete else ""
    headline = f"*{kind} from {number(record.number, profile)}* · {escape(entry.job_id)}"
    return [f"{headline}{state}", " · ".join(parts)]


def _receiving(entry: JobEntry, job: Job | None, profile: BotProfile) -> str:
    """A fax that is being received; the job's `destination` is the called number (DID)."""
    where = escape(entry.line_name) if entry.line_name else ""
    if not where and job is not None and job.destination:
        where = number(job.destination, profile)
    pages = f" · {count(job.sent_pages, 'page')} so far" if job is not None and job.sent_pages else ""
    words = job.status_text if job is not None else ""
    _, _, sender = words.partition("Receiving from ")
    sender = sender.strip().strip('"')
    name = f" · from {quoted(sender)} (what their machine says)" if sender else ""
    at_line = f" on {where}" if where else ""
    return f"*Receiving a fax*{at_line} · {escape(entry.job_id)}{name}{pages}"


def _plain(state: str) -> str:
    """*state* without bold marks and final period, as a part of a row."""
    return state.replace("*", "").rstrip(".")
