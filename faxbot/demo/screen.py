"""Slack messages on a terminal, as the person would see them."""

import re
from collections.abc import Iterator
from datetime import datetime, tzinfo

from rich.console import Console
from rich.text import Text

from faxbot.demo.person import SlackObject

_ENTITY = re.compile(r"<([^<>]+)>")
_BOLD = re.compile(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])")
_ITALIC = re.compile(r"(?<![\w_])_([^_\n]+)_(?![\w_])")
_DATE = re.compile(r"!date\^(\d+)\^([^|^]+)")
_SHAPES = {"{time}": "%-I:%M %p", "{time_secs}": "%-I:%M:%S %p", "{date_short}": "%b %-d, %Y"}
_CODE = re.compile(r"`([^`\n]+)`")


class Screen:
    """Prints the events of one person's workspace; of an updated message, the new lines only."""

    def __init__(self, console: Console, names: dict[str, str], zone: tzinfo) -> None:
        self._zone = zone
        self._console = console
        self._names = names
        self._shown: dict[tuple[str, str], list[str]] = {}

    def show_event(self, event: SlackObject) -> None:
        """Print one event of the person API, if it is visible to people."""
        match event["type"]:
            case "message":
                self._message(event["message"])
            case "ephemeral":
                ephemeral = event["ephemeral"]
                lines = list(lines_of(ephemeral))
                self._print(f"{self._place(ephemeral['channel'])}, only you see", "faxbot", lines)
            case "toast":
                self._console.print(Text(f"  ! {event['text']}", "red"))

    def show_heading(self, title: str) -> None:
        """Print the heading of a step."""
        self._console.print()
        self._console.rule(Text(title, "bold"), align="left", style="dim")

    def show_action(self, text: str) -> None:
        """Print what the person does."""
        self._console.print(Text(f"  ▸ {text}", "cyan"))

    def show_dialog(self, confirm: SlackObject) -> None:
        """Print a confirm dialog that the person has confirmed."""
        title, words = confirm["title"]["text"], confirm["text"]["text"]
        yes, no = confirm["confirm"]["text"], confirm["deny"]["text"]
        self._console.print(Text(f"    {title}", "bold"))
        self._console.print(self._styled(f"    {words}   [ {no} ]  [ {yes} ] ◂"))

    def _message(self, message: SlackObject) -> None:
        key = message["channel"], message["ts"]
        lines, previous = list(lines_of(message)), self._shown.get(key)
        self._shown[key] = lines
        new_lines = lines if previous is None else [line for line in lines if line not in previous]
        if not new_lines or message.get("hidden"):
            return
        reply = message.get("thread_ts", message["ts"]) != message["ts"]
        where = ("└ " if reply else "") + self._place(message["channel"])
        self._print(where, self._name(message.get("user", "")), new_lines, changed=previous is not None)

    def _print(self, where: str, who: str, lines: list[str], *, changed: bool = False) -> None:
        head = Text("  ")
        head.append(f"{where}  ", "dim")
        head.append(who, "bold magenta")
        if changed:
            head.append(" (edited)", "dim")
        self._console.print(head)
        for line in lines:
            self._console.print(Text("    ") + self._styled(line))

    def _place(self, channel: str) -> str:
        name = self._name(channel)
        return name if " " in name else f"#{name}"

    def _name(self, ident: str) -> str:
        return self._names.get(ident, ident)

    def _styled(self, mrkdwn: str) -> Text:
        text = Text(plain(mrkdwn, self._names, self._zone))
        for pattern, style in ((_BOLD, "bold"), (_ITALIC, "italic"), (_CODE, "green")):
            text = _marked(text, pattern, style)
        return text


def lines_of(message: SlackObject) -> Iterator[str]:
    """The visible lines of a message: its blocks (or its text) with buttons, then its files."""
    blocks = message.get("blocks") or []
    if not blocks and message.get("text"):
        yield from str(message["text"]).splitlines()
    for block in blocks:
        match block["type"]:
            case "section":
                yield from str((block.get("text") or {}).get("text", "")).splitlines()
                yield from (str(part["text"]) for part in block.get("fields", []))
                yield from _buttons([block["accessory"]] if "accessory" in block else [])
            case "header":
                yield f"*{block['text']['text']}*"
            case "context":
                yield " ".join(str(part["text"]) for part in block["elements"] if "text" in part)
            case "actions":
                yield from _buttons(block["elements"])
            case "rich_text":
                yield from str(message.get("text", "")).splitlines()
    for file in message.get("files") or []:
        yield f"📎 {file.get('name', 'a file')}"


def plain(mrkdwn: str, names: dict[str, str], zone: tzinfo) -> str:
    """
    Slack's mrkdwn as plain text: people and channels by name, dates in *zone*, links by their label.

    Source: "Formatting message text", Slack; only the date tokens that faxbot uses.
    """

    def replace_entity(match: re.Match[str]) -> str:
        target, _, label = match[1].partition("|")
        if date := _DATE.match(target):
            shape = date[2]
            for token, form in _SHAPES.items():
                shape = shape.replace(token, form)
            return datetime.fromtimestamp(int(date[1]), zone).strftime(shape)
        if target[0] in "@#":
            return target[0] + (names.get(target[1:]) or label or target[1:])
        return label or target.removeprefix("!")

    text = _ENTITY.sub(replace_entity, mrkdwn)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _buttons(elements: list[SlackObject]) -> Iterator[str]:
    labels = [f"[ {each['text']['text']} ]" for each in elements if each.get("type") == "button"]
    if labels:
        yield "  ".join(labels)


def _marked(text: Text, pattern: re.Pattern[str], style: str) -> Text:
    """*text* with the matches of *pattern* in *style*, without their markup characters."""
    done, last = Text(), 0
    for match in pattern.finditer(text.plain):
        inner = text[match.start(1) : match.end(1)]
        inner.stylize(style)
        done = done + text[last : match.start()] + inner
        last = match.end()
    return done + text[last:]
