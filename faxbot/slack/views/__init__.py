"""Views: facts -> Block Kit. Pure functions, no I/O; the current time is an argument."""

from datetime import datetime

from faxbot.services.model.messages import (
    FaxCard,
    FaxConfirmation,
    FaxSteps,
    FetchedFile,
    Message,
    NumberQuestion,
    OutageBegan,
    OutageEnded,
    QueryFailing,
    QueryRecovered,
    ReceivedFax,
    Sentence,
)
from faxbot.slack.views import notices
from faxbot.slack.views.answers import render_answer
from faxbot.slack.views.blocks import Rendered, paragraph
from faxbot.slack.views.card import render_card
from faxbot.slack.views.faults import render_fault, render_unknown_fault
from faxbot.slack.views.help import render_help
from faxbot.slack.views.profile import BotProfile
from faxbot.slack.views.received import file_comment, render_received
from faxbot.slack.views.steps import render_steps

__all__ = [
    "BotProfile",
    "Rendered",
    "render",
    "render_answer",
    "render_comment",
    "render_fault",
    "render_help",
    "render_unknown_fault",
]


def render(message: Message, profile: BotProfile, now: datetime) -> Rendered:
    """Render *message* as text and blocks, at the time *now*."""
    match message:
        case FaxCard():
            shown = render_card(message, profile, now)
        case FaxSteps():
            shown = render_steps(message, profile, now)
        case ReceivedFax():
            shown = render_received(message, profile, now)
        case OutageBegan() | OutageEnded() | QueryFailing() | QueryRecovered():
            shown = notices.server_notice(message, now)
        case FaxConfirmation():
            shown = notices.fax_confirmation(message, profile)
        case Sentence():
            shown = notices.plain_sentence(message, profile)
        case NumberQuestion():
            shown = notices.number_question(message, profile)
        case FetchedFile():
            shown = paragraph(notices.fetched_file_comment(message))
    return shown


def render_comment(message: ReceivedFax | FetchedFile, profile: BotProfile, now: datetime) -> str:
    """The text beside an uploaded file (`initial_comment`; with it Slack ignores blocks)."""
    if isinstance(message, FetchedFile):
        return notices.fetched_file_comment(message)
    return file_comment(message, profile, now)
