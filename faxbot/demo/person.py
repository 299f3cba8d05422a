"""A client of the Slack stand-in's person API: what one person sees and does."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp

Found = TypeVar("Found")
SlackObject = dict[str, Any]
"""A message, view or file as the Slack stand-in returns it."""

LONG_POLL_SECONDS = 5.0
"""The duration of one long poll for events."""
REQUEST_SECONDS = 30.0


class NotThereError(Exception):
    """The expected message or button was not there; str() says what was there instead."""


class NotAllowedError(Exception):
    """The workspace refused an action; str() is the text that the person's client shows."""


@dataclass
class SeenState:
    """What one person sees: messages by conversation and ts, ephemeral messages and modals by id."""

    messages: dict[tuple[str, str], SlackObject] = field(default_factory=dict)
    ephemerals: dict[str, SlackObject] = field(default_factory=dict)
    views: dict[str, SlackObject] = field(default_factory=dict)

    def apply(self, event: SlackObject) -> None:
        """Apply one event of the person API."""
        match event["type"]:
            case "message":
                message = event["message"]
                self.messages[message["channel"], message["ts"]] = message
            case "message_deleted":
                self.messages.pop((event["channel"], event["ts"]), None)
            case "ephemeral":
                self.ephemerals[event["ephemeral"]["id"]] = event["ephemeral"]
            case "ephemeral_deleted":
                self.ephemerals.pop(event["id"], None)
            case "view":
                self.views[event["view"]["id"]] = event["view"]
            case "view_closed":
                self.views.pop(event["id"], None)

    def in_channel(self, channel: str, *, after: str = "") -> list[SlackObject]:
        """The messages of a conversation and its threads that are newer than ts *after*, oldest first."""
        found = [m for (where, ts), m in self.messages.items() if where == channel and ts > after]
        return sorted(found, key=lambda message: str(message["ts"]))

    def ephemerals_in(self, channel: str, *, after: str = "") -> list[SlackObject]:
        """The person's ephemeral messages in a conversation that are newer than ts *after*."""
        return [e for e in self.ephemerals.values() if e["channel"] == channel and e["ts"] > after]

    def thread(self, message: SlackObject) -> list[SlackObject]:
        """The replies to *message*, oldest first."""
        return [
            reply
            for reply in self.in_channel(message["channel"])
            if reply.get("thread_ts") == message["ts"] != reply["ts"]
        ]


