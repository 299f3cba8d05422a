"""The scripted demo: faxes are sent, canceled and received, and a record is deleted."""

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta, timezone
from pathlib import Path

import aiohttp
from rich.console import Console

from faxbot.demo.bot_process import BotStoppedError
from faxbot.demo.person import NotAllowedError, NotThereError, Person, SeenState, SlackObject
from faxbot.demo.screen import Screen, lines_of, plain
from faxbot.demo.stack import SAMPLES, DemoStack, fresh_folder, progress
from faxbot.standins.slack.model.people import CLAIMS, DANA, INBOUND_FAX

SPEED = 40.0
POLLS = {"FAXBOT_POLL_ACTIVE_SECONDS": "0.3", "FAXBOT_INBOX_SECONDS": "0.5"}
"""At this speed a page takes less than a second; shorter intervals are needed to show each one."""
INTERRUPTED = 130
"""The exit code after Ctrl-C, as a shell reports it."""
ANSWER_SECONDS = 20.0
"""The time limit for an answer to a command or a press."""
FAX_SECONDS = 40.0
"""The time limit for sending or receiving a fax; three pages take about five seconds at this speed."""


async def run_tour() -> int:
    """Run every step of the tour; return 0 only if each succeeded."""
    console = Console(highlight=False)
    with fresh_folder(None) as folder:
        try:
            async with DemoStack(
                folder, speed=SPEED, port=0, print_line=progress(console), settings=POLLS
            ) as stack:
                try:
                    await _Tour(console, stack).go()
                except (NotThereError, NotAllowedError, aiohttp.ClientError, TimeoutError) as exc:
                    console.print(f"\nThe tour stops here. {exc}", style="red", markup=False)
                    console.print(f"The bot's log:{stack.bot.log_tail() or ' empty'}", markup=False)
                    return 1
        except BotStoppedError as stopped:
            console.print(str(stopped), style="red", markup=False)
            return stopped.code
        except asyncio.CancelledError:
            console.print("\nStopped before the end.", style="red")
            return INTERRUPTED
    console.print("\nAll of it happened.", style="bold green")
    return 0


