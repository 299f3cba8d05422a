"""
The bot itself between both stand-ins, as people meet it: in a real Chromium, with real documents.

With FAXBOT_SCREENSHOTS=<folder> the same tests leave the pictures that docs/images shows.
"""

import os
import re
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
import pytest_asyncio
from playwright.async_api import Browser, FilePayload, Locator, Page, expect

from faxbot.demo.stack import SAMPLES, DemoStack

pytestmark = pytest.mark.asyncio(loop_scope="session")  # that of the browser
SPEED = 30
"""Simulated seconds per second: a page takes one, a busy number is tried again after six."""
DEADLINE = 20_000
"""Milliseconds that anything may take which the fax server's clock is waited for."""
REFERRAL = SAMPLES / "referral.pdf"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def demo_stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DemoStack]:
    folder = tmp_path_factory.mktemp("demo")
    async with DemoStack(folder, speed=SPEED, port=0, print_line=lambda _: None) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A window of 1280 by 800; whatever the page's scripts complain of fails the test."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, device_scale_factor=1)
    context.set_default_timeout(DEADLINE)
    opened = await context.new_page()
    troubles: list[str] = []
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    yield opened
    await context.close()
    assert not troubles


async def enter(page: Page, demo_stack: DemoStack, person: str, channel: str) -> Locator:
    """Be *person* in *channel*; the messages there."""
    await page.goto(f"{demo_stack.workspace.url}/#{person}/{channel}")
    await expect(page.get_by_role("textbox", name=f"Message #{channel}")).to_be_focused(timeout=DEADLINE)
    return page.get_by_role("log", name=f"Messages in #{channel}")


async def say(page: Page, text: str) -> None:
    await page.keyboard.type(text)
    await page.keyboard.press("Enter")


async def picture(page: Page, name: str) -> None:
    """Keep what the window shows, if pictures are wanted."""
    if folder := os.environ.get("FAXBOT_SCREENSHOTS"):
        await page.mouse.move(0, 799)
        await page.screenshot(path=Path(folder) / f"{name}.png", animations="disabled")


def replies(message: Locator) -> Locator:
    """The link below *message* that opens its thread."""
    return message.get_by_role("button", name=re.compile(r"\d+ repl"))


def fax_pane(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Fax server")


async def test_a_fax_is_sent_from_the_form_and_watched_to_its_end(page: Page, demo_stack: DemoStack) -> None:
    """Without a file at hand /fax send opens the form; its fax is shown page by page until delivered."""
    log = await enter(page, demo_stack, "dana", "claims")
    await say(page, "/fax send 469 555 0101")
    form = page.get_by_role("dialog", name="Send a fax")
    await expect(form.get_by_label("Fax number")).to_have_value("469 555 0101", timeout=DEADLINE)
    await expect(form.get_by_role("combobox", name="From line")).to_have_value("Sales · +1 469-555-1111")
    await form.get_by_label("Files").set_input_files(REFERRAL)
    await expect(form.get_by_role("listitem").filter(has_text="referral.pdf")).to_contain_text("KB")
    await picture(page, "modal")
    await form.get_by_role("button", name="Send").click()
    await expect(form).to_be_hidden(timeout=DEADLINE)

    card = log.get_by_role("article").filter(has_text="Fax to +1 469-555-0101")
    await replies(card).click(timeout=DEADLINE)
    thread = page.get_by_role("complementary", name="Thread")
    for step in ("Queued on Sales", "Dialing", "Page 1 of 3 sent", "Page 2 of 3 sent", "Page 3 of 3 sent"):
        await expect(thread).to_contain_text(step, timeout=DEADLINE)
    await expect(thread).to_contain_text("Delivered, 3 pages in", timeout=DEADLINE)
    await expect(card).to_contain_text("Delivered", timeout=DEADLINE)
    await expect(card).to_contain_text("referral.pdf · 3 pages · from Sales · @Dana")
    await expect(card).to_have_count(1)
    await expect(card.get_by_role("button", name="Cancel fax")).to_have_count(0)
    await expect(fax_pane(page).get_by_role("region", name="Records")).to_contain_text("To +1 469-555-0101")
    await picture(page, "delivered")


async def test_a_fax_that_arrives_is_posted_as_a_file(page: Page, demo_stack: DemoStack) -> None:
    """A fax that comes in on a line becomes a readable file in #inbound-fax, its details in the thread."""
    log = await enter(page, demo_stack, "dana", "inbound-fax")
    letter: FilePayload = {
        "name": "letter.pdf",
        "mimeType": "application/pdf",
        "buffer": REFERRAL.read_bytes(),
    }
    caller = {"line": "1", "from": "12142454571", "cid_name": "JONES & CO", "station_id": "JONES & CO"}
    rung = await page.request.post(
        f"{demo_stack.workspace.url}/_/fax/receive", multipart={**caller, "document": letter}
    )
    assert rung.ok, await rung.text()

    arrived = log.get_by_role("article").filter(has_text="Fax from +1 214-245-4571")
    await expect(arrived).to_contain_text("3 pages · Sales", timeout=DEADLINE)
    link = arrived.get_by_role("group", name="File RX").get_by_role("link", name="Download")
    document = await page.request.get(f"{demo_stack.workspace.url}{await link.get_attribute('href')}")
    with pikepdf.open(BytesIO(await document.body())) as fax:
        assert len(fax.pages) == 3
    await replies(arrived).click(timeout=DEADLINE)
    thread = page.get_by_role("complementary", name="Thread")
    await expect(thread).to_contain_text('From "JONES & CO" (what their machine says)')
    await expect(thread.get_by_role("button", name="Delete record")).to_be_visible()
    await expect(arrived).to_have_count(1)
    await picture(page, "received")


async def test_a_busy_number_is_given_up_from_the_card(page: Page, demo_stack: DemoStack) -> None:
    """Cancel fax asks first; confirmed, the fax server drops the job and the card says who stopped it."""
    log = await enter(page, demo_stack, "marcus", "claims")
    await page.locator("input[type=file]").first.set_input_files(REFERRAL)
    await say(page, "For the clinic on Fifth")
    await expect(log.get_by_role("group", name="File referral.pdf")).to_be_visible(timeout=DEADLINE)
    await say(page, "/fax send 469 555 0200")

    card = log.get_by_role("article").filter(has_text="Fax to +1 469-555-0200").filter(has_text="TX")
    await expect(card).to_contain_text("Busy — the fax server will try again", timeout=DEADLINE)
    await card.get_by_role("button", name="Cancel fax").click()
    dialog = page.get_by_role("dialog", name="Cancel this fax?")
    await expect(dialog).to_contain_text("The fax to +1 469-555-0200 stops.")
    await picture(page, "cancel")
    await dialog.get_by_role("button", name="Cancel fax").click()
    await expect(dialog).to_be_hidden()
    await expect(card).to_contain_text("Stopped by @Marcus", timeout=DEADLINE)
    await expect(card.get_by_role("button", name="Cancel fax")).to_have_count(0)
    jobs = fax_pane(page).get_by_role("region", name="Jobs")
    await expect(jobs).not_to_contain_text("469-555-0200", timeout=DEADLINE)
