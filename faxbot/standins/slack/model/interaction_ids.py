"""Short-lived ids of interactions: trigger_ids and response_urls."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass


class InteractionRefusedError(Exception):
    """A trigger_id or response_url was refused; str() is Slack's error code."""


@dataclass
class Trigger:
    """A trigger_id: lets the app open one modal for *user*, for a few seconds."""

    id: str
    user: str
    issued: float
    view: str = ""
    """The id of the modal in which the interaction happened, if any."""
    used: bool = False


@dataclass
class ResponseUrl:
    """A response_url: accepts a limited number of messages in response to a command or interaction."""

    id: str
    kind: str
    """The first part of the path: commands, actions or app."""
    user: str
    channel: str
    issued: float
    ts: str = ""
    """The timestamp of the message of the interaction, if any."""
    ephemeral: str = ""
    """The id of the ephemeral message of the interaction, if any."""
    thread_ts: str = ""
    uses: int = 0


class InteractionIds:
    """Every issued trigger_id and response_url; their age is measured on *clock*."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._triggers: dict[str, Trigger] = {}
        self._response_urls: dict[str, ResponseUrl] = {}

    def new_trigger(self, user: str, view: str = "") -> str:
        """Issue a trigger_id for *user*."""
        ident = f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self._triggers[ident] = Trigger(ident, user, self._clock(), view)
        return ident

    def use_trigger(self, ident: object, lifetime: float) -> Trigger:
        """
        Use up a trigger_id.

        Raises:
            InteractionRefusedError: The id is unknown, was used, or is older than *lifetime* seconds.

        """
        trigger = self._triggers.get(str(ident))
        if trigger is None:
            raise InteractionRefusedError("invalid_trigger_id")
        if trigger.used:
            raise InteractionRefusedError("exchanged_trigger_id")
        if self._clock() - trigger.issued > lifetime:
            raise InteractionRefusedError("expired_trigger_id")
        trigger.used = True
        return trigger

    def new_response_url(
        self, kind: str, user: str, channel: str, *, ts: str = "", ephemeral: str = "", thread_ts: str = ""
    ) -> ResponseUrl:
        """Issue a response_url, for an interaction with the message *ts* or *ephemeral*, if any."""
        url = ResponseUrl(
            secrets.token_urlsafe(18), kind, user, channel, self._clock(), ts, ephemeral, thread_ts
        )
        self._response_urls[url.id] = url
        return url

    def use_response_url(self, ident: str, lifetime: float, uses: int) -> ResponseUrl:
        """
        Count one use of a response_url.

        Raises:
            InteractionRefusedError: The id is unknown, used up, or older than *lifetime* seconds.

        """
        url = self._response_urls.get(ident)
        if url is None:
            raise InteractionRefusedError("no_such_url")
        if self._clock() - url.issued > lifetime:
            raise InteractionRefusedError("expired_url")
        if url.uses >= uses:
            raise InteractionRefusedError("used_url")
        url.uses += 1
        return url
