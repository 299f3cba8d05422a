"""The UCX: reached, trusted, open to these credentials, with lines that work, and right about the time."""

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
LICENSED, LINES, CLOCK = "Fax API licence", "Fax lines", "Clock and the UCX's"

_SECONDS = Timeouts(connect=3.0, free_connection=3.0, answer=4.5)
_BUSY = "Wait a minute and run faxbot doctor again. If it stays so, restart the UCX's web server."
_TRUST_IT = (
    "If the UCX has a certificate of its own: save it as a file (openssl s_client -connect {place} "
    "</dev/null | openssl x509 > ucx.pem), compare it with the one the UCX shows, and put the file's name in "
    "UCX_CA_FILE."
)

T = TypeVar("T")


class FaxServerChecks:
    """The looks at the UCX of the settings; *stack* closes its connections."""

    def __init__(self, settings: Settings, stack: AsyncExitStack) -> None:
        self._settings, self._stack = settings, stack
        self._clock = SystemClock()
        self._at = ""
        self._skew: float | None = None
        self._client: UcxClient | None = None
        self._lines: list[FaxLine] = []

    def checks(self) -> list[Check]:
        """In the order of the table."""
        return [
            Check(REACHED, self.reached),
            Check(TRUSTED, self.certificate, needs=REACHED),
            Check(SIGNED_IN, self.credentials, needs=TRUSTED, late=_BUSY),
            Check(LICENSED, self.licence, needs=SIGNED_IN, late=_BUSY),
            Check(LINES, self.lines, needs=LICENSED, late=_BUSY),
            Check(CLOCK, self.clock, needs=TRUSTED, after=SIGNED_IN),
        ]

    @property
    def _place(self) -> ServerAddress:
        return ServerAddress.of("UCX_URL", self._settings.ucx_url)

    async def reached(self) -> Finding:
        """Its address, as far as its port."""
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
        """Whom the bot would talk to."""
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
        """The client id and secret, at the Token method: a kept token says nothing of them."""
        await self._asked(self._connected().sign_in())
        return green("The UCX accepts UCX_CLIENT_ID and UCX_CLIENT_SECRET.")

    async def licence(self) -> Finding:
        """The Fax API is open: it answers a call."""
        self._lines = await self._asked(self._connected().list_lines())
        return green("The Fax API answers.")

    async def lines(self) -> Finding:
        """There are lines, the settings name no others, and each is in order."""
        if not self._lines:
            return red(
                "The UCX has no virtual fax.",
                "Add one on the UCX; faxes are sent and received by virtual faxes.",
            )
        usage = await self._asked(self._connected().line_usage())
        strange = self._not_there()
        return strange or lines_finding(self._lines, usage)

    async def clock(self) -> Finding:
        """The UCX's time, by whatever it answered."""
        return clock_finding(self._skew, whose="the UCX")

    def _connected(self) -> UcxClient:
        if self._client is None:
            settings, clock = self._settings, self._clock
            http = open_http_client(settings.ucx_ca_file)
            http.event_hooks = {"response": [self._heard]}
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

    async def _heard(self, response: httpx.Response) -> None:
        self._skew = clock_skew(response.headers, self._clock.now())

    async def _asked(self, call: Awaitable[T]) -> T:
        """
        The answer of *call*.

        Raises:
            Ill: There is none.
        """
        try:
            return await call
        except CredentialsRejected as exc:
            finding = red(
                str(exc),
                "Open System, Licenses on the UCX. If the licence for the Fax API is missing or has ended, "
                "it needs a new one. Else copy the client id and secret from that page into UCX_CLIENT_ID "
                "and UCX_CLIENT_SECRET.",
            )
        except ServerBusy as exc:
            finding = red(str(exc), _BUSY)
        except RequestRefused as exc:
            finding = red(
                str(exc), "Open System, Licenses on the UCX: the licence for the Fax API must be valid."
            )
        except (ServerUnreachable, AnswerLost) as exc:
            finding = red(
                str(exc),
                "See whether UCX_URL leads to the UCX's own pages in a browser. If so, restart the UCX's web "
                "server; its maker can tell why it fails.",
            )
        except ServerFault as exc:
            finding = red(
                str(exc),
                "See whether UCX_URL is the address of the UCX, without anything behind it, and whether "
                "System, Licenses shows a licence for the Fax API.",
            )
        raise CheckFailed(finding)

    def _not_there(self) -> Finding | None:
        """A line that only the settings know."""
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
    """How the lines are, as FaxUsage tells it at one moment."""
    told = {each.line_id: each.state_text for each in usage}
    states = {line: line_words(told[line.line_id]) if line.line_id in told else None for line in lines}
    found = ", ".join(
        f"{line.label} {state.words if state else 'not told of'}" for line, state in states.items()
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
