"""files.getUploadURLExternal, completeUploadExternal, info, list, delete."""

import re
from typing import Any

from faxbot.standins.slack.model.files import StoredFile
from faxbot.standins.slack.model.ids import new_id
from faxbot.standins.slack.model.people import BOT_USER, Channel

from .call import CallRefusedError, MethodAnswer, WebApiCall, invalid_arguments, method
from .compose import read_blocks

_COMPLETE_BLOCKS = {"section", "rich_text", "divider", "context", "actions", "header", "image"}
_MAX_BYTES = 1024**3


@method("files.getUploadURLExternal", scopes=("files:write",), tier=4, required=("filename", "length"))
async def get_upload_url(call: WebApiCall) -> MethodAnswer:
    """Return an address that accepts exactly the announced number of bytes of one file."""
    length = call.text("length")
    if not re.fullmatch(r"\d+", length) or int(length) < 1:
        raise invalid_arguments("must be greater than 0 [json-pointer:/length]")
    if int(length) > _MAX_BYTES:
        raise CallRefusedError("file_upload_size_restricted")
    if len(call.text("alt_txt")) > 1000:
        raise CallRefusedError("alt_txt_too_large")
    state, ident = call.state, new_id("F")
    state.files[ident] = StoredFile(
        ident,
        name=call.text("filename"),
        title=call.text("filename"),
        user=BOT_USER,
        size=int(length),
        created=int(state.clock()),
        path=call.installation.transfers.path(ident),
        alt_txt=call.text("alt_txt"),
    )
    return {"upload_url": call.installation.transfers.new_upload_url(ident), "file_id": ident}


@method("files.completeUploadExternal", scopes=("files:write",), tier=4, required=("files",), json=True)
async def complete_upload(call: WebApiCall) -> MethodAnswer:
    """Complete an upload; the files are shared in the given conversations after the answer."""
    files = _uploaded(call)
    channels = _targets(call)
    comment = call.text("initial_comment")
    blocks = None if comment else read_blocks(call)
    unusable = [block["type"] for block in blocks or [] if block["type"] not in _COMPLETE_BLOCKS]
    if unusable:
        raise CallRefusedError("invalid_blocks", response_metadata={"messages": [f"[ERROR] {unusable[0]}"]})
    for file, title in files:
        file.completed = True
        file.title = title or file.name
        call.state.publish_file(file)
    thread = call.text("thread_ts")
    for channel in channels:
        call.installation.sharing.share_later(
            [file for file, _ in files], channel, comment, blocks, thread_ts=thread, fault=call.fault
        )
    return {"files": [{"id": file.id, "title": file.title} for file, _ in files]}


def _uploaded(call: WebApiCall) -> list[tuple[StoredFile, str]]:
    """The files in the argument `files`, with their titles; each must be uploaded and not yet completed."""
    listed = call.structure("files", "invalid_arguments")
    if not isinstance(listed, list) or not listed:
        raise invalid_arguments("must provide at least one file [json-pointer:/files]")
    found = []
    for item in listed:
        if not isinstance(item, dict) or not isinstance(item.get("id"), str):
            raise invalid_arguments("missing required field: id [json-pointer:/files/0]")
        file = call.state.files.get(item["id"])
        if file is None or not file.uploaded or file.completed:
            raise CallRefusedError("file_not_found")
        if file.user != BOT_USER:
            raise CallRefusedError("access_denied")
        found.append((file, str(item.get("title") or "")))
    return found


def _targets(call: WebApiCall) -> list[Channel]:
    """The conversations to share in: channel_id, or the ids in channels; none keeps the files private."""
    named = call.text("channel_id")
    several = [ident.strip() for ident in call.text("channels").split(",") if ident.strip()]
    if len(several) > 100:
        raise CallRefusedError("channels_limit_exceeded")
    channels = []
    for ident in [named] if named else several:
        channel = call.state.channels.get(ident) or (None if named else call.state.im_with(ident))
        if channel is None or (channel.is_private and not call.state.bot_in(channel)):
            raise CallRefusedError("channel_not_found" if named else "invalid_channel")
        if not call.state.bot_in(channel):
            raise CallRefusedError("not_in_channel")
        if channel.is_archived:
            raise CallRefusedError("posting_to_channel_denied")
        channels.append(channel)
    if call.text("thread_ts") and len(channels) > 1:
        raise invalid_arguments("thread_ts needs exactly one channel")
    return channels


def _visible(call: WebApiCall) -> StoredFile:
    file = call.state.files.get(call.text("file"))
    if file is None or not file.completed or not call.state.bot_can_see(file):
        raise CallRefusedError("file_not_found")
    if file.mode == "tombstone":
        raise CallRefusedError("file_deleted")
    if file.mode == "access_denied":
        raise CallRefusedError("access_denied")
    return file


def _shown(call: WebApiCall, file: StoredFile) -> dict[str, Any]:
    if file.mode == "hidden_by_limit":
        return {"id": file.id, "mode": "hidden_by_limit"}
    absent = call.fault is not None and call.fault.kind == "shares_absent"
    return call.state.file_object(file, with_shares=call.installation.settings.shares_in_info and not absent)


@method("files.info", scopes=("files:read",), tier=4, required=("file",))
async def info(call: WebApiCall) -> MethodAnswer:
    """Return a file; `shares` lists the messages that share it."""
    return {"file": _shown(call, _visible(call)), "comments": [], "response_metadata": {"next_cursor": ""}}


@method("files.list", scopes=("files:read",), tier=3)
async def list_files(call: WebApiCall) -> MethodAnswer:
    """List the files that the bot can see, newest first, filtered by person and channel."""
    user, channel = call.text("user"), call.text("channel")
    if user and user not in call.state.users:
        raise CallRefusedError("user_not_found")
    found = [
        file
        for file in reversed(call.state.files.values())
        if file.completed
        and file.mode not in {"tombstone", "access_denied"}
        and call.state.bot_can_see(file)
        and (not user or file.user == user)
        and (not channel or channel in file.shares)
    ]
    count, page = call.number("count", 100, 1000), call.number("page", 1, 100_000)
    part = found[(page - 1) * count : page * count]
    pages = -(-len(found) // count)
    return {
        "files": [_shown(call, file) for file in part],
        "paging": {"count": count, "total": len(found), "page": page, "pages": pages},
    }


@method("files.delete", scopes=("files:write",), tier=3, required=("file",), json=True)
async def delete(call: WebApiCall) -> MethodAnswer:
    """Delete one of the bot's own files; the messages that shared it show a tombstone."""
    file = _visible(call)
    if file.user != BOT_USER:
        raise CallRefusedError("cant_delete_file")
    call.installation.sharing.delete(file)
    return {}
