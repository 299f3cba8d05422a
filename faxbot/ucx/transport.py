"""HTTP connections to one UCX: limits, timeouts, trusted certificates."""

import asyncio
import functools
import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from urllib.parse import urlsplit

import httpx

_MAX_CONNECTIONS = 8
_KEEPALIVE_SECONDS = 2.0
"""Shorter than the 5 s of common web servers, so that the server rarely closes a connection being used."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Time limits, in seconds unless noted."""

    connect: float = 5.0
    free_connection: float = 30.0
    """For a free connection of the pool."""
    answer: float = 15.0
    """Until the first byte of a response, unless one of the following applies."""
    submit: float = 60.0
    """FileSend, from the last byte of the document."""
    cancel: float = 90.0
    """JobCancel of a job that is dialing takes up to 36 s (measured)."""
    document: float = 60.0
    """Until the first byte of a document."""
    slowest: float = 8192.0
    """Bytes per second: a response below this rate is given up."""

    def httpx_timeout(self, answer: float) -> httpx.Timeout:
        """The timeouts in httpx's form, for a request whose response may take *answer* seconds."""
        return httpx.Timeout(answer, connect=self.connect, pool=self.free_connection)

    def until_head(self, answer: float) -> float:
        """Seconds from sending a request until the head of its response is complete."""
        return self.free_connection + 2 * self.connect + answer

    async def with_minimum_rate(
        self, pieces: AsyncIterator[bytes], first: float
    ) -> AsyncGenerator[bytes, None]:
        """
        Yield *pieces* while they arrive at `slowest` bytes per second or faster, *first* seconds not counted.

        httpx's timeouts start again with each piece, so they do not end a response that trickles in.

        Raises:
            TimeoutError: They arrive more slowly.
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
    Reads share a pool of persistent connections; each write opens a new connection.

    If the server closed a persistent connection during a write, it would be unclear whether the write was
    carried out. Besides, slow cancellations use up no connections for reads.
    """

    def __init__(self, reads: httpx.AsyncBaseTransport, writes: httpx.AsyncBaseTransport) -> None:
        self._reads = reads
        self._writes = writes

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send *request* over the connections for reads or for writes."""
        transport = self._reads if request.method == "GET" else self._writes
        return await transport.handle_async_request(request)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._reads.aclose()
        await self._writes.aclose()


def open_http_client(ca_file: Path | None = None) -> httpx.AsyncClient:
    """
    Create the HTTP client: no proxy or netrc from the environment, no redirects, no cookies.

    Raises:
        ValueError: *ca_file* cannot be read as certificates.
    """
    verify = tls_context(ca_file)
    reads = httpx.Limits(
        max_connections=_MAX_CONNECTIONS,
        max_keepalive_connections=_MAX_CONNECTIONS,
        keepalive_expiry=_KEEPALIVE_SECONDS,
    )
    writes = httpx.Limits(max_connections=_MAX_CONNECTIONS, max_keepalive_connections=0)
    return httpx.AsyncClient(
        transport=SeparateWriteConnections(
            httpx.AsyncHTTPTransport(verify=verify, trust_env=False, limits=reads),
            httpx.AsyncHTTPTransport(verify=verify, trust_env=False, limits=writes),
        ),
        trust_env=False,
        follow_redirects=False,
        # With a session cookie some servers process one request at a time, so a slow JobCancel would block.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        headers={"User-Agent": "faxbot", "Accept": "application/json"},
    )


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """
    A TLS context that trusts only the certificates in *ca_file*, or without one the public authorities.

    Raises:
        ValueError: *ca_file* cannot be read as certificates.
    """
    return context_trusting(ca_file) if ca_file else _public_authorities()


@functools.cache
def _public_authorities() -> ssl.SSLContext:
    """Cached: loading the hundred or so certificates takes time."""
    return httpx.create_ssl_context(trust_env=False)


def context_trusting(ca_file: Path) -> ssl.SSLContext:
    """A TLS context that trusts only the certificates in *ca_file* (PEM), which may be self-signed."""
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as exc:
        raise ValueError(f"The CA file cannot be read as PEM certificates: {exc}") from exc
    # The self-signed certificate of an appliance often lacks the extensions that strict checking requires.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def base_url(url: str) -> str:
    """
    The server's address without the path of the API.

    Raises:
        ValueError: It is not an http(s) address, or contains credentials.
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
