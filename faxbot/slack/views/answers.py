"""Answers to queries: lines, status, active jobs, history, subscriptions."""

import re
from datetime import datetime

from slack_sdk.models.blocks import Block, ButtonElement

from faxbot.fax.job import Direction
from faxbot.fax.status import line_words
from faxbot.services.queries.results import (
    ActiveResult,
    Answer,
    HistoryResult,
    LineEntry,
    LinesResult,
    StatusResult,
    SubscriptionEntry,
    SubscriptionsResult,
)
from faxbot.slack.action_ids import Action, encode_page
from faxbot.slack.views.blocks import Rendered, actions, button, context, paragraph, rendered, section
from faxbot.slack.views.entries import entry_buttons, entry_details, row, row_blocks, waiting_row
from faxbot.slack.views.profile import BotProfile
from faxbot.slack.views.text import SERVER_TEXT_CHARS, code, escape, mention, number

_LINES_A_BLOCK = 6
_SHOWN_LINES = 60
_SHOWN_ROWS = 20
"""Maximum rows of a list of jobs: each needs two blocks, and a message holds 50."""
_CHANNEL = re.compile(r"[CGD][A-Z0-9]{1,30}", re.ASCII)
_FAXES = {Direction.TX: "Sent faxes", Direction.RX: "Received faxes"}
_NONE_ACTIVE: dict[tuple[Direction, ...], str] = {
    (Direction.TX,): "*Nothing* is being sent.",
    (Direction.RX,): "*Nothing* is being received.",
}


def render_answer(answer: Answer, profile: BotProfile, now: datetime) -> Rendered:
    """Render *answer* for the person who asked."""
    match answer:
        case LinesResult():
            return _lines(answer, profile)
        case StatusResult():
            return _status(answer, profile, now)
        case ActiveResult():
            return _active(answer, profile, now)
        case HistoryResult():
            return _history(answer, profile, now)
        case SubscriptionsResult():
            return _subscriptions(answer, profile)


def _lines(answer: LinesResult, profile: BotProfile) -> Rendered:
    if not answer.lines:
        return paragraph("*No lines.* The fax server has no virtual fax yet.")
    rows = [_line(entry, profile) for entry in answer.lines[:_SHOWN_LINES]]
    blocks: list[Block] = [
        section("\n".join(rows[start : start + _LINES_A_BLOCK]))
        for start in range(0, len(rows), _LINES_A_BLOCK)
    ]
    return rendered("\n".join(rows), [*blocks, *_more_line(len(answer.lines), _SHOWN_LINES)])


def _line(entry: LineEntry, profile: BotProfile) -> str:
    """One line: name, number, extension, state and waiting jobs."""
    line, usage = entry.line, entry.usage
    name = f"*{escape(line.label) or 'unnamed line'}*"
    if line.number:
        name += f" {number(line.number, profile)}"
    if line.extension and line.extension != line.label:
        name += f" (ext. {escape(line.extension)})"
    if usage is None:
        return f"{name} — state not known"
    state = line_words(usage.state_text)
    words = escape(state.words, SERVER_TEXT_CHARS)
    queued = usage.job_count - (1 if state.job_number else 0)
    waiting = f", {queued} waiting" if queued > 0 else ""
    return f"{name} — {words if state.healthy else f'*{words}*'}{waiting}"


def _status(answer: StatusResult, profile: BotProfile, now: datetime) -> Rendered:
    body, small = entry_details(answer.entry, profile, now)
    blocks = [section(body), *([context(small)] if small else [])]
    return rendered(f"{body}\n{small}".strip(), [*blocks, *actions(*entry_buttons(answer.entry, profile))])


