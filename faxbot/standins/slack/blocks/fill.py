"""Defaults that Slack fills in: missing block and action ids, and members of text objects."""

import copy
import secrets
import string
from typing import Any

from .elements import ELEMENTS

_ALPHABET = string.ascii_letters + string.digits + "+/"


def fill_in(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A copy of *blocks* with block_id, action_id and the text objects' defaults filled in."""
    filled = copy.deepcopy(blocks)
    for block in filled:
        if not block.get("block_id"):
            block["block_id"] = _new_id()
        if block["type"] != "rich_text":
            _fill(block)
    return filled


def _fill(value: Any) -> None:  # noqa: ANN401  (JSON of any shape)
    if isinstance(value, list):
        for item in value:
            _fill(item)
    elif isinstance(value, dict):
        kind = value.get("type")
        if kind == "plain_text":
            value.setdefault("emoji", True)
        elif kind == "mrkdwn":
            value.setdefault("verbatim", False)
        elif kind in ELEMENTS and kind != "image" and not value.get("action_id"):
            value["action_id"] = _new_id()
        for member in value.values():
            _fill(member)


def _new_id() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(5))
