"""The rules of rich text: sections, lists, quotes, preformatted text and inline elements."""

from .objects import URL
from .rules import Shape, boolean, by_type, items, number, one_of, string

_STYLE = Shape(
    {},
    dict.fromkeys(
        ("bold", "italic", "strike", "underline", "code", "highlight", "client_highlight", "unlink"), boolean
    ),
)
_STYLED = {"style": _STYLE}
_ID = string(255, 1)

_INLINE = by_type(
    {
        "text": Shape({"text": string(40_000)}, _STYLED),
        "link": Shape({"url": URL}, {"text": string(40_000), "unsafe": boolean, **_STYLED}),
        "emoji": Shape(
            {"name": string(100, 1)},
            {"unicode": string(100), "url": URL, "skin_tone": number(1, 6), **_STYLED},
        ),
        "user": Shape({"user_id": _ID}, _STYLED),
        "usergroup": Shape({"usergroup_id": _ID}, _STYLED),
        "channel": Shape({"channel_id": _ID}, _STYLED),
        "team": Shape({"team_id": _ID}, _STYLED),
        "broadcast": Shape({"range": one_of("here", "channel", "everyone")}, _STYLED),
        "color": Shape({"value": string(20, 1)}, _STYLED),
        "date": Shape(
            {"timestamp": number(0, 99_999_999_999), "format": string(1000, 1)},
            {"url": URL, "fallback": string(40_000), **_STYLED},
        ),
    }
)
_INSIDE = items(_INLINE, 2000, 0)
_BORDER = {"border": one_of(0, 1)}
_SECTION = Shape({"elements": _INSIDE})
_PARTS = {
    "rich_text_section": _SECTION,
    "rich_text_preformatted": Shape({"elements": _INSIDE}, {**_BORDER, "language": string(50)}),
    "rich_text_quote": Shape({"elements": _INSIDE}, _BORDER),
    "rich_text_list": Shape(
        {
            "elements": items(by_type({"rich_text_section": _SECTION}), 1000),
            "style": one_of("bullet", "ordered"),
        },
        {"indent": number(0, 8), "offset": number(0, 100_000), **_BORDER},
    ),
}
RICH_TEXT = Shape({"elements": items(by_type(_PARTS), 1000)}, {"block_id": string(255, 1)})
