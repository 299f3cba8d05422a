"""Short-lived permissions: trigger_ids and response_urls."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass


class InteractionRefusedError(Exception):
    """A trigger_id or response_url was refused; str() is Slack's error code."""


@dataclass
class Trigger:
    """What a person's action allows once, for a few seconds: to open a modal for that person."""

    id: str
    user: str
    issued: float
    view: str = ""
    """The modal in which the action happened, if it did."""
    used: bool = False


@dataclass
class ResponseUrl:
    """Where the answer to a command or a press may be posted a few times."""

    id: str
    kind: str
    """commands or actions: the first part of the path."""
    user: str
    channel: str
    issued: float
    ts: str = ""
    """The message that was acted upon, if any."""
    ephemeral: str = ""
    """The ephemeral message that was acted upon, if any."""
    thread_ts: str = ""
    uses: int = 0


class InteractionIds:
    """All that were issued; ages are measured on *clock*."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._triggers: dict[str, Trigger] = {}
        self._addresses: dict[str, ResponseUrl] = {}

    def trigger(self, user: str, view: str = "") -> str:
        """Issue a trigger_id for *user*."""
        ident = f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self._triggers[ident] = Trigger(ident, user, self._clock(), view)
        return ident

    def redeem(self, ident: object, lifetime: float) -> Trigger:
        """
        Use a trigger_id, once.

        Raises:
            PassRefusedError: It is unknown, was used, or is older than *lifetime* seconds.

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

    def address(
        self, kind: str, user: str, channel: str, *, ts: str = "", ephemeral: str = "", thread_ts: str = ""
    ) -> ResponseUrl:
        """Issue a response_url; what was acted upon is a message (*ts*) or an ephemeral message."""
        address = ResponseUrl(
            secrets.token_urlsafe(18), kind, user, channel, self._clock(), ts, ephemeral, thread_ts
        )
        self._addresses[address.id] = address
        return address

    def use(self, ident: str, lifetime: float, uses: int) -> ResponseUrl:
        """
        Count one use of a response_url.

        Raises:
            PassRefusedError: It is unknown, used up, or older than *lifetime* seconds.

        """
        address = self._addresses.get(ident)
        if address is None:
            raise InteractionRefusedError("no_such_url")
        if self._clock() - address.issued > lifetime:
            raise InteractionRefusedError("expired_url")
        if address.uses >= uses:
            raise InteractionRefusedError("used_url")
        address.uses += 1
        return address
