"""
Facts to Slack's mrkdwn: caller-supplied text stays text, moments show in the reader's own time zone.

What a caller, a fax machine or a file's name says is escaped, cut short, and its formatting marks are
replaced by look-alikes: Slack's clients disagree on which invisible characters stop `*bold*`, but none
formats U+2217. A word joiner breaks `:emoji:` and addresses.

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
_NO_DOMAIN = "pdf|tiff?|ps|txt|png|jpe?g|gif|bmp|heic|webp|docx?|xlsx?|pptx?|odt|rtf|csv|html?|xml|eml|msg"
"""What files end in and no address does: their names stay as they are."""
_ADDRESS = re.compile(
    rf"://|(?<=\w)@(?=\w)|(?<=\w)\.(?!(?:{_NO_DOMAIN})(?!\w))(?=[a-z]{{2,}})", re.IGNORECASE
)
_KEPT_INVISIBLE = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"
_USER = re.compile(r"[UW][A-Z0-9]{1,30}", re.ASCII)
_CODE = re.compile(r"`([^`\n]{1,300})`")
_RECENT = timedelta(hours=12)

NAME_CHARS = 80
SAID_CHARS = 200
SENTENCE_CHARS = 1000


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


def entities(text: str) -> str:
    """Escape the three characters with which Slack begins anything special."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escape(text: str, limit: int = NAME_CHARS) -> str:
    """Text of a caller, a machine or a person, for mrkdwn: it reads as it is and does nothing."""
    text = one_line(text, limit)
    for mark, lookalike in _LOOKALIKES.items():
        text = text.replace(mark, lookalike)
    text = _FORMATTING_UNDERSCORE.sub("\N{MODIFIER LETTER LOW MACRON}", text)
    text = _EMOJI.sub(":" + JOINER, text)
    text = _ADDRESS.sub(lambda match: match[0][0] + JOINER + match[0][1:], text)
    return entities(JOINER + text if text.startswith(">") else text)


def quoted(text: str, limit: int = NAME_CHARS) -> str:
    """What somebody or some machine said, between quotation marks."""
    return f'"{escape(text, limit)}"'


def said(text: str) -> str:
    """The fax server's own words, as a sentence behind ours; nothing if it said nothing."""
    words = one_line(text, SAID_CHARS).rstrip(".")
    return f" Server says: {quoted(words, SAID_CHARS)}." if words else ""


def number(text: str, profile: BotProfile) -> str:
    """A telephone number for people, bold marks and all kept out of it."""
    return escape(pretty(one_line(text, NAME_CHARS), profile.region))


def mention(user_id: str | None) -> str:
    """A person by their Slack id; what is no id is shown as text."""
    if not user_id:
        return "somebody"
    return f"<@{user_id}>" if _USER.fullmatch(user_id) else escape(user_id)


def sentence(text: str, profile: BotProfile, limit: int = SENTENCE_CHARS) -> str:
    """
    A sentence of ours that may quote a person: what is between backticks is code, all else plain.

    `/fax` and `@faxbot` in it become what they are called in this workspace.
    """
    text = " ".join(text.split())
    text = text if len(text) <= limit else text[: limit - 1] + "…"
    parts, after = [], 0
    for match in _CODE.finditer(text):
        parts += [_spaced(text[after : match.start()], limit), code(match[1], profile)]
        after = match.end()
    return "".join([*parts, _spaced(text[after:], limit)]).strip()


def _spaced(text: str, limit: int) -> str:
    """Escaped, with the spaces at its ends that separate it from what it stands beside."""
    before = " " if text.startswith(" ") else ""
    after = " " if text.endswith(" ") and text.strip() else ""
    return f"{before}{escape(text, limit)}{after}"


def code(text: str, profile: BotProfile) -> str:
    """Something to type, as code."""
    text = re.sub(r"^/fax(?!\S)", lambda _: profile.command, one_line(text, SAID_CHARS))
    text = re.sub(r"(?<=^/invite )@faxbot\b", lambda _: f"@{profile.bot_name}", text)
    return f"`{entities(text.replace('`', _LOOKALIKES['`']))}`"


def count(amount: int, noun: str) -> str:
    """`1 page`, `2 pages`, `1 fax`, `2 faxes`."""
    plural = "es" if noun.endswith("x") else "s"
    return f"{amount} {noun}{'' if amount == 1 else plural}"


def moment(when: datetime, now: datetime) -> str:
    """`4:01 PM`, with the day when that is half a day away or more; behind "since" or a dot."""
    if _is_recent(when, now):
        return _date(when, "{time}", "%-I:%M %p UTC")
    return _date(when, "{date_short}, {time}", "%b %-d, %-I:%M %p UTC")


def at(when: datetime, now: datetime) -> str:
    """`at 4:01 PM`, or `on Apr 20, 2026 at 4:01 PM`."""
    if _is_recent(when, now):
        return "at " + _date(when, "{time}", "%-I:%M %p UTC")
    return "on " + _date(when, "{date_short} at {time}", "%b %-d at %-I:%M %p UTC")


def at_second(when: datetime, now: datetime) -> str:
    """`at 4:00:12 PM`, where the seconds help to tell two things apart."""
    if _is_recent(when, now):
        return "at " + _date(when, "{time_secs}", "%-I:%M:%S %p UTC")
    return "on " + _date(when, "{date_short} at {time_secs}", "%b %-d at %-I:%M:%S %p UTC")


def from_epoch(seconds: float) -> datetime:
    """The moment that the facts keep as epoch seconds."""
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
    if hours < 48:  # noqa: PLR2004 - two days are still told in hours
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{hours // 24} days"
