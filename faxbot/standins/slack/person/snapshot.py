"""The person API's reads: the snapshot, the events after it, and the bytes of files."""

import asyncio
import json
from typing import Any

from aiohttp import web

from faxbot.standins.slack.installation import Installation
from faxbot.standins.slack.model.people import BOT_USER

from .request import DeniedError

KEEPALIVE_SECONDS = 15.0


def _person(installation: Installation, request: web.Request) -> str:
    """The user in the query; without one the first person of the workspace."""
    users = installation.state.users
    user = request.query.get("user") or next(iter(users))
    if user not in users:
        raise DeniedError("user_not_found", "There is no such person here.")
    return user


def _number(request: web.Request, name: str, default: float) -> float:
    try:
        return float(request.query.get(name, default))
    except ValueError:
        return default


async def snapshot(request: web.Request, installation: Installation) -> web.StreamResponse:
    """GET /_/snapshot: everything that the person can see now."""
    state, manifest, user = installation.state, installation.manifest, _person(installation, request)
    channels = [c for c in state.channels.values() if not c.is_private or user in c.members]
    messages = [state.message_for_person(c, m) for c in channels for m in state.messages.in_order(c.id)]
    return web.json_response(
        {
            "seq": state.feed.seq,
            "team": state.team,
            "me": describe(state.users[user]),
            "users": [describe(u) for ident, u in state.users.items() if ident != "USLACKBOT"],
            "channels": [state.channel_for_person(c) for c in channels],
            "messages": sorted(messages, key=lambda m: str(m["ts"])),
            "ephemerals": [e.as_dict() for e in state.ephemerals.values() if e.user == user],
            "files": {
                ident: state.file_for_person(file) for ident, file in state.files.items() if file.completed
            },
            "views": [view.for_person() for view in state.views.stack(user)],
            "home": state.views.homes[user].for_person() if user in state.views.homes else None,
            "commands": [
                {
                    "command": c["command"],
                    "description": c["description"],
                    "usage_hint": c.get("usage_hint", ""),
                }
                for c in manifest.commands
            ],
            "shortcuts": [
                {name: s[name] for name in ("callback_id", "name", "type", "description")}
                for s in manifest.shortcuts
            ],
            "bot": {"user_id": BOT_USER, "name": manifest.bot_name},
            "connected": installation.delivery.connected,
            "fax_pane": bool(installation.fax_control),
        }
    )


def describe(user: dict[str, Any]) -> dict[str, Any]:
    """A user in the person API's JSON."""
    return {name: user[name] for name in ("id", "name", "real_name", "is_admin", "is_owner", "is_bot", "tz")}


async def events(request: web.Request, installation: Installation) -> web.StreamResponse:
    """GET /_/events: server-sent events, starting after `since` or Last-Event-ID."""
    user = _person(installation, request)
    seq = int(_number(request, "since", installation.state.feed.seq))
    last_event_id = request.headers.get("Last-Event-ID", "")
    seq = int(last_event_id) if last_event_id.isdigit() else seq
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await response.prepare(request)
    installation.event_streams.add(asyncio.current_task())
    try:
        while not installation.stopping:
            events_found = await installation.state.feed.wait(user, seq, KEEPALIVE_SECONDS)
            for event in events_found:
                seq = event["seq"]
                await response.write(f"id: {seq}\ndata: {json.dumps(event)}\n\n".encode())
            if not events_found:
                await response.write(b": still here\n\n")
    except ConnectionError:
        return response
    finally:
        installation.event_streams.discard(asyncio.current_task())
    return response


async def wait(request: web.Request, installation: Installation) -> web.StreamResponse:
    """GET /_/wait: long poll for the events after `since`."""
    user, since = _person(installation, request), int(_number(request, "since", 0))
    found = await installation.state.feed.wait(user, since, _number(request, "timeout", 10.0))
    return web.json_response({"seq": found[-1]["seq"] if found else since, "events": found})


async def file_bytes(request: web.Request, installation: Installation) -> web.StreamResponse:
    """GET /_/file/<id>: the bytes of a file, for the page."""
    file = installation.state.files.get(request.match_info["file"])
    if file is None or not file.uploaded or file.mode == "tombstone":
        raise web.HTTPNotFound
    headers = {"Content-Type": file.mimetype, "X-Content-Type-Options": "nosniff"}
    if file.mimetype != "application/pdf":
        headers["Content-Security-Policy"] = "sandbox"  # scripts of a shared HTML file must not run here
    return web.FileResponse(file.path, headers=headers)
