"""Messages that answer a person's action: with the acknowledgement, or through its response_url."""

import asyncio
import json
from typing import Any

from aiohttp import web

from .api.call import CallRefusedError, WebApiCall, WebApiMethod
from .api.chat import update
from .api.compose import CUT_AT, read_content, read_metadata
from .http_faults import cut, trouble
from .installation import Installation
from .model.interaction_ids import InteractionRefusedError, ResponseUrl
from .model.people import Channel

_RESPONSE = WebApiMethod("response_url", update)


class MessageResponses:
    """
    Posts, replaces or deletes on behalf of the app without a token.

    Source: Slack's "Handling user interaction", message responses.
    """

    def __init__(self, site: Installation) -> None:
        self._site = site

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """POST response_url."""
        site = self._site
        ident = request.match_info["secret"]
        fault = site.faults.strike("response_url", {})
        early = await trouble(request, fault)
        if early:
            site.journal.note("response_url", answer=f"fault:{fault.kind if fault else ''}")
            return early
        body, status, text = None, 200, "ok"
        try:
            body = await _body(request)
            settings = site.settings
            address = site.state.passes.use(ident, settings.response_url_lifetime, settings.response_url_uses)
            self.post(address, body)
        except InteractionRefusedError as exc:
            status, text = 404, json.dumps({"ok": False, "error": str(exc)})
        except CallRefusedError as exc:
            status, text = 400, json.dumps({"ok": False, "error": exc.code, **exc.more})
        site.journal.note("response_url", body=body, status=status, answer=text)
        if fault and fault.kind == "drop_after":
            return cut(request)
        if fault and fault.kind == "slow_answer":
            await asyncio.sleep(fault.seconds())
        if status != 200:
            return web.Response(status=status, text=text, content_type="application/json")
        return web.Response(text=text)

    def post(self, address: ResponseUrl, body: dict[str, Any]) -> None:
        """
        Do what *body* asks for.

        Raises:
            RefusedError: It is no message.

        """
        state = self._site.state
        channel = state.channels[address.channel]
        if body.get("delete_original"):
            self._delete(address, channel)
            return
        call = WebApiCall(self._site, _RESPONSE, body)
        content = read_content(call, limit=CUT_AT)
        thread = body.get("thread_ts") or (address.thread_ts if body.get("replace_original") is False else "")
        if body.get("replace_original") and (address.ts or address.ephemeral):
            self._replace(address, channel, content, call)
        elif body.get("response_type") == "in_channel":
            message = state.bot_message(**content, **({"thread_ts": thread} if thread else {}))
            metadata = read_metadata(call)
            if metadata:
                message["metadata"] = metadata
            state.place(channel, message)
            self._site.events.message(channel, message, [])
        else:
            state.whisper(
                channel.id, address.user, {**content, **({"thread_ts": str(thread)} if thread else {})}
            )

    def _replace(
        self, address: ResponseUrl, channel: Channel, content: dict[str, Any], call: WebApiCall
    ) -> None:
        state = self._site.state
        ephemeral = state.ephemerals.get(address.ephemeral)
        message = state.messages.get(channel.id, address.ts)
        if ephemeral:
            thread = ephemeral.content.get("thread_ts")
            ephemeral.content = content | ({"thread_ts": thread} if thread else {})
            state.show_ephemeral(ephemeral)
        elif message and message.get("bot_id"):
            previous = dict(message)
            for name in ("blocks", "attachments"):
                message.pop(name, None)
            message |= content
            metadata = read_metadata(call)
            if metadata:
                message["metadata"] = metadata
            message["edited"] = {"user": message["user"], "ts": state.timestamps.next()}
            state.show(channel, message)
            self._site.events.changed(channel, message, previous)
        else:
            raise CallRefusedError("message_not_found")

    def _delete(self, address: ResponseUrl, channel: Channel) -> None:
        state = self._site.state
        if address.ephemeral:
            state.unwhisper(address.ephemeral)
            return
        message = state.messages.get(channel.id, address.ts)
        if message is None or not message.get("bot_id"):
            raise CallRefusedError("message_not_found")
        state.take_away(channel, address.ts)
        self._site.events.deleted(channel, message)

    def of_command(self, user: str, channel: Channel, payload: dict[str, Any]) -> None:
        """
        Show what came with the acknowledgement of a command, ephemeral unless it says in_channel.

        Raises:
            RefusedError: It is no message.

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
