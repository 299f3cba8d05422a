"""The Slack stand-in's validation of Block Kit, compared with Slack's schemas."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from faxbot.standins.slack.blocks.check import check_message, check_view
from faxbot.standins.slack.blocks.fill import fill_in

SCHEMAS = Path(__file__).parents[3] / "shared" / "slack" / "schemas"


def plain(text="x"):
    return {"type": "plain_text", "text": text}


def mrkdwn(text="x"):
    return {"type": "mrkdwn", "text": text}


def button(**more):
    return {"type": "button", "text": plain(), "action_id": "a", **more}


def section(**more):
    return {"type": "section", "text": mrkdwn(), **more}


def actions(*elements):
    return {"type": "actions", "elements": list(elements)}


def input_block(element, **more):
    return {"type": "input", "label": plain(), "element": element, **more}


def modal(*blocks, **more):
    return {"type": "modal", "title": plain(), "submit": plain(), "blocks": list(blocks), **more}


OPTION = {"text": plain(), "value": "v"}
CONFIRM = {"title": plain(), "text": mrkdwn(), "confirm": plain(), "deny": plain(), "style": "danger"}
TYPED = {"type": "plain_text_input", "action_id": "t"}
RICH = {
    "type": "rich_text",
    "elements": [
        {
            "type": "rich_text_section",
            "elements": [
                {"type": "text", "text": "bold", "style": {"bold": True}},
                {"type": "user", "user_id": "U1"},
                {"type": "link", "url": "https://example.com"},
            ],
        },
        {
            "type": "rich_text_list",
            "style": "bullet",
            "elements": [{"type": "rich_text_section", "elements": []}],
        },
    ],
}

VALID = [
    section(),
    section(text=plain(), block_id="b", expand=True),
    {"type": "section", "fields": [mrkdwn(), plain()]},
    section(accessory=button(confirm=CONFIRM, style="primary", value="1", url="https://example.com")),
    section(accessory={"type": "overflow", "action_id": "o", "options": [OPTION]}),
    section(accessory={"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a"}),
    actions(button(), button(action_id="b", accessibility_label="press")),
    actions({"type": "static_select", "action_id": "s", "options": [OPTION], "initial_option": OPTION}),
    actions({"type": "static_select", "option_groups": [{"label": plain(), "options": [OPTION]}]}),
    actions({"type": "conversations_select", "filter": {"include": ["public"]}}),
    actions({"type": "datetimepicker", "initial_date_time": 1795433388}),
    actions({"type": "timepicker", "initial_time": "09:30", "timezone": "America/Chicago"}),
    {"type": "context", "elements": [mrkdwn(), plain()]},
    {"type": "divider"},
    {"type": "header", "text": plain()},
    {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a", "title": plain()},
    {"type": "image", "slack_file": {"id": "F1"}, "alt_text": "a"},
    {"type": "markdown", "text": "**x**"},
    input_block(TYPED, hint=plain(), optional=True, dispatch_action=True),
    input_block({"type": "checkboxes", "options": [OPTION]}),
    input_block({"type": "radio_buttons", "options": [{"text": mrkdwn(), "value": "v"}]}),
    input_block({"type": "number_input", "is_decimal_allowed": False, "min_value": "1"}),
    input_block({"type": "multi_users_select", "max_selected_items": 3}),
    RICH,
    {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}]]},
]

INVALID = [
    {"type": "nonsense"},
    {"text": mrkdwn()},
    {"type": "section", "text": "x"},
    section(text={"type": "markdown", "text": "x"}),
    section(colour="red"),
    section(accessory=TYPED),
    section(accessory=button(style="secondary")),
    section(accessory={"type": "button"}),
    section(accessory=button(text=mrkdwn())),
    section(accessory=button(confirm={"title": plain()})),
    {"type": "header", "text": mrkdwn()},
    {"type": "header"},
    {"type": "actions"},
    actions(TYPED),
    actions(button(value=7)),
    {"type": "context", "elements": [button()]},
    {"type": "image", "alt_text": "a"},
    {"type": "image", "image_url": "https://example.com/a.png"},
    input_block(button()),
    {"type": "input", "element": TYPED},
    input_block(TYPED, label=mrkdwn()),
    input_block({"type": "checkboxes"}),
    actions({"type": "static_select", "options": [{"text": mrkdwn(), "value": "v"}]}),
    {"type": "rich_text", "elements": [{"type": "rich_text_section"}]},
    {
        "type": "rich_text",
        "elements": [{"type": "rich_text_list", "style": "roman", "elements": []}],
    },
    {"type": "divider", "text": plain()},
    {"type": "markdown"},
]

OVER_LIMIT = [
    (
        section(text=mrkdwn("x" * 3001)),
        "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
    ),
    (section(text=mrkdwn("")), "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
    (
        {"type": "section", "fields": [mrkdwn()] * 11},
        "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
    ),
    ({"type": "section", "fields": [mrkdwn("x" * 2001)]}, "must be less than 2001 characters"),
    ({"type": "header", "text": plain("x" * 151)}, "must be less than 151 characters"),
    (actions(button(text=plain("x" * 76))), "must be less than 76 characters"),
    (actions(button(value="x" * 2001)), "must be less than 2001 characters"),
    (actions(button(action_id="x" * 256)), "must be less than 256 characters"),
    (actions(button(url="x" * 3001)), "must be less than 3001 characters"),
    (actions(), "no fewer than 1 items required"),
    (
        actions(*(button(action_id=str(n)) for n in range(26))),
        "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
    ),
    (actions(button(), button()), "`action_id` a already exists"),
    (actions(button(confirm={**CONFIRM, "title": plain("x" * 101)})), "must be less than 101 characters"),
    (actions(button(confirm={**CONFIRM, "text": plain("x" * 301)})), "must be less than 301 characters"),
    (actions(button(confirm={**CONFIRM, "deny": plain("x" * 31)})), "must be less than 31 characters"),
    (section(block_id="x" * 256), "must be less than 256 characters"),
    ({"type": "context", "elements": [mrkdwn()] * 11}, "no more than 10 items allowed"),
    (
        actions({"type": "static_select", "action_id": "s", "options": [OPTION] * 101}),
        "no more than 100 items allowed",
    ),
    (section(accessory={"type": "overflow", "options": [OPTION] * 6}), "no more than 5 items allowed"),
    (input_block({"type": "checkboxes", "options": [OPTION] * 11}), "no more than 10 items allowed"),
    (
        actions({"type": "static_select", "options": [{"text": plain("x" * 76), "value": "v"}]}),
        "must be less than 76 characters",
    ),
    (
        actions({"type": "static_select", "options": [OPTION], "initial_option": {**OPTION, "value": "w"}}),
        "must match one of the provided options",
    ),
    (actions({"type": "static_select"}), "exactly one of options, option_groups is required"),
    (input_block({"type": "file_input", "action_id": "f"}), "unsupported type: file_input"),
    (section(accessory={"type": "datepicker", "initial_date": "tomorrow!!"}), "invalid format"),
]


@pytest.mark.parametrize("block", VALID, ids=lambda block: block["type"])
def test_valid_blocks_have_no_problems(block):
    """Blocks from Slack's reference are accepted."""
    assert check_message([block]) == []


