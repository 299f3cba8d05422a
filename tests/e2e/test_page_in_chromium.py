"""The stand-in's page in a real Chromium: what people see and do, and what the app receives."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from faxbot.standins.slack import Workspace
from faxbot.standins.slack.model.people import CLAIMS, DANA
from faxbot.standins.slack.person import snapshot
from faxbot.standins.ucx import SimulatedUcx

pytestmark = pytest.mark.asyncio(loop_scope="session")  # that of the browser
MANIFEST = """
display_information: {name: faxbot}
features:
  bot_user: {display_name: faxbot}
  slash_commands:
    - {command: /fax, description: Send and watch faxes, usage_hint: "send <number>"}
  shortcuts:
    - {name: Fax this…, type: message, callback_id: fax_this, description: Fax the files of this message}
    - {name: Send a fax, type: global, callback_id: send_fax, description: Fill in a form}
oauth_config:
  scopes:
    bot: [commands, chat:write, channels:read, channels:history, files:read, files:write, users:read]
settings:
  interactivity: {is_enabled: true}
  socket_mode_enabled: true
"""
DEADLINE = 10.0
expect.set_options(timeout=DEADLINE * 1000)
Payload = dict[str, Any]


def plain(text: str) -> Payload:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Payload:
    return {"type": "mrkdwn", "text": text}


def button(text: str, **more: object) -> Payload:
    return {"type": "button", "action_id": "press", "text": plain(text), "value": "TX83", **more}


CONFIRM = {
    "title": plain("Cancel this fax?"),
    "text": plain("TX83 stops at once."),
    "confirm": plain("Cancel it"),
    "deny": plain("Keep sending"),
    "style": "danger",
}
CARD: list[Payload] = [
    {"type": "header", "text": plain("Fax to +1 469-555-0101")},
    {"type": "section", "text": mrkdwn("*Sending* page 1 of 2 ▰▰▰▱▱▱"), "fields": [mrkdwn("_Line_\nSales")]},
    {"type": "context", "elements": [mrkdwn("referral.pdf · <@U02DANA001>")]},
    {"type": "actions", "elements": [button("Cancel fax", style="danger", confirm=CONFIRM)]},
]
LINES = [{"text": plain(name), "value": name} for name in ("Sales", "Support")]
FORM: Payload = {
    "type": "modal",
    "callback_id": "form",
    "title": plain("Send a fax"),
    "submit": plain("Send"),
    "blocks": [
        {
            "type": "input",
            "block_id": "number",
            "label": plain("Fax number"),
            "element": {"type": "plain_text_input", "action_id": "number"},
        },
        {
            "type": "input",
            "block_id": "line",
            "label": plain("Line"),
            "element": {"type": "static_select", "action_id": "line", "options": LINES},
        },
        {
            "type": "input",
            "block_id": "files",
            "label": plain("Files"),
            "element": {"type": "file_input", "action_id": "files", "max_files": 2},
        },
    ],
}


class ScriptedApp:
    """An app on a Socket Mode connection that collects its payloads and answers with `answer`."""

    def __init__(self, workspace: Workspace, session: aiohttp.ClientSession) -> None:
        self.received: list[Payload] = []
        self.answer: Callable[[Payload], Payload | None] = lambda _payload: None
        self.silent = False
        self._workspace = workspace
        self._session = session
        self._received_condition = asyncio.Condition()

    async def call(self, method: str, token: str = "", **arguments: object) -> Payload:
        headers = {"Authorization": f"Bearer {token or self._workspace.bot_token}"}
        url = self._workspace.api_url + method
        async with self._session.post(url, json=arguments, headers=headers) as response:
            answer: Payload = await response.json()
        assert answer["ok"], answer
        return answer

    async def post(self, text: str, **more: object) -> str:
        return str((await self.call("chat.postMessage", channel=CLAIMS, text=text, **more))["ts"])

    async def listen(self) -> None:
        opened = await self.call("apps.connections.open", token=self._workspace.app_token)
        async with self._session.ws_connect(opened["url"]) as socket:
            async for message in socket:
                envelope = message.json()
                if "envelope_id" in envelope:
                    await self._handle_envelope(socket, envelope)

    async def _handle_envelope(self, socket: aiohttp.ClientWebSocketResponse, envelope: Payload) -> None:
        payload = envelope["payload"] | {"envelope": envelope["type"]}
        if not self.silent:
            answer = self.answer(payload)
            reply = {"payload": answer} if answer else {}
            await socket.send_json({"envelope_id": envelope["envelope_id"], **reply})
        if payload.get("type") in {"shortcut", "message_action"}:
            await self.call("views.open", trigger_id=payload["trigger_id"], view=FORM)
        async with self._received_condition:
            self.received.append(payload)
            self._received_condition.notify_all()

    async def wait_for(self, kind: str) -> Payload:
        """Wait for a payload of *kind*; return the first."""

        def found() -> list[Payload]:
            return [one for one in self.received if kind in {one.get("type"), one["envelope"]}]

        async with asyncio.timeout(DEADLINE), self._received_condition:
            await self._received_condition.wait_for(found)
        return found()[0]


@pytest.fixture(autouse=True)
def short_keepalive(monkeypatch: pytest.MonkeyPatch):
    """Shorten the keepalive of event streams, which delays the stop of a workspace."""
    monkeypatch.setattr(snapshot, "KEEPALIVE_SECONDS", 0.1)


@pytest_asyncio.fixture(loop_scope="session")
async def workspace(tmp_path: Path) -> AsyncIterator[Workspace]:
    manifest = tmp_path / "manifest.yml"
    manifest.write_text(MANIFEST)
    async with Workspace(tmp_path / "workspace", manifest=manifest) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def app(workspace: Workspace) -> AsyncIterator[ScriptedApp]:
    async with aiohttp.ClientSession() as session:
        scripted = ScriptedApp(workspace, session)
        listening = asyncio.create_task(scripted.listen())
        async with asyncio.timeout(DEADLINE):
            while not workspace.installation.socket.connected:
                await workspace.state.feed.wait(DANA, workspace.state.feed.seq, 0.05)
        yield scripted
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, workspace: Workspace, app: ScriptedApp) -> AsyncIterator[Page]:
    """The page as Dana in #claims; an error in its scripts fails the test."""
    context = await browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(DEADLINE * 1000)
    opened = await context.new_page()
    page_errors: list[str] = []
    opened.on("pageerror", lambda error: page_errors.append(str(error)))
    opened.on("dialog", lambda dialog: page_errors.append(dialog.message))
    await opened.goto(f"{workspace.url}/#dana/claims")
    await expect(composer(opened)).to_be_focused()
    yield opened
    await context.close()
    assert not page_errors


