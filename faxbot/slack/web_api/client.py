"""slack_sdk's client as it is used here: it sends once, and not while Slack asks for a pause."""

import logging
import time
from collections.abc import Callable
from typing import Any, cast

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from faxbot.fax.errors import SlackBusy, SlackRefused
from faxbot.slack.web_api.connections import CALL_ERRORS, CALL_SECONDS, SDK_LOG, Connections, slack_fault
from faxbot.slack.web_api.rate_limits import SlackRateLimits

log = logging.getLogger(__name__)

Called = Callable[[str, str, float], None]


class PacedClient(AsyncWebClient):
    """The client that tells *pace* of every call, and makes none that Slack has just asked not to make."""

    def __init__(self, *, pace: SlackRateLimits, called: Called, **options: Any) -> None:  # noqa: ANN401  (slack_sdk's)
        super().__init__(**options)
        self._pace, self._called = pace, called

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
        began, outcome = time.perf_counter(), "abandoned"
        with self._pace.calling(api_method, channel_id):
            try:
                answer = await super().api_call(api_method, **call)
            except CALL_ERRORS as exc:
                fault = slack_fault(exc)
                outcome = fault.error if isinstance(fault, SlackRefused) else type(fault).__name__
                if isinstance(exc, SlackApiError) and isinstance(fault, SlackBusy):
                    self._pace.limited(api_method, channel_id, fault.retry_after)
                raise
            else:
                outcome = "ok"
                return answer
            finally:
                took = time.perf_counter() - began
                self._called(api_method, outcome, took)
                level = logging.DEBUG if outcome == "ok" else logging.INFO
                log.log(level, "%s: %s, %.0f ms", api_method, outcome, took * 1000)


def build_client(
    token: str,
    base_url: str,
    connections: Connections,
    pace: SlackRateLimits,
    called: Called = lambda _method, _outcome, _seconds: None,
) -> AsyncWebClient:
    """
    A Web API client for *base_url* (`SLACK_API_URL`, with or without its last slash) that sends once.

    *called* hears (method, outcome, seconds) of each call.
    """
    client = PacedClient(
        pace=pace,
        called=called,
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
