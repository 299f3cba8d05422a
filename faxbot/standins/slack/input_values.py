"""Values of input elements: Slack's state.values, and the client's own validation."""

import re
from collections.abc import Callable
from typing import Any

from .model.state import WorkspaceState
from .model.views import OpenView, elements_of

_EMPTY: dict[str, tuple[str, Any]] = {
    "plain_text_input": ("value", None),
    "email_text_input": ("value", None),
    "url_text_input": ("value", None),
    "number_input": ("value", None),
    "rich_text_input": ("rich_text_value", None),
    "checkboxes": ("selected_options", []),
    "radio_buttons": ("selected_option", None),
    "static_select": ("selected_option", None),
    "external_select": ("selected_option", None),
    "users_select": ("selected_user", None),
    "conversations_select": ("selected_conversation", None),
    "channels_select": ("selected_channel", None),
    "multi_static_select": ("selected_options", []),
    "multi_external_select": ("selected_options", []),
    "multi_users_select": ("selected_users", []),
    "multi_conversations_select": ("selected_conversations", []),
    "multi_channels_select": ("selected_channels", []),
    "datepicker": ("selected_date", None),
    "timepicker": ("selected_time", None),
    "datetimepicker": ("selected_date_time", None),
    "file_input": ("files", []),
}
_INITIAL = {
    "value": "initial_value",
    "rich_text_value": "initial_value",
    **{
        name: name.replace("selected", "initial")
        for name, _ in _EMPTY.values()
        if name.startswith("selected")
    },
}
_REQUIRED = "Please complete this required field."

Values = dict[str, dict[str, dict[str, Any]]]


def values_of(state: WorkspaceState, blocks: list[dict[str, Any]], entered: Values) -> Values:
    """state.values for *blocks*: the entered values, else the initial ones; file ids become file objects."""
    values: Values = {}
    for block in blocks:
        if block["type"] not in {"input", "section", "actions"}:
            continue
        for element in elements_of(block):
            if element.get("type") not in _EMPTY:
                continue
            member, nothing = _EMPTY[element["type"]]
            given = entered.get(block["block_id"], {}).get(element["action_id"])
            value = (
                element.get(_INITIAL.get(member, ""), nothing)
                if given is None
                else given.get(member, nothing)
            )
            if element["type"] == "file_input":
                value = _files(state, value or [])
            shown = {"type": element["type"], member: value if value not in ("", None) else nothing}
            if element["type"] == "timepicker" and element.get("timezone"):
                shown["timezone"] = element["timezone"]
            values.setdefault(block["block_id"], {})[element["action_id"]] = shown
    return values


def _files(state: WorkspaceState, given: list[Any]) -> list[dict[str, Any]]:
    idents = [item["id"] if isinstance(item, dict) else str(item) for item in given]
    found = [state.files[ident] for ident in idents if ident in state.files]
    for file in found:
        file.given_to_app = True
    return [state.file_in_message(file) for file in found]


def input_errors(view: OpenView) -> dict[str, str]:
    """The validation errors that Slack's client shows beside the inputs, by block_id."""
    found = {}
    for block in view.definition["blocks"]:
        if block["type"] != "input":
            continue
        element = block["element"]
        value = view.values.get(block["block_id"], {}).get(element["action_id"], {})
        error = _input_error(
            element, value.get(_EMPTY[element["type"]][0]), optional=bool(block.get("optional"))
        )
        if error:
            found[block["block_id"]] = error
    return found


def _input_error(element: dict[str, Any], value: Any, *, optional: bool) -> str:  # noqa: ANN401  (any element's value)
    if not value:
        return "" if optional else _REQUIRED
    rule = _RULES.get(element["type"])
    return rule(element, value) if rule else ""


def _text_error(element: dict[str, Any], value: str) -> str:
    most, least = element.get("max_length", 3000), element.get("min_length", 0)
    if len(value) > most:
        return f"Please use at most {most} characters."
    return f"Please use at least {least} characters." if len(value) < least else ""


def _number_error(element: dict[str, Any], value: str) -> str:
    form = r"-?\d+(\.\d+)?" if element.get("is_decimal_allowed") else r"-?\d+"
    if not re.fullmatch(form, value):
        return "Please enter a number."
    least, most = element.get("min_value"), element.get("max_value")
    if least is not None and float(value) < float(least):
        return f"Please enter {least} or more."
    return f"Please enter {most} or less." if most is not None and float(value) > float(most) else ""


def _email_error(_element: dict[str, Any], value: str) -> str:
    return "" if re.fullmatch(r"[^@\s]+@[^@\s]+", value) else "Please enter an email address."


def _file_error(element: dict[str, Any], files: list[dict[str, Any]]) -> str:
    if len(files) > element.get("max_files", 10):
        return f"Please choose at most {element.get('max_files', 10)} files."
    if any(file.get("size", 0) > 10_000_000 for file in files):
        return "Each file may have at most 10 MB."
    return ""


_RULES: dict[str, Callable[[dict[str, Any], Any], str]] = {
    "plain_text_input": _text_error,
    "number_input": _number_error,
    "email_text_input": _email_error,
    "file_input": _file_error,
}


def action_of(block: dict[str, Any], element: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """One entry of `actions` in a block_actions payload."""
    action = {
        "type": element["type"],
        "block_id": block["block_id"],
        "action_id": element["action_id"],
    }
    if element["type"] == "button":
        action["text"] = element["text"]
        action |= {name: element[name] for name in ("value", "style") if name in element}
    elif element["type"] == "overflow":
        action["selected_option"] = given.get("selected_option")
    else:
        member, nothing = _EMPTY[element["type"]]
        action[member] = given.get(member, nothing)
    action |= {name: element[name] for name in ("placeholder", "confirm") if name in element}
    return action
