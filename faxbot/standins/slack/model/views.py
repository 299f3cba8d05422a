"""Open modals, stacked per person, and published Home tabs."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .ids import new_id
from .people import APP_ID, BOT_ID, BOT_USER, TEAM_ID


@dataclass
class OpenView:
    """An open modal of a person, or a person's Home tab."""

    id: str
    user: str
    definition: dict[str, Any]
    """The view as posted by the app, with block and action ids filled in."""
    root: str
    previous: str | None = None
    hash: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Slack's view object, as in Web API answers and interaction payloads."""
        posted = self.definition
        shown: dict[str, Any] = {
            "id": self.id,
            "team_id": TEAM_ID,
            "type": posted["type"],
            "blocks": posted["blocks"],
            "private_metadata": posted.get("private_metadata") or "",
            "callback_id": posted.get("callback_id") or "",
            "state": {"values": self.values},
            "hash": self.hash,
            "title": posted.get("title") or {"type": "plain_text", "text": "View Title", "emoji": True},
            "clear_on_close": bool(posted.get("clear_on_close")),
            "notify_on_close": bool(posted.get("notify_on_close")),
            "close": posted.get("close"),
            "submit": posted.get("submit"),
            "previous_view_id": self.previous,
            "root_view_id": self.root,
            "app_id": APP_ID,
            "external_id": posted.get("external_id") or "",
            "app_installed_team_id": TEAM_ID,
            "bot_id": BOT_ID,
            "bot_user_id": BOT_USER,
        }
        if posted["type"] == "modal":
            shown["submit_disabled"] = bool(posted.get("submit_disabled"))
        return shown

    def for_person(self) -> dict[str, Any]:
        """The view in the person API's JSON."""
        return {
            "id": self.id,
            "user": self.user,
            "root_view_id": self.root,
            "previous_view_id": self.previous,
            "view": self.as_dict(),
            "errors": self.errors,
            "state": {"values": self.values},
        }


class Views:
    """Every open modal by id, and every published Home tab by person."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.open: dict[str, OpenView] = {}
        self.homes: dict[str, OpenView] = {}

    def new_hash(self) -> str:
        """A new hash for a new version of a view."""
        return f"{int(self._clock())}.{secrets.token_hex(4)}"

    def stack(self, user: str) -> list[OpenView]:
        """The open modals of this person, the visible one last."""
        return [view for view in self.open.values() if view.user == user]

    def by_external_id(self, external_id: str) -> OpenView | None:
        """The view with this external_id."""
        everything = [*self.open.values(), *self.homes.values()]
        return next((v for v in everything if v.definition.get("external_id") == external_id), None)

    def start(self, user: str, definition: dict[str, Any], previous: OpenView | None = None) -> OpenView:
        """Open a modal on top of *previous*, or as a new stack."""
        ident = new_id("V")
        view = OpenView(
            ident, user, definition, root=previous.root if previous else ident, hash=self.new_hash()
        )
        view.previous = previous.id if previous else None
        self.open[ident] = view
        return view

    def replace(self, view: OpenView, definition: dict[str, Any]) -> None:
        """Replace a view's definition; entered values are kept where block and action ids are the same."""
        view.definition = definition
        view.hash = self.new_hash()
        view.errors = {}
        kept = {
            (block["block_id"], element.get("action_id"))
            for block in definition["blocks"]
            for element in elements_of(block)
        }
        view.values = {
            block: {action: value for action, value in actions.items() if (block, action) in kept}
            for block, actions in view.values.items()
            if any((block, action) in kept for action in actions)
        }

    def publish(self, user: str, definition: dict[str, Any]) -> OpenView:
        """Publish a Home tab to one person."""
        home = self.homes.get(user)
        if home is None:
            ident = new_id("V")
            home = self.homes[user] = OpenView(ident, user, definition, root=ident)
        self.replace(home, definition)
        return home


def elements_of(block: dict[str, Any]) -> list[dict[str, Any]]:
    """The elements of a block; those that people can use have an action_id."""
    found = [block.get("element"), block.get("accessory"), *(block.get("elements") or [])]
    return [element for element in found if isinstance(element, dict)]
