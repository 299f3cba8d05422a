"""
Values as Slack mrkdwn: escaped text, dates in the reader's time zone, counts and durations.

Text from callers, fax machines and file names is escaped and shortened. Its formatting marks are replaced by
look-alikes such as U+2217, because Slack's clients disagree on which invisible characters stop `*bold*`. A
word joiner breaks `:emoji:` and addresses.

Source: "Formatting message text", Slack.
"""

import re
import unicodedata
from datetime import UTC, datetime, timedelta

from faxbot.fax.number import pretty
from faxbot.slack.views.profile import BotProfile

JOINER = "\N{WORD JOINER}"
_LOOKALIKES = {
    "*": "\N{ASTERISK OPERATOR}",
    "~": "\N{TILDE OPERATOR}",
    "`": "\N{MODIFIER LETTER GRAVE ACCENT}",
}
_FORMATTING_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_EMOJI = re.compile(r":(?=[^\s:]{1,100}:)")
_FILE_EXTENSIONS = (
    "pdf|tiff?|ps|txt|png|jpe?g|gif|bmp|heic|webp|docx?|xlsx?|pptx?|odt|rtf|csv|html?|xml|eml|msg"
)
"""File extensions, which no word joiner may break."""
_ADDRESS = re.compile(
    rf"://|(?<=\w)@(?=\w)|(?<=\w)\.(?!(?:{_FILE_EXTENSIONS})(?!\w))(?=[a-z]{{2,}})", re.IGNORECASE
)
_KEPT_INVISIBLE = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"
_USER = re.compile(r"[UW][A-Z0-9]{1,30}", re.ASCII)
_CODE = re.compile(r"`([^`\n]{1,300})`")
_RECENT = timedelta(hours=12)

NAME_CHARS = 80
SERVER_TEXT_CHARS = 200
SENTENCE_CHARS = 1000
"""Maximum characters of names, of the fax server's texts, and of the bot's sentences."""


def one_line(text: str, limit: int) -> str:
    """*text* on one line of at most *limit* characters, without control and direction marks."""
    visible = " ".join(text.split())
    if not visible.isprintable():
        kept = (
            char
            for char in visible
            if char in _KEPT_INVISIBLE or not unicodedata.category(char).startswith("C")
        )
        visible = " ".join("".join(kept).split())
    visible = visible.strip(_KEPT_INVISIBLE + " ")
    return visible if len(visible) <= limit else visible[: limit - 1].rstrip() + "…"


def escape_entities(text: str) -> str:
    """Escape `&`, `<` and `>`, Slack's control characters."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escape(text: str, limit: int = NAME_CHARS) -> str:
    """Text from outside for mrkdwn: without formatting, mentions, emoji or links."""
    text = one_line(text, limit)
    for mark, lookalike in _LOOKALIKES.items():
        text = text.replace(mark, lookalike)
    text = _FORMATTING_UNDERSCORE.sub("\N{MODIFIER LETTER LOW MACRON}", text)
    text = _EMOJI.sub(":" + JOINER, text)
    text = _ADDRESS.sub(lambda match: match[0][0] + JOINER + match[0][1:], text)
    return escape_entities(JOINER + text if text.startswith(">") else text)


def quoted(text: str, limit: int = NAME_CHARS) -> str:
    """Text from outside in quotation marks."""
    return f'"{escape(text, limit)}"'


def server_words(text: str) -> str:
    """` Server says: "…".` for the fax server's text; empty without text."""
    words = one_line(text, SERVER_TEXT_CHARS).rstrip(".")
    return f" Server says: {quoted(words, SERVER_TEXT_CHARS)}." if words else ""


def number(text: str, profile: BotProfile) -> str:
    """A telephone number in readable form, escaped."""
    return escape(pretty(one_line(text, NAME_CHARS), profile.region))


def mention(user_id: str | None) -> str:
    """A mention of a user id; any other text is escaped."""
    if not user_id:
        return "somebody"
    return f"<@{user_id}>" if _USER.fullmatch(user_id) else escape(user_id)


def sentence(text: str, profile: BotProfile, limit: int = SENTENCE_CHARS) -> str:
    """
    One of the bot's sentences, escaped; text between backticks becomes code.

    `/fax` and `@faxbot` in code are replaced by the names in *profile*.
    """
    text = " ".join(text.split())
    text = text if len(text) <= limit else text[: limit - 1] + "…"
    parts, after = [], 0
    for match in _CODE.finditer(text):
        parts += [_spaced(text[after : match.start()], limit), code(match[1], profile)]
        after = match.end()
    return "".join([*parts, _spaced(text[after:], limit)]).strip()


def _spaced(text: str, limit: int) -> str:
    """*text* escaped, with its leading and trailing space kept."""
    before = " " if text.startswith(" ") else ""
    after = " " if text.endswith(" ") and text.strip() else ""
    return f"{before}{escape(text, limit)}{after}"


def code(text: str, profile: BotProfile) -> str:
    """*text*, which a person may type, as code."""
    text = re.sub(r"^/fax(?!\S)", lambda _: profile.command, one_line(text, SERVER_TEXT_CHARS))
    text = re.sub(r"(?<=^/invite )@faxbot\b", lambda _: f"@{profile.bot_name}", text)
    return f"`{escape_entities(text.replace('`', _LOOKALIKES['`']))}`"


def count(amount: int, noun: str) -> str:
    """`1 page`, `2 pages`, `1 fax`, `2 faxes`."""
    plural = "es" if noun.endswith("x") else "s"
    return f"{amount} {noun}{'' if amount == 1 else plural}"


def moment(when: datetime, now: datetime) -> str:
    """`4:01 PM`, with the date if it is 12 hours away or more; for use after "since"."""
    if _is_recent(when, now):
        return _date(when, "{time}", "%-I:%M %p UTC")
    return _date(when, "{date_short}, {time}", "%b %-d, %-I:%M %p UTC")


def at(when: datetime, now: datetime) -> str:
    """`at 4:01 PM`, or `on Apr 20, 2026 at 4:01 PM`."""
    if _is_recent(when, now):
        return "at " + _date(when, "{time}", "%-I:%M %p UTC")
    return "on " + _date(when, "{date_short} at {time}", "%b %-d at %-I:%M %p UTC")


def at_second(when: datetime, now: datetime) -> str:
    """`at 4:00:12 PM`, where seconds matter."""
    if _is_recent(when, now):
        return "at " + _date(when, "{time_secs}", "%-I:%M:%S %p UTC")
    return "on " + _date(when, "{date_short} at {time_secs}", "%b %-d at %-I:%M:%S %p UTC")


def from_epoch(seconds: float) -> datetime:
    """Epoch seconds as an aware UTC datetime."""
    return datetime.fromtimestamp(seconds, UTC)


def _is_recent(when: datetime, now: datetime) -> bool:
    return abs(when - now) < _RECENT


def _date(when: datetime, shape: str, fallback: str) -> str:
    return f"<!date^{int(when.timestamp())}^{shape}|{when.astimezone(UTC):{fallback}}>"


def duration(seconds: float) -> str:
    """`40 s`, `7 min`, `2 h 5 min`, `3 days`."""
    whole = max(0, int(seconds))
    if whole < 60:  # noqa: PLR2004 - seconds in a minute
        return f"{whole} s"
    minutes = whole // 60
    if minutes < 60:  # noqa: PLR2004 - minutes in an hour
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:  # noqa: PLR2004 - two days are still shown in hours
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{hours // 24} days"
