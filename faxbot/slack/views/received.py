"""A received fax: the text beside its file, and the details in its thread."""

import re
from datetime import datetime

from slack_sdk.models.blocks import ButtonElement

from faxbot.services.model.messages import ReceivedFax
from faxbot.slack.action_ids import Subject, Target
from faxbot.slack.views import buttons
from faxbot.slack.views.blocks import MAX_TEXT, Rendered, actions, context, rendered, section, truncate
from faxbot.slack.views.profile import BotProfile
from faxbot.slack.views.text import count, escape, mention, moment, number, quoted, server_words

_LINK = re.compile(r"https?://[^\s<>|]{1,1000}")


def file_comment(message: ReceivedFax, profile: BotProfile, now: datetime) -> str:
    """The text beside the file: caller, pages, line, time."""
    record = message.record
    caller = number(record.number, profile)
    pages = message.pages or record.sent_pages or record.total_pages
    if record.incomplete:
        arrived = count(pages, "page") + " arrived" if pages else "no page arrived"
        head = f"📄 *Incomplete fax from {caller}* · {arrived} before the line was cut"
    else:
        head = f"📄 *Fax from {caller}*" + (f" · {count(pages, 'page')}" if pages else "")
    line = f" · {escape(message.line_name)}" if message.line_name else ""
    return truncate(f"{head}{line} · {moment(record.time, now)}", MAX_TEXT)


def render_received(message: ReceivedFax, profile: BotProfile, now: datetime) -> Rendered:
    """
    The details, posted as first reply to the file.

    Without a file, or if the ts of the file's message is unknown, they are posted alone and begin with the
    file's text.
    """
    body = _details(message)
    if not message.has_file or message.permalink:
        body = f"{file_comment(message, profile, now)}\n{_whereabouts(message)}\n{body}"
    small = []
    if message.record.incomplete:
        again = "Incomplete: the sender may try again, which arrives as another fax."
        small.append(f"{again}{server_words(message.record.status_text)}")
    if message.deleted_by:
        small.append(f"Record deleted by {mention(message.deleted_by)}.")
    blocks = [section(body), *(context(part) for part in small)]
    return rendered("\n".join([body, *small]), [*blocks, *actions(*_buttons(message))])


def _details(message: ReceivedFax) -> str:
    """Station id, caller name, pages and job id, in one line."""
    record = message.record
    parts = []
    if record.station_id.strip():
        parts.append(f"From {quoted(record.station_id)} (what their machine says)")
    if record.caller_name.strip() and record.caller_name.strip() not in (record.number, record.station_id):
        parts.append(f"Caller ID {quoted(record.caller_name)}")
    pages = message.pages or record.sent_pages or record.total_pages
    if pages:
        parts.append(count(pages, "page") + (f" in {record.duration} s" if record.duration else ""))
    parts.append(escape(record.job_id))
    return " · ".join(parts)


def _whereabouts(message: ReceivedFax) -> str:
    """Where the document is: a link, this channel's files, or not available yet."""
    if not message.has_file:
        return (
            "The fax server has no file for it so far. I keep asking for a day; "
            "if it is urgent, ask the sender to fax it again."
        )
    link = message.permalink.strip()
    return (
        f"<{link}|Open the document>" if _LINK.fullmatch(link) else "The document is in this channel's files."
    )


def _buttons(message: ReceivedFax) -> list[ButtonElement]:
    if message.deleted_by:
        return []
    return [buttons.delete(Target(Subject.RECORD, str(message.record_id)))]
