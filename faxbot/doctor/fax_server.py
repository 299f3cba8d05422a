"""Checks of the UCX: connection, certificate, credentials, license, lines and clock."""

from collections.abc import Awaitable, Sequence
from contextlib import AsyncExitStack
from typing import TypeVar

import httpx

from faxbot.adapters import SystemClock
from faxbot.doctor.clocks import clock_finding, clock_skew
from faxbot.doctor.finding import Check, CheckFailed, Finding, green, red, yellow
from faxbot.doctor.network import ServerAddress, check_certificate, first_reachable_address
from faxbot.fax.errors import (
    AnswerLost,
    CredentialsRejected,
    RequestRefused,
    ServerBusy,
    ServerFault,
    ServerUnreachable,
    UnknownLine,
)
from faxbot.fax.line import FaxLine, LineUsage, find_line
from faxbot.fax.status import line_words
from faxbot.settings import Settings
from faxbot.ucx.client import UcxClient
from faxbot.ucx.transport import Timeouts, base_url, open_http_client, tls_context

REACHED, TRUSTED, SIGNED_IN = "UCX reachable", "UCX certificate", "UCX credentials"
LICENSED, LINES, CLOCK = "Fax API license", "Fax lines", "Clock and the UCX's"

_SECONDS = Timeouts(connect=3.0, free_connection=3.0, answer=4.5)
_BUSY = "Wait a minute and run faxbot doctor again. If it stays so, restart the UCX's web server."
_TRUST_IT = (
    "If the UCX has a self-signed certificate: save it as a file (openssl s_client -connect {place} "
    "</dev/null | openssl x509 > ucx.pem), compare it with the one the UCX shows, and put the file's name in "
    "UCX_CA_FILE."
)

T = TypeVar("T")


