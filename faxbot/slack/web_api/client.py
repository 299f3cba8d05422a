"""slack_sdk's client, changed so that it sends each call once and respects Slack's Retry-After."""

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

OnCall = Callable[[str, str, float], None]
"""Called with (method, outcome, seconds) after each call; the outcome is "ok", an error code or a type."""


class RateLimitedClient(AsyncWebClient):
    """Counts every call in *rate_limits*, and makes no call while a Retry-After is running."""

    def __init__(
        self,
        *,
        rate_limits: SlackRateLimits,
        on_call: OnCall,
        **options: Any,  # noqa: ANN401  (slack_sdk's)
    ) -> None:
        super().__init__(**options)
        self._rate_limits, self._on_call = rate_limits, on_call

    async def api_call(self, api_method: str, **call: Any) -> AsyncSlackResponse:  # noqa: ANN401  (as above)
        """
        Call a method.

        Raises:
            SlackBusy: A Retry-After is still running; nothing was sent.
            SlackApiError, aiohttp.ClientError: As slack_sdk raises them (see CALL_ERRORS).
        """
        arguments = call.get("json") or call.get("params") or call.get("data")
        channel_id = str(arguments.get("channel") or "") if isinstance(arguments, dict) else ""
        if left := self._rate_limits.paused_for(api_method, channel_id):
            raise SlackBusy(left)
        began, outcome = time.perf_counter(), "abandoned"
        with self._rate_limits.calling(api_method, channel_id):
            try:
                answer = await super().api_call(api_method, **call)
            except CALL_ERRORS as exc:
                fault = slack_fault(exc)
                outcome = fault.error if isinstance(fault, SlackRefused) else type(fault).__name__
                if isinstance(exc, SlackApiError) and isinstance(fault, SlackBusy):
                    self._rate_limits.on_limited(api_method, channel_id, fault.retry_after)
                raise
            else:
                outcome = "ok"
                return answer
            finally:
                took = time.perf_counter() - began
                self._on_call(api_method, outcome, took)
                level = logging.DEBUG if outcome == "ok" else logging.INFO
                log.log(level, "%s: %s, %.0f ms", api_method, outcome, took * 1000)


def build_client(
    token: str,
    base_url: str,
    connections: Connections,
    rate_limits: SlackRateLimits,
    on_call: OnCall = lambda _method, _outcome, _seconds: None,
) -> AsyncWebClient:
    """
    Build the Web API client for *base_url* (`SLACK_API_URL`, with or without a trailing slash).

    It sends each call once: no retry handlers, no proxy.
    """
    client = RateLimitedClient(
        rate_limits=rate_limits,
        on_call=on_call,
        token=token,
        base_url=base_url.strip(),
        timeout=CALL_SECONDS,
        session=cast("aiohttp.ClientSession", connections),
        trust_env_in_session=False,
        logger=SDK_LOG,
        retry_handlers=[],
    )
    client.proxy = None  # the constructor reads one from the environment
    return client
