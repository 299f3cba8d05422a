"""
The rules of Block Kit's blocks and views.

Not imitated: alert, card, carousel, container, data_table, plan and task_card blocks, workflow buttons, icon
and feedback buttons.

Source: Slack's Block Kit reference.
"""

from .elements import ACCESSORIES, ACTIONS, ELEMENTS, INPUTS
from .objects import SLACK_FILE, URL, plain, text
from .rich_text import RICH_TEXT
from .rules import Rule, Shape, boolean, by_type, items, one_of, string

_BLOCK_ID: dict[str, Rule] = {"block_id": string(255, 1)}

BLOCKS: dict[str, Shape] = {
    "actions": Shape({"elements": items(by_type(ELEMENTS, frozenset(ACTIONS)), 25)}, _BLOCK_ID),
    "context": Shape(
        {
            "elements": items(
                by_type(
                    {
                        "image": ELEMENTS["image"],
                        "plain_text": Shape({"text": string(2000, 1)}, {"emoji": boolean}),
                        "mrkdwn": Shape({"text": string(2000, 1)}, {"verbatim": boolean}),
                    }
                ),
                10,
            )
        },
        _BLOCK_ID,
    ),
    "divider": Shape({}, _BLOCK_ID),
    "file": Shape({"external_id": string(255, 1), "source": one_of("remote")}, _BLOCK_ID),
    "header": Shape({"text": plain(150)}, _BLOCK_ID),
    "image": Shape(
        {"alt_text": string(2000, 1)},
        {**_BLOCK_ID, "title": plain(2000), "image_url": URL, "slack_file": SLACK_FILE},
        exactly_one=("image_url", "slack_file"),
    ),
    "input": Shape(
        {"label": plain(2000), "element": by_type(ELEMENTS, frozenset(INPUTS))},
        {**_BLOCK_ID, "hint": plain(2000), "optional": boolean, "dispatch_action": boolean},
    ),
    "markdown": Shape({"text": string(12_000, 1)}, _BLOCK_ID),
    "rich_text": RICH_TEXT,
    "section": Shape(
        {},
        {
            **_BLOCK_ID,
            "text": text(3000),
            "fields": items(text(2000), 10),
            "accessory": by_type(ELEMENTS, frozenset(ACCESSORIES)),
            "expand": boolean,
        },
        any_of=("text", "fields"),
    ),
    "table": Shape(
        {
            "rows": items(
                items(by_type({"raw_text": Shape({"text": string(2000)}), "rich_text": RICH_TEXT}), 20),
                100,
            )
        },
        {
            **_BLOCK_ID,
            "column_settings": items(
                Shape({}, {"align": one_of("left", "center", "right"), "is_wrapped": boolean}), 20, 0
            ),
        },
    ),
    "video": Shape(
        {
            "alt_text": string(2000, 1),
            "title": plain(199),
            "thumbnail_url": URL,
            "video_url": URL,
        },
        {
            **_BLOCK_ID,
            "author_name": string(49),
            "description": plain(200),
            "provider_icon_url": URL,
            "provider_name": string(50),
            "title_url": URL,
        },
    ),
}

IN_MESSAGES = frozenset(BLOCKS)
IN_VIEWS = frozenset(BLOCKS) - {"file", "markdown", "table"}

_VIEW_EXTRAS: dict[str, Rule] = {
    "private_metadata": string(3000),
    "callback_id": string(255),
    "external_id": string(255),
}
VIEWS: dict[str, Shape] = {
    "modal": Shape(
        {"title": plain(24), "blocks": items(by_type(BLOCKS, IN_VIEWS), 100, 0)},
        {
            **_VIEW_EXTRAS,
            "close": plain(24),
            "submit": plain(24),
            "clear_on_close": boolean,
            "notify_on_close": boolean,
            "submit_disabled": boolean,
        },
    ),
    "home": Shape({"blocks": items(by_type(BLOCKS, IN_VIEWS), 100, 0)}, _VIEW_EXTRAS),
}
