"""
Replaces characters that a database cannot store, NUL and lone surrogates, by U+FFFD.

PostgreSQL rejects NUL in text and JSONB. Lone surrogates cannot be encoded as UTF-8 for either database.
"""

import json
import re
from typing import Any

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_UNSTORABLE_IN_JSON = re.compile(r"\\u(0000|d[89a-f])")
_REPLACEMENT = "\ufffd"


def storable(value: Any) -> Any:  # noqa: ANN401 - any parameter, any JSON
    """*value* with the characters replaced in every text, at any depth."""
    match value:
        case str():
            return _UNSTORABLE.sub(_REPLACEMENT, value)
        case list():
            return [storable(each) for each in value]
        case tuple():
            return tuple(storable(each) for each in value)
        case dict():
            return {storable(name): storable(each) for name, each in value.items()}
        case _:
            return value


def storable_json(value: object) -> str:
    """*value* as JSON, with the characters replaced; for SQLAlchemy's `json_serializer`."""
    written = json.dumps(value)
    return json.dumps(storable(value)) if _UNSTORABLE_IN_JSON.search(written) else written


def clean_parameters(
    _connection: object,
    _cursor: object,
    statement: str,
    parameters: Any,  # noqa: ANN401 - the driver's
    *_: object,
) -> tuple[str, Any]:
    """*statement* and its parameters with the characters replaced; for the event `before_cursor_execute`."""
    return statement, storable(parameters)
