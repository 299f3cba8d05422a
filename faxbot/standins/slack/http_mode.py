"""HTTP mode: each delivery is a signed POST to the app's request URL; its response acknowledges it."""

import asyncio
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import aiohttp

from .delivery import Envelope, UndeliveredError
from .model.journal import Journal
from .model.state import WorkspaceState
from .settings import WorkspaceSettings

_AGENT = "Slackbot 1.0 (+https://api.slack.com/robots)"
_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"


class RequestUrlError(ValueError):
    """The request URL did not answer the challenge and is not accepted."""


class RequestUrl:
    """
    The transport of HTTP mode: one request URL for events, commands and interactivity.

    Source: Slack's "Using HTTP request URLs", "Verifying requests from Slack", url_verification, and the
    Events API's error handling.
    """

    timeout_reason = "http_timeout"

    def __init__(self, state: WorkspaceState, settings: WorkspaceSettings, journal: Journal) -> None:
        self._state, self._settings, self._journal = state, settings, journal
        self._session: aiohttp.ClientSession | None = None
        self._closed = False
        self._requests: dict[str, asyncio.Task[None]] = {}
        self.url = ""
        """The verified request URL; empty until one has answered the challenge."""
        self.lose_answers = 0
        """The number of next answers to discard, as if lost after the app had handled the request."""

    async def verify(self, url: str) -> None:
        """
        Send the challenge to *url*; deliver there from now on.

        Raises:
            RequestUrlError: The challenge was not returned.

        """
        challenge = secrets.token_urlsafe(40)
        body = {"token": self._state.verification_token, "challenge": challenge, "type": "url_verification"}
        try:
            async with asyncio.timeout(self._settings.ack_deadline):
                status, _, text = await self._post(url, json.dumps(body), _JSON, {})
        except TimeoutError:
            problem = "no answer in time"
        except (aiohttp.ClientError, OSError, ValueError) as exc:
            problem = type(exc).__name__
        else:
            problem = f"HTTP {status}" if status != 200 else "the challenge did not come back"
            if status == 200 and _challenge_in(text) == challenge:
                self.url = url
                self._journal.note("request_url_verified", url=url)
                return
        self._journal.note("request_url_refused", url=url, reason=problem)
        raise RequestUrlError(f"Your URL didn't respond with the value of the challenge parameter: {problem}")

    async def close(self) -> None:
        """Cancel every pending request; later ones fail."""
        self._closed = True
        tasks = list(self._requests.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session:
            await self._session.close()

    # -- Transport

    @property
    def connected(self) -> bool:
        """Whether there is a verified URL; whether the app answers is known only after a request."""
        return bool(self.url)

    async def until_connected(self) -> None:
        """Return at once: this transport is used only with a verified URL."""

    async def send(self, envelope: Envelope) -> bool:
        """Start the request; its response resolves the envelope."""
        if not self.url:
            return False
        self._requests[envelope.id] = asyncio.create_task(self._deliver(envelope, self.url))
        return True

    def abandon(self, envelope: Envelope) -> None:
        """Cancel the request of an envelope."""
        if task := self._requests.pop(envelope.id, None):
            task.cancel()

    # -- one request

    async def _deliver(self, envelope: Envelope, url: str) -> None:
        content_type, body = _body(envelope)
        retry_headers = {}
        if envelope.attempt:
            retry_headers = {
                "X-Slack-Retry-Num": str(envelope.attempt),
                "X-Slack-Retry-Reason": envelope.reason,
            }
        self._journal.note(
            "envelope_sent",
            envelope_id=envelope.id,
            connection=url,
            type=envelope.kind,
            attempt=envelope.attempt,
            reason=envelope.reason,
            payload=envelope.payload,
        )
        began = asyncio.get_running_loop().time()
        try:
            status, headers, text = await self._post(url, body, content_type, retry_headers)
        except (aiohttp.ClientError, OSError) as exc:
            reason = "ssl_error" if isinstance(exc, aiohttp.ClientSSLError) else "connection_failed"
            _fail(envelope, UndeliveredError(reason))
            return
        if self.lose_answers > 0:
            self.lose_answers -= 1
            self._journal.note("ack_ignored", envelope_id=envelope.id)
            _fail(envelope, UndeliveredError())
            return
        if not 200 <= status < 300:
            self._journal.note("envelope_refused", envelope_id=envelope.id, status=status)
            _fail(envelope, UndeliveredError("http_error", retry=headers.get("X-Slack-No-Retry") != "1"))
            return
        payload = _payload(headers.get("Content-Type", ""), text)
        self._journal.note(
            "envelope_acked",
            envelope_id=envelope.id,
            connection=url,
            seconds=asyncio.get_running_loop().time() - began,
            payload=payload,
        )
        if not envelope.answer.done():
            envelope.answer.set_result((payload or {}) if envelope.accepts_response_payload else {})

    async def _post(
        self, url: str, body: str, content_type: str, more: dict[str, str]
    ) -> tuple[int, Mapping[str, str], str]:
        if self._closed:
            raise aiohttp.ClientConnectionError("The workspace is closed.")
        if self._session is None:
            self._session = aiohttp.ClientSession(trust_env=False, cookie_jar=aiohttp.DummyCookieJar())
        timestamp = str(int(self._state.clock()))
        headers = {
            "Content-Type": content_type,
            "User-Agent": _AGENT,
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": sign(self._state.signing_secret, timestamp, body),
            **more,
        }
        async with self._session.post(
            url, data=body.encode(), headers=headers, allow_redirects=False
        ) as answer:
            return answer.status, answer.headers, await answer.text(errors="replace")


def sign(secret: str, timestamp: str, body: str) -> str:
    """
    The X-Slack-Signature of *body*; *timestamp* is its time of sending in epoch seconds.

    Source: Slack's "Verifying requests from Slack".
    """
    return "v0=" + hmac.new(secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256).hexdigest()


def _body(envelope: Envelope) -> tuple[str, str]:
    """The content type and body of a delivery: events as JSON, commands and interactions as forms."""
    if envelope.kind == "events_api":
        return _JSON, json.dumps(envelope.payload)
    if envelope.kind == "slash_commands":
        return _FORM, urlencode(envelope.payload)
    return _FORM, urlencode({"payload": json.dumps(envelope.payload)})


def _payload(content_type: str, text: str) -> dict[str, Any] | None:
    """The payload of the acknowledgement: JSON, or a text for the person who ran the command."""
    if not text.strip():
        return None
    if content_type.startswith(_JSON):
        try:
            found = json.loads(text)
        except ValueError:
            return None
        return found if isinstance(found, dict) else None
    return {"text": text}


def _challenge_in(text: str) -> str:
    """The challenge in a response, in JSON or as plain text."""
    try:
        found = json.loads(text)
    except ValueError:
        return text.strip()
    return str(found.get("challenge")) if isinstance(found, dict) else str(found)


def _fail(envelope: Envelope, error: UndeliveredError) -> None:
    if not envelope.answer.done():
        envelope.answer.set_exception(error)
        envelope.answer.exception()  # marks it as retrieved, in case the delivery has been abandoned
