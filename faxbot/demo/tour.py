"""The demo without a person: a fax goes out, one is stopped, others come in, and a record is deleted."""

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console

from faxbot.demo.bot_process import BotStoppedError
from faxbot.demo.person import NotAllowedError, NotThereError, Person, SeenState
from faxbot.demo.screen import Screen, lines_of, plain
from faxbot.demo.stack import SAMPLES, DemoStack, fresh_folder, progress
from faxbot.standins.slack.model.people import CLAIMS, DANA, INBOUND_FAX

SPEED = 40.0
POLLS = {"FAXBOT_POLL_ACTIVE_SECONDS": "0.3", "FAXBOT_INBOX_SECONDS": "0.5"}
"""At this speed a page takes less than a second: whoever wants to see each one has to look often."""
STOPPED = 130
"""What a shell calls a program that Ctrl-C ended."""
SOON = 20.0
"""Seconds for an answer to something that was typed or pressed."""
A_FAX = 40.0
"""Seconds for a fax to go through or come in; three pages take about five at this speed."""

Item = dict[str, Any]


async def run_tour() -> int:
    """Show the whole job from one end to the other; 0 only if all of it happened."""
    console = Console(highlight=False)
    with fresh_folder(None) as folder:
        try:
            async with DemoStack(folder, speed=SPEED, port=0, say=progress(console), settings=POLLS) as house:
                try:
                    await _Tour(console, house).go()
                except (NotThereError, NotAllowedError, aiohttp.ClientError, TimeoutError) as exc:
                    console.print(f"\nThe tour stops here. {exc}", style="red", markup=False)
                    console.print(f"The bot's log:{house.bot.last_words() or ' empty'}", markup=False)
                    return 1
        except BotStoppedError as stopped:
            console.print(str(stopped), style="red", markup=False)
            return stopped.code
        except asyncio.CancelledError:
            console.print("\nStopped before the end.", style="red")
            return STOPPED
    console.print("\nAll of it happened.", style="bold green")
    return 0


