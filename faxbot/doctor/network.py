"""Checks of a server's network address: name lookup, TCP connection, TLS certificate."""

import asyncio
import socket
import ssl
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from faxbot.doctor.blocking import run_in_thread
from faxbot.doctor.finding import CheckFailed, Finding, green, red, yellow

_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_EXPIRES_SOON_DAYS = 14
_DAY = 86_400.0
_EXPIRED, _NOT_YET, _SELF_SIGNED, _OTHER_NAME, _OTHER_ADDRESS = 10, 9, (18, 19, 20, 21), 62, 64
"""OpenSSL's X509_V_ERR_… codes."""


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """A server's host and port, and the *setting* they come from."""

    setting: str
    host: str
    port: int
    encrypted: bool

    @classmethod
    def of(cls, setting: str, url: str) -> "ServerAddress":
        """
        Parse *url* (http, https, ws or wss).

        Raises:
            ValueError: It has another scheme or no host.
        """
        parts = urlsplit(url.strip())
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError(f"{setting} is no address")
        port = parts.port or _PORTS[parts.scheme]
        return cls(setting, parts.hostname, port, parts.scheme in ("https", "wss"))

    @property
    def local(self) -> bool:
        """Whether it is the loopback address, where an unencrypted connection is harmless."""
        return self.host == "localhost" or self.host.startswith("127.") or self.host == "::1"

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


async def first_reachable_address(place: ServerAddress, *, seconds: float = 4.0) -> str:
    """
    Look up *place* and connect to each of its IP addresses in turn; return the first that accepts.

    The lookup and the connections each take *seconds* at most.

    Raises:
        CheckFailed: The name is unknown, or no address accepts a connection.
    """
    addresses = await _addresses(place, seconds)
    last: OSError | None = None
    for address in addresses:
        try:
            async with asyncio.timeout(seconds / len(addresses)):
                _, writer = await asyncio.open_connection(address, place.port)
        except TimeoutError:
            last = None
        except OSError as exc:
            last = exc
        else:
            writer.close()
            return address
    if isinstance(last, ConnectionRefusedError):
        raise CheckFailed(
            red(
                f"Nothing answers at {place}: the connection is refused.",
                f"See whether the machine {place.host} is on, and whether the address and port in "
                f"{place.setting} are right.",
            )
        )
    raise CheckFailed(
        red(
            f"Nothing answers at {place}.",
            f"See whether the machine {place.host} is on and {place.setting} is right. If both are, ask "
            f"the network administrator to let this machine connect to {place.host}, port "
            f"{place.port}: faxbot connects directly, without a proxy.",
        )
    )


async def _addresses(place: ServerAddress, seconds: float) -> list[str]:
    try:
        async with asyncio.timeout(seconds):
            found = await run_in_thread(
                lambda: socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
            )
    except TimeoutError:
        raise CheckFailed(
            red(
                f"The name server doesn't say where {place.host} is.",
                "Ask the network administrator why names can't be looked up on this machine.",
            )
        ) from None
    except (OSError, UnicodeError):
        raise CheckFailed(
            red(
                f"There is no machine called {place.host}, as far as this one knows.",
                f"Look for a mistyped name in {place.setting}. If it is right, ask the network "
                "administrator why this machine doesn't know it.",
            )
        ) from None
    return list(dict.fromkeys(str(each[4][0]) for each in found))


async def check_certificate(
    place: ServerAddress, address: str, context: ssl.SSLContext, how_to_trust: str
) -> Finding:
    """
    Connect to *address* with TLS and check the certificate of *place* against *context*.

    *how_to_trust* is the remedy for a certificate from an unknown authority.
    """
    if not place.encrypted:
        if place.local:
            return green("Not encrypted, and on this very machine.")
        return yellow(
            f"The connection is not encrypted: passwords and faxes go to {place.host} readable by others.",
            f"Write https:// instead of http:// in {place.setting}, if the server takes that.",
        )
    try:
        _, writer = await asyncio.open_connection(
            address, place.port, ssl=context, server_hostname=place.host
        )
    except ssl.SSLCertVerificationError as exc:
        return _untrusted(place, exc, how_to_trust)
    except (OSError, EOFError) as exc:  # ssl.SSLError is an OSError
        return red(
            f"{place} answers, but not with an encrypted connection ({type(exc).__name__}).",
            f"See whether the port in {place.setting} is the one for https, or whether http:// is meant.",
        )
    certificate = writer.get_extra_info("peercert") or {}
    writer.close()
    until = certificate.get("notAfter")
    days = (ssl.cert_time_to_seconds(until) - time.time()) / _DAY if isinstance(until, str) else None
    if days is not None and days < _EXPIRES_SOON_DAYS:
        return yellow(
            f"The certificate of {place.host} is trusted, and ends in {max(0, int(days))} days.",
            f"Have it renewed before then by the operator of {place.host}.",
        )
    return green(
        "The certificate is trusted."
        if days is None
        else f"The certificate is trusted ({int(days)} days left)."
    )


def _untrusted(place: ServerAddress, exc: ssl.SSLCertVerificationError, how_to_trust: str) -> Finding:
    match exc.verify_code:
        case code if code == _EXPIRED:
            return red(
                f"The certificate of {place.host} has ended.",
                f"Have it renewed by the operator of {place.host}. If it should be valid, this machine's "
                "date is wrong.",
            )
        case code if code == _NOT_YET:
            return red(
                f"The certificate of {place.host} is not valid yet.",
                "Look at the date and time of this machine; it may be behind.",
            )
        case code if code in (_OTHER_NAME, _OTHER_ADDRESS):
            return red(
                f"The certificate is not made out to {place.host}.",
                f"Write the name that the certificate is made out to in {place.setting}, or have a "
                f"certificate made for {place.host}.",
            )
        case code if code in _SELF_SIGNED:
            return red(
                f"The certificate of {place.host} is not from an authority that this machine trusts.",
                how_to_trust,
            )
        case _:
            return red(
                f"The certificate of {place.host} is not accepted: {exc.verify_message}.", how_to_trust
            )
