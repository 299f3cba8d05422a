"""The control API, /_/control/…: faults, settings, transports, membership, and what has happened."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from functools import partial
from typing import Any

from aiohttp import web

from .connection import Connection
from .faults import FaultError
from .installation import Installation
from .model.ids import new_id
from .model.people import BOT_USER, Channel
from .settings import UnknownSettingError

Operation = Callable[[Installation, dict[str, Any]], Awaitable[dict[str, Any]]]
FILE_MODES = ("hosted", "file_access", "external", "tombstone", "hidden_by_limit", "access_denied")


class BadRequestError(ValueError):
    """The body of a control request does not fit."""


def _channel(site: Installation, body: dict[str, Any]) -> Channel:
    channel = site.state.channels.get(str(body.get("channel")))
    if channel is None:
        raise BadRequestError("no such channel")
    return channel


async def faults(site: Installation, body: dict[str, Any]) -> dict[str, Any]:
    """Add one fault, or with {"clear": true} forget all."""
    if body.get("clear"):
        site.faults.clear()
    else:
        site.faults.add(body)
    return {"faults": site.faults.as_list()}


async def settings(site: Installation, body: dict[str, Any]) -> dict[str, Any]:
    """Change dials by name."""
    site.settings.change(body)
    return {"settings": site.settings.as_dict()}


async def socket(site: Installation, body: dict[str, Any]) -> dict[str, Any]:
    """
    {"refresh" or "close" or "cut": true} or {"disconnect": reason} or {"freeze": true or false}, and with
    "connection" only that one; {"disable": true or false}, {"refuse_handshakes": n}, {"ignore_acks": n}.
    """
    there = site.socket
    for name in ("refuse_handshakes", "ignore_acks"):
        if name in body:
            if not isinstance(body[name], int):
                raise BadRequestError(f"{name} is a whole number")
            setattr(there, name, body[name])
    if "disable" in body:
        await there.switch(on=not body["disable"])
    one = str(body.get("connection") or "")
    those = there.those(one)
    if one and not those:
        raise BadRequestError("no such connection")
    for each in those:
        _treat(each, body)
    if body.get("close"):
        await there.close(those)
    if body.get("refresh"):
        site.delivery.in_background(there.refresh(those))
    if body.get("disconnect"):
        site.delivery.in_background(there.disconnect(those, str(body["disconnect"])))
    return {"connected": there.connected, "connections": [each.as_dict() for each in there.those()]}


def _treat(connection: Connection, body: dict[str, Any]) -> None:
    if "freeze" in body:
        connection.freeze(frozen=bool(body["freeze"]))
    if body.get("cut"):
        connection.cut()


async def request_url(site: Installation, body: dict[str, Any]) -> dict[str, Any]:
    """
    {url}: HTTP mode, if that answers the challenge; {"url": ""}: Socket Mode again. {"lose_answers": n}: the
    next answers are lost on their way.
    """
    if "lose_answers" in body:
        if not isinstance(body["lose_answers"], int):
            raise BadRequestError("lose_answers is a whole number")
        site.request_url.lose_answers = body["lose_answers"]
    if "url" in body:
        await site.use_request_url(str(body["url"] or ""))
    return {"url": site.request_url.url}


async def membership(site: Installation, body: dict[str, Any]) -> dict[str, Any]:
    """{channel, user (without: the bot), member: true|false}: join or leave."""
    channel, user = _channel(site, body), str(body.get("user") or BOT_USER)
    if user not in site.state.users:
        raise BadRequestError("no such user")
    if body.get("member", True):
        site.add_member(channel, user)
    else:
        site.remove_member(channel, user)
    return {"members": channel.members}


async def archive(site: Installation, body: dict[str, Any]) -> dict[str, Any]:
    """{channel, archived: true|false}."""
    channel = _channel(site, body)
    channel.is_archived = bool(body.get("archived", True))
    site.state.show_channel(channel)
    return {"is_archived": channel.is_archived}


async def channels(site: Installation, body: dict[str, Any]) -> dict[str, Any]:
    """{name, is_private, members}: a new channel."""
    name = body.get("name")
    if not isinstance(name, str) or not name:
        raise BadRequestError("a channel has a name")
    people = [user for user in site.state.users if user != "USLACKBOT"]
    channel = Channel(
        new_id("C"),
        name,
        list(body.get("members") or people),
        is_private=bool(body.get("is_private")),
        created=int(site.state.clock()),
    )
    site.state.channels[channel.id] = channel
    site.state.show_channel(channel)
    return {"channel": channel.id}


async def token(site: Installation, body: dict[str, Any]) -> dict[str, Any]:
    """{revoked: true|false}: the bot's token stops working, or works again."""
    site.state.token_revoked = bool(body.get("revoked", True))
    if site.state.token_revoked:
        site.events.tokens_revoked()
    return {"revoked": site.state.token_revoked}


