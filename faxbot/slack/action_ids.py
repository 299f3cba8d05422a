"""
The names of everything that people press or fill in, and the compact values that travel with them.

A value comes back from outside: it is read as carefully as what a person types, and one that is garbled
or forged is a BadCommand.

Source: block_actions, view_submission and shortcut payloads, Slack.
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from pydantic import TypeAdapter, ValidationError

from faxbot.fax.errors import BadCommand
from faxbot.fax.job import Direction

MAX_VALUE = 2000
MAX_METADATA = 3000


class Action(StrEnum):
    """A button's action id. Where a block has several of a kind, a suffix (`:older`) tells them apart."""

    CANCEL = "cancel_fax"
    DOWNLOAD = "download"
    DELETE = "delete_record"
    IT_WENT = "it_went"
    SEND_AGAIN = "send_again"
    GIVE_UP = "give_up"
    HISTORY_PAGE = "history_page"
    RUN = "run_command"
    OPEN_FORM = "open_form"
    OPEN_LINK = "open_link"

    @property
    def pattern(self) -> re.Pattern[str]:
        """Matches this action's ids, with and without a suffix, for Bolt's `app.action`."""
        return re.compile(rf"^{re.escape(self.value)}(:[a-z]+)?$")


class Callback(StrEnum):
    """The callback ids of shortcuts and views."""

    FAX_THIS = "fax_this"
    """Message shortcut."""
    SEND_A_FAX = "send_a_fax"
    """Global shortcut."""
    SEND_FORM = "send_form"


class Field(StrEnum):
    """The form's inputs: block id and action id are the same."""

    NUMBER = "number"
    LINE = "line"
    FILES = "files"


class Subject(StrEnum):
    """What a button is about."""

    FAX = "fax"
    """A row of ours, by its id."""
    RECORD = "record"
    """A row of ours, by its id."""
    JOB = "job"
    """A job of the fax server, by its job id and, when it has ended, its moment: ids start again."""


@dataclass(frozen=True, slots=True)
class Target:
    """The one thing that a button acts on. *time* is a record's moment, in epoch seconds."""

    subject: Subject
    id: str
    time: int | None = None

    @property
    def row(self) -> int:
        """The row id of a fax or record."""
        return int(self.id)

    def encode(self) -> str:
        """The button's value: `fax:12`, `record:7`, `job:TX82` or `job:RX34:1776285776`."""
        return f"{self.subject.value}:{self.id}" + (f":{self.time}" if self.time is not None else "")

    @property
    def is_readable(self) -> bool:
        """It could be read back: a job of an odd name can be shown, but not pressed."""
        return _TARGET.fullmatch(self.encode()) is not None


_TARGET = re.compile(
    r"(?:(fax|record):([1-9][0-9]{0,17})|job:((?:TX|RX)[0-9]{1,12})(?::([0-9]{1,12}))?)", re.ASCII
)
_PAGE = re.compile(r"(TX|RX):([1-9][0-9]{0,8})", re.ASCII)
_GARBLED = "I can't read what this button says. Ask for it again, and press the new one."


def target(value: str | None) -> Target:
    """
    What a button is about.

    Raises:
        BadCommand: The value is not one of ours.
    """
    match = _TARGET.fullmatch(value or "")
    if match is None:
        raise BadCommand(_GARBLED)
    if match[3]:
        return Target(Subject.JOB, match[3], int(match[4]) if match[4] else None)
    return Target(Subject(match[1]), match[2])


def encode_page(direction: Direction, page: int) -> str:
    """The value of a button that turns to a page of the history."""
    return f"{direction.value}:{page}"


def page(value: str | None) -> tuple[Direction, int]:
    """
    Which page of which history to turn to.

    Raises:
        BadCommand: The value is not one of ours.
    """
    match = _PAGE.fullmatch(value or "")
    if match is None:
        raise BadCommand(_GARBLED)
    return Direction(match[1]), int(match[2])


@dataclass(frozen=True, slots=True)
class FormStart:
    """
    What the form is opened with: where its fax belongs, the files (`{"id", "name"}`) it is about if they
    are known, and what was understood of number and line. It travels in buttons and in private_metadata.

    *key* names the wish, so that a form sent twice is one request.
    """

    channel_id: str = ""
    thread_ts: str | None = None
    files: tuple[dict[str, str], ...] = ()
    number: str = ""
    line_id: str = ""
    key: str = ""

    def encode(self, limit: int = MAX_VALUE) -> str:
        """
        As JSON of at most *limit* characters; file names are left out first, then number and line.

        Raises:
            BadCommand: Even the bare ids are more than that.
        """
        whole = replace(
            self,
            number=_encodable(self.number),
            line_id=_encodable(self.line_id),
            files=tuple({key: _encodable(text) for key, text in file.items()} for file in self.files),
        )
        nameless = replace(whole, files=tuple({"id": file.get("id", "")} for file in self.files))
        for start in (whole, nameless, replace(nameless, number="", line_id="")):
            text = _FORM_START.dump_json(start, exclude_defaults=True).decode()
            if len(text) <= limit:
                return text
        raise BadCommand("Those are more files than a form can carry. Share fewer at a time.")


def _encodable(text: str) -> str:
    """JSON can carry half a surrogate pair into a file's name, but not out again."""
    return text.encode("utf-8", "replace").decode()


_FORM_START = TypeAdapter(FormStart)


def form_start(value: str | None) -> FormStart:
    """
    What the form is to be opened with, or was.

    Raises:
        BadCommand: The value is not one of ours.
    """
    try:
        return _FORM_START.validate_json(value or "", strict=True)
    except ValidationError as exc:
        raise BadCommand(_GARBLED) from exc
