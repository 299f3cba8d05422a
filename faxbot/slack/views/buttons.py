"""Buttons that several messages share."""

from slack_sdk.models.blocks import ButtonElement, ConfirmObject

from faxbot.slack.action_ids import MAX_VALUE, Action, Target
from faxbot.slack.views.blocks import button, confirm_dialog


def cancel(target: Target, number: str) -> ButtonElement:
    """The button that cancels a fax; *number* is its destination, for the confirmation."""
    return button(
        "Cancel fax",
        Action.CANCEL,
        target.encode(),
        style="danger",
        confirm=confirm_dialog(
            "Cancel this fax?",
            f"The fax to {number} stops. Pages already confirmed have gone through.",
            "Cancel fax",
            "Keep sending",
            danger=True,
        ),
    )


def download(target: Target) -> ButtonElement:
    """The button that posts the document in this conversation."""
    return button("Download", Action.DOWNLOAD, target.encode())


def delete(target: Target) -> ButtonElement:
    """The button that deletes the record and its document on the fax server."""
    return button(
        "Delete record",
        Action.DELETE,
        target.encode(),
        style="danger",
        confirm=confirm_dialog(
            "Delete this record?",
            "The fax server deletes the record and its document for good. What was posted in Slack stays.",
            "Delete record",
            "Keep it",
            danger=True,
        ),
    )


def decide(target: Target, number: str) -> tuple[ButtonElement, ButtonElement, ButtonElement]:
    """The three buttons on a fax whose FileSend answer was lost: it went, send again, give up."""
    return (
        button(
            "It went",
            Action.IT_WENT,
            target.encode(),
            confirm=confirm_dialog(
                "Did it go?", f"The fax to {number} is noted as sent.", "It went", "Not sure"
            ),
        ),
        button(
            "Send again",
            Action.SEND_AGAIN,
            target.encode(),
            confirm=confirm_dialog(
                "Send it again?",
                f"The fax to {number} is dialed anew. If the first one went after all, it arrives twice.",
                "Send again",
                "Not now",
                danger=True,
            ),
        ),
        button(
            "Give up",
            Action.GIVE_UP,
            target.encode(),
            confirm=confirm_dialog(
                "Give this fax up?",
                f"Nothing more is done about the fax to {number}.",
                "Give up",
                "Not now",
                danger=True,
            ),
        ),
    )


def run(command: str, *, label: str = "Run it") -> ButtonElement | None:
    """A button that runs *command*, with a confirmation to cancel or delete; None if it is too long."""
    if len(command) > MAX_VALUE:
        return None
    return button(label, Action.RUN, command, confirm=_confirmation(command))


def _confirmation(command: str) -> ConfirmObject | None:
    if not {"cancel", "delete"}.intersection(command.split()[:2]):
        return None
    return confirm_dialog("Run this command?", command, "Run it", "Not now", danger=True)
