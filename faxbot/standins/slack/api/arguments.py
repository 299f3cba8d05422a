"""The arguments of a Web API request, from query, form, multipart or JSON."""

import json
from typing import Any

from aiohttp import web

from .call import CallRefusedError


async def read_arguments(request: web.Request, *, json_allowed: bool) -> tuple[dict[str, Any], list[str]]:
    """
    Merge query and body; return the arguments and warnings.

    A token is accepted in a form body only: apps created after February 2021 must not send it in the query,
    and in a JSON body it is ignored. A JSON body for a method without JSON support is ignored.

    Raises:
        CallRefusedError: The body does not match its content type.

    Source: Slack's "Using the Web API".
    """
    args: dict[str, Any] = {name: value for name, value in request.query.items() if name != "token"}
    if request.method != "POST" or not request.can_read_body:
        return args, []
    kind = request.content_type
    if kind == "application/json":
        body = await _json_body(request)
        warnings = [] if request.charset else ["missing_charset"]
        if json_allowed:
            args |= {name: value for name, value in body.items() if name != "token"}
        return args, warnings
    if kind in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        form = await request.post()
        args |= {name: value for name, value in form.items() if isinstance(value, str)}
        return args, []
    raise CallRefusedError(
        "missing_post_type" if "Content-Type" not in request.headers else "invalid_post_type"
    )


async def _json_body(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.text())
    except (ValueError, LookupError):
        raise CallRefusedError("invalid_json") from None
    if not isinstance(body, dict):
        raise CallRefusedError("json_not_object")
    return body
