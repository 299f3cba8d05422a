"""How much memory a large document takes on its way through the bot, in each direction."""

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import memory
from benchmarks.apps import bot_process, workspace_in
from benchmarks.findings import Findings, duration
from benchmarks.large import write_pdf
from benchmarks.ledger import until_settled
from benchmarks.row import Row, RowContext
from faxbot.demo.person import Person
from faxbot.standins.slack import Workspace
from faxbot.standins.slack.model.people import CLAIMS, DANA
from tests.support.waiting import until

AT_MOST = 16 * memory.MIB
LARGE, SMALL = 100_000_000, 1_000_000
PATIENCE = 120.0
SETTINGS = {"FAXBOT_INBOX_SECONDS": "0.5"}
LOOK_SECONDS = 0.02


@dataclass(slots=True)
class Passage:
    """What a document took: bytes added to the bot, the worker's own peak, and seconds."""

    added: int = 0
    worker: int = 0
    seconds: float = 0.0


async def measure(context: RowContext) -> Findings:
    """A small document first, so that what happens once only does not count; then the large one."""
    large = SMALL * 2 if context.smoke else LARGE
    small_pdf, large_pdf = context.folder / "small.pdf", context.folder / "large.pdf"
    write_pdf(small_pdf, SMALL)
    write_pdf(large_pdf, large)
    copied = _copy(large_pdf, context.folder / "copy.pdf")
    await context.ucx.reset()
    workspace = workspace_in(context.new_folder("workspace"))
    found = Findings()
    async with (
        workspace,
        bot_process(context.folder / "bot", context.ucx, workspace, SETTINGS) as bot,
    ):

        async def out(path: Path) -> None:
            await _fax(context, workspace, path)

        async def come_in(path: Path) -> None:
            await _receive(context, workspace, path)

        for what, way in (("from Slack to FileSend", out), ("from FileDownload to Slack", come_in)):
            await _pass(bot.pid, context.folder / "bot", way, small_pdf)
            passage = await _pass(bot.pid, context.folder / "bot", way, large_pdf)
            found.limit(
                f"{large / 1e6:.0f} MB {what}, memory added",
                _shown(passage.added),
                f"<= {_shown(AT_MOST)}",
                met=passage.added <= AT_MOST,
            )
            found.note("… the documents worker, a process of its own", _shown(passage.worker))
            found.note(
                "… until all is announced; a copy of the file, synced",
                duration(passage.seconds),
                duration(copied),
            )
    return found


async def _pass(pid: int, bot: Path, way: Callable[[Path], Awaitable[None]], path: Path) -> Passage:
    await until_settled(bot)
    passage = Passage()
    before = memory.resident(pid)
    memory.forget_peak(pid)
    began = time.perf_counter()
    async with _watching_workers(pid, passage):
        await way(path)
    passage.seconds = time.perf_counter() - began
    passage.added = max(0, memory.peak(pid) - before)
    return passage


@asynccontextmanager
async def _watching_workers(pid: int, passage: Passage) -> AsyncIterator[None]:
    async def look() -> None:
        while True:
            peaks = [memory.peak_of_short_lived(worker) for worker in memory.children(pid)]
            passage.worker = max(passage.worker, *peaks, 0)
            await asyncio.sleep(LOOK_SECONDS)

    looking = asyncio.create_task(look())
    try:
        yield
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


async def _fax(context: RowContext, workspace: Workspace, path: Path) -> None:
    """Dana shares it and faxes it; until the fax server has all of it and the card is there."""
    before, cards = await context.ucx.received_bytes(), _posted(workspace)
    async with Person(workspace.url, DANA) as dana:
        await dana.post(CLAIMS, "", files=await dana.upload(path))
        await dana.command(CLAIMS, "/fax send 469 555 0101")
    await until(lambda: _posted(workspace) > cards, PATIENCE, what="a card")
    received = await context.ucx.received_bytes() - before
    assert received == path.stat().st_size, "it went whole"  # noqa: S101, ASYNC240 - all is measured


async def _receive(context: RowContext, workspace: Workspace, path: Path) -> None:
    """It arrives on the fax server; until Slack shows it and its card."""
    await context.ucx.serve_document(path)
    shares, cards = len(workspace.journal.of("share")), _posted(workspace)
    await context.ucx.arrive("RX", 1)
    await until(lambda: len(workspace.journal.of("share")) > shares, PATIENCE, what="the file")
    await until(lambda: _posted(workspace) > cards, PATIENCE, what="its card")


def _posted(workspace: Workspace) -> int:
    return len(workspace.journal.of("api", method="chat.postMessage", outcome="ok"))


def _copy(source: Path, into: Path) -> float:
    began = time.perf_counter()
    shutil.copyfile(source, into)
    with into.open("rb") as file:
        os.fsync(file.fileno())
    return time.perf_counter() - began


def _shown(amount: int) -> str:
    return f"{amount / memory.MIB:.1f} MiB"


ROW = Row("memory", "Peak memory that a document adds on its way through", measure, counts=False)
