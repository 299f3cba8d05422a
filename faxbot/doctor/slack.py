"""Slack: reached, open to both tokens, with all scopes, the inbound channel, events, and the right time."""

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

from faxbot.adapters import Meters, SystemClock, connect_to_slack, slack_pace
from faxbot.doctor.clocks import judge_clock, skew_of
from faxbot.doctor.endpoint import EndpointLooks
from faxbot.doctor.finding import Check, Finding, Ill, Light, green, red, yellow
from faxbot.doctor.network import Place, reach, shake_hands
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


class SlackLooks:
    """The looks at the workspace of the settings; *stack* closes their connections."""

    def __init__(self, settings: Settings, stack: AsyncExitStack) -> None:
        self._settings, self._stack = settings, stack
        self._clock = SystemClock()
        self._headers: Mapping[str, str] = {}
        self._skew: float | None = None
        self._name, self._bot_id = "faxbot", ""
        self._address = ""
        self._connected: WebApi | None = None

    def checks(self) -> list[Check]:
        """In the order of the table."""
        return [
            Check(REACHED, self.reached, late=_STATUS),
            Check(BOT_TOKEN, self.bot_token, needs=REACHED, late=_STATUS),
            Check(SCOPES, self.scopes, needs=BOT_TOKEN),
            Check(INBOUND, self.inbound, needs=BOT_TOKEN, late=_STATUS),
            *(self._socket_mode() if self._settings.socket_mode else EndpointLooks(self._settings).checks()),
            Check(CLOCK, self.clock, needs=REACHED, after=BOT_TOKEN),
        ]

    def _socket_mode(self) -> list[Check]:
        return [
            Check(APP_TOKEN, self.app_token, needs=REACHED, late=_STATUS),
            Check(SOCKET, self.socket, needs=APP_TOKEN, after=BOT_TOKEN, late=_STATUS),
        ]

    async def reached(self) -> Finding:
        """Its address, port and certificate."""
        try:
            place = Place.of("SLACK_API_URL", self._settings.slack_api_url)
        except ValueError:
            return red("SLACK_API_URL is no address.", "Leave it out for Slack itself.")
        at = await reach(place)
        finding = await shake_hands(
            place,
            at,
            create_default_context(),
            "Something between this machine and Slack opens the connection, such as a filter of your "
            f"network: ask whoever looks after it to leave {place.host} alone. On a bare machine: sudo apt "
            "install ca-certificates.",
        )
        return green(f"{place} answers.") if finding.light is Light.GREEN else finding

    async def bot_token(self) -> Finding:
        """The bot token (auth.test), which also tells scopes and the time."""
        try:
            told = await self._ask(lambda client: client.auth_test())
        except SlackRefused as exc:
            return red(
                f"Slack does not accept SLACK_BOT_TOKEN ({exc.error}).",
                _TOKEN_REMEDIES.get(exc.error, _COPY_BOT_TOKEN),
            )
        self._bot_id, self._name = str(told.get("bot_id") or ""), str(told.get("user") or "faxbot")
        if not self._bot_id:
            return red(
                "SLACK_BOT_TOKEN is a person's token.",
                f"Copy the other one, which begins with xoxb-: {_APPS}, OAuth & Permissions.",
            )
        return green(f"Slack knows the bot as @{self._name} in {told.get('team') or 'the workspace'}.")

    async def scopes(self) -> Finding:
        """What the token may do against what manifest.yml asks for."""
        header = next((v for name, v in self._headers.items() if name.lower() == "x-oauth-scopes"), None)
        if header is None:
            return yellow(
                "The server does not tell the token's scopes.",
                f"Compare them by hand with manifest.yml: {_APPS}, OAuth & Permissions.",
            )
        granted = {scope.strip() for scope in header.split(",")}
        wanted = wanted_scopes()
        missing = [scope for scope in wanted if scope not in granted]
        if missing:
            return red(
                f"The token lacks {', '.join(missing)}.",
                f"Add what is missing: {_APPS}, OAuth & Permissions, Bot Token Scopes. Then press Reinstall "
                "there; scopes count only after that.",
            )
        return green(f"All {len(wanted)} scopes of manifest.yml are granted.")

    async def inbound(self) -> Finding:
        """The channel for received faxes: there, in use, with the bot in it."""
        channel_id = self._settings.faxbot_inbound_channel
        try:
            told = await self._ask(lambda client: client.conversations_info(channel=channel_id))
        except SlackRefused as exc:
            if exc.error == "missing_scope":
                return red(
                    "The token may not look at channels.",
                    f"Add channels:read and groups:read ({_APPS}, OAuth & Permissions) and press Reinstall.",
                )
            return red(
                f"The bot sees no channel {channel_id} ({exc.error}).",
                f"If it is a private channel, type /invite @{self._name} in it. Else copy the id anew: it is "
                "at the end of the channel's details in Slack, and goes into FAXBOT_INBOUND_CHANNEL.",
            )
        channel = told.get("channel")
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
        """The app-level token (apps.connections.open); the address is kept for one handshake."""
        token = self._settings.slack_app_token.get_secret_value()
        try:
            told = await self._ask(lambda client: client.apps_connections_open(app_token=token))
        except SlackRefused as exc:
            if exc.error == "missing_scope":
                return red("SLACK_APP_TOKEN lacks the scope connections:write.", _COPY_APP_TOKEN)
            return red(f"Slack does not accept SLACK_APP_TOKEN ({exc.error}).", _COPY_APP_TOKEN)
        self._address = str(told.get("url") or "")
        return green("Slack gives it an address to connect to.")

    async def socket(self) -> Finding:
        """
        One handshake, up to Slack's first word, then the end of the connection.

        Source: `hello`, "Using Socket Mode".
        """
        place = Place.of("SLACK_APP_TOKEN", self._address)
        await reach(place)
        try:
            word = await self._first_word()
        except WIRE_ERRORS as exc:
            return red(
                f"{place.host} takes no WebSocket ({type(exc).__name__}).",
                f"Ask whoever looks after the network to let WebSockets to {place.host} through; a filter or "
                "a proxy may stop them.",
            )
        return self.judge(word, await self._app_of_the_bot())

    async def _first_word(self) -> dict[str, Any]:
        async with (
            aiohttp.ClientSession(trust_env=False, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.ws_connect(self._address, timeout=aiohttp.ClientWSTimeout(ws_close=0.3)) as socket,
        ):
            word = await socket.receive_json()
        return word if isinstance(word, dict) else {}

    async def _app_of_the_bot(self) -> str:
        """The id of the app that the bot token belongs to (bots.info); empty if Slack does not say."""
        if not self._bot_id:
            return ""
        try:
            bot = (await self._ask(lambda client: client.bots_info(bot=self._bot_id))).get("bot")
        except (Ill, SlackRefused):
            return ""
        return str(bot.get("app_id") or "") if isinstance(bot, dict) else ""

    @staticmethod
    def judge(word: dict[str, Any], bots_app: str) -> Finding:
        """What Slack's first *word* on a connection means, for the token of the app *bots_app*."""
        reason = word.get("reason") if word.get("type") == "disconnect" else None
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
        info = word.get("connection_info")
        app_id = str(info.get("app_id") or "") if isinstance(info, dict) else ""
        if app_id and bots_app and app_id != bots_app:
            return red(
                "SLACK_BOT_TOKEN and SLACK_APP_TOKEN belong to two different apps.",
                f"Take both from the same app at api.slack.com/apps: the bot's is {bots_app}, the other one "
                f"{app_id}.",
            )
        return green("A connection opens and Slack greets it.")

    async def clock(self) -> Finding:
        """Slack's time, by its answer to auth.test."""
        return judge_clock(self._skew, whose="Slack")

    def _api(self) -> WebApi:
        if self._connected is None:
            connections = Connections(seconds=_ANSWER_SECONDS)
            self._stack.push_async_callback(connections.close)
            pace = slack_pace(self._settings, self._clock)
            self._connected = connect_to_slack(
                self._settings, connections, pace, clock=self._clock, meters=Meters()
            )
        return self._connected

    async def _ask(self, call: Callable[[AsyncWebClient], Awaitable[AsyncSlackResponse]]) -> dict[str, Any]:
        """
        The answer of *call*.

        Raises:
            SlackRefused: Slack said no.
            Ill: There is no answer of Slack's.
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
            raise Ill(
                red(f"Slack is asked too much by this app now ({exc.retry_after:g} s).", _AGAIN)
            ) from exc
        except SlackFault as exc:
            raise Ill(red(str(exc), _STATUS)) from exc

    def _note(self, answer: object) -> None:
        """Every answer tells the time; auth.test is the first."""
        headers = getattr(answer, "headers", None)
        if isinstance(headers, Mapping):
            self._headers = self._headers or headers
            self._skew = skew_of(headers, self._clock.now())


def wanted_scopes() -> list[str]:
    """The bot's scopes in manifest.yml: beside the package in a checkout, inside it once installed."""
    package = Path(__file__).parents[1]
    installed = package / "manifest.yml"
    path = installed if installed.is_file() else package.parent / "manifest.yml"
    manifest = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [str(scope) for scope in manifest["oauth_config"]["scopes"]["bot"]]
