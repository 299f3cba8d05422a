"""The app manifest: names, scopes, commands, shortcuts and event subscriptions."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


class ManifestError(ValueError):
    """The file is not a valid app manifest."""


@dataclass(frozen=True)
class Manifest:
    """
    The parts of a manifest that have an effect at run time.

    Source: Slack's app manifest reference.
    """

    name: str
    bot_name: str
    scopes: frozenset[str]
    commands: tuple[dict[str, Any], ...]
    shortcuts: tuple[dict[str, Any], ...]
    bot_events: frozenset[str]
    interactivity: bool
    socket_mode: bool
    home_tab: bool
    messages_tab: bool
    messages_tab_read_only: bool

    def command(self, name: str) -> dict[str, Any] | None:
        """The installed slash command *name*, slash included; None when there is none."""
        return next((item for item in self.commands if item["command"] == name), None)

    def shortcut(self, callback_id: str, kind: str) -> dict[str, Any] | None:
        """The installed shortcut with this callback_id; *kind* is "message" or "global"."""
        return next(
            (s for s in self.shortcuts if s["callback_id"] == callback_id and s["type"] == kind),
            None,
        )


def read_manifest(path: Path) -> Manifest:
    """
    Read a manifest in YAML or JSON (which is YAML).

    Raises:
        ManifestError: The file is not a mapping, or a command or shortcut lacks a required member.

    """
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(document, dict) or not isinstance(document.get("display_information"), dict):
        raise ManifestError("a manifest has display_information")
    features = document.get("features") or {}
    settings = document.get("settings") or {}
    home = features.get("app_home") or {}
    name = str(document["display_information"].get("name") or "app")
    commands = tuple(features.get("slash_commands") or ())
    shortcuts = tuple(features.get("shortcuts") or ())
    for item, needed in [(c, ("command", "description")) for c in commands] + [
        (s, ("name", "type", "callback_id", "description")) for s in shortcuts
    ]:
        missing = [key for key in needed if not item.get(key)]
        if missing:
            raise ManifestError(f"{item} lacks {missing}")
    return Manifest(
        name=name,
        bot_name=str((features.get("bot_user") or {}).get("display_name") or name),
        scopes=frozenset(((document.get("oauth_config") or {}).get("scopes") or {}).get("bot") or ()),
        commands=commands,
        shortcuts=shortcuts,
        bot_events=frozenset((settings.get("event_subscriptions") or {}).get("bot_events") or ()),
        interactivity=bool((settings.get("interactivity") or {}).get("is_enabled")),
        socket_mode=bool(settings.get("socket_mode_enabled")),
        home_tab=bool(home.get("home_tab_enabled")),
        messages_tab=bool(home.get("messages_tab_enabled", True)),
        messages_tab_read_only=bool(home.get("messages_tab_read_only_enabled")),
    )
