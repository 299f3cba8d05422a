"""Slack messages on a terminal: what a person would have seen, line by line."""

import re
from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import Any

from rich.console import Console
from rich.text import Text

Item = dict[str, Any]

_ENTITY = re.compile(r"<([^<>]+)>")
_BOLD = re.compile(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])")
_EMPHASIS = re.compile(r"(?<![\w_])_([^_\n]+)_(?![\w_])")
_MOMENT = re.compile(r"!date\^(\d+)\^([^|^]+)")
_SHAPES = {"{time}": "%-I:%M %p", "{time_secs}": "%-I:%M:%S %p", "{date_short}": "%b %-d, %Y"}
_TICKS = re.compile(r"`([^`\n]+)`")


class Screen:
    """Prints the news of one person's workspace; a message that changed shows the lines that are new."""

    def __init__(self, console: Console, names: dict[str, str], zone: tzinfo) -> None:
        self._zone = zone
        self._console = console
        self._names = names
        self._shown: dict[tuple[str, str], list[str]] = {}

    def hear(self, event: Item) -> None:
        """Print one event of the person API, if it is one that people see."""
        match event["type"]:
            case "message":
                self._message(event["message"])
            case "ephemeral":
                whisper = event["ephemeral"]
                lines = list(lines_of(whisper))
                self._print(f"{self._place(whisper['channel'])}, only you see", "faxbot", lines)
            case "toast":
                self._console.print(Text(f"  ! {event['text']}", "red"))

    def step(self, title: str) -> None:
        """Head what follows."""
        self._console.print()
        self._console.rule(Text(title, "bold"), align="left", style="dim")

    def did(self, text: str) -> None:
        """Say what the person does."""
        self._console.print(Text(f"  ▸ {text}", "cyan"))

    def dialog(self, confirm: Item) -> None:
        """Show a confirm dialog that was answered with yes."""
        title, words = confirm["title"]["text"], confirm["text"]["text"]
        yes, no = confirm["confirm"]["text"], confirm["deny"]["text"]
        self._console.print(Text(f"    {title}", "bold"))
        self._console.print(self._styled(f"    {words}   [ {no} ]  [ {yes} ] ◂"))

    def _message(self, message: Item) -> None:
        key = message["channel"], message["ts"]
        lines, before = list(lines_of(message)), self._shown.get(key)
        self._shown[key] = lines
        fresh = lines if before is None else [line for line in lines if line not in before]
        if not fresh or message.get("hidden"):
            return
        reply = message.get("thread_ts", message["ts"]) != message["ts"]
        where = ("└ " if reply else "") + self._place(message["channel"])
        self._print(where, self._name(message.get("user", "")), fresh, changed=before is not None)

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
        for pattern, style in ((_BOLD, "bold"), (_EMPHASIS, "italic"), (_TICKS, "green")):
            text = _marked(text, pattern, style)
        return text


def lines_of(message: Item) -> Iterator[str]:
    """What a message shows, top to bottom: its blocks (or its text), its files, its buttons."""
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
    Slack's text as it is read: people and channels by name, moments in *zone*, links by their label.

    Source: "Formatting message text", Slack; of the date tokens, those that faxbot uses.
    """

    def read(match: re.Match[str]) -> str:
        target, _, label = match[1].partition("|")
        if moment := _MOMENT.match(target):
            shape = moment[2]
            for token, form in _SHAPES.items():
                shape = shape.replace(token, form)
            return datetime.fromtimestamp(int(moment[1]), zone).strftime(shape)
        if target[0] in "@#":
            return target[0] + (names.get(target[1:]) or label or target[1:])
        return label or target.removeprefix("!")

    text = _ENTITY.sub(read, mrkdwn)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _buttons(elements: list[Item]) -> Iterator[str]:
    labels = [f"[ {each['text']['text']} ]" for each in elements if each.get("type") == "button"]
    if labels:
        yield "  ".join(labels)


def _marked(text: Text, pattern: re.Pattern[str], style: str) -> Text:
    """*text* with what *pattern* encloses in *style*, without the marks."""
    done, last = Text(), 0
    for match in pattern.finditer(text.plain):
        inner = text[match.start(1) : match.end(1)]
        inner.stylize(style)
        done = done + text[last : match.start()] + inner
        last = match.end()
    return done + text[last:]
