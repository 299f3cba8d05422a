"""Block Kit elements of all views, truncated to Slack's limits."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
)

from faxbot.slack.action_ids import Action
from faxbot.slack.views.text import one_line

MAX_TEXT = 4000
"""Characters of a message's `text`, as Slack recommends; it truncates at 40,000."""
_MAX_SMALL_PRINT = 2000
"""Characters of a context element; a section holds 3,000."""
_PARTIAL_ENTITY = re.compile(r"(?:<[^<>]*|&[a-z]*)\Z")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A rendered message: *blocks*, and *text* for notifications and screen readers."""

    text: str
    blocks: list[dict[str, Any]]


def rendered(text: str, blocks: Sequence[Block]) -> Rendered:
    """A message of *blocks*; slack_sdk validates each of them."""
    return Rendered(truncate(text, MAX_TEXT), [block.to_dict() for block in blocks])


def paragraph(text: str, *buttons: ButtonElement) -> Rendered:
    """A message of one paragraph, and buttons if there are any."""
    return rendered(text, [section(text), *actions(*buttons)])


def truncate(text: str, limit: int) -> str:
    """
    Truncate *text* to *limit* characters at the end of a line or word.

    Dates, mentions and escaped characters are never cut in two.
    """
    if len(text) <= limit:
        return text
    head = text[: limit - 2]
    line = head.rfind("\n")
    head = head[:line] if line > limit // 2 else head.rsplit(" ", 1)[0]
    return _PARTIAL_ENTITY.sub("", head) + "\n…"


def markdown(text: str, limit: int = SectionBlock.text_max_length) -> MarkdownTextObject:
    """Mrkdwn text; `verbatim` stops Slack from creating links and mentions."""
    return MarkdownTextObject(text=truncate(text, limit), verbatim=True)


def section(text: str, accessory: ButtonElement | None = None) -> SectionBlock:
    """A section block, with a button beside it if there is an *accessory*."""
    return SectionBlock(text=markdown(text), accessory=accessory)


def context(text: str) -> ContextBlock:
    """A context block: one line in small print."""
    return ContextBlock(elements=[markdown(text, _MAX_SMALL_PRINT)])


def actions(*buttons: ButtonElement) -> list[Block]:
    """An actions block; no block without buttons."""
    return [ActionsBlock(elements=list(buttons))] if buttons else []


def button(
    label: str,
    action: Action,
    value: str,
    *,
    suffix: str = "",
    style: str | None = None,
    confirm: ConfirmObject | None = None,
) -> ButtonElement:
    """A button. *suffix* makes the action id unique among buttons of one block."""
    return ButtonElement(
        text=PlainTextObject(text=one_line(label, ButtonElement.text_max_length), emoji=False),
        action_id=f"{action.value}:{suffix}" if suffix else action.value,
        value=value,
        style=style,
        confirm=confirm,
    )


def confirm_dialog(title: str, text: str, yes: str, no: str, *, danger: bool = False) -> ConfirmObject:
    """The confirmation dialog of a button, in plain text; *danger* colors its button red."""
    return ConfirmObject(
        title=PlainTextObject(text=one_line(title, ConfirmObject.title_max_length), emoji=False),
        text=PlainTextObject(text=one_line(text, ConfirmObject.text_max_length), emoji=False),
        confirm=PlainTextObject(text=one_line(yes, ConfirmObject.confirm_max_length), emoji=False),
        deny=PlainTextObject(text=one_line(no, ConfirmObject.deny_max_length), emoji=False),
        style="danger" if danger else None,
    )
