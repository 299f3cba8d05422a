"""The rules of block elements: buttons, selects, inputs and images."""

from .objects import (
    CHECKBOX_OPTION,
    CONFIRM,
    CONVERSATION_FILTER,
    DISPATCH,
    ID,
    MENU_OPTION,
    MENU_OPTIONS,
    OPTION_GROUPS,
    SLACK_FILE,
    URL,
    initial_among_options,
    option,
    plain,
)
from .rules import Rule, Shape, boolean, items, number, one_of, string

_COMMON: dict[str, Rule] = {"action_id": ID}
_CONFIRMED: dict[str, Rule] = {**_COMMON, "confirm": CONFIRM}
_FOCUSED: dict[str, Rule] = {**_CONFIRMED, "focus_on_load": boolean}
_MENU: dict[str, Rule] = {**_FOCUSED, "placeholder": plain(150)}
_TYPED: dict[str, Rule] = {
    **_COMMON,
    "placeholder": plain(150),
    "dispatch_action_config": DISPATCH,
    "focus_on_load": boolean,
}
_MANY: dict[str, Rule] = {"max_selected_items": number(1, 100)}
_IDS = items(string(255, 1), 100)
_DATE = string(10, 10, r"\d{4}-\d\d-\d\d")
_TIME = string(5, 5, r"([01]\d|2[0-3]):[0-5]\d")
_RICH_TEXT = Shape({"elements": items(Shape({}, {"elements": items(Shape(), 1000, 0)}), 1000, 0)})

ELEMENTS: dict[str, Shape] = {
    "button": Shape(
        {"text": plain(75)},
        {
            **_CONFIRMED,
            "url": URL,
            "value": string(2000),
            "style": one_of("primary", "danger"),
            "accessibility_label": string(75, 1),
        },
    ),
    "checkboxes": Shape(
        {"options": items(CHECKBOX_OPTION, 10)},
        {**_FOCUSED, "initial_options": items(CHECKBOX_OPTION, 10)},
        extra_rule=initial_among_options("initial_options"),
    ),
    "radio_buttons": Shape(
        {"options": items(CHECKBOX_OPTION, 10)},
        {**_FOCUSED, "initial_option": CHECKBOX_OPTION},
        extra_rule=initial_among_options("initial_option"),
    ),
    "overflow": Shape({"options": items(option(plain(75), url=True), 5)}, _CONFIRMED),
    "datepicker": Shape({}, {**_MENU, "initial_date": _DATE}),
    "timepicker": Shape({}, {**_MENU, "initial_time": _TIME, "timezone": string(100, 1)}),
    "datetimepicker": Shape({}, {**_FOCUSED, "initial_date_time": number(1_000_000_000, 9_999_999_999)}),
    "static_select": Shape(
        {},
        {**_MENU, "options": MENU_OPTIONS, "option_groups": OPTION_GROUPS, "initial_option": MENU_OPTION},
        exactly_one=("options", "option_groups"),
        extra_rule=initial_among_options("initial_option"),
    ),
    "external_select": Shape(
        {}, {**_MENU, "initial_option": MENU_OPTION, "min_query_length": number(0, 100)}
    ),
    "users_select": Shape({}, {**_MENU, "initial_user": ID}),
    "conversations_select": Shape(
        {},
        {
            **_MENU,
            "initial_conversation": ID,
            "default_to_current_conversation": boolean,
            "response_url_enabled": boolean,
            "filter": CONVERSATION_FILTER,
        },
    ),
    "channels_select": Shape({}, {**_MENU, "initial_channel": ID, "response_url_enabled": boolean}),
    "multi_static_select": Shape(
        {},
        {
            **_MENU,
            **_MANY,
            "options": MENU_OPTIONS,
            "option_groups": OPTION_GROUPS,
            "initial_options": items(MENU_OPTION, 100),
        },
        exactly_one=("options", "option_groups"),
        extra_rule=initial_among_options("initial_options"),
    ),
    "multi_external_select": Shape(
        {},
        {**_MENU, **_MANY, "initial_options": items(MENU_OPTION, 100), "min_query_length": number(0, 100)},
    ),
    "multi_users_select": Shape({}, {**_MENU, **_MANY, "initial_users": _IDS}),
    "multi_conversations_select": Shape(
        {},
        {
            **_MENU,
            **_MANY,
            "initial_conversations": _IDS,
            "default_to_current_conversation": boolean,
            "filter": CONVERSATION_FILTER,
        },
    ),
    "multi_channels_select": Shape({}, {**_MENU, **_MANY, "initial_channels": _IDS}),
    "plain_text_input": Shape(
        {},
        {
            **_TYPED,
            "initial_value": string(3000),
            "multiline": boolean,
            "min_length": number(0, 3000),
            "max_length": number(1, 3000),
        },
    ),
    "email_text_input": Shape({}, {**_TYPED, "initial_value": string(3000)}),
    "url_text_input": Shape({}, {**_TYPED, "initial_value": string(3000)}),
    "number_input": Shape(
        {"is_decimal_allowed": boolean},
        {**_TYPED, "initial_value": string(50), "min_value": string(50), "max_value": string(50)},
    ),
    "rich_text_input": Shape({}, {**_TYPED, "initial_value": _RICH_TEXT}),
    "file_input": Shape({}, {**_COMMON, "filetypes": items(string(50, 1), 100), "max_files": number(1, 10)}),
    "image": Shape(
        {"alt_text": string(2000, 1)},
        {"image_url": URL, "slack_file": SLACK_FILE},
        exactly_one=("image_url", "slack_file"),
    ),
}

_SELECTS = frozenset(name for name in ELEMENTS if name.endswith("_select"))
_CHOICES = _SELECTS | {"checkboxes", "radio_buttons", "datepicker", "timepicker"}
ACTIONS = _CHOICES | {"button", "overflow", "datetimepicker", "rich_text_input"}
ACCESSORIES = _CHOICES | {"button", "overflow", "image"}
INPUTS = _CHOICES | {
    "datetimepicker",
    "plain_text_input",
    "email_text_input",
    "url_text_input",
    "number_input",
    "rich_text_input",
    "file_input",
}
