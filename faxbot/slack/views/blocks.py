"""The few Block Kit pieces that all views are built of, cut to Slack's sizes."""

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
"""Slack advises this much for a message's top-level text; it cuts at 40,000."""
_MAX_SMALL_PRINT = 2000
"""Slack takes less in a context block than in a section."""
_CUT_THROUGH = re.compile(r"(?:<[^<>]*|&[a-z]*)\Z")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message: *text* for notifications and screen readers, *blocks* for the eye."""

    text: str
    blocks: list[dict[str, Any]]


def rendered(text: str, blocks: Sequence[Block]) -> Rendered:
    """A message of *blocks*, each checked by the SDK."""
    return Rendered(fit(text, MAX_TEXT), [block.to_dict() for block in blocks])


def paragraph(text: str, *buttons: ButtonElement) -> Rendered:
    """A message of one paragraph, and buttons if there are any."""
    return rendered(text, [section(text), *actions(*buttons)])


def fit(text: str, limit: int) -> str:
    """
    *text* in at most *limit* characters, cut at a line's or word's end, and never through a date, a
    mention or an escaped character.
    """
    if len(text) <= limit:
        return text
    head = text[: limit - 2]
    line = head.rfind("\n")
    head = head[:line] if line > limit // 2 else head.rsplit(" ", 1)[0]
    return _CUT_THROUGH.sub("", head) + "\n…"


def markdown(text: str, limit: int = SectionBlock.text_max_length) -> MarkdownTextObject:
    """Mrkdwn in which Slack links nothing by itself."""
    return MarkdownTextObject(text=fit(text, limit), verbatim=True)


def section(text: str, accessory: ButtonElement | None = None) -> SectionBlock:
    """A paragraph."""
    return SectionBlock(text=markdown(text), accessory=accessory)


def context(text: str) -> ContextBlock:
    """A line in small print."""
    return ContextBlock(elements=[markdown(text, _MAX_SMALL_PRINT)])


def actions(*buttons: ButtonElement) -> list[Block]:
    """A row of buttons; none at all if there is nothing to press."""
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
    """Something to press. *suffix* tells buttons with the same action in one row apart."""
    return ButtonElement(
        text=PlainTextObject(text=one_line(label, ButtonElement.text_max_length), emoji=False),
        action_id=f"{action.value}:{suffix}" if suffix else action.value,
        value=value,
        style=style,
        confirm=confirm,
    )


def confirm_dialog(title: str, text: str, yes: str, no: str, *, danger: bool = False) -> ConfirmObject:
    """The question before something that cannot be taken back. Plain text, so that nothing formats."""
    return ConfirmObject(
        title=PlainTextObject(text=one_line(title, ConfirmObject.title_max_length), emoji=False),
        text=PlainTextObject(text=one_line(text, ConfirmObject.text_max_length), emoji=False),
        confirm=PlainTextObject(text=one_line(yes, ConfirmObject.confirm_max_length), emoji=False),
        deny=PlainTextObject(text=one_line(no, ConfirmObject.deny_max_length), emoji=False),
        style="danger" if danger else None,
    )