class _Tour:
    """The steps of the tour, as the person Dana Whitfield."""

    def __init__(self, console: Console, stack: DemoStack) -> None:
        state = stack.workspace.state
        names = {user["id"]: str(user["real_name"]) for user in state.users.values()}
        names |= {each.id: each.name or "direct message" for each in state.channels.values()}
        self._names = names
        self._dm = next(each.id for each in state.channels.values() if each.partner == DANA)
        self._zone = timezone(timedelta(seconds=state.users[DANA]["tz_offset"]))
        self._screen = Screen(console, names, self._zone)
        self._dana = Person(stack.workspace.url, DANA, self._screen.show_event)

    async def go(self) -> None:
        """
        Run every step in order.

        Raises:
            NotThereError: An expected message or button did not appear.
            NotAllowedError: The workspace refused an action.

        """
        async with self._dana:
            await self._list_lines()
            await self._send_by_command()
            await self._send_by_share()
            await self._cancel_a_busy_one()
            await self._send_to_own_line()
            await self._delete(await self._receive_a_fax())

    async def _list_lines(self) -> None:
        self._screen.show_heading("1. List the lines")
        await self._type("/fax lines")
        await self._ephemeral("the lines Sales, Support and Billing", "Sales", "Support", "Billing")

    async def _send_by_command(self) -> None:
        self._screen.show_heading("2. Send a document by command")
        after = await self._share(CLAIMS, SAMPLES / "referral.pdf", "Referral for Mr. Weller")
        await self._type("/fax send 469 555 0101")
        await self._ephemeral(
            "the answer that names the file", "Faxing", "referral.pdf", "3 pages", after=after
        )
        await self._delivered(CLAIMS, "4695550101", after)

    async def _send_by_share(self) -> None:
        self._screen.show_heading("3. Send a document by sharing it with the bot")
        after = await self._share(self._dm, SAMPLES / "referral.pdf", "Please fax this to (469) 555-0101")
        await self._delivered(self._dm, "4695550101", after)

    async def _cancel_a_busy_one(self) -> None:
        self._screen.show_heading("4. Cancel a fax to a busy number")
        after = await self._share(CLAIMS, SAMPLES / "note.pdf", "Note to the insurer")
        await self._type("/fax send 469 555 0200")
        card = await self._card(CLAIMS, "4695550200", after, "Busy", button="Cancel fax")
        await self._press(card, "Cancel fax")
        await self._card(CLAIMS, "4695550200", after, "Stopped by @Dana Whitfield", within=FAX_SECONDS)

    async def _send_to_own_line(self) -> None:
        self._screen.show_heading("5. Send a fax to one of our own lines")
        after = await self._share(CLAIMS, SAMPLES / "referral.pdf", "To our Support line")
        await self._type("/fax send 1 469 555 1112 from Sales")
        await self._delivered(CLAIMS, "14695551112", after)
        arrived, _ = await self._received("Fax from", "3 pages", "Support", after=after)
        same = await self._dana.download(arrived["files"][0])
        if same != (SAMPLES / "referral.pdf").read_bytes():
            raise NotThereError(f"What arrived ({len(same)} bytes) is not the document that was sent.")

    async def _receive_a_fax(self) -> SlackObject:
        self._screen.show_heading("6. Receive a fax")
        after = self._newest(INBOUND_FAX)
        self._screen.show_action("MERCY HEART faxes two pages to the Sales line")
        fax = {"line": "1", "from": "12142454571", "station_id": "MERCY HEART", "pages": 2}
        await self._dana.receive_fax(**fax)
        _, card = await self._received("Fax from", "214-245-4571", "2 pages", "Sales", after=after)
        return card

    async def _delete(self, card: SlackObject) -> None:
        self._screen.show_heading("7. Delete its record")
        await self._press(card, "Delete record")

        def gone(seen: SeenState) -> bool:
            now = seen.messages.get((card["channel"], card["ts"]), {})
            return "Record deleted by @Dana Whitfield" in self._text_of(now) and not _has(
                now, "Delete record"
            )

        await self._dana.until(
            '"Record deleted by @Dana Whitfield" and no button', gone, within=FAX_SECONDS, channel=INBOUND_FAX
        )

    # -- actions

    async def _share(self, channel: str, path: Path, text: str) -> str:
        """Share *path*; return the ts of the message once it is visible."""
        self._screen.show_action(f"Dana shares {path.name}")
        files = await self._dana.upload(path)
        ts = await self._dana.post(channel, text, files=files)
        await self._dana.until(
            f"{path.name} in the conversation",
            lambda seen: (channel, ts) in seen.messages,
            within=ANSWER_SECONDS,
            channel=channel,
        )
        return ts

    async def _type(self, command: str) -> None:
        self._screen.show_action(f"Dana types  {command}")
        await self._dana.command(CLAIMS, command)

    async def _press(self, message: SlackObject, label: str) -> None:
        self._screen.show_action(f"Dana presses [ {label} ]")
        confirm = await self._dana.press(message, label)
        if confirm is None:
            raise NotThereError(f'"{label}" did not ask first.')
        self._screen.show_dialog(confirm)

    # -- expectations

    async def _ephemeral(self, what: str, *words: str, after: str = "") -> None:
        def found(seen: SeenState) -> bool:
            ephemerals = seen.ephemerals_in(CLAIMS, after=after)
            return any(all(word in self._text_of(each) for word in words) for each in ephemerals)

        await self._dana.until(what, found, within=ANSWER_SECONDS, channel=CLAIMS)

    async def _delivered(self, channel: str, digits: str, after: str) -> None:
        """Wait for the card of a fax, for its delivery, and for the steps in its thread."""
        await self._card(channel, digits, after)
        card = await self._card(
            channel, digits, after, "Delivered", button="Delete record", within=FAX_SECONDS
        )
        for step in ("Queued", "Delivered"):
            await self._step_in_thread(card, step)

    async def _step_in_thread(self, card: SlackObject, step: str) -> None:
        def found(seen: SeenState) -> bool:
            return any(step in self._text_of(reply) for reply in seen.thread(card))

        await self._dana.until(
            f'the step "{step}" in the thread of the card',
            found,
            within=ANSWER_SECONDS,
            channel=card["channel"],
        )

    async def _card(
        self,
        channel: str,
        digits: str,
        after: str,
        words: str = "",
        *,
        button: str = "",
        within: float = ANSWER_SECONDS,
    ) -> SlackObject:
        """Wait for the card of the fax to *digits* with *words* and *button*."""

        def found(seen: SeenState) -> SlackObject | None:
            for message in seen.in_channel(channel, after=after):
                first = self._text_of(message).partition("\n")[0]
                mine = "Fax to" in first and digits in re.sub(r"\D", "", first)
                if mine and words in self._text_of(message) and (not button or _has(message, button)):
                    return message
            return None

        what = f"the card of the fax to {digits}"
        what += f' with "{words}"' * bool(words) + f" and the button [ {button} ]" * bool(button)
        return await self._dana.until(what, found, within=within, channel=channel)

    async def _received(self, *words: str, after: str) -> tuple[SlackObject, SlackObject]:
        """Wait for a file in #inbound-fax with *words* in its message, and for the details in its thread."""

        def found(seen: SeenState) -> SlackObject | None:
            return self._first(
                seen.in_channel(INBOUND_FAX, after=after),
                lambda each: bool(each.get("files")) and all(word in self._text_of(each) for word in words),
            )

        arrived = await self._dana.until(
            f"a file in #inbound-fax with {', '.join(words)}", found, within=FAX_SECONDS, channel=INBOUND_FAX
        )
        card = await self._dana.until(
            "its details with [ Delete record ] in its thread",
            lambda seen: self._first(seen.thread(arrived), lambda each: _has(each, "Delete record")),
            within=ANSWER_SECONDS,
            channel=INBOUND_FAX,
        )
        return arrived, card

    def _newest(self, channel: str) -> str:
        messages = self._dana.seen.in_channel(channel)
        return str(messages[-1]["ts"]) if messages else ""

    @staticmethod
    def _first(messages: list[SlackObject], matches: Callable[[SlackObject], bool]) -> SlackObject | None:
        return next((each for each in messages if matches(each)), None)

    def _text_of(self, message: SlackObject) -> str:
        """The whole text of *message*, as plain text."""
        return plain("\n".join(lines_of(message)), self._names, self._zone).replace("*", "")


def _has(message: SlackObject, button: str) -> bool:
    return any(f"[ {button} ]" in line for line in lines_of(message))
