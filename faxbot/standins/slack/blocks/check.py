"""Whether Slack would take these blocks or this view, and if not, why."""

from collections.abc import Iterator
from typing import Any

from .rules import at, by_type, items
from .table import BLOCKS, IN_MESSAGES, VIEWS

_MESSAGE = items(by_type(BLOCKS, IN_MESSAGES), 50, 0)


def check_message(blocks: list[Any]) -> list[str]:
    """Slack's complaints about the blocks of a message; none when it would take them."""
    complaints = list(_MESSAGE(blocks, "/blocks"))
    if complaints:
        return complaints
    complaints = list(_repeated(blocks, "/blocks"))
    for index, block in enumerate(blocks):
        if block["type"] == "input" and block["element"]["type"] == "file_input":
            complaints.append(at("unsupported type: file_input", f"/blocks/{index}/element/type"))
    if sum(block["type"] == "table" for block in blocks) > 1:
        complaints.append(at("only_one_table_allowed", "/blocks"))
    return complaints


def check_view(view: dict[str, Any], kind: str) -> list[str]:
    """Slack's complaints about a view; *kind* is "modal" or "home"."""
    complaints = list(by_type(VIEWS, frozenset({kind}))(view, "/view"))
    if complaints:
        return complaints
    blocks = view["blocks"]
    complaints = list(_repeated(blocks, "/view/blocks"))
    inputs = [n for n, block in enumerate(blocks) if block["type"] == "input"]
    if kind == "modal" and inputs and not view.get("submit"):
        complaints.append(at("missing required field: submit", "/view"))
    if kind == "home":
        complaints.extend(
            at("unsupported type: file_input", f"/view/blocks/{n}/element/type")
            for n in inputs
            if blocks[n]["element"]["type"] == "file_input"
        )
    focused = sum(bool(element.get("focus_on_load")) for block in blocks for element in _elements(block))
    if focused > 1:
        complaints.append(at("only one element can have focus_on_load", "/view/blocks"))
    return complaints


def _elements(block: dict[str, Any]) -> list[dict[str, Any]]:
    if block["type"] == "rich_text":
        return []
    found = [block.get("element"), block.get("accessory"), *(block.get("elements") or [])]
    return [element for element in found if element]


def _repeated(blocks: list[dict[str, Any]], pointer: str) -> Iterator[str]:
    """block_ids are unique, and action_ids within their block."""
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        block_id = block.get("block_id")
        if block_id:
            if block_id in seen:
                yield at(f"`block_id` {block_id} already exists", f"{pointer}/{index}/block_id")
            seen.add(block_id)
        actions: set[str] = set()
        for element in _elements(block):
            action_id = element.get("action_id")
            if action_id and action_id in actions:
                yield at(f"`action_id` {action_id} already exists", f"{pointer}/{index}")
            if action_id:
                actions.add(action_id)
