"""What a person asks for: the body of a POST, checked as far as every route needs it."""

import json
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from faxbot.standins.slack.installation import Installation
from faxbot.standins.slack.model.people import Channel


class DeniedError(Exception):
    """The person's client says no; *message* is what it would show."""

    def __init__(self, error: str, message: str = "", **more: object) -> None:
        super().__init__(error)
        self.answer = {"ok": False, "error": error, "message": message or error, **more}


@dataclass
class PersonRequest:
    """One request by one person."""

    site: Installation
    body: dict[str, Any]

    @classmethod
    async def read(cls, request: web.Request, site: Installation) -> "PersonRequest":
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
        return cls(site, body)

    def text(self, name: str) -> str:
        """A member as a string, "" when absent."""
        value = self.body.get(name)
        return value if isinstance(value, str) else ""

    @property
    def user(self) -> str:
        """
        Who asks.

        Raises:
            DeniedError: Nobody of this workspace.

        """
        user = self.site.state.users.get(self.text("user"))
        if user is None:
            raise DeniedError("user_not_found", "There is no such person here.")
        return str(user["id"])

    @property
    def channel(self) -> Channel:
        """
        The conversation it is about.

        Raises:
            DeniedError: There is none.

        """
        channel = self.site.state.channels.get(self.text("channel"))
        if channel is None:
            raise DeniedError("channel_not_found", "There is no such channel here.")
        return channel

    @property
    def open_channel(self) -> Channel:
        """
        The conversation, if one may write in it.

        Raises:
            DeniedError: It is archived, or the person is not in it.

        """
        channel = self.channel
        if channel.is_archived:
            raise DeniedError("is_archived", f"#{channel.name} is archived.")
        if self.user not in channel.members:
            raise DeniedError("not_in_channel", "You are not in this channel.")
        return channel

    def message(self) -> dict[str, Any]:
        """
        The message it is about.

        Raises:
            DeniedError: There is none.

        """
        message = self.site.state.messages.get(self.channel.id, self.text("ts"))
        if message is None:
            raise DeniedError("message_not_found", "That message is gone.")
        return message
