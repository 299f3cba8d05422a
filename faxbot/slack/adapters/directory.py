"""People and channels, as Slack tells them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from faxbot.fax.errors import CannotPost, SlackFault, SlackRefused
from faxbot.slack.web_api.web_api import WebApi

_KEPT = timedelta(minutes=5)
"""So long an admin who was demoted may still act as one."""
_MOST_KEPT = 1000
_NO_CHANNEL = {"channel_not_found", "channel_is_limited_access", "not_in_channel"}
_NO_PERSON = {"user_not_found", "user_not_visible"}


@dataclass(frozen=True, slots=True)
class _Person:
    admin: bool
    name: str


@dataclass(frozen=True, slots=True)
class _Kept:
    until: datetime
    value: Any


class SlackDirectory:
    """
    The Directory of services/model/ports.py.

    Where users.info is not to be had (unknown_method, missing_scope) nobody is a workspace admin and people
    are called by their ids; without conversations.info every conversation counts as one to post in. Either
    is told once in the log.
    """

    def __init__(self, api: WebApi, now: Callable[[], datetime]) -> None:
        self._api = api
        self._now = now
        self._kept: dict[str, _Kept] = {}

    async def is_workspace_admin(self, user_id: str) -> bool:
        """
        An admin or owner of the workspace, as of at most five minutes ago (users.info).

        Raises:
            SlackFault: Slack did not say.
        """
        return (await self._person(user_id)).admin

    async def name_of(self, user_id: str) -> str:
        """What a person is called; their id if Slack does not say."""
        try:
            return (await self._person(user_id)).name
        except SlackFault:
            return user_id

    async def channel_name(self, channel_id: str) -> str:
        """A channel's name with its `#`; its id if Slack does not say, or it has none."""
        kept = self._recall(channel_id)
        if kept is None:
            try:
                kept = _channel_name(await self._channel(channel_id) or {}) or channel_id
            except SlackFault:
                return channel_id
            self._keep(channel_id, kept)
        return str(kept)

    async def ensure_can_post(self, channel_id: str, user_id: str) -> None:
        """
        Make sure that the bot can tell how a fax goes, in a conversation where *user_id* asks for one.

        Raises:
            CannotPost: It is not in it, it is archived, or these are messages between other people.
            SlackFault: Slack did not say.

        Source: conversations.info, which shows a bot no private conversation that it is not in.
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
        if name:
            self._keep(channel_id, name)
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
        told = await self._api.optional(
            "conversations.info", lambda: self._api.client.conversations_info(channel=channel_id)
        )
        channel = told.get("channel") if told else None
        return channel if isinstance(channel, dict) else None

    async def _person(self, user_id: str) -> _Person:
        kept = self._recall(user_id)
        if isinstance(kept, _Person):
            return kept
        try:
            told = await self._api.optional("users.info", lambda: self._api.client.users_info(user=user_id))
        except SlackRefused as exc:
            if exc.error not in _NO_PERSON:
                raise
            told = None
        user = (told or {}).get("user")
        person = _read_person(user if isinstance(user, dict) else {}, user_id)
        self._keep(user_id, person)
        return person

    def _recall(self, ident: str) -> object:
        kept = self._kept.get(ident)
        return kept.value if kept and self._now() < kept.until else None

    def _keep(self, ident: str, value: object) -> None:
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[ident] = _Kept(self._now() + _KEPT, value)


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
