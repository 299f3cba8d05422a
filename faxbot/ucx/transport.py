"""The connections to one UCX: how many, how long, and whom to trust."""

import asyncio
import functools
import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from urllib.parse import urlsplit

import httpx

_CONNECTIONS = 8
_KEPT_SECONDS = 2.0
"""Shorter than the 5 s after which common web servers hang up, so that both rarely do it at once."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait: to connect (and for a free connection), and for each sign of life of an answer."""

    connect: float = 5.0
    free_connection: float = 30.0
    answer: float = 15.0
    submit: float = 60.0
    cancel: float = 90.0
    """JobCancel was seen to take 36 s on a job that was dialing."""
    document: float = 60.0
    """For a document to begin to come in."""
    slowest: float = 8192.0
    """Bytes a second below which an answer counts as one that never ends."""

    def waiting(self, answer: float) -> httpx.Timeout:
        """As httpx has it, for a request whose answer may take *answer* seconds."""
        return httpx.Timeout(answer, connect=self.connect, pool=self.free_connection)

    def head(self, answer: float) -> float:
        """All that may pass until the head of an answer is whole, from the moment it is asked for."""
        return self.free_connection + 2 * self.connect + answer

    async def patiently(self, pieces: AsyncIterator[bytes], first: float) -> AsyncGenerator[bytes, None]:
        """
        *pieces* as they come, as long as they come no slower than `slowest` after *first* seconds.

        httpx waits for each piece anew; an answer that trickles must end, too.

        Raises:
            TimeoutError: They trickle.
        """
        clock = asyncio.get_running_loop().time
        began, received = clock(), 0
        while True:
            async with asyncio.timeout_at(began + first + received / self.slowest):
                piece = await anext(pieces, None)
            if piece is None:
                return
            received += len(piece)
            yield piece


class SeparateWriteConnections(httpx.AsyncBaseTransport):
    """
    Reads share kept connections; each write gets one of its own.

    A kept connection that the server closes at that moment would leave the fate of a fax unclear, and
    slow cancellations must not keep the reads waiting.
    """

    def __init__(self, reads: httpx.AsyncBaseTransport, writes: httpx.AsyncBaseTransport) -> None:
        self._reads = reads
        self._writes = writes

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send *request* over the connections of its kind."""
        transport = self._reads if request.method == "GET" else self._writes
        return await transport.handle_async_request(request)

    async def aclose(self) -> None:
        """Close both."""
        await self._reads.aclose()
        await self._writes.aclose()


def open_http_client(ca_file: Path | None = None) -> httpx.AsyncClient:
    """
    An HTTP client fit for a UCX: no proxy or netrc from the environment, no redirects, no cookies.

    Raises:
        ValueError: *ca_file* cannot be read as certificates.
    """
    verify = tls_context(ca_file)
    reads = httpx.Limits(
        max_connections=_CONNECTIONS,
        max_keepalive_connections=_CONNECTIONS,
        keepalive_expiry=_KEPT_SECONDS,
    )
    writes = httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=0)
    return httpx.AsyncClient(
        transport=SeparateWriteConnections(
            httpx.AsyncHTTPTransport(verify=verify, trust_env=False, limits=reads),
            httpx.AsyncHTTPTransport(verify=verify, trust_env=False, limits=writes),
        ),
        trust_env=False,
        follow_redirects=False,
        # A session cookie would make some servers answer one request at a time, behind a slow JobCancel.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        headers={"User-Agent": "faxbot", "Accept": "application/json"},
    )


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """
    Whom to trust: the certificates in *ca_file* alone, or else the public authorities.

    Raises:
        ValueError: *ca_file* cannot be read as certificates.
    """
    return context_trusting(ca_file) if ca_file else _public_authorities()


@functools.cache
def _public_authorities() -> ssl.SSLContext:
    """Read once: there are some hundred certificates in it."""
    return httpx.create_ssl_context(trust_env=False)


def context_trusting(ca_file: Path) -> ssl.SSLContext:
    """Trust the certificates in *ca_file* (PEM) and no others; it may be the server's own, self-signed."""
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as exc:
        raise ValueError(f"The CA file cannot be read as PEM certificates: {exc}") from exc
    # An appliance's own certificate often lacks the extensions that strict checking asks for.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def base_url(url: str) -> str:
    """
    The server's address, without the API's own path.

    Raises:
        ValueError: It is no http(s) address, or carries credentials.
    """
    whole = url.strip().rstrip("/").removesuffix("/restv1/efax")
    try:
        parts = urlsplit(whole)
        httpx.URL(whole)
    except (ValueError, httpx.InvalidURL) as exc:
        raise ValueError("UCX_URL is no address") from exc
    if parts.scheme not in ("http", "https") or not parts.hostname or len(whole.split()) > 1:
        raise ValueError("UCX_URL must look like https://ucx.example")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("UCX_URL is only an address: credentials have settings of their own")
    return whole
