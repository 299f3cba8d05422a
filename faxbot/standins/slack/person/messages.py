"""What a person writes, edits, deletes and uploads."""

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
    """What Slack stores of typed text: &, <, > escaped, @name a mention; what is wire text already stays."""
    parts, last = [], 0
    for token in _TOKEN.finditer(text):
        parts += [_escape(text[last : token.start()], names), token.group()]
        last = token.end()
    return "".join([*parts, _escape(text[last:], names)])


def _escape(text: str, names: dict[str, str]) -> str:
    text = _BARE_AMPERSAND.sub("&amp;", text).replace("<", "&lt;").replace(">", "&gt;")
    return _AT_NAME.sub(lambda m: f"<@{names[m[1]]}>" if m[1] in names else m[0], text)


def _typed(ask: PersonRequest) -> str:
    return to_wire(ask.text("text"), {user["name"]: ident for ident, user in ask.site.state.users.items()})


async def say(ask: PersonRequest) -> dict[str, object]:
    """POST /_/say: a message, a reply, or files with or without words."""
    user, channel, text = ask.user, ask.open_channel, ask.text("text")
    if text.startswith("/"):
        raise DeniedError("is_command", "That is a command: run it with /_/command.")
    manifest = ask.site.manifest
    if channel.is_im and (manifest.messages_tab_read_only or not manifest.messages_tab):
        raise DeniedError("restricted_action", "Sending messages to this app has been turned off.")
    files = []
    for ident in ask.body.get("files") or []:
        file = ask.site.state.files.get(ident)
        if file is None or not file.completed or file.user != user:
            raise DeniedError("file_not_found", "That file is gone.")
        files.append(file)
    if not text.strip() and not files:
        raise DeniedError("no_text", "There is nothing to send.")
    message = ask.site.state.user_message(user, _typed(ask), client_msg_id=f"{secrets.token_hex(4)}-stand-in")
    if ask.text("thread_ts"):
        parent = ask.site.state.messages.get(channel.id, ask.text("thread_ts"))
        if parent is None:
            raise DeniedError("thread_not_found", "That thread is gone.")
        message["thread_ts"] = parent.get("thread_ts", parent["ts"])
    if files:
        ask.site.uploads.share(files, channel, message, ask.text("app_mention_style") or None)
    else:
        ask.site.state.place(channel, message)
        ask.site.events.message(channel, message, [])
    return {"ts": message["ts"]}


async def edit(ask: PersonRequest) -> dict[str, object]:
    """POST /_/edit: change one's own message."""
    message = _own(ask)
    previous = copy.deepcopy(message)
    message["text"] = _typed(ask)
    message["edited"] = {"user": ask.user, "ts": ask.site.state.timestamps.next()}
    ask.site.state.show(ask.channel, message)
    ask.site.events.changed(ask.channel, message, previous)
    return {"ts": message["ts"]}


async def unsay(ask: PersonRequest) -> dict[str, object]:
    """POST /_/unsay: delete one's own message (an administrator: any)."""
    message = _own(ask)
    ask.site.state.take_away(ask.channel, message["ts"])
    ask.site.events.deleted(ask.channel, message)
    return {}


def _own(ask: PersonRequest) -> dict[str, Any]:
    message, user = ask.message(), ask.site.state.users[ask.user]
    if message["user"] != user["id"] and not user["is_admin"]:
        raise DeniedError("cant_update_message", "That message is not yours.")
    return message


async def upload(request: web.Request, site: Installation) -> web.StreamResponse:
    """POST /_/upload: files in a multipart form, theirs alone until they are said somewhere."""
    user, files = "", []
    if not request.content_type.startswith("multipart/"):
        raise DeniedError("invalid_form_data", "Send a multipart form.")
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        if part.name == "user":
            user = await part.text()
        elif part.name == "file":
            files.append(await _store(site, part))
    if user not in site.state.users:
        raise DeniedError("user_not_found", "There is no such person here.")
    for file in files:
        file.user = user
        site.uploads.add_from_person(file)
    return web.json_response({"ok": True, "files": [site.state.file_for_person(file) for file in files]})


async def _store(site: Installation, part: BodyPartReader) -> StoredFile:
    ident = new_id("F")
    path, size = site.uploads.path(ident), 0
    with path.open("wb") as target:
        while chunk := await part.read_chunk(65536):
            size += len(chunk)
            target.write(chunk)
    name = PurePosixPath(part.filename or "file").name
    return StoredFile(ident, name, name, "", size, int(site.state.clock()), path)


async def delete_file(ask: PersonRequest) -> dict[str, object]:
    """POST /_/delete_file: delete one's own file; its messages keep a tombstone."""
    file, user = ask.site.state.files.get(ask.text("file")), ask.site.state.users[ask.user]
    if file is None or (file.user != user["id"] and not user["is_admin"]):
        raise DeniedError("cant_delete_file", "That file is not yours.")
    ask.site.uploads.delete(file)
    return {}
