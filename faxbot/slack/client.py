"""slack_sdk's client as it is used here: it sends once, and not while Slack asks for a pause."""

from typing import Any, cast

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from faxbot.fax.errors import SlackBusy
from faxbot.slack.pacing import SlackPace
from faxbot.slack.web import CALL_SECONDS, SDK_LOG, Connections, slack_fault


class PacedClient(AsyncWebClient):
    """The client that tells *pace* of every call, and makes none that Slack has just asked not to make."""

    def __init__(self, *, pace: SlackPace, **options: Any) -> None:  # noqa: ANN401  (slack_sdk's own)
        super().__init__(**options)
        self._pace = pace

    async def api_call(self, api_method: str, **call: Any) -> AsyncSlackResponse:  # noqa: ANN401  (as above)
        """
        Call a method.

        Raises:
            SlackBusy: The pause that Slack asked for is not over; nothing was sent.
        """
        arguments = call.get("json") or call.get("params") or call.get("data")
        channel_id = str(arguments.get("channel") or "") if isinstance(arguments, dict) else ""
        if left := self._pace.closed_for(api_method, channel_id):
            raise SlackBusy(left)
        with self._pace.calling(api_method, channel_id):
            try:
                return await super().api_call(api_method, **call)
            except SlackApiError as exc:
                fault = slack_fault(exc)
                if isinstance(fault, SlackBusy):
                    self._pace.limited(api_method, channel_id, fault.retry_after)
                raise


def build_client(token: str, base_url: str, connections: Connections, pace: SlackPace) -> AsyncWebClient:
    """A Web API client for *base_url* (`SLACK_API_URL`, with or without its last slash) that sends once."""
    client = PacedClient(
        pace=pace,
        token=token,
        base_url=base_url.strip(),
        timeout=CALL_SECONDS,
        session=cast("aiohttp.ClientSession", connections),
        trust_env_in_session=False,
        logger=SDK_LOG,
        retry_handlers=[],
    )
    client.proxy = None  # the constructor takes one from the environment
    return client