class FaxServerChecks:
    """The checks of the UCX that *settings* name; its connections are closed with *stack*."""

    def __init__(self, settings: Settings, stack: AsyncExitStack) -> None:
        self._settings, self._stack = settings, stack
        self._clock = SystemClock()
        self._at = ""
        self._skew: float | None = None
        self._client: UcxClient | None = None
        self._lines: list[FaxLine] = []

    def checks(self) -> list[Check]:
        """The checks in the order of the table."""
        return [
            Check(REACHED, self.reached),
            Check(TRUSTED, self.certificate, needs=REACHED),
            Check(SIGNED_IN, self.credentials, needs=TRUSTED, late=_BUSY),
            Check(LICENSED, self.license, needs=SIGNED_IN, late=_BUSY),
            Check(LINES, self.lines, needs=LICENSED, late=_BUSY),
            Check(CLOCK, self.clock, needs=TRUSTED, after=SIGNED_IN),
        ]

    @property
    def _place(self) -> ServerAddress:
        return ServerAddress.of("UCX_URL", self._settings.ucx_url)

    async def reached(self) -> Finding:
        """A TCP connection to the port of UCX_URL can be made."""
        try:
            base_url(self._settings.ucx_url)
            place = self._place
        except ValueError:
            return red(
                "UCX_URL is no address.",
                "Write it as it stands in the browser when you open the UCX's pages, such as "
                "https://ucx.example.com.",
            )
        self._at = await first_reachable_address(place)
        return green(f"{place} answers.")

    async def certificate(self) -> Finding:
        """The UCX's certificate is trusted: by UCX_CA_FILE, or else by the public authorities."""
        ca_file = self._settings.ucx_ca_file
        try:
            context = tls_context(ca_file)
        except ValueError:
            return red(
                f"UCX_CA_FILE ({ca_file}) can't be read as certificates.",
                "It is a file whose text begins with -----BEGIN CERTIFICATE-----. See whether it is there, "
                "can be read by the user that faxbot runs as, and begins like that.",
            )
        how = _TRUST_IT.format(place=self._place)
        if ca_file:
            how = f"The certificate in UCX_CA_FILE ({ca_file}) is not the UCX's; it may have a new one. {how}"
        return await check_certificate(self._place, self._at, context, how)

    async def credentials(self) -> Finding:
        """
        The client id and secret are accepted; a token kept on disk would prove nothing about them.

        Source: Token.
        """
        await self._call(self._connected().sign_in())
        return green("The UCX accepts UCX_CLIENT_ID and UCX_CLIENT_SECRET.")

    async def license(self) -> Finding:
        """The Fax API is licensed: it answers FaxList."""
        self._lines = await self._call(self._connected().list_lines())
        return green("The Fax API answers.")

    async def lines(self) -> Finding:
        """There are lines, the settings name no line that does not exist, and each line is healthy."""
        if not self._lines:
            return red(
                "The UCX has no virtual fax.",
                "Add one on the UCX; faxes are sent and received by virtual faxes.",
            )
        usage = await self._call(self._connected().line_usage())
        return self._unknown_line_in_settings() or lines_finding(self._lines, usage)

    async def clock(self) -> Finding:
        """The UCX's clock, by the Date header of its latest response."""
        return clock_finding(self._skew, whose="the UCX")

    def _connected(self) -> UcxClient:
        if self._client is None:
            settings, clock = self._settings, self._clock
            http = open_http_client(settings.ucx_ca_file)
            http.event_hooks = {"response": [self._note_date]}
            self._client = UcxClient(
                http,
                settings.ucx_url,
                settings.ucx_client_id,
                settings.ucx_client_secret.get_secret_value(),
                token_file=None,
                timeouts=_SECONDS,
                sleep=clock.sleep,
                now=clock.now,
            )
            self._stack.push_async_callback(self._client.aclose)
        return self._client

    async def _note_date(self, response: httpx.Response) -> None:
        self._skew = clock_skew(response.headers, self._clock.now())

    async def _call(self, call: Awaitable[T]) -> T:
        """
        Await *call* and return its result.

        Raises:
            CheckFailed: It raised a `ServerFault`; the finding says what to do.
        """
        try:
            return await call
        except CredentialsRejected as exc:
            finding = red(
                str(exc),
                "Open System, Licenses on the UCX. If the license for the Fax API is missing or has ended, "
                "it needs a new one. Else copy the client id and secret from that page into UCX_CLIENT_ID "
                "and UCX_CLIENT_SECRET.",
            )
        except ServerBusy as exc:
            finding = red(str(exc), _BUSY)
        except RequestRefused as exc:
            finding = red(
                str(exc), "Open System, Licenses on the UCX: the license for the Fax API must be valid."
            )
        except (ServerUnreachable, AnswerLost) as exc:
            finding = red(
                str(exc),
                "See whether UCX_URL leads to the UCX's own pages in a browser. If so, restart the UCX's web "
                "server; if it still fails, ask the maker of the UCX.",
            )
        except ServerFault as exc:
            finding = red(
                str(exc),
                "See whether UCX_URL is the address of the UCX, without anything behind it, and whether "
                "System, Licenses shows a license for the Fax API.",
            )
        raise CheckFailed(finding)

    def _unknown_line_in_settings(self) -> Finding | None:
        """A finding if FAXBOT_DEFAULT_LINE or FAXBOT_MODEMS names a line that the UCX does not have."""
        settings = self._settings
        names = ", ".join(line.label for line in self._lines)
        if settings.faxbot_default_line:
            try:
                find_line(settings.faxbot_default_line, self._lines)
            except UnknownLine:
                return red(
                    f"FAXBOT_DEFAULT_LINE names {settings.faxbot_default_line}, which is no line.",
                    f"Name one of these: {names}. Or leave it out.",
                )
        known = {line.line_id for line in self._lines}
        lost = [f"{modem}={line}" for modem, line in settings.modems.items() if line not in known]
        if lost:
            ids = ", ".join(f"{line.line_id} ({line.label})" for line in self._lines)
            return red(
                f"FAXBOT_MODEMS names lines that are not there: {', '.join(lost)}.",
                f"Behind each = goes the id of a line. There are: {ids}.",
            )
        return None


def lines_finding(lines: Sequence[FaxLine], usage: Sequence[LineUsage]) -> Finding:
    """The finding about the states of *lines*, from one reply to FaxUsage."""
    texts = {each.line_id: each.state_text for each in usage}
    states = {line: line_words(texts[line.line_id]) if line.line_id in texts else None for line in lines}
    found = ", ".join(
        f"{line.label} {state.words if state else 'missing from FaxUsage'}" for line, state in states.items()
    )
    faulty = [line.label for line, state in states.items() if state is None or not state.healthy]
    if faulty:
        return red(
            f"{found}.",
            f"Look at {', '.join(faulty)} among the virtual faxes on the UCX: switch it off and on again "
            "there. If that does not help, restart the fax service of the UCX.",
        )
    waiting = [line.label for line, state in states.items() if state and state.waiting and not state.busy]
    if waiting:
        return yellow(
            f"{found}.",
            "Nothing yet: after each call a modem takes up to a minute to come ready. Run faxbot doctor "
            f"again in a minute; if {', '.join(waiting)} still says so, switch that virtual fax off and on "
            "again on the UCX.",
        )
    return green(f"{found}.")
