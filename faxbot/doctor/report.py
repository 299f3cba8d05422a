"""The findings as a table for people and as JSON for scripts, and the exit code for both."""

import json
from collections import Counter

from rich import box
from rich.table import Table
from rich.text import Text

from faxbot.doctor.finding import Severity
from faxbot.doctor.runner import Report

ALL_GREEN, SOMETHING_RED, SETTINGS_UNUSABLE = 0, 1, 2
SETTINGS = "Settings"

_STYLES = {
    Severity.GREEN: "green",
    Severity.YELLOW: "yellow",
    Severity.RED: "bold red",
    Severity.SKIPPED: "dim",
}


def table(findings: Report) -> Table:
    """A row for each check: severity, name, what was found, and the remedy below it."""
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_lines=False)
    shown.add_column("", no_wrap=True)
    shown.add_column("Check", no_wrap=True)
    shown.add_column("Found, and what to do", overflow="fold")
    for name, finding in findings.items():
        words = Text(_plain(finding.found), style="dim" if finding.severity is Severity.SKIPPED else "")
        if finding.remedy:
            words.append(
                f"\n→ {_plain(finding.remedy)}", style="bold" if finding.severity is Severity.RED else ""
            )
        shown.add_row(Text(finding.severity.value, style=_STYLES[finding.severity]), Text(name), words)
    return shown


def _plain(text: str) -> str:
    """*text* without terminal control characters: servers' texts are quoted in it."""
    return "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in text)


def summary(findings: Report) -> str:
    """The table in one sentence."""
    count = Counter(each.severity for each in findings.values())
    if count[Severity.RED]:
        return f"{count[Severity.RED]} red: begin with the first."
    return "All green." if not count[Severity.YELLOW] else "Nothing red. Yellow works, but needs attention."


def as_json(findings: Report) -> str:
    """One object: `ok`, and `checks` in the order of the table."""
    return json.dumps(
        {
            "ok": exit_code(findings) == ALL_GREEN,
            "checks": [
                {"check": name, "light": each.severity, "found": each.found, "remedy": each.remedy}
                for name, each in findings.items()
            ],
        },
        indent=2,
        ensure_ascii=False,
    )


def exit_code(findings: Report) -> int:
    """0: no check is red; 1: at least one is; 2: the settings are unusable, so no other check ran."""
    if findings[SETTINGS].severity is Severity.RED:
        return SETTINGS_UNUSABLE
    return SOMETHING_RED if any(each.severity is Severity.RED for each in findings.values()) else ALL_GREEN
