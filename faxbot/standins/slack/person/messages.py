"""A person's messages and files: posting, editing, deleting and uploading."""

import copy
import re
import secrets
from pathlib import PurePosixPath
from typing import Any

from aiohttp import BodyPartReader, web

from faxbot.standins.slack.installation import Installation
from faxbot.standins.slack.model.files import StoredFile
from faxbot.standins.slack.model.ids import new_id

from .request import DeniedError, PersonRequest

_TOKEN = re.compile(r"<(?:[@#!][^<>]+|(?:https?|mailto|tel):[^<>]+)>")
_BARE_AMPERSAND = re.compile(r"&(?!amp;|lt;|gt;)")
_AT_NAME = re.compile(r"(?<![\w<])@([a-z0-9][a-z0-9._-]*)")


def to_wire(text: str, names: dict[str, str]) -> str:
    """Convert typed text to Slack's format: &, <, > escaped, @name as a mention; existing tags are kept."""
    parts, last = [], 0
    for token in _TOKEN.finditer(text):
        parts += [_escape(text[last : token.start()], names), token.group()]
        last = token.end()
    return "".join([*parts, _escape(text[last:], names)])


def _escape(text: str, names: dict[str, str]) -> str:
    text = _BARE_AMPERSAND.sub("&amp;", text).replace("<", "&lt;").replace(">", "&gt;")
    return _AT_NAME.sub(lambda m: f"<@{names[m[1]]}>" if m[1] in names else m[0], text)


def _stored_text(request: PersonRequest) -> str:
    user_ids = {user["name"]: ident for ident, user in request.state.users.items()}
    return to_wire(request.text("text"), user_ids)


async def post_message(request: PersonRequest) -> dict[str, object]:
    """POST /_/say: post a message, a reply, or files with an optional text."""
    user, channel, text = request.user, request.open_channel, request.text("text")
    if text.startswith("/"):
        raise DeniedError("is_command", "That is a command: run it with /_/command.")
    manifest = request.installation.manifest
    if channel.is_im and (manifest.messages_tab_read_only or not manifest.messages_tab):
        raise DeniedError("restricted_action", "Sending messages to this app has been turned off.")
    files = []
    for ident in request.body.get("files") or []:
        file = request.state.files.get(ident)
        if file is None or not file.completed or file.user != user:
            raise DeniedError("file_not_found", "That file is gone.")
        files.append(file)
    if not text.strip() and not files:
        raise DeniedError("no_text", "There is nothing to send.")
    message = request.state.user_message(
        user, _stored_text(request), client_msg_id=f"{secrets.token_hex(4)}-stand-in"
    )
    if request.text("thread_ts"):
        parent = request.state.messages.get(channel.id, request.text("thread_ts"))
        if parent is None:
            raise DeniedError("thread_not_found", "That thread is gone.")
        message["thread_ts"] = parent.get("thread_ts", parent["ts"])
    if files:
        request.installation.sharing.share(files, channel, message, request.text("app_mention_style") or None)
    else:
        request.state.add_message(channel, message)
        request.installation.events.message(channel, message, [])
    return {"ts": message["ts"]}


async def edit_message(request: PersonRequest) -> dict[str, object]:
    """POST /_/edit: edit one's own message (an administrator: any)."""
    message = _own_message(request)
    previous = copy.deepcopy(message)
    message["text"] = _stored_text(request)
    message["edited"] = {"user": request.user, "ts": request.state.timestamps.next()}
    request.state.publish_message(request.channel, message)
    request.installation.events.changed(request.channel, message, previous)
    return {"ts": message["ts"]}


async def delete_message(request: PersonRequest) -> dict[str, object]:
    """POST /_/unsay: delete one's own message (an administrator: any)."""
    message = _own_message(request)
    request.state.delete_message(request.channel, message["ts"])
    request.installation.events.deleted(request.channel, message)
    return {}


def _own_message(request: PersonRequest) -> dict[str, Any]:
    message, user = request.message(), request.state.users[request.user]
    if message["user"] != user["id"] and not user["is_admin"]:
        raise DeniedError("cant_update_message", "That message is not yours.")
    return message


async def upload(request: web.Request, installation: Installation) -> web.StreamResponse:
    """POST /_/upload: upload files in a multipart form; they are private until they are shared."""
    user, files = "", []
    if not request.content_type.startswith("multipart/"):
        raise DeniedError("invalid_form_data", "Send a multipart form.")
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        if part.name == "user":
            user = await part.text()
        elif part.name == "file":
            files.append(await _store(installation, part))
    if user not in installation.state.users:
        raise DeniedError("user_not_found", "There is no such person here.")
    for file in files:
        file.user = user
        installation.state.add_file(file)
    return web.json_response(
        {"ok": True, "files": [installation.state.file_for_person(file) for file in files]}
    )


async def _store(installation: Installation, part: BodyPartReader) -> StoredFile:
    ident = new_id("F")
    path, size = installation.transfers.path(ident), 0
    with path.open("wb") as target:
        while chunk := await part.read_chunk(65536):
            size += len(chunk)
            target.write(chunk)
    name = PurePosixPath(part.filename or "file").name
    return StoredFile(ident, name, name, "", size, int(installation.state.clock()), path)


async def delete_file(request: PersonRequest) -> dict[str, object]:
    """POST /_/delete_file: delete one's own file; its messages show a tombstone."""
    file, user = (
        request.state.files.get(request.text("file")),
        request.state.users[request.user],
    )
    if file is None or (file.user != user["id"] and not user["is_admin"]):
        raise DeniedError("cant_delete_file", "That file is not yours.")
    request.installation.sharing.delete(file)
    return {}
