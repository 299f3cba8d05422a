"""Checks of Slack: connection, both tokens, scopes, inbound channel, Socket Mode or HTTP mode, clock."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from ssl import create_default_context
from typing import Any

import aiohttp
import yaml
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from faxbot.adapters import MetricsCallbacks, SystemClock, connect_to_slack, slack_rate_limits
from faxbot.doctor.clocks import clock_finding, clock_skew
from faxbot.doctor.endpoint import EndpointChecks
from faxbot.doctor.finding import Check, CheckFailed, Finding, Severity, green, red, yellow
from faxbot.doctor.network import ServerAddress, check_certificate, first_reachable_address
from faxbot.fax.errors import SlackBusy, SlackFault, SlackRefused
from faxbot.settings import Settings
from faxbot.slack.inbound.websocket import DisconnectReason
from faxbot.slack.web_api.connections import WIRE_ERRORS, Connections
from faxbot.slack.web_api.web_api import WebApi

REACHED, BOT_TOKEN, SCOPES, INBOUND = "Slack reachable", "Slack bot token", "Slack scopes", "Inbound channel"
APP_TOKEN, SOCKET, CLOCK = "Slack app token", "Socket Mode", "Clock and Slack's"

_ANSWER_SECONDS = 4.5
_APPS = "api.slack.com/apps, your app"
_TOKEN_REMEDIES = {
    "account_inactive": f"Install the app again: {_APPS}, Install App. Then copy its new bot token into "
    "SLACK_BOT_TOKEN.",
    "token_revoked": f"Install the app again: {_APPS}, Install App. Then copy its new bot token into "
    "SLACK_BOT_TOKEN.",
    "token_expired": f"Make the app anew from manifest.yml, which has token rotation off, and install it: "
    f"{_APPS}. Then copy its bot token into SLACK_BOT_TOKEN.",
}
_COPY_BOT_TOKEN = f"Copy the bot token anew, all of it, into SLACK_BOT_TOKEN: {_APPS}, OAuth & Permissions."
_COPY_APP_TOKEN = (
    f"Make a new token with the scope connections:write and copy it into SLACK_APP_TOKEN: {_APPS}, Basic "
    "Information, App-Level Tokens."
)
_STATUS = (
    "See slack-status.com for trouble at Slack, and whether SLACK_API_URL is right (leave it out for Slack)."
)
_AGAIN = "Wait a minute and run faxbot doctor again."


class SlackChecks:
    """The checks of the workspace that *settings* name; its connections are closed with *stack*."""

    def __init__(self, settings: Settings, stack: AsyncExitStack) -> None:
        self._settings, self._stack = settings, stack
        self._clock = SystemClock()
        self._headers: Mapping[str, str] = {}
        self._skew: float | None = None
        self._name, self._bot_id = "faxbot", ""
        self._address = ""
        self._connected: WebApi | None = None

    def checks(self) -> list[Check]:
        """The checks in the order of the table."""
        return [
            Check(REACHED, self.reached, late=_STATUS),
            Check(BOT_TOKEN, self.bot_token, needs=REACHED, late=_STATUS),
            Check(SCOPES, self.scopes, needs=BOT_TOKEN),
            Check(INBOUND, self.inbound, needs=BOT_TOKEN, late=_STATUS),
            *(self._socket_mode() if self._settings.socket_mode else EndpointChecks(self._settings).checks()),
            Check(CLOCK, self.clock, needs=REACHED, after=BOT_TOKEN),
        ]

    def _socket_mode(self) -> list[Check]:
        return [
            Check(APP_TOKEN, self.app_token, needs=REACHED, late=_STATUS),
            Check(SOCKET, self.socket, needs=APP_TOKEN, after=BOT_TOKEN, late=_STATUS),
        ]

    async def reached(self) -> Finding:
        """A TLS connection to SLACK_API_URL can be made, with a trusted certificate."""
        try:
            place = ServerAddress.of("SLACK_API_URL", self._settings.slack_api_url)
        except ValueError:
            return red("SLACK_API_URL is no address.", "Leave it out for Slack itself.")
        at = await first_reachable_address(place)
        finding = await check_certificate(
            place,
            at,
            create_default_context(),
            "Something between this machine and Slack opens the connection, such as a filter of your "
            f"network: ask its administrator to exempt {place.host}. On a bare machine: sudo apt "
            "install ca-certificates.",
        )
        return green(f"{place} answers.") if finding.severity is Severity.GREEN else finding

    async def bot_token(self) -> Finding:
        """The bot token is valid (auth.test); the response headers also carry the scopes and the time."""
        try:
            response = await self._call(lambda client: client.auth_test())
        except SlackRefused as exc:
            return red(
                f"Slack does not accept SLACK_BOT_TOKEN ({exc.error}).",
                _TOKEN_REMEDIES.get(exc.error, _COPY_BOT_TOKEN),
            )
        self._bot_id, self._name = str(response.get("bot_id") or ""), str(response.get("user") or "faxbot")
        if not self._bot_id:
            return red(
                "SLACK_BOT_TOKEN is a person's token.",
                f"Copy the other one, which begins with xoxb-: {_APPS}, OAuth & Permissions.",
            )
        return green(f"Slack knows the bot as @{self._name} in {response.get('team') or 'the workspace'}.")

    async def scopes(self) -> Finding:
        """The token has every scope of manifest.yml (header X-OAuth-Scopes of auth.test)."""
        header = next((v for name, v in self._headers.items() if name.lower() == "x-oauth-scopes"), None)
        if header is None:
            return yellow(
                "The server does not say which scopes the token has.",
                f"Compare them by hand with manifest.yml: {_APPS}, OAuth & Permissions.",
            )
        granted = {scope.strip() for scope in header.split(",")}
        required = manifest_scopes()
        missing = [scope for scope in required if scope not in granted]
        if missing:
            return red(
                f"The token lacks {', '.join(missing)}.",
                f"Add what is missing: {_APPS}, OAuth & Permissions, Bot Token Scopes. Then press Reinstall "
                "there; scopes count only after that.",
            )
        return green(f"All {len(required)} scopes of manifest.yml are granted.")

    async def inbound(self) -> Finding:
        """The channel for received faxes exists, is not archived, and has the bot as a member."""
        channel_id = self._settings.faxbot_inbound_channel
        try:
            response = await self._call(lambda client: client.conversations_info(channel=channel_id))
        except SlackRefused as exc:
            if exc.error == "missing_scope":
                return red(
                    "The token may not read channels.",
                    f"Add channels:read and groups:read ({_APPS}, OAuth & Permissions) and press Reinstall.",
                )
            return red(
                f"The bot sees no channel {channel_id} ({exc.error}).",
                f"If it is a private channel, type /invite @{self._name} in it. Else copy the id anew: it is "
                "at the end of the channel's details in Slack, and goes into FAXBOT_INBOUND_CHANNEL.",
            )
        channel = response.get("channel")
        channel = channel if isinstance(channel, dict) else {}
        name = f"#{channel['name']}" if channel.get("name") else channel_id
        if channel.get("is_archived") is True:
            return red(
                f"{name} is archived, so received faxes can't be posted.",
                "Unarchive it in its details in Slack, or put the id of another channel in "
                "FAXBOT_INBOUND_CHANNEL.",
            )
        if channel.get("is_member") is False and channel.get("is_im") is not True:
            return red(
                f"The bot is not in {name}, so received faxes wait.",
                f"Type /invite @{self._name} in {name}.",
            )
        return green(f"The bot is in {name}.")

    async def app_token(self) -> Finding:
        """The app-level token is valid (apps.connections.open); its URL is kept for `socket`."""
        token = self._settings.slack_app_token.get_secret_value()
        try:
            response = await self._call(lambda client: client.apps_connections_open(app_token=token))
        except SlackRefused as exc:
            if exc.error == "missing_scope":
                return red("SLACK_APP_TOKEN lacks the scope connections:write.", _COPY_APP_TOKEN)
            return red(f"Slack does not accept SLACK_APP_TOKEN ({exc.error}).", _COPY_APP_TOKEN)
        self._address = str(response.get("url") or "")
        return green("Slack gives it an address to connect to.")

    async def socket(self) -> Finding:
        """
        A WebSocket can be opened; it is closed after Slack's first message.

        Source: `hello`, "Using Socket Mode".
        """
        place = ServerAddress.of("SLACK_APP_TOKEN", self._address)
        await first_reachable_address(place)
        try:
            message = await self._first_message()
        except WIRE_ERRORS as exc:
            return red(
                f"{place.host} accepts no WebSocket ({type(exc).__name__}).",
                f"Ask the network administrator to let WebSockets to {place.host} through; a filter or "
                "a proxy may stop them.",
            )
        return self.socket_finding(message, await self._app_of_the_bot())

    async def _first_message(self) -> dict[str, Any]:
        async with (
            aiohttp.ClientSession(trust_env=False, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.ws_connect(self._address, timeout=aiohttp.ClientWSTimeout(ws_close=0.3)) as socket,
        ):
            message = await socket.receive_json()
        return message if isinstance(message, dict) else {}

    async def _app_of_the_bot(self) -> str:
        """The id of the app that the bot token belongs to (bots.info); empty if it cannot be read."""
        if not self._bot_id:
            return ""
        try:
            bot = (await self._call(lambda client: client.bots_info(bot=self._bot_id))).get("bot")
        except (CheckFailed, SlackRefused):
            return ""
        return str(bot.get("app_id") or "") if isinstance(bot, dict) else ""

    @staticmethod
    def socket_finding(message: dict[str, Any], bots_app: str) -> Finding:
        """What Slack's first *word* on a connection means, for the token of the app *bots_app*."""
        reason = message.get("reason") if message.get("type") == "disconnect" else None
        if reason == DisconnectReason.DISABLED:
            return red(
                "Socket Mode is switched off for the app.",
                f"Switch it on: {_APPS}, Socket Mode, Enable Socket Mode.",
            )
        if reason == DisconnectReason.TOO_MANY:
            return yellow(
                "The app has as many connections as it may have (10).",
                "See whether faxbot, or another program with the same SLACK_APP_TOKEN, runs several times; "
                "each takes two.",
            )
        info = message.get("connection_info")
        app_id = str(info.get("app_id") or "") if isinstance(info, dict) else ""
        if app_id and bots_app and app_id != bots_app:
            return red(
                "SLACK_BOT_TOKEN and SLACK_APP_TOKEN belong to two different apps.",
                f"Take both from the same app at api.slack.com/apps: the bot's is {bots_app}, the other one "
                f"{app_id}.",
            )
        return green("A connection opens and Slack greets it.")

    async def clock(self) -> Finding:
        """Slack's clock, by the Date header of its latest response."""
        return clock_finding(self._skew, whose="Slack")

    def _api(self) -> WebApi:
        if self._connected is None:
            connections = Connections(seconds=_ANSWER_SECONDS)
            self._stack.push_async_callback(connections.close)
            pace = slack_rate_limits(self._settings, self._clock)
            self._connected = connect_to_slack(
                self._settings, connections, pace, clock=self._clock, callbacks=MetricsCallbacks()
            )
        return self._connected

    async def _call(self, call: Callable[[AsyncWebClient], Awaitable[AsyncSlackResponse]]) -> dict[str, Any]:
        """
        Make *call* and return the response.

        Raises:
            SlackRefused: Slack returned an error code.
            CheckFailed: No usable response came, or Slack asks for a pause.
        """
        api = self._api()

        async def noted() -> AsyncSlackResponse:
            try:
                answer = await call(api.client)
            except SlackApiError as exc:
                self._note(exc.response)
                raise
            self._note(answer)
            return answer

        try:
            return await api.read(noted)
        except SlackRefused:
            raise
        except SlackBusy as exc:
            raise CheckFailed(
                red(f"Slack limits the calls of this app now ({exc.retry_after:g} s).", _AGAIN)
            ) from exc
        except SlackFault as exc:
            raise CheckFailed(red(str(exc), _STATUS)) from exc

    def _note(self, answer: object) -> None:
        """Keep the clock difference, and of the first response (auth.test) the headers."""
        headers = getattr(answer, "headers", None)
        if isinstance(headers, Mapping):
            self._headers = self._headers or headers
            self._skew = clock_skew(headers, self._clock.now())


def manifest_scopes() -> list[str]:
    """The bot scopes in manifest.yml: beside the package in a checkout, inside it once installed."""
    package = Path(__file__).parents[1]
    installed = package / "manifest.yml"
    path = installed if installed.is_file() else package.parent / "manifest.yml"
    manifest = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [str(scope) for scope in manifest["oauth_config"]["scopes"]["bot"]]
