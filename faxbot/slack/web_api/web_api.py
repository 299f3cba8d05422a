"""The Web API as the adapters call it: writes once, reads a few times, messages looked up page by page."""

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

_chance = SystemRandom().random

T = TypeVar("T")
ApiResponse = dict[str, Any]
"""The JSON object that a Web API method returns."""

_TRIES = 3
_FIRST_PAUSE = 0.4
_LONGEST_PAUSE = 2.0
"""A read waits this long for Slack to have time again; more is for the caller to decide."""
_PAGE = 200
_PAGES = 50
_UNAVAILABLE = {
    "unknown_method",
    "missing_scope",
    "not_allowed_token_type",
    "method_not_supported_for_channel_type",
}


@dataclass(frozen=True, slots=True)
class BotIdentity:
    """The bot, as auth.test tells it."""

    user_id: str
    bot_id: str
    name: str

    def wrote(self, message: Mapping[str, Any]) -> bool:
        """Whether *message* is the bot's own."""
        return (bool(self.user_id) and message.get("user") == self.user_id) or (
            bool(self.bot_id) and message.get("bot_id") == self.bot_id
        )


class WebApi:
    """One bot's way into the Web API. Every method raises the SlackFaults of fax/errors.py."""

    def __init__(
        self,
        client: AsyncWebClient,
        connections: Connections,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = _chance,
    ) -> None:
        self.client = client
        self.connections = connections
        self._sleep = sleep
        self._jitter = jitter
        self._me: BotIdentity | None = None
        self._warned: set[tuple[str, str]] = set()

    async def write(self, call: Awaitable[AsyncSlackResponse]) -> ApiResponse:
        """Await *call*, which changes something in Slack: it is sent once."""
        try:
            response = await call
        except CALL_ERRORS as exc:
            raise slack_fault(exc) from exc
        if not isinstance(response.data, dict):
            raise SlackUnclear("No usable answer came from Slack.")
        return response.data

    async def read(self, call: Callable[[], Awaitable[AsyncSlackResponse]]) -> ApiResponse:
        """The answer of a call that changes nothing, tried a few times."""
        return await self.repeat(lambda: self.write(call()))

    async def repeat(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Try *attempt*, which changes nothing in Slack, until it succeeds, is refused, or three failed."""
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
        """As `read`; None, and one warning in the log, where the server or the app's scopes lack *method*."""
        try:
            return await self.read(call)
        except SlackRefused as exc:
            if exc.error not in _UNAVAILABLE:
                raise
            if (method, exc.error) not in self._warned:
                self._warned.add((method, exc.error))
                log.warning("Slack answers %s to %s; going on without it.", exc.error, method)
            return None

    async def me(self) -> BotIdentity:
        """Who the bot is (auth.test), asked once."""
        if self._me is None:
            answer = await self.read(self.client.auth_test)
            self._me = BotIdentity(
                user_id=str(answer.get("user_id") or ""),
                bot_id=str(answer.get("bot_id") or ""),
                name=str(answer.get("user") or "faxbot"),
            )
        return self._me

    async def file(self, file_id: str) -> ApiResponse | None:
        """A file's object (files.info); None, with a warning, where files.info is not to be had."""
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
        wanted: Callable[[ApiResponse], bool],
        *,
        oldest: float | str,
        latest: float | str | None = None,
        thread_ts: str | None = None,
    ) -> tuple[bool, ApiResponse | None]:
        """
        Look for the first message that is *wanted*: newest first in a conversation, oldest first in a thread.

        Returns (whether messages could be read at all, the message). None means that there is none: pages
        are read to the end.

        Raises:
            SlackUnclear: There are more messages than can be read, so that absence is not proven.

        Source: conversations.history, conversations.replies.
        """
        bounds: dict[str, Any] = {
            "channel": channel_id,
            "oldest": _moment(oldest),
            "inclusive": True,
            "include_all_metadata": True,
            "limit": _PAGE,
        }
        if latest is not None:
            bounds["latest"] = _moment(latest)
        cursor = ""
        for _ in range(_PAGES):
            page = await self._page(bounds | ({"cursor": cursor} if cursor else {}), thread_ts)
            if page is None:
                return False, None
            messages = [each for each in page.get("messages") or [] if isinstance(each, dict)]
            found = next((each for each in messages if wanted(each)), None)
            if found is not None:
                return True, found
            cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor and not page.get("has_more"):
                return True, None
            if not cursor:
                break
        raise SlackUnclear("There are more messages in the conversation than can be looked through.")

    async def _page(self, bounds: dict[str, Any], thread_ts: str | None) -> ApiResponse | None:
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


def _moment(value: float | str) -> str:
    return value if isinstance(value, str) else f"{max(value, 0.0):.6f}"
