"""Bolt listeners by type. Each module registers one listener, which calls one service."""

from collections.abc import Callable
from types import ModuleType

from slack_bolt.async_app import AsyncApp

from faxbot.slack.listeners import actions, commands, events, shortcuts, views
from faxbot.slack.listeners.context import ListenerContext

__all__ = ["ListenerContext", "register"]

Register = Callable[[AsyncApp, ListenerContext], None]


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Register all listeners."""
    kinds: tuple[ModuleType, ...] = (commands, actions, views, shortcuts, events)
    for kind in kinds:
        kind.register(app, context)
