"""HTTP mode: each delivery is a signed POST to the app's request URL, and its answer the acknowledgement."""

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
    """The request URL did not answer the challenge: Slack does not take it."""


class RequestUrl:
    """
    The transport of HTTP mode: one request URL for events, commands and interactivity.

    Source: Slack's "Using HTTP request URLs", "Verifying requests from Slack", url_verification, and the
    Events API's error handling.
    """

    late = "http_timeout"

    def __init__(self, state: WorkspaceState, settings: WorkspaceSettings, journal: Journal) -> None:
        self._state, self._settings, self._journal = state, settings, journal
        self._session: aiohttp.ClientSession | None = None
        self._asking: dict[str, asyncio.Task[None]] = {}
        self.url = ""
        """Where the app is; empty until an address has answered the challenge."""
        self.lose_answers = 0
        """How many of the next answers to treat as lost: the app has done its work, and Slack never hears."""

    async def verify(self, url: str) -> None:
        """
        Send the challenge to *url*, and deliver there from now on.

        Raises:
            RequestUrlError: It did not come back.

        """
        challenge = secrets.token_urlsafe(40)
        asked = {"token": self._state.verification_token, "challenge": challenge, "type": "url_verification"}
        try:
            async with asyncio.timeout(self._settings.ack_deadline):
                status, _, text = await self._post(url, json.dumps(asked), _JSON, {})
        except TimeoutError:
            why = "no answer in time"
        except (aiohttp.ClientError, OSError, ValueError) as exc:
            why = type(exc).__name__
        else:
            why = f"HTTP {status}" if status != 200 else "the challenge did not come back"
            if status == 200 and _echoed(text) == challenge:
                self.url = url
                self._journal.note("request_url_verified", url=url)
                return
        self._journal.note("request_url_refused", url=url, reason=why)
        raise RequestUrlError(f"Your URL didn't respond with the value of the challenge parameter: {why}")

    async def close(self) -> None:
        """Give up every request that is under way."""
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session:
            await self._session.close()

    # -- Transport

    @property
    def connected(self) -> bool:
        """Whether there is an address; whether somebody answers there is only seen by asking."""
        return bool(self.url)

    async def until_connected(self) -> None:
        """There is an address, or this transport is not in use."""

    async def send(self, envelope: Envelope) -> bool:
        """Ask the request URL; the answer, whenever it comes, resolves the envelope."""
        if not self.url:
            return False
        self._asking[envelope.id] = asyncio.create_task(self._deliver(envelope, self.url))
        return True

    def forget(self, envelope: Envelope) -> None:
        """Hang up on a request that nobody waits for any more."""
        if task := self._asking.pop(envelope.id, None):
            task.cancel()

    # -- one request

    async def _deliver(self, envelope: Envelope, url: str) -> None:
        kind, body = _body(envelope)
        retold = {"X-Slack-Retry-Num": str(envelope.attempt), "X-Slack-Retry-Reason": envelope.reason}
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
            status, headers, text = await self._post(url, body, kind, retold if envelope.attempt else {})
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
            _fail(envelope, UndeliveredError("http_error", again=headers.get("X-Slack-No-Retry") != "1"))
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
        self, url: str, body: str, kind: str, more: dict[str, str]
    ) -> tuple[int, Mapping[str, str], str]:
        if self._session is None:
            self._session = aiohttp.ClientSession(trust_env=False, cookie_jar=aiohttp.DummyCookieJar())
        stamp = str(int(self._state.clock()))
        headers = {
            "Content-Type": kind,
            "User-Agent": _AGENT,
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": sign(self._state.signing_secret, stamp, body),
            **more,
        }
        async with self._session.post(
            url, data=body.encode(), headers=headers, allow_redirects=False
        ) as answer:
            return answer.status, answer.headers, await answer.text(errors="replace")


def sign(secret: str, stamp: str, body: str) -> str:
    """
    The signature of *body* sent at *stamp*, in epoch seconds.

    Source: Slack's "Verifying requests from Slack".
    """
    return "v0=" + hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()


def _body(envelope: Envelope) -> tuple[str, str]:
    """The content type and body of a delivery: events as JSON, commands and interactions as forms."""
    if envelope.kind == "events_api":
        return _JSON, json.dumps(envelope.payload)
    if envelope.kind == "slash_commands":
        return _FORM, urlencode(envelope.payload)
    return _FORM, urlencode({"payload": json.dumps(envelope.payload)})


def _payload(kind: str, text: str) -> dict[str, Any] | None:
    """What came with the acknowledgement: JSON, or words for the person who ran the command."""
    if not text.strip():
        return None
    if kind.startswith(_JSON):
        try:
            found = json.loads(text)
        except ValueError:
            return None
        return found if isinstance(found, dict) else None
    return {"text": text}


def _echoed(text: str) -> str:
    """The challenge in an answer: in JSON, or alone."""
    try:
        found = json.loads(text)
    except ValueError:
        return text.strip()
    return str(found.get("challenge")) if isinstance(found, dict) else str(found)


def _fail(envelope: Envelope, error: UndeliveredError) -> None:
    if not envelope.answer.done():
        envelope.answer.set_exception(error)
        envelope.answer.exception()  # seen, even when nobody waits any more
