"""Answers to a question, told at once and at most once, to the person who asked."""

import json
from http import HTTPStatus
from typing import Any, cast

from slack_sdk.webhook.async_client import AsyncWebhookClient

from faxbot.fax.errors import SlackRefused
from faxbot.slack.payloads import Place
from faxbot.slack.views import Rendered
from faxbot.slack.web_api.connections import CALL_ERRORS, CALL_SECONDS, SDK_LOG, answer_fault, slack_fault
from faxbot.slack.web_api.web_api import WebApi

_USED_UP = {HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
"""What Slack answers at a response address that was used five times, or for 30 minutes."""


class Replies:
    """
    Tells people what they asked for. What must outlive a crash is announced by the services instead.

    Bolt's own `respond` and `say` are not used: they send again after a dropped connection.
    """

    def __init__(self, api: WebApi) -> None:
        self._api = api

    async def tell(self, place: Place, shown: Rendered, *, replace: bool = False) -> None:
        """
        Show *shown* to the person at *place* only; with *replace* in place of what was pressed.

        By the response address, else by chat.postEphemeral; a person who is in no conversation (a global
        shortcut) is written to directly.

        Raises:
            SlackFault: It was not shown, or that is not known.

        Source: "Handling user interaction" (response_url); chat.postEphemeral; chat.postMessage.
        """
        if place.response_url and await self._through(place.response_url, place, shown, replace=replace):
            return
        client, blocks = self._api.client, shown.blocks or None
        if place.channel_id:
            await self._api.write(
                client.chat_postEphemeral(
                    channel=place.channel_id,
                    user=place.user_id,
                    text=shown.text,
                    blocks=blocks,
                    thread_ts=place.thread_ts,
                    parse="none",
                )
            )
        elif place.user_id:
            await self._api.write(
                client.chat_postMessage(
                    channel=place.user_id, text=shown.text, blocks=blocks, parse="none", unfurl_links=False
                )
            )

    async def _through(self, url: str, place: Place, shown: Rendered, *, replace: bool) -> bool:
        """False: the address is used up and nothing was shown."""
        webhook = AsyncWebhookClient(
            url,
            timeout=CALL_SECONDS,
            session=cast("Any", self._api.connections),
            logger=SDK_LOG,
            retry_handlers=[],
        )
        body = {"text": shown.text, "response_type": "ephemeral", "replace_original": replace}
        body |= {"blocks": shown.blocks} if shown.blocks else {}
        body |= {"thread_ts": place.thread_ts} if place.thread_ts else {}
        try:
            answer = await webhook.send_dict(body)
        except CALL_ERRORS as exc:
            raise slack_fault(exc) from exc
        said = _json(answer.body)
        if answer.status_code == HTTPStatus.OK and said is None:
            return True
        fault = answer_fault(answer.status_code, answer.headers, said)
        if isinstance(fault, SlackRefused) or answer.status_code in _USED_UP:
            return False
        raise fault


def _json(body: str) -> dict[str, Any] | None:
    """The refusal in *body*; None for what says that it was shown. HTML is a refusal without words."""
    if body.lstrip().startswith("<"):
        return {}
    try:
        said = json.loads(body)
    except ValueError:
        return None  # Slack says a plain "ok"
    return said if isinstance(said, dict) and said.get("ok") is False else None
