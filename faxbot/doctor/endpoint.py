"""HTTP mode: who listens where Slack's requests are to come in, and with which signing secret."""

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

_ANY = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - what it means, and where to look then
_SECONDS = 4.0
_SLACKS_LOOK = (
    "Whether Slack finds the way here shows at api.slack.com/apps, your app, Event Subscriptions: Verified."
)


class EndpointChecks:
    """The look at the bot's own address; Slack is not asked, and the bot takes it for Slack's challenge."""

    def __init__(self, settings: Settings) -> None:
        self._secret = settings.slack_signing_secret.get_secret_value()
        host, port = settings.faxbot_http_host, settings.faxbot_http_port
        self._url = f"http://{_ANY.get(host, host)}:{port}{PATH}"

    def checks(self) -> list[Check]:
        """The one row."""
        return [Check(HTTP, self.listening)]

    async def listening(self) -> Finding:
        """
        Send the challenge that Slack sends to a new request URL.

        Source: url_verification.
        """
        challenge = secrets.token_urlsafe(30)
        try:
            status, text = await self._ask(json.dumps({"type": "url_verification", "challenge": challenge}))
        except aiohttp.ClientConnectorError:
            return green(f"Nobody listens at {self._url} yet; faxbot serve does. {_SLACKS_LOOK}")
        except WIRE_ERRORS:
            status, text = 0, ""
        if status == HTTPStatus.OK and challenge in text:
            return green(f"faxbot listens at {self._url}. {_SLACKS_LOOK}")
        if status == HTTPStatus.UNAUTHORIZED:
            return red(
                f"What listens at {self._url} does not accept SLACK_SIGNING_SECRET.",
                "If it is faxbot, it was started with another secret: start it again. If it is another "
                "program, choose another FAXBOT_HTTP_PORT.",
            )
        return red(
            f"Something else than faxbot listens at {self._url}.",
            "Choose another FAXBOT_HTTP_PORT, and tell the proxy in front of it.",
        )

    async def _ask(self, body: str) -> tuple[int, str]:
        stamp = str(int(Clock().now()))
        signature = SignatureVerifier(self._secret).generate_signature(timestamp=stamp, body=body)
        headers = {
            "Content-Type": "application/json",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": signature or "",
        }
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_SECONDS), trust_env=False) as session,
            session.post(self._url, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            return answer.status, await answer.text(errors="replace")
