"""The rules of composition objects: text, confirm, option and others."""

from collections.abc import Iterator
from typing import Any

from .rules import Rule, Shape, boolean, by_type, items, one_of, problem_at, string

URL = string(3000, 1)
ID = string(255, 1)


def plain(maximum: int, minimum: int = 1) -> Rule:
    """A plain_text object."""
    shape = Shape({"text": string(maximum, minimum)}, {"emoji": boolean})
    return by_type({"plain_text": shape})


def text(maximum: int, minimum: int = 1) -> Rule:
    """A plain_text object with `emoji`, or a mrkdwn object with `verbatim`."""
    return by_type(
        {
            "plain_text": Shape({"text": string(maximum, minimum)}, {"emoji": boolean}),
            "mrkdwn": Shape({"text": string(maximum, minimum)}, {"verbatim": boolean}),
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
    """An option object; *url* for overflow menus only."""
    return Shape(
        {"text": label, "value": string(150, 1)},
        {"description": plain(75)} | ({"url": URL} if url else {}),
    )


MENU_OPTION = option(plain(75))
CHECKBOX_OPTION = option(text(75))
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
SLACK_FILE = Shape({}, {"id": string(255, 1), "url": URL}, exactly_one=("id", "url"))


def initial_among_options(name: str) -> Rule:
    """The member *name*, an initial choice, must be one of the options."""

    def check(value: Any, pointer: str) -> Iterator[str]:  # noqa: ANN401  (JSON of any shape)
        chosen = value.get(name)
        groups = [g.get("options") for g in value.get("option_groups") or [] if isinstance(g, dict)]
        offered = [o for group in [value.get("options"), *groups] for o in group or [] if isinstance(o, dict)]
        values = {option.get("value") for option in offered}
        for one in chosen if isinstance(chosen, list) else [chosen] if chosen else []:
            if isinstance(one, dict) and one.get("value") not in values:
                yield problem_at("must match one of the provided options", f"{pointer}/{name}")

    return check