class _Tour:
    """Dana Whitfield's morning."""

    def __init__(self, console: Console, house: DemoStack) -> None:
        state = house.workspace.state
        names = {user["id"]: str(user["real_name"]) for user in state.users.values()}
        names |= {each.id: each.name or "direct message" for each in state.channels.values()}
        self._names = names
        self._dm = next(each.id for each in state.channels.values() if each.partner == DANA)
        self._zone = timezone(timedelta(seconds=state.users[DANA]["tz_offset"]))
        self._screen = Screen(console, names, self._zone)
        self._dana = Person(house.workspace.url, DANA, self._screen.hear)

    async def go(self) -> None:
        """Every step, in order. Raises NotThereError or NotAllowedError at the first that does not happen."""
        async with self._dana:
            await self._lines()
            await self._send_by_command()
            await self._send_by_share()
            await self._stop_a_busy_one()
            await self._fax_ourselves()
            await self._delete(await self._let_one_arrive())

    async def _lines(self) -> None:
        self._screen.step("1. Which lines are there?")
        await self._type("/fax lines")
        await self._whisper("the lines Sales, Support and Billing", "Sales", "Support", "Billing")

    async def _send_by_command(self) -> None:
        self._screen.step("2. Send a document by command")
        after = await self._share(CLAIMS, SAMPLES / "referral.pdf", "Referral for Mr. Weller")
        await self._type("/fax send 469 555 0101")
        await self._whisper(
            "the answer that names the file", "Faxing", "referral.pdf", "3 pages", after=after
        )
        await self._delivered(CLAIMS, "4695550101", after)

    async def _send_by_share(self) -> None:
        self._screen.step("3. Send a document by giving it to the bot")
        after = await self._share(self._dm, SAMPLES / "referral.pdf", "Please fax this to (469) 555-0101")
        await self._delivered(self._dm, "4695550101", after)

    async def _stop_a_busy_one(self) -> None:
        self._screen.step("4. A busy number, and a change of mind")
        after = await self._share(CLAIMS, SAMPLES / "note.pdf", "Note to the insurer")
        await self._type("/fax send 469 555 0200")
        card = await self._card(CLAIMS, "4695550200", after, "Busy", button="Cancel fax")
        await self._press(card, "Cancel fax")
        await self._card(CLAIMS, "4695550200", after, "Stopped by @Dana Whitfield", within=A_FAX)

    async def _fax_ourselves(self) -> None:
        self._screen.step("5. A fax to a line of our own: it leaves here and arrives here")
        after = await self._share(CLAIMS, SAMPLES / "referral.pdf", "To our Support line")
        await self._type("/fax send 1 469 555 1112 from Sales")
        await self._delivered(CLAIMS, "14695551112", after)
        arrived, _ = await self._received("Fax from", "3 pages", "Support", after=after)
        same = await self._dana.look_into(arrived["files"][0])
        if same != (SAMPLES / "referral.pdf").read_bytes():
            raise NotThereError(f"What arrived ({len(same)} bytes) is not the document that was sent.")

    async def _let_one_arrive(self) -> Item:
        self._screen.step("6. Somebody faxes us")
        after = self._newest(INBOUND_FAX)
        self._screen.did("MERCY HEART faxes two pages to the Sales line")
        fax = {"line": "1", "from": "12142454571", "station_id": "MERCY HEART", "pages": 2}
        await self._dana.let_arrive(**fax)
        _, card = await self._received("Fax from", "214-245-4571", "2 pages", "Sales", after=after)
        return card

    async def _delete(self, card: Item) -> None:
        self._screen.step("7. Delete its record")
        await self._press(card, "Delete record")

        def gone(sight: SeenState) -> bool:
            now = sight.messages.get((card["channel"], card["ts"]), {})
            return "Record deleted by @Dana Whitfield" in self._read(now) and not _has(now, "Delete record")

        await self._dana.until(
            '"Record deleted by @Dana Whitfield" and no button', gone, within=A_FAX, channel=INBOUND_FAX
        )

    # -- what Dana does

    async def _share(self, channel: str, path: Path, text: str) -> str:
        """Share *path*; the ts of the message, when it is there to see."""
        self._screen.did(f"Dana shares {path.name}")
        files = await self._dana.upload(path)
        ts = await self._dana.say(channel, text, files=files)
        await self._dana.until(
            f"{path.name} in the conversation",
            lambda sight: (channel, ts) in sight.messages,
            within=SOON,
            channel=channel,
        )
        return ts

    async def _type(self, command: str) -> None:
        self._screen.did(f"Dana types  {command}")
        await self._dana.command(CLAIMS, command)

    async def _press(self, message: Item, label: str) -> None:
        self._screen.did(f"Dana presses [ {label} ]")
        confirm = await self._dana.press(message, label)
        if confirm is None:
            raise NotThereError(f'"{label}" did not ask first.')
        self._screen.dialog(confirm)

    # -- what Dana sees

    async def _whisper(self, what: str, *words: str, after: str = "") -> None:
        def seen(sight: SeenState) -> bool:
            whispers = sight.whispered(CLAIMS, after=after)
            return any(all(word in self._read(each) for word in words) for each in whispers)

        await self._dana.until(what, seen, within=SOON, channel=CLAIMS)

    async def _delivered(self, channel: str, digits: str, after: str) -> None:
        """Wait for the card of a fax, for its steps in the thread, and for the end of both."""
        await self._card(channel, digits, after)
        card = await self._card(channel, digits, after, "Delivered", button="Delete record", within=A_FAX)
        for step in ("Queued", "Delivered"):
            await self._step_of(card, step)

    async def _step_of(self, card: Item, step: str) -> None:
        def told(sight: SeenState) -> bool:
            return any(step in self._read(reply) for reply in sight.thread(card))

        await self._dana.until(
            f'the step "{step}" in the thread of the card', told, within=SOON, channel=card["channel"]
        )

    async def _card(
        self,
        channel: str,
        digits: str,
        after: str,
        words: str = "",
        *,
        button: str = "",
        within: float = SOON,
    ) -> Item:
        """Wait for the card of the fax to *digits* that says *words* and has *button*."""

        def seen(sight: SeenState) -> Item | None:
            for message in sight.in_channel(channel, after=after):
                first = self._read(message).partition("\n")[0]
                mine = "Fax to" in first and digits in re.sub(r"\D", "", first)
                if mine and words in self._read(message) and (not button or _has(message, button)):
                    return message
            return None

        what = f"the card of the fax to {digits}"
        what += f' with "{words}"' * bool(words) + f" and the button [ {button} ]" * bool(button)
        return await self._dana.until(what, seen, within=within, channel=channel)

    async def _received(self, *words: str, after: str) -> tuple[Item, Item]:
        """Wait for a fax in #inbound-fax with *words* beside its file, and for the details in its thread."""

        def file(sight: SeenState) -> Item | None:
            return self._first(
                sight.in_channel(INBOUND_FAX, after=after),
                lambda each: bool(each.get("files")) and all(word in self._read(each) for word in words),
            )

        arrived = await self._dana.until(
            f"a file in #inbound-fax with {', '.join(words)}", file, within=A_FAX, channel=INBOUND_FAX
        )
        card = await self._dana.until(
            "its details with [ Delete record ] in its thread",
            lambda sight: self._first(sight.thread(arrived), lambda each: _has(each, "Delete record")),
            within=SOON,
            channel=INBOUND_FAX,
        )
        return arrived, card

    def _newest(self, channel: str) -> str:
        messages = self._dana.sight.in_channel(channel)
        return str(messages[-1]["ts"]) if messages else ""

    @staticmethod
    def _first(messages: list[Item], fits: Callable[[Item], bool]) -> Item | None:
        return next((each for each in messages if fits(each)), None)

    def _read(self, message: Item) -> str:
        """All that *message* says, as a person reads it."""
        return plain("\n".join(lines_of(message)), self._names, self._zone).replace("*", "")


def _has(message: Item, button: str) -> bool:
    return any(f"[ {button} ]" in line for line in lines_of(message))
