"""One person at the workspace stand-in: sees what they would see, does what they could do."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp

Found = TypeVar("Found")
Item = dict[str, Any]

LONG_POLL_SECONDS = 5.0
"""How long one wait for news lasts before what is there is looked at again."""
REQUEST_SECONDS = 30.0


class NotThereError(Exception):
    """What the person waited for or reached for was not there; str() says what was."""


class NotAllowedError(Exception):
    """The workspace said no; str() is what the person would read."""


@dataclass
class SeenState:
    """What one person can see: messages by conversation and ts, whispers by id, modals by id."""

    messages: dict[tuple[str, str], Item] = field(default_factory=dict)
    whispers: dict[str, Item] = field(default_factory=dict)
    views: dict[str, Item] = field(default_factory=dict)

    def learn(self, event: Item) -> None:
        """Take in one event of the person API."""
        match event["type"]:
            case "message":
                message = event["message"]
                self.messages[message["channel"], message["ts"]] = message
            case "message_deleted":
                self.messages.pop((event["channel"], event["ts"]), None)
            case "ephemeral":
                self.whispers[event["ephemeral"]["id"]] = event["ephemeral"]
            case "ephemeral_deleted":
                self.whispers.pop(event["id"], None)
            case "view":
                self.views[event["view"]["id"]] = event["view"]
            case "view_closed":
                self.views.pop(event["id"], None)

    def in_channel(self, channel: str, *, after: str = "") -> list[Item]:
        """The messages of a conversation and its threads that are newer than ts *after*, oldest first."""
        found = [m for (where, ts), m in self.messages.items() if where == channel and ts > after]
        return sorted(found, key=lambda message: str(message["ts"]))

    def whispered(self, channel: str, *, after: str = "") -> list[Item]:
        """What only this person sees of a conversation, newer than ts *after*."""
        return [w for w in self.whispers.values() if w["channel"] == channel and w["ts"] > after]

    def thread(self, message: Item) -> list[Item]:
        """The replies to *message*, oldest first."""
        return [
            reply
            for reply in self.in_channel(message["channel"])
            if reply.get("thread_ts") == message["ts"] != reply["ts"]
        ]


class Person:
    """
    A person of the workspace, for the length of an `async with`.

    Args:
        url: Of the workspace's page.
        user: Their id.
        hear: Told of every event once, in order, before it is taken in.

    """

    def __init__(self, url: str, user: str, hear: Callable[[Item], None] = lambda _: None) -> None:
        self.user = user
        self.sight = SeenState()
        self._url = url.rstrip("/")
        self._hear = hear
        self._seq = 0
        timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
        self._session = aiohttp.ClientSession(timeout=timeout)

    async def __aenter__(self) -> Self:
        shown = await self._get("/_/snapshot", user=self.user)
        self._seq = shown["seq"]
        for message in shown["messages"]:
            self.sight.learn({"type": "message", "message": message})
        for whisper in shown["ephemerals"]:
            self.sight.learn({"type": "ephemeral", "ephemeral": whisper})
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    # -- doing

    async def upload(self, *paths: Path) -> list[str]:
        """Upload files, shared with nobody yet; their ids."""
        form = aiohttp.FormData({"user": self.user})
        for path in paths:
            content = await asyncio.to_thread(path.read_bytes)
            form.add_field("file", content, filename=path.name)
        answer = await self._answer("upload", data=form)
        return [file["id"] for file in answer["files"]]

    async def say(self, channel: str, text: str, *, files: list[str] | None = None) -> str:
        """Write in *channel*, with uploaded *files*; the message's ts."""
        answer = await self._do("say", channel=channel, text=text, files=files or [])
        return str(answer["ts"])

    async def command(self, channel: str, text: str) -> None:
        """Type a slash command."""
        await self._do("command", channel=channel, text=text)

    async def press(self, shown: Item, label: str) -> Item | None:
        """
        Press the button *label* of a message or whisper and say yes to its dialog; the dialog, if any.

        Raises:
            NotThereError: There is no such button.

        """
        for block in shown.get("blocks") or []:
            for element in [
                *block.get("elements", []),
                *([block["accessory"]] if "accessory" in block else []),
            ]:
                if element.get("type") == "button" and element["text"]["text"] == label:
                    place = (
                        {"channel": shown["channel"], "ts": shown["ts"]}
                        if (shown["channel"], shown["ts"]) in self.sight.messages
                        else {"ephemeral": shown["id"]}
                    )
                    pressed = {"block_id": block["block_id"], "action_id": element["action_id"]}
                    await self._do("press", **place, **pressed, value=element.get("value", ""))
                    confirm: Item | None = element.get("confirm")
                    return confirm
        raise NotThereError(f'There is no button "{label}" on it.')

    async def submit(self, view: Item, values: Item) -> None:
        """Fill in a modal and send it; *values* has the shape of a view's state.values."""
        await self._do("submit", view=view["id"], values=values)

    async def let_arrive(self, **fax: object) -> None:
        """Let a fax arrive at the simulated fax server; docs/fax-server.md names the fields of *fax*."""
        async with self._session.post(f"{self._url}/_/fax/receive", json=fax) as answer:
            if answer.status != 200:
                raise NotAllowedError(await answer.text())

    async def look_into(self, file: Item) -> bytes:
        """The bytes of a file that is shown."""
        async with self._session.get(f"{self._url}/_/file/{file['id']}") as answer:
            answer.raise_for_status()
            return await answer.read()

    # -- seeing

    async def until(
        self, what: str, look: Callable[[SeenState], Found | None], *, within: float, channel: str = ""
    ) -> Found:
        """
        Wait until *look* finds something, for at most *within* seconds.

        Raises:
            NotThereError: It did not; the message says *what* was waited for and what *channel* showed.

        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within
        while True:
            found = look(self.sight)
            if found:
                return found
            left = deadline - loop.time()
            if left <= 0:
                raise NotThereError(self._missed(what, within, channel))
            await self._listen(min(left, LONG_POLL_SECONDS))

    def _missed(self, what: str, within: float, channel: str) -> str:
        places = {channel} if channel else {where for where, _ in self.sight.messages}
        there = [str(m.get("text", "")) for place in sorted(places) for m in self.sight.in_channel(place)]
        there += [f"(only you) {w.get('text', '')}" for p in sorted(places) for w in self.sight.whispered(p)]
        listed = "\n".join(f"  - {' / '.join(text.splitlines())}" for text in there[-8:]) or "  nothing"
        return f"Waited {within:g} s for {what}. What was there:\n{listed}"

    async def _listen(self, seconds: float) -> None:
        news = await self._get("/_/wait", user=self.user, since=str(self._seq), timeout=f"{seconds:.3f}")
        self._seq = max(self._seq, news["seq"])
        for event in news["events"]:
            self._hear(event)
            self.sight.learn(event)

    # -- the wire

    async def _get(self, path: str, **query: str) -> Item:
        async with self._session.get(self._url + path, params=query) as answer:
            answer.raise_for_status()
            found: Item = await answer.json()
            return found

    async def _do(self, deed: str, **body: object) -> Item:
        return await self._answer(deed, json={"user": self.user, **body})

    async def _answer(self, deed: str, **request: Any) -> Item:  # noqa: ANN401  (a JSON body or a form)
        async with self._session.post(f"{self._url}/_/{deed}", **request) as answer:
            told: Item = await answer.json()
        if not told.get("ok"):
            errors = "; ".join((told.get("errors") or {}).values())
            raise NotAllowedError(errors or told.get("message") or told.get("error") or f"{deed} was refused")
        return told
