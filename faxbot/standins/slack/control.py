"""The control API, /_/control/…: faults, settings, transports, membership, the journal and the state."""

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
    """The body of a control request is invalid."""


def _channel(installation: Installation, body: dict[str, Any]) -> Channel:
    channel = installation.state.channels.get(str(body.get("channel")))
    if channel is None:
        raise BadRequestError("no such channel")
    return channel


async def faults(installation: Installation, body: dict[str, Any]) -> dict[str, Any]:
    """Add one fault, or remove all with {"clear": true}."""
    if body.get("clear"):
        installation.faults.clear()
    else:
        installation.faults.add(body)
    return {"faults": installation.faults.as_list()}


async def settings(installation: Installation, body: dict[str, Any]) -> dict[str, Any]:
    """Change settings by name."""
    installation.settings.change(body)
    return {"settings": installation.settings.as_dict()}


async def socket(installation: Installation, body: dict[str, Any]) -> dict[str, Any]:
    """
    {"refresh" or "close" or "cut": true}, {"disconnect": reason}, {"freeze": true or false}: for every
    connection, or the one named by "connection"; {"disable": true or false}, {"refuse_handshakes": n},
    {"ignore_acks": n}.
    """
    socket_mode = installation.socket
    for name in ("refuse_handshakes", "ignore_acks"):
        if name in body:
            if not isinstance(body[name], int):
                raise BadRequestError(f"{name} is a whole number")
            setattr(socket_mode, name, body[name])
    if "disable" in body:
        await socket_mode.set_enabled(enabled=not body["disable"])
    connection_id = str(body.get("connection") or "")
    connections = socket_mode.connections(connection_id)
    if connection_id and not connections:
        raise BadRequestError("no such connection")
    for each in connections:
        _apply_fault(each, body)
    if body.get("close"):
        await socket_mode.close(connections)
    if body.get("refresh"):
        installation.delivery.run_in_background(socket_mode.refresh(connections))
    if body.get("disconnect"):
        installation.delivery.run_in_background(socket_mode.disconnect(connections, str(body["disconnect"])))
    return {
        "connected": socket_mode.connected,
        "connections": [each.as_dict() for each in socket_mode.connections()],
    }


def _apply_fault(connection: Connection, body: dict[str, Any]) -> None:
    if "freeze" in body:
        connection.freeze(frozen=bool(body["freeze"]))
    if body.get("cut"):
        connection.cut()


async def request_url(installation: Installation, body: dict[str, Any]) -> dict[str, Any]:
    """
    {url}: HTTP mode, if the URL answers the challenge; {"url": ""}: Socket Mode. {"lose_answers": n}: discard
    the next n answers.
    """
    if "lose_answers" in body:
        if not isinstance(body["lose_answers"], int):
            raise BadRequestError("lose_answers is a whole number")
        installation.request_url.lose_answers = body["lose_answers"]
    if "url" in body:
        await installation.use_request_url(str(body["url"] or ""))
    return {"url": installation.request_url.url}


async def membership(installation: Installation, body: dict[str, Any]) -> dict[str, Any]:
    """{channel, user (default: the bot), member: true|false}: join or leave."""
    channel, user = _channel(installation, body), str(body.get("user") or BOT_USER)
    if user not in installation.state.users:
        raise BadRequestError("no such user")
    if body.get("member", True):
        installation.add_member(channel, user)
    else:
        installation.remove_member(channel, user)
    return {"members": channel.members}


async def archive(installation: Installation, body: dict[str, Any]) -> dict[str, Any]:
    """{channel, archived: true|false}: archive or unarchive."""
    channel = _channel(installation, body)
    channel.is_archived = bool(body.get("archived", True))
    installation.state.publish_channel(channel)
    return {"is_archived": channel.is_archived}


async def channels(installation: Installation, body: dict[str, Any]) -> dict[str, Any]:
    """{name, is_private, members}: create a channel."""
    name = body.get("name")
    if not isinstance(name, str) or not name:
        raise BadRequestError("a channel has a name")
    people = [user for user in installation.state.users if user != "USLACKBOT"]
    channel = Channel(
        new_id("C"),
        name,
        list(body.get("members") or people),
        is_private=bool(body.get("is_private")),
        created=int(installation.state.clock()),
    )
    installation.state.channels[channel.id] = channel
    installation.state.publish_channel(channel)
    return {"channel": channel.id}


async def token(installation: Installation, body: dict[str, Any]) -> dict[str, Any]:
    """{revoked: true|false}: revoke or restore the bot's token."""
    installation.state.token_revoked = bool(body.get("revoked", True))
    if installation.state.token_revoked:
        installation.events.tokens_revoked()
    return {"revoked": installation.state.token_revoked}


async def file(installation: Installation, body: dict[str, Any]) -> dict[str, Any]:
    """{file, mode}: set the file's state: hosted, file_access, external, tombstone, …"""
    found, mode = installation.state.files.get(str(body.get("file"))), body.get("mode")
    if found is None or mode not in FILE_MODES:
        raise BadRequestError(f"a file and one of {FILE_MODES}")
    found.mode = str(mode)
    installation.sharing.update_messages(found)
    return {"mode": found.mode}


async def reset(installation: Installation, _body: dict[str, Any]) -> dict[str, Any]:
    """Restore the initial state; the journal, the tokens and the connections are kept."""
    installation.reset()
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


async def log(request: web.Request, installation: Installation) -> web.StreamResponse:
    """GET /_/control/log?since=n&kind=k: the journal after entry n."""
    since, kind = request.query.get("since", "0"), request.query.get("kind")
    entries = installation.journal.entries[int(since) if since.isdigit() else 0 :]
    selected = [entry for entry in entries if kind in {None, entry["kind"]}]
    return web.json_response({"entries": selected}, dumps=lambda value: json.dumps(value, default=str))


async def whole_state(_request: web.Request, installation: Installation) -> web.StreamResponse:
    """GET /_/control/state: the whole state of the workspace."""
    state = installation.state
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
            "settings": installation.settings.as_dict(),
            "faults": installation.faults.as_list(),
            "connected": installation.delivery.connected,
            "request_url": installation.request_url.url,
            "token_revoked": state.token_revoked,
        }
    )


def add_routes(app: web.Application, installation: Installation) -> None:
    """Serve the control API of *installation*."""
    app.router.add_get("/_/control/log", partial(log, installation=installation))
    app.router.add_get("/_/control/state", partial(whole_state, installation=installation))
    for name, operation in OPERATIONS.items():
        app.router.add_post(f"/_/control/{name}", _serve(operation, installation))


def _serve(
    operation: Operation, installation: Installation
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            body = json.loads(await request.text() or "{}")
            if not isinstance(body, dict):
                raise BadRequestError("send a JSON object")
            return web.json_response({"ok": True, **await operation(installation, body)})
        except (ValueError, FaultError, UnknownSettingError) as exc:
            return web.json_response({"ok": False, "error": str(exc)}, status=400)

    return answer
