"""One Web API call: its arguments, and the refusals that every method shares."""

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
    """The call is answered with ok: false; *more* goes into the answer beside the error."""

    def __init__(self, code: str, **more: object) -> None:
        super().__init__(code)
        self.code = code
        self.more = more


def invalid_arguments(*complaints: str) -> CallRefusedError:
    """The refusal of arguments that do not fit, with Slack's explanations."""
    return CallRefusedError(
        "invalid_arguments", response_metadata={"messages": [f"[ERROR] {text}" for text in complaints]}
    )


@dataclass(frozen=True)
class WebApiMethod:
    """One Web API method as the reference describes it."""

    name: str
    body: MethodBody
    scopes: tuple[str, ...] = ()
    """Any one of these suffices; none means that every token may call it."""
    tier: int = 3
    required: tuple[str, ...] = ()
    json: bool = False
    """Whether arguments may come as a JSON body."""
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
    """Register the body of a Web API method."""

    def register(body: MethodBody) -> MethodBody:
        METHODS[name] = WebApiMethod(name, body, scopes, tier, required, json, token)
        return body

    return register


@dataclass
class WebApiCall:
    """A call that passed authentication; arguments are what the client sent, strings or JSON values."""

    site: Installation
    method: WebApiMethod
    args: dict[str, Any]
    warnings: list[str] = field(default_factory=list)
    fault: WorkspaceFault | None = None
    """The trouble asked for, where the method itself has to make it."""

    @property
    def state(self) -> WorkspaceState:
        """The workspace."""
        return self.site.state

    def text(self, name: str) -> str:
        """An argument as a string; "" when it is absent or null."""
        value = self.args.get(name)
        if value is None:
            return ""
        return value if isinstance(value, str) else json.dumps(value)

    def flag(self, name: str) -> bool:
        """An argument as Slack reads booleans: true, "true", 1, "1"."""
        return self.text(name).strip().lower() in {"true", "1"}

    def number(self, name: str, usual: int, most: int) -> int:
        """
        A whole number from 1 to *most*; *usual* when absent.

        Raises:
            RefusedError: It is no such number.

        """
        value = self.text(name)
        if not value:
            return usual
        if not value.isdigit() or not 1 <= int(value) <= most:
            raise (
                CallRefusedError("invalid_limit") if name == "limit" else invalid_arguments(f"invalid {name}")
            )
        return int(value)

    def structure(self, name: str, error: str) -> Any:  # noqa: ANN401  (JSON of any shape)
        """
        An argument that is JSON, sent as such or as a string; None when absent.

        Raises:
            RefusedError: *error*: the string is not JSON.

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
        The conversation an argument names by id, as far as the bot may know of it.

        Raises:
            RefusedError: *error*: there is none, or it is private and the bot is not in it.

        """
        channel = self.state.channels.get(self.text(name))
        if channel is None or (channel.is_private and not self.state.bot_in(channel)):
            raise CallRefusedError(error)
        return channel

    def need_scope(self, *scopes: str) -> None:
        """
        Check that one of *scopes* was granted to the bot.

        Raises:
            RefusedError: missing_scope, saying what was needed and what is there.

        """
        granted = self.site.manifest.scopes
        if scopes and not granted.intersection(scopes):
            raise missing_scope(scopes, granted)

    def page(self, items: list[Any], usual: int, most: int) -> tuple[list[Any], str]:
        """
        The part of *items* that limit and cursor ask for, and the cursor of the next part ("" at the end).

        Raises:
            RefusedError: invalid_cursor or invalid_limit.

        """
        limit = self.number("limit", usual, most)
        cursor = self.text("cursor")
        start = decode_cursor(cursor) if cursor else 0
        part = items[start : start + limit]
        following = start + limit
        return part, encode_cursor(following) if following < len(items) else ""


def missing_scope(needed: tuple[str, ...], granted: frozenset[str]) -> CallRefusedError:
    """The refusal for want of a scope."""
    return CallRefusedError("missing_scope", needed=",".join(needed), provided=",".join(sorted(granted)))


def encode_cursor(position: int) -> str:
    """An opaque cursor, in base64 with its padding, as Slack's are."""
    return base64.b64encode(f"next:{position}".encode()).decode()


def decode_cursor(cursor: str) -> int:
    """
    What encode_cursor() made.

    Raises:
        RefusedError: invalid_cursor.

    """
    try:
        word, _, position = base64.b64decode(cursor, validate=True).decode().partition(":")
    except ValueError:
        raise CallRefusedError("invalid_cursor") from None
    if word != "next" or not position.isdigit():
        raise CallRefusedError("invalid_cursor")
    return int(position)
