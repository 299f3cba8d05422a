"""A request to the person API: the body of a POST, with the checks common to all routes."""

import json
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from faxbot.standins.slack.installation import Installation
from faxbot.standins.slack.model.people import Channel
from faxbot.standins.slack.model.state import WorkspaceState


class DeniedError(Exception):
    """The person's client refuses the action and shows *message*."""

    def __init__(self, error: str, message: str = "", **more: object) -> None:
        super().__init__(error)
        self.answer = {"ok": False, "error": error, "message": message or error, **more}


@dataclass
class PersonRequest:
    """One request by one person."""

    installation: Installation
    body: dict[str, Any]

    @classmethod
    async def read(cls, request: web.Request, installation: Installation) -> "PersonRequest":
        """
        Read the JSON body.

        Raises:
            DeniedError: It is not a JSON object.

        """
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise DeniedError("invalid_json")
        return cls(installation, body)

    def text(self, name: str) -> str:
        """A member of the body as a string; "" when absent."""
        value = self.body.get(name)
        return value if isinstance(value, str) else ""

    @property
    def state(self) -> WorkspaceState:
        """The state of the workspace."""
        return self.installation.state

    @property
    def user(self) -> str:
        """
        The id of the requesting person.

        Raises:
            DeniedError: The user does not exist.

        """
        user = self.installation.state.users.get(self.text("user"))
        if user is None:
            raise DeniedError("user_not_found", "There is no such person here.")
        return str(user["id"])

    @property
    def channel(self) -> Channel:
        """
        The conversation of the request.

        Raises:
            DeniedError: The conversation does not exist.

        """
        channel = self.installation.state.channels.get(self.text("channel"))
        if channel is None:
            raise DeniedError("channel_not_found", "There is no such channel here.")
        return channel

    @property
    def open_channel(self) -> Channel:
        """
        The conversation of the request, if the person may post in it.

        Raises:
            DeniedError: The conversation is archived, or the person is no member.

        """
        channel = self.channel
        if channel.is_archived:
            raise DeniedError("is_archived", f"#{channel.name} is archived.")
        if self.user not in channel.members:
            raise DeniedError("not_in_channel", "You are not in this channel.")
        return channel

    def message(self) -> dict[str, Any]:
        """
        The message of the request.

        Raises:
            DeniedError: The message does not exist.

        """
        message = self.installation.state.messages.get(self.channel.id, self.text("ts"))
        if message is None:
            raise DeniedError("message_not_found", "That message is gone.")
        return message