def composer(page: Page) -> Any:
    return page.get_by_role("textbox", name="Message #claims")


def log(page: Page) -> Any:
    return page.get_by_role("log", name="Messages in #claims")


async def test_channels_and_people_are_listed(page: Page):
    """The sidebar lists the workspace, its channels, the direct message with the bot, and the people."""
    sidebar = page.get_by_role("navigation")
    await expect(sidebar).to_contain_text("Harbor Clinic")
    for name in ("claims", "general", "inbound-fax", "legal", "faxbot"):
        await expect(sidebar.get_by_role("link", name=name)).to_be_visible()
    await expect(sidebar.get_by_role("radio", name="Dana")).to_be_checked()
    await expect(sidebar.get_by_role("radio", name="Priya")).not_to_be_checked()


async def test_blocks_are_drawn(page: Page, app: ScriptedApp):
    """A Block Kit message shows its header, text, fields, context and buttons, not its fallback text."""
    await app.post("the fallback", blocks=CARD)
    message = page.get_by_role("article").filter(has_text="APP")
    await expect(message.get_by_role("heading", name="Fax to +1 469-555-0101")).to_be_visible()
    await expect(message.locator("strong")).to_have_text("Sending")
    await expect(message.locator("em")).to_have_text("Line")
    await expect(message).to_contain_text("@Dana Whitfield")
    await expect(message.get_by_role("button", name="Cancel fax")).to_be_visible()
    await expect(message).not_to_contain_text("the fallback")


