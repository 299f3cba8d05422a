"""Single messages: outages, confirmations, questions for a number, and sentences."""

from datetime import datetime

from faxbot.fax.errors import BadCommand
from faxbot.services.model.messages import (
    FaxConfirmation,
    FetchedFile,
    NumberQuestion,
    OutageBegan,
    OutageEnded,
    QueryFailing,
    QueryRecovered,
    Sentence,
)
from faxbot.slack.action_ids import Action, FormStart
from faxbot.slack.views import buttons
from faxbot.slack.views.blocks import Rendered, button, paragraph
from faxbot.slack.views.profile import BotProfile
from faxbot.slack.views.text import count, duration, escape, mention, moment, number, sentence

_SHOWN_FILES = 10
_SHOWN_REMARKS = 5


def server_notice(
    message: OutageBegan | OutageEnded | QueryFailing | QueryRecovered, now: datetime
) -> Rendered:
    """The notice about an outage, or about one query that fails."""
    match message:
        case OutageBegan():
            return _outage_began(message, now)
        case OutageEnded():
            return _outage_ended(message)
        case QueryFailing():
            return _query_failing(message, now)
        case QueryRecovered():
            return _query_recovered(message)


def _outage_began(message: OutageBegan, now: datetime) -> Rendered:
    """The fax server stopped answering, or rejects the credentials (*locked_out*)."""
    if message.locked_out:
        return paragraph(
            f"*The fax server doesn't let me in* (since {moment(message.since, now)}). "
            "Its Fax API license may have expired, or my client id and secret were changed: an admin sees "
            "both on the UCX under System, Licenses. Faxes are kept and go out when it does. I keep trying."
        )
    return paragraph(
        f"*The fax server doesn't answer* (since {moment(message.since, now)}). "
        "Faxes are kept and go out when it is back. I keep trying."
    )


def _outage_ended(message: OutageEnded) -> Rendered:
    """The fax server answers again."""
    away = duration((message.until - message.since).total_seconds())
    went = f" {count(message.went_out, 'fax')} went out." if message.went_out else ""
    what = "lets me in again" if message.locked_out else "is back"
    return paragraph(f"*The fax server {what}* after {away}.{went}")


def _query_failing(message: QueryFailing, now: datetime) -> Rendered:
    """One query fails although the fax server answers others."""
    return paragraph(
        f"*The fax server tells nothing about {escape(message.about)}* (since "
        f"{moment(message.since, now)}), although it answers. Nothing is lost there; I keep asking. "
        "If it stays, an admin has to look at it."
    )


def _query_recovered(message: QueryRecovered) -> Rendered:
    """The query succeeds again."""
    away = duration((message.until - message.since).total_seconds())
    return paragraph(f"*The fax server tells about {escape(message.about)} again* after {away}.")


def fetched_file_comment(message: FetchedFile) -> str:
    """The text beside a document that was posted on request."""
    return f"📄 *{escape(message.job_id)}*, for {mention(message.user_id)}"


def fax_confirmation(message: FaxConfirmation, profile: BotProfile) -> Rendered:
    """The confirmation to the sender: files, number and line."""
    pages = f" ({count(message.pages, 'page')})" if message.pages else ""
    line = f" from {escape(message.line_name)}" if message.line_name else ""
    names = [name for name in message.files if name.strip()]
    several = f"\nIn this order: {_listed(names)}." if len(names) > 1 else ""
    what = f"*{count(len(names), 'file')}*" if len(names) > 1 else f"*{escape(message.name)}*"
    if not message.name.strip() and len(names) <= 1:
        what = f"*{escape(names[0])}*" if names else "the document"
    remarks = "".join(f"\n{_remark(each)}" for each in message.remarks[:_SHOWN_REMARKS])
    if more := len(message.remarks[_SHOWN_REMARKS:]):
        remarks += f"\nAnd {count(more, 'remark')} more."
    return paragraph(f"Faxing {what}{pages} to {number(message.number, profile)}{line}.{several}{remarks}")


def _remark(text: str) -> str:
    warning = "⚠ " if text.endswith("blank") else ""
    return f"{warning}{escape(text[:1].upper() + text[1:])}."


def plain_sentence(message: Sentence, profile: BotProfile) -> Rendered:
    """One or two sentences, with a button that runs the suggested command, if there is one."""
    press = buttons.run(message.command) if message.command else None
    return paragraph(sentence(message.text, profile) or "Done.", *([press] if press else []))


def number_question(message: NumberQuestion, profile: BotProfile) -> Rendered:
    """
    Ask to which number to fax shared files, with a button that opens the form.

    If the files do not fit into a button's value, the message is only the reason.
    """
    names = [file["name"] for file in message.files if file.get("name")]
    what = _listed(names) if names else "that"
    why = f"{sentence(message.reason, profile)} " if message.reason else ""
    try:
        start = FormStart(files=message.files, number=message.number, line_id=message.line_id).encode()
    except BadCommand as refusal:
        return paragraph(f"{why}{sentence(str(refusal), profile)}")
    return paragraph(
        f"{why}To which number shall I fax {what}?",
        button("Fax this", Action.OPEN_FORM, start, style="primary"),
    )


def _listed(names: list[str]) -> str:
    """The first _SHOWN_FILES names, and the number of others."""
    shown = [f"*{escape(name)}*" for name in names[:_SHOWN_FILES]]
    more = f" and {len(names) - _SHOWN_FILES} more" if len(names) > _SHOWN_FILES else ""
    return ", ".join(shown) + more
