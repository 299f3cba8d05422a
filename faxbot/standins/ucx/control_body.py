"""The body of a control call: JSON or a multipart form, read field by field with type checks."""

import json
from typing import TypeVar, cast

from aiohttp import BodyPartReader, web

T = TypeVar("T")


class ControlBody:
    """The fields of a control call; each is read once with its type, and unknown fields are refused."""

    def __init__(self, fields: dict[str, object]) -> None:
        self.fields = fields

    def pop(self, name: str, default: T, *kinds: type) -> T:
        """
        Return the field *name*, or *default*; its type must be the default's, or one of *kinds*.

        Raises:
            HTTPBadRequest: The field has another type.

        """
        value = self.fields.pop(name, default)
        allowed = kinds or (type(default),)
        if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
            raise refusal(f"{name} cannot be {value!r}")
        return cast("T", value)

    def refuse_unknown(self) -> None:
        """
        Refuse the fields that were not read.

        Raises:
            HTTPBadRequest: A field is left.

        """
        if self.fields:
            raise refusal(f"unknown: {', '.join(sorted(self.fields))}")


async def read_body(request: web.Request) -> ControlBody:
    """
    Read the body of a control call; an empty one has no fields.

    Raises:
        HTTPBadRequest: It is neither a JSON object nor a form with at most one document.

    """
    if request.content_type == "multipart/form-data":
        return ControlBody(await _multipart(request))
    try:
        body = json.loads(await request.read() or b"{}")
    except ValueError as exc:
        raise refusal("invalid JSON") from exc
    if not isinstance(body, dict):
        raise refusal("the body must be a JSON object")
    return ControlBody(body)


def refusal(message: str) -> web.HTTPBadRequest:
    """A 400 response in JSON."""
    return web.HTTPBadRequest(text=json.dumps({"error": message}), content_type="application/json")


async def _multipart(request: web.Request) -> dict[str, object]:
    fields: dict[str, object] = {}
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            raise refusal("the form must hold named fields and one document")
        if part.name == "document":
            fields[part.name] = bytes(await part.read())
        else:
            text = await part.text()
            fields[part.name] = int(text) if part.name in ("pages", "cut_after") and text.isdigit() else text
    return fields
