"""One Web API call: its arguments, and the errors common to every method."""

import base64
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from faxbot.standins.slack.faults import WorkspaceFault
from faxbot.standins.slack.installation import Installation
from faxbot.standins.slack.model.people import Channel
from faxbot.standins.slack.model.state import WorkspaceState

MethodAnswer = dict[str, Any]
MethodBody = Callable[["WebApiCall"], Awaitable[MethodAnswer]]


class CallRefusedError(Exception):
    """The call is answered with ok: false and an error code; *more* is added to the answer."""

    def __init__(self, code: str, **more: object) -> None:
        super().__init__(code)
        self.code = code
        self.more = more


def invalid_arguments(*problems: str) -> CallRefusedError:
    """The error invalid_arguments, with Slack's messages."""
    return CallRefusedError(
        "invalid_arguments", response_metadata={"messages": [f"[ERROR] {text}" for text in problems]}
    )


@dataclass(frozen=True)
class WebApiMethod:
    """One Web API method, as described in Slack's reference."""

    name: str
    body: MethodBody
    scopes: tuple[str, ...] = ()
    """Any one of these is sufficient; without scopes every token may call the method."""
    tier: int = 3
    required: tuple[str, ...] = ()
    json: bool = False
    """Whether arguments may be sent as a JSON body."""
    token: str = "bot"  # noqa: S105  (the kind of token, not one)
    """"bot", "app" or "none"."""


METHODS: dict[str, WebApiMethod] = {}


def method(
    name: str,
    *,
    scopes: tuple[str, ...] = (),
    tier: int = 3,
    required: tuple[str, ...] = (),
    json: bool = False,
    token: str = "bot",  # noqa: S107  (the kind of token, not one)
) -> Callable[[MethodBody], MethodBody]:
    """Register the decorated function as a Web API method."""

    def register(body: MethodBody) -> MethodBody:
        METHODS[name] = WebApiMethod(name, body, scopes, tier, required, json, token)
        return body

    return register


@dataclass
class WebApiCall:
    """An authenticated call; its arguments are strings or JSON values, as the client sent them."""

    installation: Installation
    method: WebApiMethod
    args: dict[str, Any]
    warnings: list[str] = field(default_factory=list)
    fault: WorkspaceFault | None = None
    """The injected fault, for methods that implement it themselves."""

    @property
    def state(self) -> WorkspaceState:
        """The state of the workspace."""
        return self.installation.state

    def text(self, name: str) -> str:
        """An argument as a string; "" when absent or null."""
        value = self.args.get(name)
        if value is None:
            return ""
        return value if isinstance(value, str) else json.dumps(value)

    def flag(self, name: str) -> bool:
        """An argument as a boolean, parsed like Slack: true, "true", 1, "1"."""
        return self.text(name).strip().lower() in {"true", "1"}

    def number(self, name: str, default: int, maximum: int) -> int:
        """
        An argument as a whole number from 1 to *maximum*; *default* when absent.

        Raises:
            CallRefusedError: The argument is not such a number.

        """
        value = self.text(name)
        if not value:
            return default
        if not value.isdigit() or not 1 <= int(value) <= maximum:
            raise (
                CallRefusedError("invalid_limit") if name == "limit" else invalid_arguments(f"invalid {name}")
            )
        return int(value)

    def structure(self, name: str, error: str) -> Any:  # noqa: ANN401  (JSON of any shape)
        """
        An argument as JSON, sent as a value or as a string; None when absent.

        Raises:
            CallRefusedError: The string is not JSON; the code is *error*.

        """
        value = self.args.get(name)
        if not isinstance(value, str):
            return value
        if not value.strip():
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise CallRefusedError(error) from None

    def channel(self, name: str = "channel", error: str = "channel_not_found") -> Channel:
        """
        The conversation whose id is the argument *name*.

        Raises:
            CallRefusedError: There is none, or it is private and the bot is no member; the code is *error*.

        """
        channel = self.state.channels.get(self.text(name))
        if channel is None or (channel.is_private and not self.state.bot_in(channel)):
            raise CallRefusedError(error)
        return channel

    def need_scope(self, *scopes: str) -> None:
        """
        Check that one of *scopes* is granted to the bot.

        Raises:
            CallRefusedError: missing_scope, with the needed and the granted scopes.

        """
        granted = self.installation.manifest.scopes
        if scopes and not granted.intersection(scopes):
            raise missing_scope(scopes, granted)

    def page(self, items: list[Any], default: int, maximum: int) -> tuple[list[Any], str]:
        """
        The page of *items* selected by limit and cursor, and the cursor of the next page ("" at the end).

        Raises:
            CallRefusedError: invalid_cursor or invalid_limit.

        """
        limit = self.number("limit", default, maximum)
        cursor = self.text("cursor")
        start = decode_cursor(cursor) if cursor else 0
        part = items[start : start + limit]
        following = start + limit
        return part, encode_cursor(following) if following < len(items) else ""


def missing_scope(needed: tuple[str, ...], granted: frozenset[str]) -> CallRefusedError:
    """The error missing_scope."""
    return CallRefusedError("missing_scope", needed=",".join(needed), provided=",".join(sorted(granted)))


def encode_cursor(position: int) -> str:
    """An opaque cursor in padded base64, like Slack's."""
    return base64.b64encode(f"next:{position}".encode()).decode()


def decode_cursor(cursor: str) -> int:
    """
    The position in a cursor of encode_cursor().

    Raises:
        CallRefusedError: invalid_cursor.

    """
    try:
        prefix, _, position = base64.b64decode(cursor, validate=True).decode().partition(":")
    except ValueError:
        raise CallRefusedError("invalid_cursor") from None
    if prefix != "next" or not position.isdigit():
        raise CallRefusedError("invalid_cursor")
    return int(position)
