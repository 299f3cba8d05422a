"""
The wire to Slack: its connections, where the bot token may go, what went wrong.

slack_sdk re-sends any method once after a dropped connection, follows redirects with the token, and takes a
proxy from the environment. None of that happens here, nor in the clients that Bolt makes for each request:
they share these connections.
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
"""What slack_sdk writes; at DEBUG it would write messages, file names and addresses that are secrets."""
SDK_LOG.setLevel(logging.INFO)

CONNECT_SECONDS = 10.0
CALL_SECONDS = 30
TRANSFER_SECONDS = 600.0
"""For a whole file; a minute of silence ends it sooner."""
_SILENCE_SECONDS = 60.0
_KEPT_SECONDS = 2.0
_NOT_CONNECTED_PAUSE = 1.0
_USUAL_PAUSE = 1.0
"""For a 429 whose Retry-After does not read as a number of seconds, and for a refusal without one."""
_LEAST_PAUSE = 0.1

_BUSY = {"ratelimited", "rate_limited"}
_CODE = re.compile(r"(?!.*\d{4})[a-z0-9_]{1,80}", re.ASCII)
_UNCLEAR = {"internal_error", "fatal_error", "service_unavailable", "request_timeout"}

WIRE_ERRORS = (aiohttp.ClientError, TimeoutError, ConnectionError, ssl.SSLError)
"""What a request can end in, besides an answer."""
CALL_ERRORS = (*WIRE_ERRORS, SlackApiError, ValueError, AttributeError)
"""What a call through slack_sdk can end in; it meets JSON of an unexpected shape with the last two."""

TRANSFER = aiohttp.ClientTimeout(
    total=TRANSFER_SECONDS, sock_connect=CONNECT_SECONDS, sock_read=_SILENCE_SECONDS
)
"""The patience of an upload or download."""


class Connections:
    """
    The connections to Slack, in the shape of the session that slack_sdk asks for.

    Reads share kept connections; each write gets one of its own, because a kept connection that the server
    closes at that moment leaves open whether a message was posted. No redirects, no proxy, no cookies.
    """

    closed = False
    """slack_sdk makes a session of its own, with redirects, when it finds a closed one."""

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
        One request, as aiohttp makes it.

        Raises:
            aiohttp.ClientConnectionError: `close` was called; nothing was sent.
        """
        if self._ended:
            raise aiohttp.ClientConnectionError("The connections to Slack are closed.")
        options |= {"allow_redirects": False, "proxy": None}
        if method == "GET":
            if self._reads is None:
                self._reads = self._open(aiohttp.TCPConnector(keepalive_timeout=_KEPT_SECONDS))
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
        """Close them all; requests after this fail."""
        self._ended = True
        for session in (self._reads, self._writes):
            if session is not None:
                await session.close()


def no_redirects() -> aiohttp.TraceConfig:
    """
    For a session that makes handshakes, for which aiohttp has no such option: a redirect is an error.

    Followed, the single-use address would go to whoever it points to, and envelopes would come from there.
    """

    async def refuse(*_: object) -> None:
        raise aiohttp.ClientConnectionError("Slack's address for a connection points to another one.")

    trace = aiohttp.TraceConfig()
    trace.on_request_redirect.append(refuse)
    return trace


def may_carry_token(url: str, api_url: str) -> bool:
    """
    Whether the bot token may go to *url*: to the host of *api_url* on any port, and to https `*.slack.com`.

    The scheme of *api_url* is kept: a token that is sent over TLS is not sent in the clear.
    """
    try:
        target, api = urlsplit(url), urlsplit(api_url)
        host, api_host = (target.hostname or "").rstrip("."), (api.hostname or "").rstrip(".")
        _ = target.port  # a port that is none raises
    except ValueError:
        return False
    if not host or "\\" in url or target.username is not None:
        return False
    if target.scheme == "https":
        return host == api_host or host.endswith(".slack.com")
    return target.scheme == "http" and api.scheme == "http" and host == api_host


def slack_fault(exc: Exception) -> SlackFault:
    """
    What *exc* (one of CALL_ERRORS) means for the call that ended in it.

    SlackBusy: nothing was carried out (HTTP 429, `ratelimited`, or no connection was made). SlackRefused:
    Slack said no. SlackUnclear: it may have been carried out.
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
    """What an answer means that is not `ok: true`; *body* is its JSON, or anything else if it had none."""
    error = body.get("error") if isinstance(body, dict) and body.get("ok") is False else None
    if status == HTTPStatus.TOO_MANY_REQUESTS or error in _BUSY:
        return SlackBusy(_pause(headers))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or not isinstance(error, str) or error in _UNCLEAR:
        return SlackUnclear(f"Slack gave no usable answer (HTTP {status}).")
    return SlackRefused(_code(error), _detail(cast("dict[str, Any]", body)))


def _code(error: str) -> str:
    """A code as it is. It goes into the log: words that could quote a number or a name are no code."""
    return error if _CODE.fullmatch(error) else "no_code_given"


def _pause(headers: Mapping[str, str]) -> float:
    answer = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    try:
        seconds = float(answer)
    except (TypeError, ValueError):
        return _USUAL_PAUSE
    return max(seconds, _LEAST_PAUSE) if math.isfinite(seconds) else _USUAL_PAUSE


def _detail(body: Mapping[str, Any]) -> str:
    if isinstance(body.get("needed"), str):
        return f"needs {body['needed']}"
    metadata = body.get("response_metadata")
    messages = metadata.get("messages") if isinstance(metadata, dict) else None
    return str(messages[0]) if isinstance(messages, list) and messages else ""
