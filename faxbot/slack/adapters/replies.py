"""Immediate responses to a command, button or shortcut, for one person."""

from faxbot.slack.adapters.response_url import post_to_response_url
from faxbot.slack.payloads import Origin
from faxbot.slack.views import Rendered
from faxbot.slack.web_api.web_api import WebApi


class Replies:
    """
    Ephemeral responses, each sent at most once. Messages that must survive a crash go through the outbox.

    Bolt's `respond` and `say` are not used: they send again after a dropped connection.
    """

    def __init__(self, api: WebApi) -> None:
        self._api = api

    async def respond(self, origin: Origin, shown: Rendered, *, replace: bool = False) -> None:
        """
        Show *shown* to the person at *origin*; with *replace* it replaces the message of the button.

        Sent through response_url, or chat.postEphemeral if that is missing or used up. Without a conversation
        (a global shortcut) it is a direct message.

        Raises:
            SlackFault: It was not shown, or this is unknown.

        Source: "Handling user interaction" (response_url); chat.postEphemeral; chat.postMessage.
        """
        client, blocks = self._api.client, shown.blocks or None
        if origin.response_url and await post_to_response_url(
            self._api.connections,
            origin.response_url,
            shown.text,
            blocks,
            thread_ts=origin.thread_ts,
            replace=replace,
        ):
            return
        if origin.channel_id:
            await self._api.write(
                client.chat_postEphemeral(
                    channel=origin.channel_id,
                    user=origin.user_id,
                    text=shown.text,
                    blocks=blocks,
                    thread_ts=origin.thread_ts,
                    parse="none",
                )
            )
        elif origin.user_id:
            await self._api.write(
                client.chat_postMessage(
                    channel=origin.user_id, text=shown.text, blocks=blocks, parse="none", unfurl_links=False
                )
            )
