"""
HTTP connections to Slack, the hosts that may receive the bot token, and errors as SlackFaults.

By default slack_sdk re-sends any method once after a dropped connection, follows redirects with the token,
and uses a proxy from the environment. These connections do none of that. The clients that Bolt creates for
each request share them.
"""

import logging
import math
import re
import ssl
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from faxbot.fax.errors import SlackBusy, SlackFault, SlackRefused, SlackUnclear

SDK_LOG = logging.getLogger("faxbot.slack.sdk")
"""slack_sdk's log; at DEBUG it would contain messages, file names and secret URLs."""
SDK_LOG.setLevel(logging.INFO)

CONNECT_SECONDS = 10.0
CALL_SECONDS = 30
"""Time limit for one Web API call."""
TRANSFER_SECONDS = 600.0
"""Time limit for the transfer of one file."""
_SILENCE_SECONDS = 60.0
"""Time limit for each read during a transfer."""
_KEEPALIVE_SECONDS = 2.0
_NOT_CONNECTED_PAUSE = 1.0
"""Seconds until the next try when no connection could be made."""
_DEFAULT_PAUSE = 1.0
"""Seconds to wait after a rate limit without a numeric Retry-After."""
_MIN_PAUSE = 0.1

_BUSY = {"ratelimited", "rate_limited"}
_ERROR_CODE = re.compile(r"(?!.*\d{4})[a-z0-9_]{1,80}", re.ASCII)
_UNCLEAR = {"internal_error", "fatal_error", "service_unavailable", "request_timeout"}

WIRE_ERRORS = (aiohttp.ClientError, TimeoutError, ConnectionError, ssl.SSLError)
"""Exceptions of an HTTP request that got no complete response."""
CALL_ERRORS = (*WIRE_ERRORS, SlackApiError, ValueError, AttributeError)
"""Exceptions of a slack_sdk call; the last two come from JSON of an unexpected shape."""

TRANSFER = aiohttp.ClientTimeout(
    total=TRANSFER_SECONDS, sock_connect=CONNECT_SECONDS, sock_read=_SILENCE_SECONDS
)
"""Timeouts of an upload or download."""


class Connections:
    """
    The HTTP connections to Slack, with the part of aiohttp.ClientSession's interface that slack_sdk uses.

    GET requests reuse connections. Every other request opens its own: when the server closes a reused
    connection during a write, it stays unknown whether the write was carried out. No redirects, no proxy, no
    cookies. *seconds* is the time limit of a call.
    """

    closed = False
    """Always False: slack_sdk replaces a closed session by one that follows redirects."""

    def __init__(self, *, seconds: float = CALL_SECONDS) -> None:
        self._timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT_SECONDS)
        self._reads: aiohttp.ClientSession | None = None
        self._writes: aiohttp.ClientSession | None = None
        self._ended = False

    def request(
        self,
        method: str,
        url: str,
        **options: Any,  # noqa: ANN401  (aiohttp keeps the type of its options to itself)
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """
        Make one request; use as `aiohttp.ClientSession.request`.

        Raises:
            aiohttp.ClientConnectionError: `close` was called; nothing was sent.
        """
        if self._ended:
            raise aiohttp.ClientConnectionError("The connections to Slack are closed.")
        options |= {"allow_redirects": False, "proxy": None}
        if method == "GET":
            if self._reads is None:
                self._reads = self._open(aiohttp.TCPConnector(keepalive_timeout=_KEEPALIVE_SECONDS))
            return self._reads.request(method, url, **options)
        if self._writes is None:
            self._writes = self._open(aiohttp.TCPConnector(force_close=True))
        return self._writes.request(method, url, **options)

    def _open(self, connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=connector,
            timeout=self._timeout,
            trust_env=False,
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def close(self) -> None:
        """Close all connections; later requests fail."""
        self._ended = True
        for session in (self._reads, self._writes):
            if session is not None:
                await session.close()


def no_redirects() -> aiohttp.TraceConfig:
    """
    Make every redirect an error; for WebSocket handshakes, where aiohttp has no option for it.

    A redirect would send the single-use URL to another host, which could then send envelopes.
    """

    async def refuse(*_: object) -> None:
        raise aiohttp.ClientConnectionError("Slack's WebSocket URL answered with a redirect.")

    trace = aiohttp.TraceConfig()
    trace.on_request_redirect.append(refuse)
    return trace


def may_carry_token(url: str, api_url: str) -> bool:
    """
    Whether the bot token may go to *url*: to the host of *api_url* on any port, and to https `*.slack.com`.

    http is accepted only if *api_url* itself is http.
    """
    try:
        target, api = urlsplit(url), urlsplit(api_url)
        host, api_host = (target.hostname or "").rstrip("."), (api.hostname or "").rstrip(".")
        _ = target.port  # raises ValueError for an invalid port
    except ValueError:
        return False
    if not host or "\\" in url or target.username is not None:
        return False
    if target.scheme == "https":
        return host == api_host or host.endswith(".slack.com")
    return target.scheme == "http" and api.scheme == "http" and host == api_host


def slack_fault(exc: Exception) -> SlackFault:
    """
    Map *exc* (one of CALL_ERRORS) to the fault that says whether the call was carried out.

    SlackBusy: not carried out (HTTP 429, `ratelimited`, or no connection was made). SlackRefused: not carried
    out, Slack returned an error code. SlackUnclear: unknown.
    """
    if isinstance(exc, (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)):
        return SlackBusy(_NOT_CONNECTED_PAUSE)
    if not isinstance(exc, SlackApiError):
        return SlackUnclear("No usable answer came from Slack.")
    response = exc.response
    if isinstance(response, AsyncSlackResponse):
        return answer_fault(response.status_code, response.headers, response.data)
    if isinstance(response, aiohttp.ClientResponse):
        return answer_fault(response.status, response.headers, None)
    return SlackUnclear("No usable answer came from Slack.")


def answer_fault(status: int, headers: Mapping[str, str], body: object) -> SlackFault:
    """Map a response other than `ok: true` to its fault; *body* is the parsed JSON, if it is JSON."""
    error = body.get("error") if isinstance(body, dict) and body.get("ok") is False else None
    if status == HTTPStatus.TOO_MANY_REQUESTS or error in _BUSY:
        return SlackBusy(_pause(headers))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or not isinstance(error, str) or error in _UNCLEAR:
        return SlackUnclear(f"Slack gave no usable answer (HTTP {status}).")
    return SlackRefused(_code(error), _detail(cast("dict[str, Any]", body)))


def _code(error: str) -> str:
    """*error* if it looks like an error code; it is logged, so free text must not pass."""
    return error if _ERROR_CODE.fullmatch(error) else "no_code_given"


def _pause(headers: Mapping[str, str]) -> float:
    """Seconds in the Retry-After header."""
    answer = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    try:
        seconds = float(answer)
    except (TypeError, ValueError):
        return _DEFAULT_PAUSE
    return max(seconds, _MIN_PAUSE) if math.isfinite(seconds) else _DEFAULT_PAUSE


def _detail(body: Mapping[str, Any]) -> str:
    """The missing scope (`needed`), or the first of `response_metadata.messages`; may be empty."""
    if isinstance(body.get("needed"), str):
        return f"needs {body['needed']}"
    metadata = body.get("response_metadata")
    messages = metadata.get("messages") if isinstance(metadata, dict) else None
    return str(messages[0]) if isinstance(messages, list) and messages else ""
