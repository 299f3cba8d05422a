"""Text, confirm, option and the other composition objects."""

from collections.abc import Iterator
from typing import Any

from .rules import Rule, Shape, at, boolean, by_type, items, one_of, string

URL = string(3000, 1)
ID = string(255, 1)


def plain(most: int, least: int = 1) -> Rule:
    """Plain text."""
    shape = Shape({"text": string(most, least)}, {"emoji": boolean})
    return by_type({"plain_text": shape})


def text(most: int, least: int = 1) -> Rule:
    """Plain text or mrkdwn; `emoji` goes with the one and `verbatim` with the other."""
    return by_type(
        {
            "plain_text": Shape({"text": string(most, least)}, {"emoji": boolean}),
            "mrkdwn": Shape({"text": string(most, least)}, {"verbatim": boolean}),
        }
    )


CONFIRM = Shape(
    {"text": text(300)},
    {
        "title": plain(100),
        "confirm": plain(30),
        "deny": plain(30),
        "style": one_of("primary", "danger"),
    },
)


def option(label: Rule, *, url: bool = False) -> Shape:
    """A choice; *url* only in overflow menus."""
    return Shape(
        {"text": label, "value": string(150, 1)},
        {"description": plain(75)} | ({"url": URL} if url else {}),
    )


MENU_OPTION = option(plain(75))
TICK_OPTION = option(text(75))
MENU_OPTIONS = items(MENU_OPTION, 100)
OPTION_GROUPS = items(Shape({"label": plain(75), "options": items(MENU_OPTION, 100, 0)}), 100)
CONVERSATION_FILTER = Shape(
    {},
    {
        "include": items(one_of("im", "mpim", "private", "public"), 4),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    },
    any_of=("include", "exclude_external_shared_channels", "exclude_bot_users"),
)
DISPATCH = Shape({}, {"trigger_actions_on": items(one_of("on_enter_pressed", "on_character_entered"), 2)})
SLACK_FILE = Shape({}, {"id": string(255, 1), "url": URL}, only_one=("id", "url"))


def chosen_among_options(name: str) -> Rule:
    """What is chosen at first must be one of the options."""

    def check(value: Any, pointer: str) -> Iterator[str]:  # noqa: ANN401  (JSON of any shape)
        chosen = value.get(name)
        groups = [g.get("options") for g in value.get("option_groups") or [] if isinstance(g, dict)]
        offered = [o for group in [value.get("options"), *groups] for o in group or [] if isinstance(o, dict)]
        values = {option.get("value") for option in offered}
        for one in chosen if isinstance(chosen, list) else [chosen] if chosen else []:
            if isinstance(one, dict) and one.get("value") not in values:
                yield at("must match one of the provided options", f"{pointer}/{name}")

    return check
