"""What the app is told when a person runs a command, presses, submits, closes or searches."""

import copy
from typing import Any

from .installation import Installation
from .model.interaction_ids import ResponseUrl
from .model.messages import Ephemeral
from .model.people import APP_ID, TEAM_ID, Channel
from .model.views import OpenView


class Payloads:
    """
    Builds payloads; each carries a fresh trigger_id, and where there is a message a fresh response_url.

    Source: Slack's "Interaction payloads" and "Slash commands".
    """

    def __init__(self, site: Installation) -> None:
        self._site = site
        self._state = site.state

    def _common(self, user: str) -> dict[str, Any]:
        person = self._state.users[user]
        return {
            "user": {"id": user, "username": person["name"], "name": person["name"], "team_id": TEAM_ID},
            "api_app_id": APP_ID,
            "token": self._state.verification_token,
            "team": {"id": TEAM_ID, "domain": self._state.team["domain"]},
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def _address(self, kind: str, user: str, channel: Channel, **place: str) -> str:
        address: ResponseUrl = self._state.passes.address(kind, user, channel.id, **place)
        return f"{self._state.base}/{kind}/{TEAM_ID}/{address.issued:.0f}/{address.id}"

    def command(self, user: str, channel: Channel, command: str, text: str) -> dict[str, Any]:
        """The fields of a slash command."""
        names = {"im": "directmessage", "group": "privategroup", "channel": channel.name}
        return {
            "token": self._state.verification_token,
            "team_id": TEAM_ID,
            "team_domain": self._state.team["domain"],
            "channel_id": channel.id,
            "channel_name": names[channel.kind],
            "user_id": user,
            "user_name": self._state.users[user]["name"],
            "command": command,
            "text": text,
            "api_app_id": APP_ID,
            "is_enterprise_install": "false",
            "response_url": self._address("commands", user, channel),
            "trigger_id": self._state.passes.trigger(user),
        }

    def press_on_message(
        self,
        user: str,
        channel: Channel,
        message: dict[str, Any],
        action: dict[str, Any],
        values: dict[str, Any],
    ) -> dict[str, Any]:
        """block_actions on a message."""
        place = self._place(channel) | {
            "container": {
                "type": "message",
                "message_ts": message["ts"],
                "channel_id": channel.id,
                "is_ephemeral": False,
                **({"thread_ts": message["thread_ts"]} if message.get("thread_ts") else {}),
            },
            "message": copy.deepcopy(message),
            "response_url": self._address(
                "actions", user, channel, ts=message["ts"], thread_ts=message.get("thread_ts") or ""
            ),
        }
        return self._press(user, place, action, values, "")

    def press_on_ephemeral(
        self,
        user: str,
        channel: Channel,
        ephemeral: Ephemeral,
        action: dict[str, Any],
        values: dict[str, Any],
    ) -> dict[str, Any]:
        """block_actions on an ephemeral message, of which the app gets no content."""
        thread = ephemeral.content.get("thread_ts")
        place = self._place(channel) | {
            "container": {
                "type": "message",
                "message_ts": ephemeral.ts,
                "channel_id": channel.id,
                "is_ephemeral": True,
                **({"thread_ts": thread} if thread else {}),
            },
            "response_url": self._address(
                "actions", user, channel, ephemeral=ephemeral.id, thread_ts=thread or ""
            ),
        }
        return self._press(user, place, action, values, "")

    def press_in_view(self, user: str, view: OpenView, action: dict[str, Any]) -> dict[str, Any]:
        """block_actions in a modal or Home tab."""
        place = {"container": {"type": "view", "view_id": view.id}, "view": view.as_dict()}
        return self._press(user, place, action, None, view.id)

    def _press(
        self,
        user: str,
        place: dict[str, Any],
        action: dict[str, Any],
        values: dict[str, Any] | None,
        view: str,
    ) -> dict[str, Any]:
        state = {} if values is None else {"state": {"values": values}}
        return {
            "type": "block_actions",
            **self._common(user),
            **place,
            **state,
            "trigger_id": self._state.passes.trigger(user, view),
            "actions": [{**action, "action_ts": self._state.timestamps.next()}],
        }

    def _place(self, channel: Channel) -> dict[str, Any]:
        names = {"im": "directmessage", "group": "privategroup", "channel": channel.name}
        return {"channel": {"id": channel.id, "name": names[channel.kind]}}

    def shortcut(self, user: str, callback_id: str) -> dict[str, Any]:
        """A global shortcut."""
        return {
            "type": "shortcut",
            **self._common(user),
            "action_ts": self._state.timestamps.next(),
            "callback_id": callback_id,
            "trigger_id": self._state.passes.trigger(user),
        }

    def message_action(
        self, user: str, callback_id: str, channel: Channel, message: dict[str, Any]
    ) -> dict[str, Any]:
        """A message shortcut."""
        return {
            "type": "message_action",
            **self._common(user),
            **self._place(channel),
            "action_ts": self._state.timestamps.next(),
            "callback_id": callback_id,
            "trigger_id": self._state.passes.trigger(user),
            "response_url": self._address(
                "app", user, channel, ts=message["ts"], thread_ts=message.get("thread_ts") or ""
            ),
            "message_ts": message["ts"],
            "message": copy.deepcopy(message),
        }

    def view_submission(self, user: str, view: OpenView) -> dict[str, Any]:
        """A modal was submitted; response_urls for the inputs that ask for one."""
        addresses = []
        for block in view.definition["blocks"]:
            element = block.get("element") or {}
            value = view.values.get(block["block_id"], {}).get(element.get("action_id", ""), {})
            chosen = value.get("selected_conversation") or value.get("selected_channel")
            channel = self._state.channels.get(chosen or "")
            if element.get("response_url_enabled") and channel:
                addresses.append(
                    {
                        "block_id": block["block_id"],
                        "action_id": element["action_id"],
                        "channel_id": channel.id,
                        "response_url": self._address("app", user, channel),
                    }
                )
        return {
            "type": "view_submission",
            **self._common(user),
            "trigger_id": self._state.passes.trigger(user, view.id),
            "view": view.as_dict(),
            "response_urls": addresses,
        }

    def view_closed(self, user: str, view: OpenView, *, is_cleared: bool) -> dict[str, Any]:
        """A modal was dismissed."""
        return {
            "type": "view_closed",
            **self._common(user),
            "view": view.as_dict(),
            "is_cleared": is_cleared,
        }

    def block_suggestion(
        self, user: str, place: dict[str, Any], block_id: str, action_id: str, value: str
    ) -> dict[str, Any]:
        """A person types into an external select; *place* is the view, or the message and channel."""
        return {
            "type": "block_suggestion",
            **self._common(user),
            **place,
            "action_id": action_id,
            "block_id": block_id,
            "value": value,
        }
