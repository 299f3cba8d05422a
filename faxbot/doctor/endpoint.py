"""HTTP mode: checks which program listens at the address for Slack's requests, and its signing secret."""

import json
import secrets
from http import HTTPStatus

import aiohttp
from slack_sdk.signature import Clock, SignatureVerifier

from faxbot.doctor.finding import Check, Finding, green, red
from faxbot.settings import Settings
from faxbot.slack.inbound.http_mode import PATH
from faxbot.slack.web_api.connections import WIRE_ERRORS

HTTP = "HTTP mode"

_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - a wildcard is checked at the loopback address
_TIMEOUT_SECONDS = 4.0
_WHERE_SLACK_SHOWS_IT = (
    "Whether Slack finds the way here shows at api.slack.com/apps, your app, Event Subscriptions: Verified."
)


class EndpointChecks:
    """The check of the bot's own HTTP address: it sends the challenge that Slack would send."""

    def __init__(self, settings: Settings) -> None:
        self._secret = settings.slack_signing_secret.get_secret_value()
        host, port = settings.faxbot_http_host, settings.faxbot_http_port
        self._url = f"http://{_LOOPBACK.get(host, host)}:{port}{PATH}"

    def checks(self) -> list[Check]:
        """The one check of HTTP mode."""
        return [Check(HTTP, self.listening)]

    async def listening(self) -> Finding:
        """
        Send the challenge that Slack sends to a new request URL.

        Source: url_verification.
        """
        challenge = secrets.token_urlsafe(30)
        try:
            status, text = await self._post(json.dumps({"type": "url_verification", "challenge": challenge}))
        except aiohttp.ClientConnectorError:
            return green(f"Nothing listens at {self._url} yet; faxbot serve does. {_WHERE_SLACK_SHOWS_IT}")
        except WIRE_ERRORS:
            status, text = 0, ""
        if status == HTTPStatus.OK and challenge in text:
            return green(f"faxbot listens at {self._url}. {_WHERE_SLACK_SHOWS_IT}")
        if status == HTTPStatus.UNAUTHORIZED:
            return red(
                f"What listens at {self._url} does not accept SLACK_SIGNING_SECRET.",
                "If it is faxbot, it was started with another secret: start it again. If it is another "
                "program, choose another FAXBOT_HTTP_PORT.",
            )
        return red(
            f"Something else than faxbot listens at {self._url}.",
            "Choose another FAXBOT_HTTP_PORT, and set it in the proxy in front of it, too.",
        )

    async def _post(self, body: str) -> tuple[int, str]:
        """Post *body* with a valid signature; the response's status and text."""
        stamp = str(int(Clock().now()))
        signature = SignatureVerifier(self._secret).generate_signature(timestamp=stamp, body=body)
        headers = {
            "Content-Type": "application/json",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": signature or "",
        }
        async with (
            aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS), trust_env=False
            ) as session,
            session.post(self._url, data=body, headers=headers, allow_redirects=False) as response,
        ):
            return response.status, await response.text(errors="replace")
