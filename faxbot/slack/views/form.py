"""The modal "Send a fax": its views, and parsing of its submission."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import (
    Block,
    InputBlock,
    InputInteractiveElement,
    Option,
    PlainTextInputElement,
    PlainTextObject,
    StaticSelectElement,
)
from slack_sdk.models.views import View

from faxbot.fax.line import FaxLine
from faxbot.fax.number import pretty
from faxbot.slack.action_ids import MAX_METADATA, Callback, Field, FormStart, decode_form_start
from faxbot.slack.views.blocks import context, section
from faxbot.slack.views.profile import BotProfile
from faxbot.slack.views.text import count, escape, one_line

FILE_TYPES = ("pdf", "tiff", "tif", "ps", "txt", "png", "jpg", "jpeg")
MAX_FILES = 10
"""Files in one input (Block Kit allows 10)."""
_MAX_LINES = 100
"""Options of a select menu (Block Kit allows 100)."""
_NUMBER_CHARS = 60
_SHOWN_FILES = 10


class FileInputElement(InputInteractiveElement):
    """A file input; slack_sdk has no model for it. Source: "File input element", Block Kit."""

    type = "file_input"

    def __init__(self, *, action_id: str, filetypes: Sequence[str], max_files: int) -> None:
        super().__init__(action_id=action_id, type=self.type)
        self.filetypes = list(filetypes)
        self.max_files = max_files

    @property
    def attributes(self) -> set[str]:  # type: ignore[override] # the SDK overrides it the same way
        """Names of the attributes in the JSON."""
        return {"type", "action_id", "filetypes", "max_files"}


@dataclass(frozen=True, slots=True)
class FormEntry:
    """The values of a submitted form, and the state it was opened with."""

    number: str
    line_id: str
    files: tuple[dict[str, str], ...]
    """`{"id", "name"}` each, in their order."""
    start: FormStart


@dataclass(frozen=True, slots=True)
class FormErrors:
    """Error texts by block id, for `response_action: errors`."""

    errors: dict[str, str]


def form_view(
    start: FormStart, lines: Sequence[FaxLine], profile: BotProfile, note: str = ""
) -> dict[str, Any]:
    """The form, prefilled with *start*. *note*: a line above it, such as that no lines are known."""
    blocks: list[Block] = [context(shown)] if (shown := escape(note, 300)) else []
    blocks.append(_number_input(start.number))
    if lines:
        blocks.append(_line_input(start.line_id, lines[:_MAX_LINES], profile))
    blocks.append(_files_known(start.files) if start.files else _files_input())
    return _modal(blocks, start, submit="Send")


def loading_view(start: FormStart) -> dict[str, Any]:
    """A placeholder while lines and files are loaded; a trigger id expires after three seconds."""
    return _modal([section("Looking for your files…")], start)


def refusal_view(start: FormStart, why: str) -> dict[str, Any]:
    """A view without inputs that says *why* there is no form."""
    return _modal([section(escape(why, 500) or "There is nothing to fax.")], start, close="Close")


def parse_submission(view: Mapping[str, Any]) -> FormEntry | FormErrors:
    """
    Parse a submitted form; the number is not validated here.

    Raises:
        BadCommand: Its private_metadata was not written by FormStart.

    Source: view_submission payloads (`view.state.values`), Slack.
    """
    start = decode_form_start(view.get("private_metadata"))
    number = _text(_value(view, Field.NUMBER).get("value")).strip()
    option = _value(view, Field.LINE).get("selected_option")
    line_id = _text(option.get("value")) if isinstance(option, Mapping) else ""
    files = _uploaded(_value(view, Field.FILES).get("files")) or start.files
    errors = {}
    if not number:
        errors[Field.NUMBER.value] = "Which number is it for?"
    if not files:
        errors[Field.FILES.value] = "Add the file to fax."
    return FormErrors(errors) if errors else FormEntry(number, line_id or start.line_id, files, start)


def _value(view: Mapping[str, Any], field: Field) -> Mapping[str, Any]:
    found: Any = view
    for name in ("state", "values", field.value, field.value):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _uploaded(files: object) -> tuple[dict[str, str], ...]:
    if not isinstance(files, list):
        return ()
    return tuple(
        {"id": file["id"], "name": _text(file.get("name"))}
        for file in files
        if isinstance(file, Mapping) and isinstance(file.get("id"), str)
    )


def _number_input(number: str) -> InputBlock:
    return InputBlock(
        block_id=Field.NUMBER.value,
        label=PlainTextObject(text="Fax number", emoji=False),
        hint=PlainTextObject(text="As you would write it, such as +1 469 555 0101.", emoji=False),
        element=PlainTextInputElement(
            action_id=Field.NUMBER.value,
            initial_value=one_line(number, _NUMBER_CHARS) or None,
            max_length=_NUMBER_CHARS,
            focus_on_load=True,
        ),
    )


def _line_input(line_id: str, lines: Sequence[FaxLine], profile: BotProfile) -> InputBlock:
    options = {line.line_id: _option(line, profile) for line in lines}
    return InputBlock(
        block_id=Field.LINE.value,
        label=PlainTextObject(text="From line", emoji=False),
        element=StaticSelectElement(
            action_id=Field.LINE.value,
            options=list(options.values()),
            initial_option=options.get(line_id) or next(iter(options.values())),
        ),
    )


def _option(line: FaxLine, profile: BotProfile) -> Option:
    number = pretty(one_line(line.number, 40), profile.region) if line.number else ""
    named = " · ".join(part for part in (one_line(line.label, 40), number) if part)
    text = one_line(named, Option.label_max_length)
    return Option(
        value=line.line_id[: Option.value_max_length] or "0",
        text=PlainTextObject(text=text or "Line", emoji=False),
    )


def _files_input() -> InputBlock:
    return InputBlock(
        block_id=Field.FILES.value,
        label=PlainTextObject(text="Files", emoji=False),
        hint=PlainTextObject(
            text="PDF, TIFF, PostScript, text, PNG or JPEG. Several become one fax, in their order.",
            emoji=False,
        ),
        element=FileInputElement(action_id=Field.FILES.value, filetypes=FILE_TYPES, max_files=MAX_FILES),
    )


def _files_known(files: Sequence[Mapping[str, str]]) -> Block:
    names = [file["name"] for file in files if file.get("name")]
    if len(names) < len(files):
        return context(f"Faxing the {count(len(files), 'file')} you shared.")
    shown = ", ".join(f"*{escape(name)}*" for name in names[:_SHOWN_FILES])
    more = f" and {len(names) - _SHOWN_FILES} more" if len(names) > _SHOWN_FILES else ""
    order = ", in this order" if len(names) > 1 else ""
    return context(f"Faxing {shown}{more}{order}.")


def _modal(
    blocks: Sequence[Block], start: FormStart, *, submit: str | None = None, close: str = "Cancel"
) -> dict[str, Any]:
    view: dict[str, Any] = View(
        type="modal",
        callback_id=Callback.SEND_FORM.value,
        title=PlainTextObject(text="Send a fax", emoji=False),
        submit=PlainTextObject(text=submit, emoji=False) if submit else None,
        close=PlainTextObject(text=close, emoji=False),
        private_metadata=start.encode(MAX_METADATA),
        blocks=list(blocks),
    ).to_dict()
    return view