async def test_an_update_changes_the_message_in_place(page: Page, app: ScriptedApp):
    """chat.update updates the shown message, and an unchanged button keeps the keyboard focus."""
    ts = await app.post("card", blocks=CARD)
    cancel = page.get_by_role("button", name="Cancel fax")
    await cancel.focus()
    blocks = [{"type": "section", "text": mrkdwn("*Page 1 of 2* sent")}, *CARD[2:]]
    await app.call("chat.update", channel=CLAIMS, ts=ts, text="card", blocks=blocks)
    await expect(log(page)).to_contain_text("Page 1 of 2 sent")
    await expect(log(page)).not_to_contain_text("Sending")
    await expect(cancel).to_be_focused()


async def test_hostile_text_stays_text(page: Page, app: ScriptedApp):
    """Markup, script URLs and entities in a text are shown as text: not parsed, linked or run."""
    script = "&lt;script&gt;alert(1)&lt;/script&gt;"
    evil = f"<img src=x onerror=alert(1)> <b>bold</b> <javascript:alert(1)|click> {script}"
    link = {"type": "link", "url": "javascript:alert(1)", "text": "rich click"}
    blocks = [
        {"type": "section", "text": mrkdwn(evil)},
        {"type": "header", "text": plain("<i>head</i>")},
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [link]}]},
    ]
    await app.post(evil)
    await app.post("blocks", blocks=blocks)
    await expect(log(page).get_by_text("<script>alert(1)</script>")).to_have_count(2)
    await expect(log(page)).to_contain_text("<i>head</i>")
    await expect(log(page)).to_contain_text("rich click")
    assert await log(page).locator("img, b, i, script, a[href^='javascript']").count() == 0


async def test_typed_text_is_escaped_with_mentions(page: Page, workspace: Workspace):
    """Enter sends the typed text, escaped and with mentions; it is shown as it was typed."""
    await composer(page).press_sequentially("@fax")
    await expect(page.get_by_role("option", name="faxbot")).to_be_visible()
    await page.keyboard.press("Enter")
    await page.keyboard.type("is 1 < 2 & *fine*?")
    await page.keyboard.press("Enter")
    await expect(log(page)).to_contain_text("@faxbot is 1 < 2 & fine?")
    texts = [message["text"] for message in workspace.state.messages.in_order(CLAIMS)]
    assert texts == ["<@U02FAXBOT1> is 1 &lt; 2 &amp; *fine*?"]


async def test_a_button_with_confirm_shows_a_dialog(page: Page, app: ScriptedApp):
    """The press is sent only after the dialog is confirmed."""
    await app.post("card", blocks=CARD)
    dialog = page.get_by_role("dialog", name="Cancel this fax?")
    await page.get_by_role("button", name="Cancel fax").click()
    await expect(dialog).to_contain_text("TX83 stops at once.")
    await dialog.get_by_role("button", name="Keep sending").click()
    await expect(dialog).to_be_hidden()
    assert app.received == []
    await page.get_by_role("button", name="Cancel fax").click()
    await dialog.get_by_role("button", name="Cancel it").click()
    pressed = await app.wait_for("block_actions")
    assert (pressed["actions"][0]["value"], pressed["user"]["id"]) == ("TX83", DANA)
    assert len(app.received) == 1


