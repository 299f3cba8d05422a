"""Answers through the response address that came with a command or a press."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, cast

import aiohttp
from slack_sdk.webhook.async_client import AsyncWebhookClient

from faxbot.fax.errors import SlackRefused, SlackUnclear
from faxbot.slack.web_api.connections import (
    CALL_ERRORS,
    CALL_SECONDS,
    SDK_LOG,
    Connections,
    answer_fault,
    slack_fault,
)


async def respond(
    connections: Connections, url: str, text: str, blocks: list[dict[str, Any]] | None, thread_ts: str | None
) -> bool:
    """
    Tell the person who acted, once; False means that nothing was shown (the address is used up, say).

    Raises:
        SlackBusy: Nothing was shown; there is to be a pause.
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
    body: dict[str, Any] = {"text": text, "response_type": "ephemeral", "replace_original": False}
    if blocks:
        body["blocks"] = blocks
    if thread_ts:
        body["thread_ts"] = thread_ts
    try:
        answer = await webhook.send_dict(body)
    except CALL_ERRORS as exc:
        raise slack_fault(exc) from exc
    return _took(answer.status_code, answer.body, answer.headers)


def _took(status: int, body: str, headers: Mapping[str, str]) -> bool:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise answer_fault(status, headers, None)
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return False
    if status != HTTPStatus.OK or body.lstrip().startswith("<"):
        raise SlackUnclear(f"The response address gave no usable answer (HTTP {status}).")
    try:
        answer = json.loads(body)
    except ValueError:
        return True  # Slack says a plain "ok"
    if not isinstance(answer, dict) or answer.get("ok") is not False:
        return True
    fault = answer_fault(status, headers, answer)
    if isinstance(fault, SlackRefused):
        return False
    raise fault
