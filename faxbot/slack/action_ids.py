"""
Action ids, callback ids and input ids, and the values that buttons and forms carry.

Values come back from Slack's clients and are validated like typed text; an invalid one raises BadCommand.

Source: block_actions, view_submission and shortcut payloads, Slack.
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from pydantic import TypeAdapter, ValidationError

from faxbot.fax.errors import BadCommand
from faxbot.fax.job import Direction

MAX_VALUE = 2000
"""Characters of a button's value (Block Kit)."""
MAX_METADATA = 3000
"""Characters of a view's private_metadata."""


class Action(StrEnum):
    """Action ids of buttons. Several buttons of one kind in a block have a suffix each, such as `:older`."""

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
    """The inputs of the form; block id and action id are the same."""

    NUMBER = "number"
    LINE = "line"
    FILES = "files"


class Subject(StrEnum):
    """The kind of thing that a button acts on."""

    FAX = "fax"
    """A row of table `faxes`, by its id."""
    RECORD = "record"
    """A row of table `records`, by its id."""
    JOB = "job"
    """A job of the fax server, by its job id and, once ended, its time: the server may reuse ids."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a button acts on. *time*: the time of a job's record, in epoch seconds."""

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
        """Whether `decode_target` accepts it; a job with an unusual id gets no button."""
        return _TARGET.fullmatch(self.encode()) is not None


_TARGET = re.compile(
    r"(?:(fax|record):([1-9][0-9]{0,17})|job:((?:TX|RX)[0-9]{1,12})(?::([0-9]{1,12}))?)", re.ASCII
)
_PAGE = re.compile(r"(TX|RX):([1-9][0-9]{0,8})", re.ASCII)
_UNREADABLE_VALUE = "I can't read what this button says. Ask for it again, and press the new one."


def decode_target(value: str | None) -> Target:
    """
    The target in a button's *value*.

    Raises:
        BadCommand: `Target.encode` did not write this value.
    """
    match = _TARGET.fullmatch(value or "")
    if match is None:
        raise BadCommand(_UNREADABLE_VALUE)
    if match[3]:
        return Target(Subject.JOB, match[3], int(match[4]) if match[4] else None)
    return Target(Subject(match[1]), match[2])


def encode_page(direction: Direction, page: int) -> str:
    """The value of a button that shows a page of the history."""
    return f"{direction.value}:{page}"


def decode_page(value: str | None) -> tuple[Direction, int]:
    """
    The direction and page in a button's *value*.

    Raises:
        BadCommand: `encode_page` did not write this value.
    """
    match = _PAGE.fullmatch(value or "")
    if match is None:
        raise BadCommand(_UNREADABLE_VALUE)
    return Direction(match[1]), int(match[2])


@dataclass(frozen=True, slots=True)
class FormStart:
    """
    Initial state of the form: conversation, thread, known files (`{"id", "name"}`), number and line.

    It is stored in button values and in the view's private_metadata. *key* is the deduplication key of the
    request.
    """

    channel_id: str = ""
    thread_ts: str | None = None
    files: tuple[dict[str, str], ...] = ()
    number: str = ""
    line_id: str = ""
    key: str = ""

    def encode(self, limit: int = MAX_VALUE) -> str:
        """
        JSON of at most *limit* characters; to fit, file names are left out first, then number and line.

        Raises:
            BadCommand: The file ids alone exceed *limit*.
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
    """Replace lone surrogates, which JSON input may contain but UTF-8 output cannot."""
    return text.encode("utf-8", "replace").decode()


_FORM_START = TypeAdapter(FormStart)


def decode_form_start(value: str | None) -> FormStart:
    """
    The form's initial state in a button's value or a view's private_metadata.

    Raises:
        BadCommand: `FormStart.encode` did not write this value.
    """
    try:
        return _FORM_START.validate_json(value or "", strict=True)
    except ValidationError as exc:
        raise BadCommand(_UNREADABLE_VALUE) from exc
