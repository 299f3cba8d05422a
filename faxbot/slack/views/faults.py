"""Faults as one sentence with the next step."""

from datetime import datetime

from faxbot.fax.errors import (
    AnswerLost,
    BadCommand,
    CredentialsRejected,
    Fault,
    JobNotFound,
    RequestRefused,
    ServerFault,
    SlackBusy,
    SlackFault,
    SlackRefused,
)
from faxbot.slack.views import buttons
from faxbot.slack.views.blocks import Rendered, paragraph
from faxbot.slack.views.profile import BotProfile
from faxbot.slack.views.text import code, escape, moment, sentence, server_words


def render_fault(
    fault: Fault, profile: BotProfile, now: datetime, *, down_since: datetime | None = None
) -> Rendered:
    """Render *fault* for the person whose action failed. *down_since*: start of the current outage."""
    if isinstance(fault, BadCommand) and fault.suggestion:
        return _unknown_command(str(fault), fault.suggestion, profile)
    if isinstance(fault, ServerFault):
        return paragraph(_server(fault, profile, now, down_since))
    if isinstance(fault, SlackFault):
        return paragraph(_slack(fault))
    return paragraph(sentence(str(fault), profile) or "That did not work. Nothing was done.")


def render_unknown_fault(correlation_id: str) -> Rendered:
    """The message for an unexpected exception; the log has *correlation_id* beside the traceback."""
    return paragraph(
        f"*Something went wrong here*, and I can't say what. Try again; if it stays, give an admin "
        f"this reference: `{escape(correlation_id)}`."
    )


def _unknown_command(why: str, suggestion: str, profile: BotProfile) -> Rendered:
    if suggestion.split()[1:] == ["help"]:
        meant = f"{code(suggestion, profile)} shows what I can do."
    else:
        meant = f"Did you mean {code(suggestion, profile)}?"
    press = buttons.run(suggestion)
    return paragraph(f"{sentence(why, profile)} {meant}", *([press] if press else []))


def _server(fault: ServerFault, profile: BotProfile, now: datetime, down_since: datetime | None) -> str:
    """The sentence about a fault of the fax server."""
    match fault:
        case CredentialsRejected():
            return (
                "*The fax server doesn't let me in*: it refused my client id and secret, or its license has "
                "ended. Tell an admin."
            )
        case JobNotFound():
            return f"The fax server has no such fax. {code('/fax active', profile)} shows what is running."
        case RequestRefused():
            return f"*The fax server refused.*{server_words(fault.said)} Nothing was done."
        case AnswerLost():
            return (
                f"*The fax server doesn't answer*{_since(down_since, now)}. Whether it did what you asked "
                f"is not known: look with {code('/fax active', profile)} before you ask again."
            )
        case _:
            return f"*The fax server doesn't answer*{_since(down_since, now)}. Try again in a minute."


def _since(down_since: datetime | None, now: datetime) -> str:
    return f" (since {moment(down_since, now)})" if down_since else ""


def _slack(fault: SlackFault) -> str:
    if isinstance(fault, SlackBusy):
        return f"*Slack is busy.* Try again in {max(1, round(fault.retry_after))} s."
    if isinstance(fault, SlackRefused):
        return f"*Slack refused* ({escape(fault.error)}). If it stays, tell an admin."
    return "*Slack didn't answer.* Try again in a minute."
