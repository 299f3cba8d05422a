"""Message responses to commands and interactions: in the acknowledgement, or through a response_url."""

import asyncio
import json
from typing import Any

from aiohttp import web

from .api.call import CallRefusedError, WebApiCall, WebApiMethod
from .api.chat import update
from .api.compose import MAX_TEXT, read_content, read_metadata
from .http_faults import abort_connection, fault_response
from .installation import Installation
from .model.interaction_ids import InteractionRefusedError, ResponseUrl
from .model.people import Channel

_RESPONSE = WebApiMethod("response_url", update)


class MessageResponses:
    """
    Posts, replaces and deletes messages for the app, without a token.

    Source: Slack's "Handling user interaction", message responses.
    """

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """POST response_url."""
        installation = self._installation
        ident = request.match_info["secret"]
        fault = installation.faults.consume("response_url", {})
        early = await fault_response(request, fault)
        if early:
            installation.journal.note("response_url", answer=f"fault:{fault.kind if fault else ''}")
            return early
        body, status, text = None, 200, "ok"
        try:
            body = await _body(request)
            settings = installation.settings
            response_url = installation.state.interaction_ids.use_response_url(
                ident, settings.response_url_lifetime, settings.response_url_uses
            )
            self.post(response_url, body)
        except InteractionRefusedError as exc:
            status, text = 404, json.dumps({"ok": False, "error": str(exc)})
        except CallRefusedError as exc:
            status, text = 400, json.dumps({"ok": False, "error": exc.code, **exc.more})
        installation.journal.note("response_url", body=body, status=status, answer=text)
        if fault and fault.kind == "drop_after":
            return abort_connection(request)
        if fault and fault.kind == "slow_answer":
            await asyncio.sleep(fault.seconds())
        if status != 200:
            return web.Response(status=status, text=text, content_type="application/json")
        return web.Response(text=text)

    def post(self, response_url: ResponseUrl, body: dict[str, Any]) -> None:
        """
        Post, replace or delete a message as *body* says.

        Raises:
            CallRefusedError: The body is not a valid message, or its message does not exist.

        """
        state = self._installation.state
        channel = state.channels[response_url.channel]
        if body.get("delete_original"):
            self._delete(response_url, channel)
            return
        call = WebApiCall(self._installation, _RESPONSE, body)
        content = read_content(call, limit=MAX_TEXT)
        thread = body.get("thread_ts") or (
            response_url.thread_ts if body.get("replace_original") is False else ""
        )
        if body.get("replace_original") and (response_url.ts or response_url.ephemeral):
            self._replace(response_url, channel, content, call)
        elif body.get("response_type") == "in_channel":
            message = state.bot_message(**content, **({"thread_ts": thread} if thread else {}))
            metadata = read_metadata(call)
            if metadata:
                message["metadata"] = metadata
            state.add_message(channel, message)
            self._installation.events.message(channel, message, [])
        else:
            state.post_ephemeral(
                channel.id, response_url.user, {**content, **({"thread_ts": str(thread)} if thread else {})}
            )

    def _replace(
        self, response_url: ResponseUrl, channel: Channel, content: dict[str, Any], call: WebApiCall
    ) -> None:
        state = self._installation.state
        ephemeral = state.ephemerals.get(response_url.ephemeral)
        message = state.messages.get(channel.id, response_url.ts)
        if ephemeral:
            thread = ephemeral.content.get("thread_ts")
            ephemeral.content = content | ({"thread_ts": thread} if thread else {})
            state.publish_ephemeral(ephemeral)
        elif message and message.get("bot_id"):
            previous = dict(message)
            for name in ("blocks", "attachments"):
                message.pop(name, None)
            message |= content
            metadata = read_metadata(call)
            if metadata:
                message["metadata"] = metadata
            message["edited"] = {"user": message["user"], "ts": state.timestamps.next()}
            state.publish_message(channel, message)
            self._installation.events.changed(channel, message, previous)
        else:
            raise CallRefusedError("message_not_found")

    def _delete(self, response_url: ResponseUrl, channel: Channel) -> None:
        state = self._installation.state
        if response_url.ephemeral:
            state.delete_ephemeral(response_url.ephemeral)
            return
        message = state.messages.get(channel.id, response_url.ts)
        if message is None or not message.get("bot_id"):
            raise CallRefusedError("message_not_found")
        state.delete_message(channel, response_url.ts)
        self._installation.events.deleted(channel, message)

    def of_command(self, user: str, channel: Channel, payload: dict[str, Any]) -> None:
        """
        Post the payload of a command's acknowledgement, ephemeral unless it says in_channel.

        Raises:
            CallRefusedError: The payload is not a valid message.

        """
        if payload.get("text") or payload.get("blocks") or payload.get("attachments"):
            self.post(ResponseUrl("", "commands", user, channel.id, 0.0), payload)


async def _body(request: web.Request) -> dict[str, Any]:
    if request.content_type == "application/x-www-form-urlencoded":
        form = await request.post()
        text = str(form.get("payload", ""))
    else:
        text = await request.text()
    try:
        body = json.loads(text)
    except ValueError:
        raise CallRefusedError("invalid_payload") from None
    if not isinstance(body, dict):
        raise CallRefusedError("invalid_payload")
    return body
