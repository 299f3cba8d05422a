"""People and channels: users.info and conversations.info."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from faxbot.fax.errors import CannotPost, SlackFault, SlackRefused
from faxbot.slack.web_api.web_api import WebApi

_CACHE_LIFETIME = timedelta(minutes=5)
"""A demoted admin keeps admin rights here for at most this long."""
_CACHE_SIZE = 1000
"""Maximum number of cached people."""
_NO_CHANNEL = {"channel_not_found", "channel_is_limited_access", "not_in_channel"}
_NO_PERSON = {"user_not_found", "user_not_visible"}


@dataclass(frozen=True, slots=True)
class _Person:
    admin: bool
    name: str


class SlackDirectory:
    """
    The Directory port (services/model/ports.py).

    Without users.info (unknown_method, missing_scope) no user is a workspace admin, and a name is the user's
    id. Without conversations.info the bot is assumed to be able to post everywhere. Either is logged once.

    *now* is the clock of the cache.
    """

    def __init__(self, api: WebApi, now: Callable[[], datetime]) -> None:
        self._api = api
        self._now = now
        self._cache: dict[str, tuple[datetime, _Person]] = {}

    async def is_workspace_admin(self, user_id: str) -> bool:
        """
        An admin or owner of the workspace, as of at most five minutes ago (users.info).

        Raises:
            SlackFault: users.info failed.
        """
        return (await self._person(user_id)).admin

    async def name_of(self, user_id: str) -> str:
        """The person's display name; their id if users.info fails."""
        try:
            return (await self._person(user_id)).name
        except SlackFault:
            return user_id

    async def ensure_can_post(self, channel_id: str, user_id: str) -> None:
        """
        Check that the bot can post the messages of a fax in the conversation where *user_id* requests it.

        Raises:
            CannotPost: The bot is no member, the channel is archived, or it is a DM between other people.
            SlackFault: conversations.info failed.

        Source: conversations.info; a private conversation without the bot is `channel_not_found`.
        """
        try:
            channel = await self._channel(channel_id)
        except SlackRefused as exc:
            if exc.error in _NO_CHANNEL:
                raise await self._not_in(channel_id, {}) from exc
            raise
        if channel is None:
            return
        name = _channel_name(channel)
        if channel.get("is_archived") is True:
            raise CannotPost(
                f"{name or 'This conversation'} is archived, so I sent nothing. Fax from another channel."
            )
        if channel.get("is_im") is True:
            if channel.get("user") not in (None, "", user_id):
                raise await self._not_in(channel_id, channel)
            return
        if channel.get("is_member") is False:
            raise await self._not_in(channel_id, channel)

    async def _not_in(self, channel_id: str, channel: dict[str, Any]) -> CannotPost:
        """The error for a conversation that the bot is not a member of, with the next step."""
        bot = (await self._api.me()).name
        if channel.get("is_im") is True or channel_id.startswith("D"):
            return CannotPost(
                f"I can't post in messages between other people, so I sent nothing. Write to @{bot} directly."
            )
        where = _channel_name(channel) or "this channel"
        return CannotPost(
            f"I can't post in {where} yet, so I sent nothing. Type `/invite @{bot}` and try again."
        )

    async def _channel(self, channel_id: str) -> dict[str, Any] | None:
        response = await self._api.optional(
            "conversations.info", lambda: self._api.client.conversations_info(channel=channel_id)
        )
        channel = response.get("channel") if response else None
        return channel if isinstance(channel, dict) else None

    async def _person(self, user_id: str) -> _Person:
        """The person from the cache, or from users.info; without it a person who is no admin."""
        cached = self._cached(user_id)
        if cached is not None:
            return cached
        try:
            response = await self._api.optional(
                "users.info", lambda: self._api.client.users_info(user=user_id)
            )
        except SlackRefused as exc:
            if exc.error not in _NO_PERSON:
                raise
            response = None
        user = (response or {}).get("user")
        person = _read_person(user if isinstance(user, dict) else {}, user_id)
        self._store(user_id, person)
        return person

    def _cached(self, user_id: str) -> _Person | None:
        until, person = self._cache.get(user_id, (None, None))
        return person if until is not None and self._now() < until else None

    def _store(self, user_id: str, person: _Person) -> None:
        if len(self._cache) >= _CACHE_SIZE:
            self._cache.clear()
        self._cache[user_id] = self._now() + _CACHE_LIFETIME, person


def _read_person(user: dict[str, Any], user_id: str) -> _Person:
    profile = user.get("profile")
    names = profile if isinstance(profile, dict) else {}
    name = names.get("display_name") or names.get("real_name") or user.get("real_name") or user.get("name")
    admin = any(user.get(flag) is True for flag in ("is_admin", "is_owner", "is_primary_owner"))
    return _Person(admin and user.get("deleted") is not True, str(name or user_id))


def _channel_name(channel: dict[str, Any]) -> str:
    if channel.get("is_im") is True or channel.get("is_mpim") is True:
        return ""
    return f"#{channel['name']}" if channel.get("name") else ""
