"""Shared by the tests of the Slack stand-in: a manifest, a workspace, a client without Slack's SDK."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from faxbot.standins.slack import Workspace
from faxbot.standins.slack.settings import WorkspaceSettings

SCOPES = [
    "app_mentions:read",
    "channels:history",
    "channels:join",
    "channels:read",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "reactions:write",
    "users:read",
]
EVENTS = [
    "app_home_opened",
    "app_mention",
    "file_deleted",
    "file_shared",
    "member_joined_channel",
    "message.channels",
    "message.groups",
    "message.im",
    "tokens_revoked",
]
DANA, MARCUS, PRIYA, BOT = "U02DANA001", "U02MARCUS1", "U02PRIYA01", "U02FAXBOT1"
CLAIMS, LEGAL, DANA_IM = "C02CLAIMS1", "C02LEGAL01", "D02DANA001"


def write_manifest(
    directory: Path, scopes: list[str] | None = None, events: list[str] | None = None, **features: Any
) -> Path:
    """Write a manifest with these scopes and events (default: SCOPES and EVENTS); return its path."""
    path = directory / "manifest.yml"
    document = {
        "display_information": {"name": "faxbot"},
        "features": {
            "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
            "bot_user": {"display_name": "faxbot", "always_online": True},
            "slash_commands": [
                {"command": "/fax", "description": "Send a fax", "usage_hint": "send <number>"},
                {"command": "/esc", "description": "Escaped", "should_escape": True},
            ],
            "shortcuts": [
                {"name": "Fax this", "type": "message", "callback_id": "fax_this", "description": "Fax it"},
                {"name": "Send", "type": "global", "callback_id": "send_fax", "description": "Send a fax"},
            ],
            **features,
        },
        "oauth_config": {"scopes": {"bot": SCOPES if scopes is None else scopes}},
        "settings": {
            "event_subscriptions": {"bot_events": EVENTS if events is None else events},
            "interactivity": {"is_enabled": True},
            "socket_mode_enabled": True,
        },
    }
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


@asynccontextmanager
async def running(tmp_path: Path, manifest: Path | None = None, **changes: Any) -> AsyncIterator[Workspace]:
    """A running workspace; *changes* are settings that differ from the defaults."""
    settings = WorkspaceSettings()
    settings.change({"share_delay": 0.0, **changes})
    found = manifest or write_manifest(tmp_path)
    async with Workspace(tmp_path / "ws", manifest=found, settings=settings) as workspace:
        yield workspace


class RawClient:
    """A client written from Slack's documentation, without the SDK."""

    def __init__(self, workspace: Workspace, session: aiohttp.ClientSession) -> None:
        self.workspace = workspace
        self.session = session

    async def form(self, method: str, token: str | None = None, **args: Any) -> dict[str, Any]:
        """A Web API call with form arguments; values other than strings are sent as JSON."""
        arguments = {k: v if isinstance(v, str) else json.dumps(v) for k, v in args.items()}
        async with self.session.post(
            self.workspace.api_url + method, data=arguments, headers=self.auth(token)
        ) as answer:
            return dict(await answer.json())

    async def json(self, method: str, token: str | None = None, **args: Any) -> dict[str, Any]:
        """A Web API call with a JSON body."""
        headers = {**self.auth(token), "Content-Type": "application/json; charset=utf-8"}
        async with self.session.post(
            self.workspace.api_url + method, data=json.dumps(args), headers=headers
        ) as answer:
            return dict(await answer.json())

    async def get(self, method: str, **args: str) -> dict[str, Any]:
        """A Web API call with arguments in the query."""
        async with self.session.get(
            self.workspace.api_url + method, params=args, headers=self.auth(None)
        ) as answer:
            return dict(await answer.json())

    def auth(self, token: str | None) -> dict[str, str]:
        """The Authorization header for *token* (default: the bot's); "" sends none."""
        token = self.workspace.bot_token if token is None else token
        return {"Authorization": f"Bearer {token}"} if token else {}

    async def person(self, action: str, **body: Any) -> dict[str, Any]:
        """A POST of the person API."""
        async with self.session.post(f"{self.workspace.url}/_/{action}", json=body) as answer:
            return dict(await answer.json())

    async def control(self, operation: str, **body: Any) -> dict[str, Any]:
        """A POST of the control API."""
        async with self.session.post(f"{self.workspace.url}/_/control/{operation}", json=body) as answer:
            return {"status": answer.status, **(await answer.json())}

    async def person_file(self, user: str, name: str, content: bytes) -> str:
        """Upload a file as a person; return its id."""
        form = aiohttp.FormData()
        form.add_field("user", user)
        form.add_field("file", content, filename=name)
        async with self.session.post(f"{self.workspace.url}/_/upload", data=form) as answer:
            return str((await answer.json())["files"][0]["id"])

    async def upload(self, name: str, content: bytes, **complete: Any) -> tuple[str, dict[str, Any]]:
        """Upload a file with the three calls of files v2; return its id and the last answer."""
        upload = await self.form("files.getUploadURLExternal", filename=name, length=str(len(content)))
        async with self.session.post(upload["upload_url"], data=content) as answer:
            assert answer.status == 200
        completed = await self.json(
            "files.completeUploadExternal", files=[{"id": upload["file_id"], "title": name}], **complete
        )
        return upload["file_id"], completed

    @asynccontextmanager
    async def socket(self, *, ack: bool | Callable[[dict[str, Any]], Any] = True) -> AsyncIterator["Socket"]:
        """A Socket Mode connection; *ack*: acknowledge all, nothing, or with the payload it returns."""
        opened = await self.form("apps.connections.open", token=self.workspace.app_token)
        async with self.session.ws_connect(opened["url"]) as stream:
            assert (await stream.receive_json())["type"] == "hello"
            socket = Socket(stream, ack)
            reader = asyncio.create_task(socket.read())
            try:
                yield socket
            finally:
                reader.cancel()
                await asyncio.gather(reader, return_exceptions=True)


class Socket:
    """One Socket Mode connection: its received messages, and how it acknowledges envelopes."""

    def __init__(self, stream: aiohttp.ClientWebSocketResponse, ack: Any) -> None:
        self.stream = stream
        self.ack = ack
        self.received: list[dict[str, Any]] = []

    async def read(self) -> None:
        """Receive messages until the connection closes."""
        async for message in self.stream:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            envelope = json.loads(message.data)
            self.received.append(envelope)
            if "envelope_id" in envelope and self.ack:
                answer: dict[str, Any] = {"envelope_id": envelope["envelope_id"]}
                payload = self.ack(envelope) if callable(self.ack) else None
                if isinstance(payload, Awaitable):
                    payload = await payload
                if payload is not None:
                    answer["payload"] = payload
                await self.stream.send_json(answer)

    def events(self, kind: str) -> list[dict[str, Any]]:
        """The events of this type, with the envelope's attempt."""
        return [
            {**e["payload"]["event"], "attempt": e["retry_attempt"], "event_id": e["payload"]["event_id"]}
            for e in self.received
            if e.get("type") == "events_api" and e["payload"]["event"]["type"] == kind
        ]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The payloads of the envelopes of this type."""
        return [e["payload"] for e in self.received if e.get("type") == kind]