def _active(answer: ActiveResult, profile: BotProfile, now: datetime) -> Rendered:
    if not answer.entries and not answer.waiting:
        return paragraph(
            f"{_NONE_ACTIVE.get(answer.directions, '*Nothing* is being sent or received.')} "
            f"{code('/fax history', profile)} shows what is finished."
        )
    blocks: list[Block] = []
    rows = []
    for entry in answer.entries[:_SHOWN_ROWS]:
        rows.append(row(entry, profile, now))
        blocks += row_blocks(rows[-1], entry_buttons(entry, profile))
    for fax in answer.waiting[: _SHOWN_ROWS - len(rows)]:
        rows.append(waiting_row(fax, profile, now))
        blocks.append(section(rows[-1]))
    everything = len(answer.entries) + len(answer.waiting)
    return rendered("\n".join(rows), [*blocks, *_more_line(everything, len(rows))])


def _history(answer: HistoryResult, profile: BotProfile, now: datetime) -> Rendered:
    title = f"*{_FAXES[answer.direction]}*"
    if not answer.entries:
        head = f"{title} — none yet."
        if answer.total and answer.page > answer.pages:
            head = f"{title} — there is no page {answer.page}; the last is {answer.pages}."
        return rendered(head, [section(head), *actions(*_pager(answer))])
    head = f"{title} · page {answer.page} of {answer.pages} · {answer.total} in all"
    blocks: list[Block] = [context(head)]
    rows = [head]
    for entry in answer.entries[:_SHOWN_ROWS]:
        rows.append(row(entry, profile, now))
        blocks += row_blocks(rows[-1], entry_buttons(entry, profile))
    left_off = _more_line(len(answer.entries), _SHOWN_ROWS)
    return rendered("\n".join(rows), [*blocks, *left_off, *actions(*_pager(answer))])


def _pager(answer: HistoryResult) -> list[ButtonElement]:
    """Buttons for the newer and the older page, and for the other direction."""

    def page_button(label: str, suffix: str, direction: Direction, page: int) -> ButtonElement:
        return button(label, Action.HISTORY_PAGE, encode_page(direction, page), suffix=suffix)

    pages = []
    if answer.page > 1 and answer.pages:
        newer = min(answer.page - 1, answer.pages)
        pages.append(
            page_button(
                "Newer" if newer == answer.page - 1 else "Last page", "newer", answer.direction, newer
            )
        )
    if answer.page < answer.pages:
        pages.append(page_button("Older", "older", answer.direction, answer.page + 1))
    other = Direction.RX if answer.direction is Direction.TX else Direction.TX
    return [*pages, page_button(_FAXES[other], "other", other, 1)]


def _subscriptions(answer: SubscriptionsResult, profile: BotProfile) -> Rendered:
    here = f"<#{answer.channel_id}>" if _CHANNEL.fullmatch(answer.channel_id) else "This channel"
    rows = ["• all received faxes: they come here anyway"] if answer.inbound else []
    rows += [_subscription(each) for each in answer.subscriptions[:_SHOWN_LINES]]
    if not rows:
        return paragraph(
            f"{here} hears only of the faxes sent from it. "
            f"{code('/fax subscribe tx', profile)} adds all sent ones."
        )
    head = f"*{here} hears of*"
    text = "\n".join([head, *rows])
    blocks: list[Block] = [section(head)]
    blocks += [
        section("\n".join(rows[start : start + _LINES_A_BLOCK]))
        for start in range(0, len(rows), _LINES_A_BLOCK)
    ]
    return rendered(text, [*blocks, *_more_line(len(answer.subscriptions), _SHOWN_LINES)])


def _subscription(each: SubscriptionEntry) -> str:
    what = f"fax {escape(each.job_id)}" if each.job_id else _FAXES[each.direction].lower()
    if each.line_name:
        what += f" of {escape(each.line_name)}"
    elif not each.job_id:
        what = f"all {what}"
    return f"• {what}" + (f" · {mention(each.created_by)}" if each.created_by else "")


def _more_line(amount: int, shown: int) -> list[Block]:
    """`and 3 more`, if *amount* exceeds what is *shown*."""
    return [context(f"and {amount - shown} more")] if amount > shown else []
