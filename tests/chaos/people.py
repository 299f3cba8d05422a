"""What the people of a world do, and do again when Slack shows them an error."""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf

from faxbot.demo.person import NotAllowedError, NotThereError, Person
from faxbot.standins.slack.model.people import BOT_ID, DANA, PRIYA
from tests.chaos.story import Sending, Story, digits, headline, refuses
from tests.chaos.world import StuckError, World

Item = dict[str, Any]

TRIES = 12
SOON = 15.0
REPEAT_SECONDS = 3.0
"""Seconds after which a person clicks again on a button without an effect."""


def make_pdf(path: Path, name: str, pages: int = 1) -> Path:
    """Pages that no other PDF of this world equals."""
    with pikepdf.new() as pdf:
        for _ in range(pages):
            page = pdf.add_blank_page(page_size=(612, 792))
            page.obj.Contents = pdf.make_stream(b"72 72 72 72 re f")
        pdf.docinfo["/Title"] = name
        pdf.save(path, deterministic_id=True)
    return path


def button(message: Item, label: str) -> bool:
    """Whether *message* has the button *label*."""
    return any(
        element.get("type") == "button" and element["text"]["text"] == label
        for block in message.get("blocks") or []
        for element in block.get("elements", [])
    )


class Sights:
    """The bot's messages as they are in Slack now."""

    def __init__(self, world: World) -> None:
        self._state = world.slack.state

    def messages(self, channel: str) -> list[Item]:
        """All of the bot's in a conversation, replies included, oldest first."""
        found = self._state.messages.in_order(channel)
        return [{**each, "channel": channel} for each in found if each.get("bot_id") == BOT_ID]

    def cards(self, channel: str, number: str) -> list[Item]:
        """The cards of a number, oldest first."""
        return [each for each in self.messages(channel) if headline(each) == digits(number)]

    def steps(self, card: Item) -> list[str]:
        """The lines in a card's thread."""
        replies = [
            each
            for each in self.messages(card["channel"])
            if each.get("thread_ts") == card["ts"] != each["ts"]
        ]
        return [line for reply in replies for line in str(reply.get("text", "")).splitlines()]

    def saw_ephemeral(self, user: str, words: str) -> bool:
        """Whether *user* got an ephemeral with *words*."""
        return any(words in each for each in self._whispers(user))

    def refusals(self, user: str) -> int:
        """How often *user* was notified that a request was refused."""
        return sum(map(refuses, self._whispers(user)))

    def _whispers(self, user: str) -> list[str]:
        answer = self._state.ephemerals.values()
        return [str(each.content.get("text", "")) for each in answer if each.user == user]


class Somebody:
    """A person who tries again: only while the bot is connected, and until Slack shows no error."""

    def __init__(self, world: World, user: str) -> None:
        self._world, self.user = world, user
        self.person = Person(world.slack.url, user)

    async def command(self, channel: str, text: Callable[[int], str]) -> list[bool]:
        """Type what *text* makes of the number of the attempt, until it is taken; which attempts were."""
        tried: list[bool] = []
        for attempt in range(TRIES):
            await self._world.until("the bot is connected", lambda: self._world.connected)
            try:
                await self.person.command(channel, text(attempt))
            except NotAllowedError:
                tried.append(False)
            else:
                return [*tried, True]
        return tried

    async def press(self, message: Item, label: str) -> bool:
        """Press a button once; whether Slack took it. Raises NotThereError."""
        await self._world.until("the bot is connected", lambda: self._world.connected)
        self.person.seen.apply({"type": "message", "message": message})
        try:
            await self.person.press(message, label)
        except NotAllowedError:
            return False
        return True

    async def press_until(
        self, what: str, find: Callable[[], Item | None], label: str, done: Callable[[], object]
    ) -> list[bool]:
        """Press *label* on what *find* finds until it is *done*, again when nothing comes of it."""
        tried: list[bool] = []
        deadline = asyncio.get_running_loop().time() + SOON * 2
        again_at = 0.0
        while not done():
            now = asyncio.get_running_loop().time()
            message = find()
            if message is not None and button(message, label) and now >= again_at:
                try:
                    tried.append(await self.press(message, label))
                except NotThereError:
                    continue
                again_at = now + (REPEAT_SECONDS if tried[-1] else 0.0)
            if now > deadline:
                await self._world.until(what, done, 0.0)
            await asyncio.sleep(0.02)
        return tried

    async def close(self) -> None:
        """Stop looking."""
        await self.person.close()


class Playing:
    """What every playing has: the people, what they see, the story so far, and who answers questions."""

    def __init__(self, world: World) -> None:
        self.world, self.sights = world, Sights(world)
        self.dana, self.priya = Somebody(world, DANA), Somebody(world, PRIYA)
        self.dm = next(each.id for each in world.slack.state.channels.values() if each.partner == DANA)
        self.story = Story()

    async def perform(self, quiet: float) -> None:
        """Everything, until nothing more comes for *quiet* seconds. Raises StuckError."""
        raise NotImplementedError

    async def play(self, quiet: float) -> Story:
        """Perform; what never comes about ends it, and the story says what."""
        answering = asyncio.create_task(self._answer_questions())
        try:
            await self.world.until("the bot is connected", lambda: self.world.connected, 30.0)
            await self.perform(quiet)
        except StuckError as stuck:
            self.story.stuck = str(stuck)
        finally:
            answering.cancel()
            await asyncio.gather(answering, return_exceptions=True)
            await self.dana.close()
            await self.priya.close()
        return self.story

    async def share(self, channel: str, path: Path, text: str) -> None:
        """Dana shares a file."""
        files = await self.dana.person.upload(path)
        await self.dana.person.post(channel, text, files=files)

    def card(self, sending: Sending) -> Item | None:
        """The newest card of a sending, where it was asked for."""
        cards = self.sights.cards(sending.channels[0], sending.number)
        return cards[-1] if cards else None

    def submissions(self, sending: Sending) -> list[Item]:
        """What the fax server took for its number."""
        answer = self.world.fax.log.entries("submission")
        return [each for each in answer if digits(str(each["destination"])) == digits(sending.number)]

    async def _answer_questions(self) -> None:
        """Whenever a card asks whether a fax went, Dana answers as the fax server's log has it."""
        while True:
            await asyncio.sleep(0.05)
            for sending in list(self.story.sendings):
                card = self.card(sending)
                if card is None or not button(card, "Send again") or not self.world.connected:
                    continue
                label = "It went" if self.submissions(sending) else "Send again"
                with contextlib.suppress(NotThereError, StuckError):
                    await self.dana.press(card, label)
                await asyncio.sleep(0.5)
