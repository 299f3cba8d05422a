"""Web API calls for the adapters: writes are sent once, reads are retried, histories are paged."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from random import SystemRandom
from typing import Any, TypeVar

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from faxbot.fax.errors import SlackBusy, SlackRefused, SlackUnclear
from faxbot.slack.web_api.connections import CALL_ERRORS, Connections, slack_fault

log = logging.getLogger(__name__)

_random = SystemRandom().random

T = TypeVar("T")
ApiResponse = dict[str, Any]
"""The JSON object that a Web API method returns."""

_TRIES = 3
"""Attempts of a read."""
_FIRST_PAUSE = 0.4
"""Seconds before the second attempt; doubled before the third."""
_LONGEST_PAUSE = 2.0
"""Longest Retry-After that a read waits for; a longer one is raised as SlackBusy."""
_PAGE = 200
"""Messages per page of a history."""
_PAGES = 50
"""Maximum number of pages that are read."""
_UNAVAILABLE = {
    "unknown_method",
    "missing_scope",
    "not_allowed_token_type",
    "method_not_supported_for_channel_type",
}
"""Error codes of a method that this server or this app's scopes do not offer."""


@dataclass(frozen=True, slots=True)
class BotIdentity:
    """The bot's ids and name. Source: auth.test."""

    user_id: str
    bot_id: str
    name: str

    def wrote(self, message: Mapping[str, Any]) -> bool:
        """Whether *message* is the bot's own."""
        return (bool(self.user_id) and message.get("user") == self.user_id) or (
            bool(self.bot_id) and message.get("bot_id") == self.bot_id
        )


class WebApi:
    """Calls of the Web API as one bot. Every method raises the SlackFaults of fax/errors.py."""

    def __init__(
        self,
        client: AsyncWebClient,
        connections: Connections,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = _random,
    ) -> None:
        self.client = client
        self.connections = connections
        self._sleep = sleep
        self._jitter = jitter
        self._me: BotIdentity | None = None
        self._warned: set[tuple[str, str]] = set()

    async def write(self, call: Awaitable[AsyncSlackResponse]) -> ApiResponse:
        """Await *call*, a write: it is sent once."""
        try:
            response = await call
        except CALL_ERRORS as exc:
            raise slack_fault(exc) from exc
        if not isinstance(response.data, dict):
            raise SlackUnclear("No usable answer came from Slack.")
        return response.data

    async def read(self, call: Callable[[], Awaitable[AsyncSlackResponse]]) -> ApiResponse:
        """The response to *call*, a read: it is retried as `repeat` does."""
        return await self.repeat(lambda: self.write(call()))

    async def repeat(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Run *attempt*, a read, up to three times, with pauses after SlackUnclear and SlackBusy."""
        for tried in range(1, _TRIES):
            try:
                return await attempt()
            except SlackUnclear:
                pause = _FIRST_PAUSE * 2 ** (tried - 1)
            except SlackBusy as exc:
                if exc.retry_after > _LONGEST_PAUSE:
                    raise
                pause = exc.retry_after
            await self._sleep(pause * (1 + self._jitter() / 2))
        return await attempt()

    async def optional(
        self, method: str, call: Callable[[], Awaitable[AsyncSlackResponse]]
    ) -> ApiResponse | None:
        """As `read`; None and one logged warning if the server or the app's scopes lack *method*."""
        try:
            return await self.read(call)
        except SlackRefused as exc:
            if exc.error not in _UNAVAILABLE:
                raise
            if (method, exc.error) not in self._warned:
                self._warned.add((method, exc.error))
                log.warning("Slack answers %s to %s; continuing without it", exc.error, method)
            return None

    async def me(self) -> BotIdentity:
        """The bot's identity, cached after the first call (auth.test)."""
        if self._me is None:
            answer = await self.read(self.client.auth_test)
            self._me = BotIdentity(
                user_id=str(answer.get("user_id") or ""),
                bot_id=str(answer.get("bot_id") or ""),
                name=str(answer.get("user") or "faxbot"),
            )
        return self._me

    async def file(self, file_id: str) -> ApiResponse | None:
        """The file object (files.info); None and one logged warning if files.info is not available."""
        answer = await self.optional("files.info", lambda: self.client.files_info(file=file_id))
        if answer is None:
            return None
        shown = answer.get("file")
        if not isinstance(shown, dict):
            raise SlackUnclear("files.info answered without a file.")
        return shown

    async def first_message(
        self,
        channel_id: str,
        matches: Callable[[ApiResponse], bool],
        *,
        oldest: float | str,
        latest: float | str | None = None,
        thread_ts: str | None = None,
    ) -> tuple[bool, ApiResponse | None]:
        """
        Find the first message that *matches*: newest first in a conversation, oldest first in a thread.

        *oldest* and *latest* are epoch seconds or a message ts. Returns (whether the history is readable,
        the message). (True, None) proves absence: all pages were read.

        Raises:
            SlackUnclear: There are more pages than _PAGES, so absence is not proven.

        Source: conversations.history, conversations.replies.
        """
        bounds: dict[str, Any] = {
            "channel": channel_id,
            "oldest": _timestamp(oldest),
            "inclusive": True,
            "include_all_metadata": True,
            "limit": _PAGE,
        }
        if latest is not None:
            bounds["latest"] = _timestamp(latest)
        cursor = ""
        for _ in range(_PAGES):
            page = await self._page(bounds | ({"cursor": cursor} if cursor else {}), thread_ts)
            if page is None:
                return False, None
            messages = [each for each in page.get("messages") or [] if isinstance(each, dict)]
            found = next((each for each in messages if matches(each)), None)
            if found is not None:
                return True, found
            cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor and not page.get("has_more"):
                return True, None
            if not cursor:
                break
        raise SlackUnclear("The conversation has more messages than can be searched.")

    async def _page(self, bounds: dict[str, Any], thread_ts: str | None) -> ApiResponse | None:
        """One page of a history or thread; None if it cannot be read, no messages if the thread is gone."""
        client = self.client
        if thread_ts is None:
            return await self.optional(
                "conversations.history", lambda: client.conversations_history(**bounds)
            )
        try:
            return await self.optional(
                "conversations.replies", lambda: client.conversations_replies(ts=thread_ts, **bounds)
            )
        except SlackRefused as exc:
            if exc.error == "thread_not_found":
                return {"messages": []}
            raise


def _timestamp(value: float | str) -> str:
    return value if isinstance(value, str) else f"{max(value, 0.0):.6f}"
