"""The card of an outgoing fax; it is updated with every change."""

from datetime import datetime

from slack_sdk.models.blocks import ButtonElement

from faxbot.fax.job import Job, JobState
from faxbot.fax.number import pretty
from faxbot.services.model.documents import KeptDocument
from faxbot.services.model.faxes import Fax, FaxState, Outcome
from faxbot.services.model.messages import FaxCard, Outage
from faxbot.slack.action_ids import Subject, Target
from faxbot.slack.views import buttons
from faxbot.slack.views.blocks import Rendered, actions, context, rendered, section
from faxbot.slack.views.outcomes import outcome_of, outcome_text
from faxbot.slack.views.profile import BotProfile
from faxbot.slack.views.progress import dial_count, underway
from faxbot.slack.views.text import (
    at,
    at_second,
    count,
    escape,
    from_epoch,
    mention,
    moment,
    number,
    one_line,
)

_CANCELLABLE = (FaxState.FETCHING, FaxState.READY, FaxState.ACCEPTED)
_SHOWN_CANDIDATES = 5


def render_card(card: FaxCard, profile: BotProfile, now: datetime) -> Rendered:
    """Render the card: destination, state, details and buttons."""
    outcome = outcome_of(card.fax, card.job)
    headline = f"*Fax to {number(destination(card.fax, card.job), profile)}*"
    if card.fax.job_id:
        headline += f" · {escape(card.fax.job_id)}"
    if outcome is None:
        state = state_text(card, now)
    else:
        state = outcome_text(card.fax, card.job, outcome, profile, now)
        if card.fax.deleted_by:
            state += f"\nRecord deleted by {mention(card.fax.deleted_by)}."
    small = facts(card.fax, card.job, card.document)
    body = f"{headline}\n{state}"
    return rendered(
        f"{body}\n{small}", [section(body), context(small), *actions(*_buttons(card, outcome, profile))]
    )


def destination(fax: Fax, job: Job | None) -> str:
    """The destination of *fax* as typed, as the job reports it, or as dialed."""
    return fax.number or (job.destination if job else "") or fax.dial


def facts(fax: Fax, job: Job | None, document: KeptDocument | None) -> str:
    """The details in small print: `referral.pdf · 2 pages · from Sales · Dana · dial 1 of 12`."""
    names = [file["name"] for file in fax.files if file.get("name")]
    name = (names[0] if names else "") or (document.name if document else "")
    others = f" and {len(names) - 1} more" if len(names) > 1 else ""
    parts = [f"{escape(name)}{others}" if name else ""]
    if document and document.pages:
        parts.append(count(document.pages, "page"))
    if fax.line_name:
        parts.append(f"from {escape(fax.line_name)}")
    parts.append(mention(fax.user_id) if fax.user_id else "sent by another program")
    if job is not None and not job.state.ended and job.state is not JobState.SLEEPING:
        parts.append(dial_count(job))
    return " · ".join(part for part in parts if part)


def state_text(card: FaxCard, now: datetime) -> str:
    """The state of a fax that has not ended."""
    fax = card.fax
    if fax.cancel_by or fax.cancel_request:
        asked = f" {mention(fax.cancel_by)} asked for it." if fax.cancel_by else ""
        return f"*Canceling…*{asked}{_outage_line(card, now)}"
    match fax.state:
        case FaxState.FETCHING:
            words = "*Preparing* the document."
        case FaxState.READY if card.outage:
            words = _waiting_for_server(card.outage, now)
        case FaxState.READY:
            words = "*Waiting* to be handed to the fax server."
        case FaxState.SUBMITTING:
            words = "*Handing over* to the fax server."
        case FaxState.UNKNOWN:
            words = "*No answer from the fax server* — looking whether it took the fax. It is not sent twice."
        case FaxState.UNDECIDED:
            words = _question(card, now)
        case _:
            words = underway(card.job, fax.line_name, now) if card.job else "*Queued* at the fax server."
            words += _outage_line(card, now)
    return words


def _question(card: FaxCard, now: datetime) -> str:
    """The question to the person whether a fax with a lost answer was sent."""
    fax = card.fax
    when = f" {at_second(card.submitted_at, now)}" if card.submitted_at is not None else ""
    found = "no job to this number has appeared since"
    if fax.candidates:
        names = ", ".join(escape(job_id) for job_id in fax.candidates[:_SHOWN_CANDIDATES])
        found = f"{names} may be it" if len(fax.candidates) == 1 else f"one of {names} may be it"
    elsewhere = "" if card.home else "\nThe question is answered in the conversation it was sent from."
    return (
        "*No answer from the fax server: did it go?*\n"
        f"The request was sent{when}; {found}. Ask the recipient if you can.{elsewhere}"
    )


def _outage_line(card: FaxCard, now: datetime) -> str:
    """Since when the fax server does not answer, and its last report; empty without an outage."""
    outage = card.outage
    if outage is None:
        return ""
    heard = [from_epoch(card.fax.reported_at)] if card.fax.reported_at is not None else []
    heard += [outage.heard] if outage.heard is not None else []
    last = f"; last heard {at(max(heard), now)}" if heard else ""
    what = "let me in" if outage.locked_out else "answered"
    return f"\nThe fax server hasn't {what} since {moment(outage.since, now)}{last}."


def _waiting_for_server(outage: Outage, now: datetime) -> str:
    """The state of a fax that is kept during *outage*."""
    since = moment(outage.since, now)
    if outage.locked_out:
        return (
            f"*Waiting for the fax server* — it hasn't let me in since {since}. "
            "The fax is kept and goes out when an admin has put that right."
        )
    return (
        f"*Waiting for the fax server* — no answer since {since}. "
        "The fax is kept and goes out when it is back."
    )


def _buttons(card: FaxCard, outcome: Outcome | None, profile: BotProfile) -> list[ButtonElement]:
    """The buttons that apply: cancel, decide, or download and delete."""
    fax = card.fax
    if fax.id is None:
        return []
    target = Target(Subject.FAX, str(fax.id))
    to = one_line(pretty(one_line(destination(fax, card.job), 80), profile.region), 80)
    if outcome is not None:
        kept = fax.job_id and not fax.deleted_by and outcome is not Outcome.LOST
        return [buttons.download(target), buttons.delete(target)] if kept else []
    if fax.cancel_by or fax.cancel_request:
        return []
    if fax.state is FaxState.UNDECIDED:
        return list(buttons.decide(target, to)) if card.home else []
    return [buttons.cancel(target, to)] if fax.state in _CANCELLABLE else []
