"""What a person sees: the snapshot, the events after it, the bytes of files."""

import asyncio
import json
from typing import Any

from aiohttp import web

from faxbot.standins.slack.installation import Installation
from faxbot.standins.slack.model.people import BOT_USER

from .request import DeniedError

_KEEPALIVE = 15.0


def _person(site: Installation, request: web.Request) -> str:
    """The user asked for; without one the first person of the workspace."""
    users = site.state.users
    user = request.query.get("user") or next(iter(users))
    if user not in users:
        raise DeniedError("user_not_found", "There is no such person here.")
    return user


def _number(request: web.Request, name: str, usual: float) -> float:
    try:
        return float(request.query.get(name, usual))
    except ValueError:
        return usual


async def snapshot(request: web.Request, site: Installation) -> web.StreamResponse:
    """GET /_/snapshot: everything the person can see now."""
    state, manifest, user = site.state, site.manifest, _person(site, request)
    channels = [c for c in state.channels.values() if not c.is_private or user in c.members]
    messages = [state.for_person(c, m) for c in channels for m in state.messages.in_order(c.id)]
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
            "connected": site.delivery.connected,
            "fax_pane": bool(site.fax_control),
        }
    )


def describe(user: dict[str, Any]) -> dict[str, Any]:
    """A user in the shape of the person API."""
    return {name: user[name] for name in ("id", "name", "real_name", "is_admin", "is_owner", "is_bot", "tz")}


async def events(request: web.Request, site: Installation) -> web.StreamResponse:
    """GET /_/events: server-sent events, beginning with what was missed."""
    user = _person(site, request)
    seq = int(_number(request, "since", site.state.feed.seq))
    missed = request.headers.get("Last-Event-ID", "")
    seq = int(missed) if missed.isdigit() else seq
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await response.prepare(request)
    site.watchers.add(asyncio.current_task())
    try:
        while not site.stopping:
            news = await site.state.feed.wait(user, seq, _KEEPALIVE)
            for event in news:
                seq = event["seq"]
                await response.write(f"id: {seq}\ndata: {json.dumps(event)}\n\n".encode())
            if not news:
                await response.write(b": still here\n\n")
    except ConnectionError:
        return response
    finally:
        site.watchers.discard(asyncio.current_task())
    return response


async def wait(request: web.Request, site: Installation) -> web.StreamResponse:
    """GET /_/wait: the events after `since`, as soon as there is one."""
    user, since = _person(site, request), int(_number(request, "since", 0))
    found = await site.state.feed.wait(user, since, _number(request, "timeout", 10.0))
    return web.json_response({"seq": found[-1]["seq"] if found else since, "events": found})


async def file_bytes(request: web.Request, site: Installation) -> web.StreamResponse:
    """GET /_/file/<id>: the bytes, shown in the page."""
    file = site.state.files.get(request.match_info["file"])
    if file is None or not file.uploaded or file.mode == "tombstone":
        raise web.HTTPNotFound
    headers = {"Content-Type": file.mimetype, "X-Content-Type-Options": "nosniff"}
    if file.mimetype != "application/pdf":
        headers["Content-Security-Policy"] = "sandbox"  # a shared web page runs nothing beside this one
    return web.FileResponse(file.path, headers=headers)