async def file(site: Installation, body: dict[str, Any]) -> dict[str, Any]:
    """{file, mode}: what the file has become: hosted, file_access, external, tombstone, …"""
    found, mode = site.state.files.get(str(body.get("file"))), body.get("mode")
    if found is None or mode not in FILE_MODES:
        raise BadRequestError(f"a file and one of {FILE_MODES}")
    found.mode = str(mode)
    site.uploads.repaint(found)
    return {"mode": found.mode}


async def reset(site: Installation, _body: dict[str, Any]) -> dict[str, Any]:
    """Begin anew; the journal, the tokens and the connections stay."""
    site.reset()
    return {}


OPERATIONS: dict[str, Operation] = {
    "faults": faults,
    "settings": settings,
    "socket": socket,
    "request_url": request_url,
    "membership": membership,
    "archive": archive,
    "channels": channels,
    "token": token,
    "file": file,
    "reset": reset,
}


async def log(request: web.Request, site: Installation) -> web.StreamResponse:
    """GET /_/control/log?since=n&kind=k: the journal after entry n."""
    since, kind = request.query.get("since", "0"), request.query.get("kind")
    entries = site.journal.entries[int(since) if since.isdigit() else 0 :]
    wanted = [entry for entry in entries if kind in {None, entry["kind"]}]
    return web.json_response({"entries": wanted}, dumps=lambda value: json.dumps(value, default=str))


async def whole_state(_request: web.Request, site: Installation) -> web.StreamResponse:
    """GET /_/control/state: everything the workspace holds, for looking at."""
    state = site.state
    return web.json_response(
        {
            "team": state.team,
            "users": list(state.users.values()),
            "channels": [asdict(channel) for channel in state.channels.values()],
            "messages": {c: state.messages.in_order(c) for c in state.messages.by_channel},
            "ephemerals": [ephemeral.as_dict() for ephemeral in state.ephemerals.values()],
            "files": [
                {**state.file_for_person(f), "mode": f.mode, "uploaded": f.uploaded, "completed": f.completed}
                for f in state.files.values()
            ],
            "views": [view.for_person() for view in state.views.open.values()],
            "homes": [home.for_person() for home in state.views.homes.values()],
            "settings": site.settings.as_dict(),
            "faults": site.faults.as_list(),
            "connected": site.delivery.connected,
            "request_url": site.request_url.url,
            "token_revoked": state.token_revoked,
        }
    )


def add_routes(app: web.Application, site: Installation) -> None:
    """Serve the control API of *site*."""
    app.router.add_get("/_/control/log", partial(log, site=site))
    app.router.add_get("/_/control/state", partial(whole_state, site=site))
    for name, step in OPERATIONS.items():
        app.router.add_post(f"/_/control/{name}", _step(step, site))


def _step(step: Operation, site: Installation) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            body = json.loads(await request.text() or "{}")
            if not isinstance(body, dict):
                raise BadRequestError("send a JSON object")
            return web.json_response({"ok": True, **await step(site, body)})
        except (ValueError, FaultError, UnknownSettingError) as exc:
            return web.json_response({"ok": False, "error": str(exc)}, status=400)

    return answer