class Person:
    """
    A person of the workspace, as an async context manager: entering loads what the person sees.

    Args:
        url: The address of the workspace's page.
        user: The person's id.
        on_event: Called once with every event, in order, before it is applied to `seen`.

    """

    def __init__(self, url: str, user: str, on_event: Callable[[SlackObject], None] = lambda _: None) -> None:
        self.user = user
        self.seen = SeenState()
        self._url = url.rstrip("/")
        self._on_event = on_event
        self._seq = 0
        timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
        self._session = aiohttp.ClientSession(timeout=timeout)

    async def __aenter__(self) -> Self:
        try:
            shown = await self._get("/_/snapshot", user=self.user)
        except BaseException:
            await self.close()
            raise
        self._seq = shown["seq"]
        for message in shown["messages"]:
            self.seen.apply({"type": "message", "message": message})
        for ephemeral in shown["ephemerals"]:
            self.seen.apply({"type": "ephemeral", "ephemeral": ephemeral})
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the HTTP session."""
        await self._session.close()

    # -- actions

    async def upload(self, *paths: Path) -> list[str]:
        """Upload files without sharing them; return their ids."""
        form = aiohttp.FormData({"user": self.user})
        for path in paths:
            content = await asyncio.to_thread(path.read_bytes)
            form.add_field("file", content, filename=path.name)
        answer = await self._request("upload", data=form)
        return [file["id"] for file in answer["files"]]

    async def post(self, channel: str, text: str, *, files: list[str] | None = None) -> str:
        """Post a message in *channel*, with uploaded *files*; return its ts."""
        answer = await self._act("say", channel=channel, text=text, files=files or [])
        return str(answer["ts"])

    async def command(self, channel: str, text: str) -> None:
        """Run a slash command; *text* includes its name (`/fax help`)."""
        await self._act("command", channel=channel, text=text)

    async def press(self, shown: SlackObject, label: str) -> SlackObject | None:
        """
        Press the button *label* of a message and confirm its dialog; return the dialog, if any.

        Raises:
            NotThereError: There is no such button.

        """
        key = shown["channel"], shown["ts"]
        message = (
            {"channel": key[0], "ts": key[1]} if key in self.seen.messages else {"ephemeral": shown["id"]}
        )
        for block in shown.get("blocks") or []:
            accessory = [block["accessory"]] if "accessory" in block else []
            for element in [*block.get("elements", []), *accessory]:
                if element.get("type") == "button" and element["text"]["text"] == label:
                    button = {"block_id": block["block_id"], "action_id": element["action_id"]}
                    await self._act("press", **message, **button, value=element.get("value", ""))
                    confirm: SlackObject | None = element.get("confirm")
                    return confirm
        raise NotThereError(f'There is no button "{label}" on it.')

    async def submit(self, view: SlackObject, values: SlackObject) -> None:
        """Submit a modal; *values* has the shape of a view's state.values."""
        await self._act("submit", view=view["id"], values=values)

    async def receive_fax(self, **fax: object) -> None:
        """Make the simulated fax server receive a fax; docs/fax-server.md lists the fields of *fax*."""
        async with self._session.post(f"{self._url}/_/fax/receive", json=fax) as answer:
            if answer.status != 200:
                raise NotAllowedError(await answer.text())

    async def download(self, file: SlackObject) -> bytes:
        """The bytes of a file."""
        async with self._session.get(f"{self._url}/_/file/{file['id']}") as answer:
            answer.raise_for_status()
            return await answer.read()

    # -- waiting

    async def until(
        self, what: str, find: Callable[[SeenState], Found | None], *, within: float, channel: str = ""
    ) -> Found:
        """
        Wait until *find* returns something true, for at most *within* seconds.

        Raises:
            NotThereError: It did not; the text names *what* was expected and what *channel* showed.

        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within
        while True:
            found = find(self.seen)
            if found:
                return found
            left = deadline - loop.time()
            if left <= 0:
                raise NotThereError(self._not_found_text(what, within, channel))
            await self._poll(min(left, LONG_POLL_SECONDS))

    def _not_found_text(self, what: str, within: float, channel: str) -> str:
        places = {channel} if channel else {where for where, _ in self.seen.messages}
        there = [str(m.get("text", "")) for place in sorted(places) for m in self.seen.in_channel(place)]
        there += [
            f"(only you) {e.get('text', '')}" for p in sorted(places) for e in self.seen.ephemerals_in(p)
        ]
        listed = "\n".join(f"  - {' / '.join(text.splitlines())}" for text in there[-8:]) or "  nothing"
        return f"Waited {within:g} s for {what}. What was there:\n{listed}"

    async def _poll(self, seconds: float) -> None:
        answer = await self._get("/_/wait", user=self.user, since=str(self._seq), timeout=f"{seconds:.3f}")
        self._seq = max(self._seq, answer["seq"])
        for event in answer["events"]:
            self._on_event(event)
            self.seen.apply(event)

    # -- HTTP

    async def _get(self, path: str, **query: str) -> SlackObject:
        async with self._session.get(self._url + path, params=query) as answer:
            answer.raise_for_status()
            found: SlackObject = await answer.json()
            return found

    async def _act(self, action: str, **body: object) -> SlackObject:
        return await self._request(action, json={"user": self.user, **body})

    async def _request(self, action: str, **request: Any) -> SlackObject:  # noqa: ANN401  (a JSON body or a form)
        async with self._session.post(f"{self._url}/_/{action}", **request) as answer:
            reply: SlackObject = await answer.json()
        if not reply.get("ok"):
            errors = "; ".join((reply.get("errors") or {}).values())
            raise NotAllowedError(
                errors or reply.get("message") or reply.get("error") or f"{action} was refused"
            )
        return reply