async def test_a_form_is_filled_in_refused_and_sent(page: Page, app: ScriptedApp):
    """A modal uploads files, shows errors beside its inputs, keeps the values, and closes when submitted."""
    errors = {"response_action": "errors", "errors": {"number": "That is too short."}}

    def respond(payload: Payload) -> Payload | None:
        if payload["type"] != "view_submission":
            return None
        number = payload["view"]["state"]["values"]["number"]["number"]["value"]
        return errors if number == "12" else None

    app.answer = respond
    await page.get_by_role("button", name="Shortcuts").first.click()
    await page.get_by_role("menuitem", name="Send a fax").click()
    form = page.get_by_role("dialog", name="Send a fax")
    await expect(form.get_by_label("Fax number")).to_be_focused()
    await form.get_by_role("button", name="Send").click()
    await expect(form.get_by_text("Please complete this required field.")).to_have_count(3)
    await form.get_by_label("Fax number").fill("12")
    await form.get_by_role("combobox", name="Line").click()
    await form.get_by_role("option", name="Support").click()
    picked = {"name": "referral.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 two pages"}
    await form.get_by_label("Files").set_input_files(picked)
    await expect(form.get_by_role("listitem").filter(has_text="referral.pdf")).to_contain_text("18 bytes")
    await form.get_by_role("button", name="Send").click()
    await expect(form.get_by_text("That is too short.")).to_be_visible()
    await expect(form.get_by_role("combobox", name="Line")).to_have_value("Support")
    await form.get_by_label("Fax number").fill("+1 469 555 0101")
    await form.get_by_role("button", name="Send").click()
    await expect(form).to_be_hidden()
    values = [
        received["view"]["state"]["values"]
        for received in app.received
        if received["type"] == "view_submission"
    ][-1]
    assert values["number"]["number"]["value"] == "+1 469 555 0101"
    assert values["line"]["line"]["selected_option"]["value"] == "Support"
    assert [file["name"] for file in values["files"]["files"]["files"]] == ["referral.pdf"]


async def test_escape_closes_a_form(page: Page, app: ScriptedApp):
    """Esc closes a modal and restores the focus."""
    await page.get_by_role("button", name="Shortcuts").first.click()
    await page.get_by_role("menuitem", name="Send a fax").press("Enter")
    form = page.get_by_role("dialog", name="Send a fax")
    await expect(form).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(form).to_be_hidden()
    await expect(page.get_by_role("button", name="Shortcuts").first).to_be_focused()


async def test_a_message_shortcut_names_its_message(page: Page, app: ScriptedApp):
    """The menu "More actions" of a message runs the app's shortcut with that message."""
    ts = await app.post("Please fax this")
    message = page.get_by_role("article").filter(has_text="Please fax this")
    await message.hover()
    await message.get_by_role("button", name="More actions").click()
    await page.get_by_role("menuitem", name="Fax this…").click()
    shortcut = await app.wait_for("message_action")
    assert (shortcut["callback_id"], shortcut["message"]["ts"]) == ("fax_this", ts)


async def test_a_thread_opens_beside_the_channel(page: Page, app: ScriptedApp):
    """The reply count opens the thread; a reply is posted in the thread, a command is refused."""
    ts = await app.post("card", blocks=CARD)
    await app.post("Queued on *Sales*", thread_ts=ts)
    await page.get_by_role("button", name="1 reply").click()
    thread = page.get_by_role("complementary", name="Thread")
    await expect(thread).to_contain_text("Queued on Sales")
    await expect(thread.get_by_role("textbox", name="Reply")).to_be_focused()
    await page.keyboard.type("Thank you")
    await page.keyboard.press("Enter")
    await expect(thread).to_contain_text("2 replies")
    await expect(log(page)).not_to_contain_text("Thank you")
    await page.keyboard.type("/fax active")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("/fax is not supported in threads. Sorry!")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(thread).to_be_hidden()


