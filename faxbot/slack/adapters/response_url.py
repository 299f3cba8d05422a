"""Ephemeral messages through the `response_url` of a command or button press."""

import json
from collections.abc import Mapping
from enum import Enum, auto
from typing import Any, cast

import aiohttp
from slack_sdk.webhook.async_client import AsyncWebhookClient

from faxbot.fax.errors import SlackBusy, SlackRefused
from faxbot.slack.web_api.connections import (
    CALL_ERRORS,
    CALL_SECONDS,
    SDK_LOG,
    Connections,
    answer_fault,
    slack_fault,
)


class _Meaning(Enum):
    """Whether an HTTP status of a response_url means that the message was shown."""

    SHOWN = auto()
    """Shown, unless the body is `ok: false`."""
    PAUSED = auto()
    """Not shown; retry after Retry-After."""
    NOT_SHOWN = auto()
    """Not shown, and a retry is useless: the URL is expired, used up or malformed."""
    UNKNOWN = auto()
    """Possibly shown; a retry could show it twice."""


_STATUSES = (
    (range(200, 201), _Meaning.SHOWN),
    (range(429, 430), _Meaning.PAUSED),
    (range(400, 500), _Meaning.NOT_SHOWN),
)
"""The first match counts; any other status is UNKNOWN."""


async def post_to_response_url(
    connections: Connections,
    url: str,
    text: str,
    blocks: list[dict[str, Any]] | None,
    *,
    thread_ts: str | None,
    replace: bool = False,
) -> bool:
    """
    Post an ephemeral message, once; False if it was not shown and *url* is no longer usable.

    With *replace* it replaces the message whose button was pressed.

    Raises:
        SlackBusy: It was not shown; retry after the pause.
        SlackUnclear: It may have been shown.

    Source: "Handling user interaction": five uses in 30 minutes, no token.
    """
    webhook = AsyncWebhookClient(
        url,
        timeout=CALL_SECONDS,
        session=cast("aiohttp.ClientSession", connections),
        logger=SDK_LOG,
        retry_handlers=[],
    )
    body: dict[str, Any] = {"text": text, "response_type": "ephemeral", "replace_original": replace}
    if blocks:
        body["blocks"] = blocks
    if thread_ts:
        body["thread_ts"] = thread_ts
    try:
        answer = await webhook.send_dict(body)
    except CALL_ERRORS as exc:
        raise slack_fault(exc) from exc
    return _was_shown(answer.status_code, answer.body, answer.headers)


def _was_shown(status: int, body: str, headers: Mapping[str, str]) -> bool:
    """Whether a response means that the message was shown; raises SlackBusy or SlackUnclear."""
    meaning = next((meaning for statuses, meaning in _STATUSES if status in statuses), _Meaning.UNKNOWN)
    refusal = _refusal(body)
    if meaning is _Meaning.SHOWN and refusal is None:
        return True
    fault = answer_fault(status, headers, refusal)
    if isinstance(fault, SlackRefused):
        return False
    if meaning is _Meaning.NOT_SHOWN and not isinstance(fault, SlackBusy):
        return False
    raise fault


def _refusal(body: str) -> dict[str, Any] | None:
    """The `ok: false` object in *body*, `{}` for an HTML page, None for Slack's plain "ok"."""
    if body.lstrip().startswith("<"):
        return {}
    try:
        answer = json.loads(body)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) and answer.get("ok") is False else None
