"""Slack's rules for messages and views: sizes, JSON schemas, control sequences."""

import json
import re
from functools import cache
from pathlib import Path

import jsonschema
from slack_sdk.models.blocks import Block

from faxbot.standins.slack.blocks.check import check_message, check_view

SCHEMAS = Path(__file__).parents[3] / "shared" / "slack" / "schemas"
"""Slack's JSON Schemas; without them beside the checkout, only the other checks run."""

OURS = re.compile(
    r"<!date\^-?\d+\^[^|<>]+\|[^<>]+ UTC>"
    r"|<@[UW][A-Z0-9]+>"
    r"|<#[CGD][A-Z0-9]+>"
    r"|<https?://[^\s<>|]+\|Open the document>"
)
"""The only control sequences that the bot writes."""

MOST = {
    "action_id": 255,
    "block_id": 255,
    "callback_id": 255,
    "private_metadata": 3000,
    "value": 2000,
    "initial_value": 3000,
    "alt_text": 2000,
}
"""Maximum length in characters of a member of a block or view, by its name."""


@cache
def schema(name: str) -> jsonschema.Draft7Validator | None:
    """Slack's schema *name*, such as `Blocks` or `req_ChatUpdateArguments`."""
    for path in (SCHEMAS / f"{name}.schema.json", SCHEMAS / f"{name}.json"):
        if path.exists():
            return jsonschema.Draft7Validator(json.loads(path.read_text()))
    return None


def check_against_schema(name: str, value: object) -> None:
    if validator := schema(name):
        validator.validate(value)


def objects_in(value):
    """Every JSON object in *value*."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects_in(inner)


def check_mrkdwn(text: str) -> None:
    """Only our own marks are left, each of them whole; an emoji's name inside code is no emoji."""
    plain = OURS.sub("", text)
    assert not set("<>") & set(plain)
    assert not re.search(r"&(?!(?:amp|lt|gt);)", text)
    assert not re.search(r":[\w+'-]+:", re.sub("`[^`\n]*`", "", plain))
    assert not re.search(r"^\s*&gt;", text, re.MULTILINE)
    assert text.encode()


def check_blocks(blocks, most=50):
    """*blocks* are within Slack's sizes, and the SDK, Slack's schema and the stand-in take them."""
    assert 0 < len(blocks) <= most
    assert json.dumps(blocks).encode()
    for each in objects_in(blocks):
        for name, longest in MOST.items():
            assert len(each.get(name) or "") <= longest
        if each.get("type") in ("mrkdwn", "plain_text"):
            assert 0 < len(each["text"]) <= 3000
            assert each["text"].strip()
            assert each["text"].encode()
        if each.get("type") == "mrkdwn":
            assert each["verbatim"] is True
            check_mrkdwn(each["text"])
        if each.get("type") == "button":
            assert len(each["text"]["text"]) <= 75
        if "confirm" in each and "deny" in each:
            assert len(each["title"]["text"]) <= 100
            assert len(each["text"]["text"]) <= 300
            assert max(len(each[name]["text"]) for name in ("confirm", "deny")) <= 30
    for block in blocks:
        if block["type"] == "context":
            assert all(len(element["text"]) <= 2000 for element in block["elements"])
        elements = block.get("elements", []) if block["type"] == "actions" else []
        elements = [*elements, block["accessory"]] if "accessory" in block else elements
        assert len({element["action_id"] for element in elements}) == len(elements) <= 25


def check_message_of(rendered) -> None:
    """A message: text for those who cannot see blocks, short enough to be edited, and the blocks."""
    assert 0 < len(rendered.text) <= 4000
    assert rendered.text.strip()
    check_mrkdwn(rendered.text)
    check_blocks(rendered.blocks)
    assert check_message(rendered.blocks) == []
    for block in Block.parse_all(rendered.blocks):
        block.validate_json()
    check_against_schema("Blocks", rendered.blocks)


def check_modal(view) -> None:
    """A view that opens."""
    check_blocks(view["blocks"], 100)
    assert len(view["private_metadata"]) <= 3000
    assert all(len(view[name]["text"]) <= 24 for name in ("title", "submit", "close") if view.get(name))
    assert check_view(view, "modal") == []
    check_against_schema("AnyView", view)
