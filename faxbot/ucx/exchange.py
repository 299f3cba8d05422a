"""
Sends one request over httpx, with retries where they are safe, and maps exceptions to faults.

Reads are tried up to three times. Writes (FileSend, JobCancel, RecordDelete) are retried only if no
connection was made, since then nothing was carried out.
"""

import asyncio
import contextlib
import logging
import ssl
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import httpx

from faxbot.fax.errors import AnswerLost, ServerFault, ServerUnreachable
from faxbot.ucx.multipart import DocumentUpload
from faxbot.ucx.reply import ApiReply
from faxbot.ucx.request import ApiRequest
from faxbot.ucx.transport import Timeouts

logger = logging.getLogger(__name__)

T = TypeVar("T")

TRIES = 3
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 4.0
"""Upper limits of the random pause between two tries, in seconds: after the first, and the maximum."""
_LARGEST_REPLY = 32 * 1024 * 1024
"""Maximum size of a reply, in bytes."""

_NEVER_CONNECTED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class Exchange:
    """
    Sends requests to the server at *url*; *sleep* and *jitter* (0 to 1) determine the pauses between tries.

    *called* is called with (method, outcome, seconds) after each try.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        url: str,
        timeouts: Timeouts,
        *,
        sleep: Callable[[float], Awaitable[None]],
        jitter: Callable[[], float],
        called: Callable[[str, str, float], None],
    ) -> None:
        self._called = called
        self._http = http
        self._url = url
        self._timeouts = timeouts
        self._sleep = sleep
        self._jitter = jitter
        self.server_time: datetime | None = None
        """The header Date of the server's last response; None if it had none."""

    async def send_with_retries(
        self,
        asked: ApiRequest,
        take: Callable[[httpx.Response], Awaitable[T]],
        wait: float,
        upload: DocumentUpload | None = None,
    ) -> T:
        """
        Send the request and return the result of *take*, called with the response.

        The head of the response has to come within *wait* seconds.

        Raises:
            ServerUnreachable: No connection was made; nothing was carried out.
            AnswerLost: No usable reply came; a write may have been carried out.
            ServerFault: Raised by *take*; not retried, unless it is AnswerLost for a read.
            OSError: Raised by *take*: a document could not be written to this machine's disk.
        """
        for tries_left in reversed(range(TRIES)):
            try:
                return await self._once(asked, take, wait, upload)
            except (ServerUnreachable, AnswerLost) as exc:
                again = asked.repeatable or isinstance(exc, ServerUnreachable)
                if not (again and tries_left):
                    raise
            longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (TRIES - 1 - tries_left))
            await self._sleep(self._jitter() * longest)
        raise AssertionError  # the last try returns or raises

    async def _once(
        self,
        asked: ApiRequest,
        take: Callable[[httpx.Response], Awaitable[T]],
        wait: float,
        upload: DocumentUpload | None,
    ) -> T:
        """One try; exceptions of httpx become faults."""
        began, outcome = time.perf_counter(), "abandoned"
        try:
            taken = await self._send(asked, take, wait, upload)
        except _NEVER_CONNECTED as exc:
            outcome = type(exc).__name__
            raise ServerUnreachable(_no_connection(exc)) from exc
        except (httpx.RequestError, TimeoutError, ConnectionError, ssl.SSLError) as exc:
            outcome = type(exc).__name__
            raise AnswerLost("The fax server's answer never came.") from exc
        except OSError as exc:
            outcome = type(exc).__name__
            if upload is None:
                raise  # a downloaded document could not be written to this machine's disk
            raise AnswerLost("The document could not be read to its end.") from exc
        except ServerFault as exc:
            outcome = type(exc).__name__
            raise
        else:
            outcome = "ok"
            return taken
        finally:
            took = (time.perf_counter() - began) * 1000
            self._called(asked.resource, outcome, took / 1000)
            level = logging.DEBUG if outcome == "ok" and asked.repeatable else logging.INFO
            logger.log(level, "%s %s: %s, %.0f ms", asked.resource, asked.about or "-", outcome, took)

    async def _send(
        self,
        asked: ApiRequest,
        take: Callable[[httpx.Response], Awaitable[T]],
        wait: float,
        upload: DocumentUpload | None,
    ) -> T:
        """Send the request; exceptions of httpx are passed on."""
        outgoing = self._http.build_request(
            asked.method,
            self._url + asked.path,
            params=dict(asked.params),
            json=dict(asked.json) if asked.json is not None else None,
            content=upload,
            headers={"Accept": "application/json", **asked.headers, **(upload.headers if upload else {})},
            timeout=self._timeouts.httpx_timeout(wait),
        )
        clock = asyncio.get_running_loop().time
        # httpx's timeouts start again with each byte: this limit also ends a head that trickles in. With an
        # upload, it starts after the last byte of the document.
        async with asyncio.timeout(None if upload else self._timeouts.until_head(wait)) as limit:
            if upload:
                upload.at_end = lambda: limit.reschedule(clock() + wait)
            response = await self._http.send(outgoing, auth=None, follow_redirects=False, stream=True)
        self.server_time = _date(response)
        try:
            return await take(response)
        finally:
            await response.aclose()

    async def read_reply(self, response: httpx.Response) -> ApiReply:
        """Read a response that is not a document, up to 32 MiB."""
        body = bytearray()
        with_minimum_rate = self._timeouts.with_minimum_rate(response.aiter_bytes(), self._timeouts.answer)
        async with contextlib.aclosing(with_minimum_rate) as pieces:
            async for piece in pieces:
                body += piece
                if len(body) > _LARGEST_REPLY:
                    raise AnswerLost("The fax server's answer has no end.")
        return ApiReply(response.status_code, bytes(body))


def _date(response: httpx.Response) -> datetime | None:
    """The header Date, aware; None if it is missing or invalid."""
    try:
        date = parsedate_to_datetime(response.headers.get("Date", ""))
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _no_connection(exc: Exception) -> str:
    """The text of ServerUnreachable: why no connection was made."""
    if "CERTIFICATE" in str(exc).upper():
        return "The fax server's certificate is not trusted. Set UCX_CA_FILE to its CA certificate."
    if isinstance(exc, httpx.PoolTimeout):
        return "Too many requests to the fax server are still waiting for answers."
    return "The fax server can't be reached."