@pytest.mark.parametrize("block", INVALID, ids=str)
def test_invalid_blocks_are_refused(block):
    """Wrong types, missing or unknown members, and misplaced elements are refused."""
    assert check_message([block])


@pytest.mark.parametrize(("block", "problem"), OVER_LIMIT, ids=lambda value: str(value)[:60])
def test_limits(block, problem):
    """Exceeding one of Slack's limits is refused with Slack's message."""
    assert any(problem in found for found in check_message([block])), check_message([block])


def test_numbers_of_blocks():
    """A message has at most 50 blocks, a view 100, and block ids are unique."""
    divider = {"type": "divider"}
    assert check_message([divider] * 50) == []
    assert check_message([divider] * 51) == ["no more than 50 items allowed [json-pointer:/blocks]"]
    assert check_view(modal(*[divider] * 100), "modal") == []
    assert check_view(modal(*[divider] * 101), "modal")
    twice = [{"type": "divider", "block_id": "d"}] * 2
    assert check_message(twice) == ["`block_id` d already exists [json-pointer:/blocks/1/block_id]"]


@pytest.mark.parametrize(
    ("view", "problem"),
    [
        (modal(title=plain("x" * 25)), "must be less than 25 characters [json-pointer:/view/title/text]"),
        (modal(submit=plain("x" * 25)), "must be less than 25 characters"),
        (modal(close=mrkdwn()), "unsupported type: mrkdwn"),
        (modal(private_metadata="x" * 3001), "must be less than 3001 characters"),
        (modal(callback_id="x" * 256), "must be less than 256 characters"),
        (modal(input_block(TYPED), submit=None), "missing required field: submit"),
        (modal({"type": "markdown", "text": "x"}), "unsupported type: markdown"),
        (modal(input_block({"type": "file_input", "max_files": 11})), "must be between 1 and 10"),
        (modal(colour="red"), "invalid additional property: colour"),
        ({"type": "modal", "blocks": []}, "missing required field: title"),
        ({"type": "home", "blocks": []}, "unsupported type: home"),
        (
            modal(
                input_block({**TYPED, "focus_on_load": True}),
                input_block({**TYPED, "focus_on_load": True}),
            ),
            "only one element can have focus_on_load",
        ),
    ],
    ids=lambda value: str(value)[:50],
)
def test_invalid_views_are_refused(view, problem):
    """A modal has length limits, needs a submit button for inputs, and excludes message-only blocks."""
    assert any(problem in found for found in check_view(view, "modal")), check_view(view, "modal")


def test_valid_views_are_accepted():
    """A modal may have a file input; a Home tab needs no title."""
    assert check_view(modal(input_block({"type": "file_input", "max_files": 10})), "modal") == []
    assert check_view({"type": "home", "blocks": [section()]}, "home") == []


def test_ids_and_defaults_are_filled_in():
    """Ids and the defaults of text objects are added to a copy."""
    given = [section(accessory={"type": "button", "text": plain()})]
    (filled,) = fill_in(given)
    assert filled["block_id"]
    assert filled["accessory"]["action_id"]
    assert filled["text"]["verbatim"] is False
    assert filled["accessory"]["text"]["emoji"] is True
    assert "block_id" not in given[0]


@pytest.mark.skipif(not SCHEMAS.is_dir(), reason="Slack's JSON Schemas are not beside this checkout")
def test_agreement_with_slacks_schemas():
    """The schemas and the stand-in accept and refuse the same blocks."""
    schema = Draft7Validator(json.loads((SCHEMAS / "Blocks.schema.json").read_text(encoding="utf-8")))
    differing = [
        block
        for block in [*VALID, *INVALID]
        if schema.is_valid([block]) is not (check_message([block]) == [])
    ]
    assert differing == []


@pytest.mark.skipif(not SCHEMAS.is_dir(), reason="Slack's JSON Schemas are not beside this checkout")
def test_agreement_on_views():
    """Modals of the valid blocks are accepted by the stand-in and by the schemas."""
    schema = Draft7Validator(json.loads((SCHEMAS / "AnyView.schema.json").read_text(encoding="utf-8")))
    for block in VALID:
        if block["type"] not in {"markdown", "table"}:
            assert check_view(modal(block), "modal") == []
            assert schema.is_valid(modal(block)), block