async def test_everything_works_without_a_mouse(page: Page, app: ScriptedApp):
    """With the keyboard alone: switch channel, complete and run a command, press a button, confirm."""
    blocks = [{"type": "section", "text": mrkdwn("Did you mean `/fax status`?")}, CARD[3]]
    app.answer = lambda payload: (
        {"text": "hint", "blocks": blocks} if payload["envelope"] == "slash_commands" else None
    )
    await page.keyboard.press("Control+k")
    await page.keyboard.type("gen")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("textbox", name="Message #general")).to_be_focused()
    await page.keyboard.type("/f")
    await expect(page.get_by_role("option", name="/fax")).to_contain_text("send <number>")
    await page.keyboard.press("Tab")
    await page.keyboard.type("stauts")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Only visible to you")).to_be_visible()
    assert (await app.wait_for("slash_commands"))["text"] == "stauts"
    await page.keyboard.press("Shift+Tab")
    await expect(page.get_by_role("button", name="Cancel fax")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Cancel it")).to_be_focused()
    await page.keyboard.press("Enter")
    assert (await app.wait_for("block_actions"))["container"]["is_ephemeral"] is True


async def test_an_ephemeral_message_is_for_one_person(page: Page, app: ScriptedApp):
    """An ephemeral message is shown to its person, and not after switching to another person."""
    await app.call("chat.postEphemeral", channel=CLAIMS, user=DANA, text="Just for Dana")
    await expect(log(page)).to_contain_text("Just for Dana")
    await page.get_by_role("radio", name="Marcus").click()
    await expect(page).to_have_url(re.compile("#marcus/claims$"))
    await expect(log(page)).not_to_contain_text("Just for Dana")


async def test_a_silent_app_is_reported(page: Page, app: ScriptedApp, workspace: Workspace):
    """A command that is not acknowledged in time shows Slack's error and restores the typed text."""
    workspace.settings.ack_deadline = 0.2
    app.silent = True
    await page.keyboard.type("/fax active")
    await page.keyboard.press("Enter")
    await expect(
        page.get_by_role("status").get_by_text('/fax failed with the error "operation_timeout"')
    ).to_be_visible()
    await expect(composer(page)).to_have_value("/fax active")


async def test_the_page_reconnects_by_itself(browser: Browser, tmp_path: Path):
    """A banner is shown while the workspace is down; after its restart the page shows the new state."""
    manifest = tmp_path / "manifest.yml"
    manifest.write_text(MANIFEST)
    context = await browser.new_context()
    page = await context.new_page()
    banner = page.get_by_text("Connection to the workspace lost")
    async with Workspace(tmp_path / "first", manifest=manifest) as first:
        port = int(first.url.rsplit(":", 1)[1])
        await page.goto(f"{first.url}/#dana/claims")
        await composer(page).fill("Said before")
        await composer(page).press("Enter")
        await expect(log(page)).to_contain_text("Said before")
    await expect(banner).to_be_visible()
    async with Workspace(tmp_path / "second", manifest=manifest, port=port):
        await expect(banner).to_be_hidden()
        await expect(log(page)).not_to_contain_text("Said before")
        await context.close()


async def test_the_fax_pane_receives_a_fax(browser: Browser, tmp_path: Path):
    """The second pane lists the lines, makes one receive a fax, and shows its record."""
    manifest = tmp_path / "manifest.yml"
    manifest.write_text(MANIFEST)
    context = await browser.new_context(viewport={"width": 1440, "height": 900})
    page = await context.new_page()
    async with SimulatedUcx(tmp_path / "fax", speed=200) as fax:
        control = fax.control_url.removesuffix("/control")
        async with Workspace(tmp_path / "workspace", manifest=manifest, fax_control=control) as workspace:
            await page.goto(f"{workspace.url}/#dana/claims")
            pane = page.get_by_role("complementary", name="Fax server")
            await expect(pane.get_by_role("region", name="Lines").get_by_role("listitem")).to_have_count(3)
            await pane.get_by_text("Let a fax arrive").click()
            await pane.get_by_label("From number").fill("+1 214 245 4571")
            await pane.get_by_label("Pages").fill("2")
            await pane.get_by_role("button", name="Let it ring").click()
            records = pane.get_by_role("region", name="Records")
            await expect(records).to_contain_text("From +1 214-245-4571")
            await expect(records).to_contain_text("2 pages")
            await context.close()
