"""The payloads of commands and interactions: presses, shortcuts, submissions, closed modals, suggestions."""

import copy
from typing import Any

from .installation import Installation
from .model.interaction_ids import ResponseUrl
from .model.messages import Ephemeral
from .model.people import APP_ID, TEAM_ID, Channel
from .model.views import OpenView


class InteractionPayloads:
    """
    Builds payloads; most contain a new trigger_id, and those with a channel a new response_url.

    Source: Slack's "Interaction payloads" and "Slash commands".
    """

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._state = installation.state

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

    def _response_url(self, kind: str, user: str, channel: Channel, **target: str) -> str:
        url: ResponseUrl = self._state.interaction_ids.new_response_url(kind, user, channel.id, **target)
        return f"{self._state.base}/{kind}/{TEAM_ID}/{url.issued:.0f}/{url.id}"

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
            "response_url": self._response_url("commands", user, channel),
            "trigger_id": self._state.interaction_ids.new_trigger(user),
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
        source = self._channel_fields(channel) | {
            "container": {
                "type": "message",
                "message_ts": message["ts"],
                "channel_id": channel.id,
                "is_ephemeral": False,
                **({"thread_ts": message["thread_ts"]} if message.get("thread_ts") else {}),
            },
            "message": copy.deepcopy(message),
            "response_url": self._response_url(
                "actions", user, channel, ts=message["ts"], thread_ts=message.get("thread_ts") or ""
            ),
        }
        return self._press(user, source, action, values, "")

    def press_on_ephemeral(
        self,
        user: str,
        channel: Channel,
        ephemeral: Ephemeral,
        action: dict[str, Any],
        values: dict[str, Any],
    ) -> dict[str, Any]:
        """block_actions on an ephemeral message, whose content the payload omits."""
        thread = ephemeral.content.get("thread_ts")
        source = self._channel_fields(channel) | {
            "container": {
                "type": "message",
                "message_ts": ephemeral.ts,
                "channel_id": channel.id,
                "is_ephemeral": True,
                **({"thread_ts": thread} if thread else {}),
            },
            "response_url": self._response_url(
                "actions", user, channel, ephemeral=ephemeral.id, thread_ts=thread or ""
            ),
        }
        return self._press(user, source, action, values, "")

    def press_in_view(self, user: str, view: OpenView, action: dict[str, Any]) -> dict[str, Any]:
        """block_actions in a modal or Home tab."""
        source = {"container": {"type": "view", "view_id": view.id}, "view": view.as_dict()}
        return self._press(user, source, action, None, view.id)

    def _press(
        self,
        user: str,
        source: dict[str, Any],
        action: dict[str, Any],
        values: dict[str, Any] | None,
        view: str,
    ) -> dict[str, Any]:
        state = {} if values is None else {"state": {"values": values}}
        return {
            "type": "block_actions",
            **self._common(user),
            **source,
            **state,
            "trigger_id": self._state.interaction_ids.new_trigger(user, view),
            "actions": [{**action, "action_ts": self._state.timestamps.next()}],
        }

    def _channel_fields(self, channel: Channel) -> dict[str, Any]:
        names = {"im": "directmessage", "group": "privategroup", "channel": channel.name}
        return {"channel": {"id": channel.id, "name": names[channel.kind]}}

    def shortcut(self, user: str, callback_id: str) -> dict[str, Any]:
        """A global shortcut."""
        return {
            "type": "shortcut",
            **self._common(user),
            "action_ts": self._state.timestamps.next(),
            "callback_id": callback_id,
            "trigger_id": self._state.interaction_ids.new_trigger(user),
        }

    def message_action(
        self, user: str, callback_id: str, channel: Channel, message: dict[str, Any]
    ) -> dict[str, Any]:
        """A message shortcut."""
        return {
            "type": "message_action",
            **self._common(user),
            **self._channel_fields(channel),
            "action_ts": self._state.timestamps.next(),
            "callback_id": callback_id,
            "trigger_id": self._state.interaction_ids.new_trigger(user),
            "response_url": self._response_url(
                "app", user, channel, ts=message["ts"], thread_ts=message.get("thread_ts") or ""
            ),
            "message_ts": message["ts"],
            "message": copy.deepcopy(message),
        }

    def view_submission(self, user: str, view: OpenView) -> dict[str, Any]:
        """A modal was submitted; it has response_urls for the inputs with response_url_enabled."""
        response_urls = []
        for block in view.definition["blocks"]:
            element = block.get("element") or {}
            value = view.values.get(block["block_id"], {}).get(element.get("action_id", ""), {})
            chosen = value.get("selected_conversation") or value.get("selected_channel")
            channel = self._state.channels.get(chosen or "")
            if element.get("response_url_enabled") and channel:
                response_urls.append(
                    {
                        "block_id": block["block_id"],
                        "action_id": element["action_id"],
                        "channel_id": channel.id,
                        "response_url": self._response_url("app", user, channel),
                    }
                )
        return {
            "type": "view_submission",
            **self._common(user),
            "trigger_id": self._state.interaction_ids.new_trigger(user, view.id),
            "view": view.as_dict(),
            "response_urls": response_urls,
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
        self, user: str, source: dict[str, Any], block_id: str, action_id: str, value: str
    ) -> dict[str, Any]:
        """A person typed into an external select; *source* holds the view, or the message and channel."""
        return {
            "type": "block_suggestion",
            **self._common(user),
            **source,
            "action_id": action_id,
            "block_id": block_id,
            "value": value,
        }
