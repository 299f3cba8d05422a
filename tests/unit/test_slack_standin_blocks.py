"""The Slack stand-in's Block Kit: what it takes and what it refuses; compared with Slack's schemas."""

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


def question(element, **more):
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

GOOD = [
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
    question(TYPED, hint=plain(), optional=True, dispatch_action=True),
    question({"type": "checkboxes", "options": [OPTION]}),
    question({"type": "radio_buttons", "options": [{"text": mrkdwn(), "value": "v"}]}),
    question({"type": "number_input", "is_decimal_allowed": False, "min_value": "1"}),
    question({"type": "multi_users_select", "max_selected_items": 3}),
    RICH,
    {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}]]},
]

WRONG = [
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
    question(button()),
    {"type": "input", "element": TYPED},
    question(TYPED, label=mrkdwn()),
    question({"type": "checkboxes"}),
    actions({"type": "static_select", "options": [{"text": mrkdwn(), "value": "v"}]}),
    {"type": "rich_text", "elements": [{"type": "rich_text_section"}]},
    {
        "type": "rich_text",
        "elements": [{"type": "rich_text_list", "style": "roman", "elements": []}],
    },
    {"type": "divider", "text": plain()},
    {"type": "markdown"},
]

TOO_MUCH = [
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
    (question({"type": "checkboxes", "options": [OPTION] * 11}), "no more than 10 items allowed"),
    (
        actions({"type": "static_select", "options": [{"text": plain("x" * 76), "value": "v"}]}),
        "must be less than 76 characters",
    ),
    (
        actions({"type": "static_select", "options": [OPTION], "initial_option": {**OPTION, "value": "w"}}),
        "must match one of the provided options",
    ),
    (actions({"type": "static_select"}), "exactly one of options, option_groups is required"),
    (question({"type": "file_input", "action_id": "f"}), "unsupported type: file_input"),
    (section(accessory={"type": "datepicker", "initial_date": "tomorrow!!"}), "invalid format"),
]


@pytest.mark.parametrize("block", GOOD, ids=lambda block: block["type"])
def test_good_blocks_are_taken(block):
    """Blocks of Slack's reference pass without complaint."""
    assert check_message([block]) == []


@pytest.mark.parametrize("block", WRONG, ids=str)
def test_wrong_blocks_are_refused(block):
    """Wrong types, missing or unknown members, and elements in the wrong place are refused."""
    assert check_message([block])


@pytest.mark.parametrize(("block", "problem"), TOO_MUCH, ids=lambda value: str(value)[:60])
def test_limits(block, problem):
    """Each of Slack's limits is refused with Slack's words."""
    assert any(problem in found for found in check_message([block])), check_message([block])


def test_numbers_of_blocks():
    """A message has at most 50 blocks, a view 100, each with an id of its own."""
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
        (modal(question(TYPED), submit=None), "missing required field: submit"),
        (modal({"type": "markdown", "text": "x"}), "unsupported type: markdown"),
        (modal(question({"type": "file_input", "max_files": 11})), "must be between 1 and 10"),
        (modal(colour="red"), "invalid additional property: colour"),
        ({"type": "modal", "blocks": []}, "missing required field: title"),
        ({"type": "home", "blocks": []}, "unsupported type: home"),
        (
            modal(
                question({**TYPED, "focus_on_load": True}),
                question({**TYPED, "focus_on_load": True}),
            ),
            "only one element can have focus_on_load",
        ),
    ],
    ids=lambda value: str(value)[:50],
)
def test_views_that_are_refused(view, problem):
    """A modal's rules: lengths, a submit button for inputs, no blocks that only messages have."""
    assert any(problem in found for found in check_view(view, "modal")), check_view(view, "modal")


def test_views_that_are_taken():
    """A modal may ask for files; a Home tab needs no title."""
    assert check_view(modal(question({"type": "file_input", "max_files": 10})), "modal") == []
    assert check_view({"type": "home", "blocks": [section()]}, "home") == []


def test_what_is_filled_in():
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
    """What the schemas take of the corpus is taken here, and what they refuse is refused."""
    schema = Draft7Validator(json.loads((SCHEMAS / "Blocks.schema.json").read_text(encoding="utf-8")))
    differing = [
        block for block in [*GOOD, *WRONG] if schema.is_valid([block]) is not (check_message([block]) == [])
    ]
    assert differing == []


@pytest.mark.skipif(not SCHEMAS.is_dir(), reason="Slack's JSON Schemas are not beside this checkout")
def test_agreement_on_views():
    """Views of the good blocks are views for the schemas too."""
    schema = Draft7Validator(json.loads((SCHEMAS / "AnyView.schema.json").read_text(encoding="utf-8")))
    for block in GOOD:
        if block["type"] not in {"markdown", "table"}:
            assert check_view(modal(block), "modal") == []
            assert schema.is_valid(modal(block)), block
