"""Validation of blocks and views, with Slack's error messages."""

from collections.abc import Iterator
from typing import Any

from .rules import by_type, items, problem_at
from .table import BLOCKS, IN_MESSAGES, VIEWS

_MESSAGE = items(by_type(BLOCKS, IN_MESSAGES), 50, 0)


def check_message(blocks: list[Any]) -> list[str]:
    """Slack's error messages for the blocks of a message; empty when they are valid."""
    problems = list(_MESSAGE(blocks, "/blocks"))
    if problems:
        return problems
    problems = list(_duplicate_ids(blocks, "/blocks"))
    for index, block in enumerate(blocks):
        if block["type"] == "input" and block["element"]["type"] == "file_input":
            problems.append(problem_at("unsupported type: file_input", f"/blocks/{index}/element/type"))
    if sum(block["type"] == "table" for block in blocks) > 1:
        problems.append(problem_at("only_one_table_allowed", "/blocks"))
    return problems


def check_view(view: dict[str, Any], kind: str) -> list[str]:
    """Slack's error messages for a view; *kind* is "modal" or "home"."""
    problems = list(by_type(VIEWS, frozenset({kind}))(view, "/view"))
    if problems:
        return problems
    blocks = view["blocks"]
    problems = list(_duplicate_ids(blocks, "/view/blocks"))
    inputs = [n for n, block in enumerate(blocks) if block["type"] == "input"]
    if kind == "modal" and inputs and not view.get("submit"):
        problems.append(problem_at("missing required field: submit", "/view"))
    if kind == "home":
        problems.extend(
            problem_at("unsupported type: file_input", f"/view/blocks/{n}/element/type")
            for n in inputs
            if blocks[n]["element"]["type"] == "file_input"
        )
    focused = sum(bool(element.get("focus_on_load")) for block in blocks for element in _elements(block))
    if focused > 1:
        problems.append(problem_at("only one element can have focus_on_load", "/view/blocks"))
    return problems


def _elements(block: dict[str, Any]) -> list[dict[str, Any]]:
    if block["type"] == "rich_text":
        return []
    found = [block.get("element"), block.get("accessory"), *(block.get("elements") or [])]
    return [element for element in found if element]


def _duplicate_ids(blocks: list[dict[str, Any]], pointer: str) -> Iterator[str]:
    """Report block_ids that are not unique, and action_ids that are not unique within their block."""
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        block_id = block.get("block_id")
        if block_id:
            if block_id in seen:
                yield problem_at(f"`block_id` {block_id} already exists", f"{pointer}/{index}/block_id")
            seen.add(block_id)
        actions: set[str] = set()
        for element in _elements(block):
            action_id = element.get("action_id")
            if action_id and action_id in actions:
                yield problem_at(f"`action_id` {action_id} already exists", f"{pointer}/{index}")
            if action_id:
                actions.add(action_id)
