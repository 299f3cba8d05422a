"""The process in which people's files are read: its limits, and that none is left behind."""

import asyncio
import io
import os
from pathlib import Path

import pytest
from PIL import Image

from faxbot.documents.sandbox import DocumentSandbox
from faxbot.fax.document import Part, WebPageReceived
from faxbot.fax.errors import BadDocument, Fault
from tests.support.services import make_pdf


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def a_worker() -> int:
    """The id of a worker that is running the program (its environment is its own by then)."""
    async with asyncio.timeout(10):
        while True:
            if running := workers():
                return running[0]
            await asyncio.sleep(0.01)


def environment(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()


def workers() -> list[int]:
    """The workers that this process started and that have not ended."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            command = (entry / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if parent == os.getpid() and b"faxbot.documents.worker" in command:
            found.append(int(entry.name))
    return found


def a_pdf(path: Path) -> Part:
    return Part(make_pdf(path, 1), "referral.pdf")


def stuck(folder: Path) -> Part:
    """A file whose bytes never come."""
    os.mkfifo(folder / "stuck")
    return Part(folder / "stuck", "stuck.pdf")


async def test_a_document_comes_out_of_its_own_process(tmp_path: Path) -> None:
    """The facade returns what the worker made, and leaves nothing else in the spool."""
    document = await DocumentSandbox(max_bytes=1_000_000, max_pages=5).prepare(
        [a_pdf(tmp_path / "in")], tmp_path / "out"
    )
    assert (document.path, document.name, document.pages) == (tmp_path / "out.pdf", "referral.pdf", 1)
    assert document.path.read_bytes() == (tmp_path / "in").read_bytes()
    assert names(tmp_path) == ["in", "out.pdf"]
    assert workers() == []


async def test_pages_of_a_download_are_counted_in_a_process(tmp_path: Path) -> None:
    """A received file is as little trusted as a shared one."""
    workshop = DocumentSandbox(max_bytes=1_000_000, max_pages=5)
    assert await workshop.inspect(a_pdf(tmp_path / "in").path) == 1
    (tmp_path / "cut").write_bytes((tmp_path / "in").read_bytes()[:-50])
    with pytest.raises(BadDocument, match=r"damaged or cut short"):
        await workshop.inspect(tmp_path / "cut")


async def test_refusals_keep_their_class(tmp_path: Path) -> None:
    """A sign-in page raises its own exception in the parent process, too."""
    (tmp_path / "in").write_bytes(b"<!doctype html><title>Sign in | Slack</title>")
    with pytest.raises(WebPageReceived, match=r"referral\.pdf"):
        await DocumentSandbox(max_bytes=1000, max_pages=5).prepare(
            [Part(tmp_path / "in", "referral.pdf")], tmp_path / "out"
        )
    assert names(tmp_path) == ["in"]


async def test_a_picture_that_unpacks_to_more_than_the_memory_is_refused(tmp_path: Path) -> None:
    """A few kilobytes that become hundreds of megabytes of dots end their worker's work, not the bot."""
    out = io.BytesIO()
    Image.new("RGBA", (6000, 6000)).save(out, "PNG")
    (tmp_path / "in").write_bytes(out.getvalue())
    part = Part(tmp_path / "in", "bomb.png")
    with pytest.raises(BadDocument, match=r"bomb\.png (is too complex|has too many pixels)"):
        await DocumentSandbox(max_bytes=1_000_000, max_pages=5, memory_bytes=300 << 20).prepare(
            [part], tmp_path / "out"
        )
    assert len(out.getvalue()) < 1_000_000
    assert workers() == []
    assert names(tmp_path) == ["in"]


async def test_a_worker_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    """The time limit ends the process, and the sentence names the file."""
    workshop = DocumentSandbox(max_bytes=1_000_000, max_pages=5, seconds=0.8)
    with pytest.raises(BadDocument, match=r"stuck\.pdf is too complex"):
        async with asyncio.timeout(10):
            await workshop.prepare([stuck(tmp_path)], tmp_path / "out")
    assert workers() == []


async def test_cancelling_ends_the_worker(tmp_path: Path) -> None:
    """A bot that stops leaves no process behind, and no folder."""
    task = asyncio.create_task(
        DocumentSandbox(max_bytes=1_000_000, max_pages=5).prepare([stuck(tmp_path)], tmp_path / "out")
    )
    await a_worker()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert workers() == []
    assert names(tmp_path) == ["stuck"]


async def test_the_worker_does_not_have_the_bots_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process that reads people's files is started without the bot's environment."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    task = asyncio.create_task(
        DocumentSandbox(max_bytes=1_000_000, max_pages=5).prepare([stuck(tmp_path)], tmp_path / "out")
    )
    given = environment(await a_worker())
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert b"PYTHONPATH" in given
    assert b"xoxb" not in given


async def test_a_disk_that_cannot_be_written_is_the_bots_fault(tmp_path: Path) -> None:
    """It is a fault of the bot, not a bad document."""
    part = a_pdf(tmp_path / "in")
    with pytest.raises(Fault, match=r"could not store") as fault:
        await DocumentSandbox(max_bytes=1_000_000, max_pages=5).prepare([part], tmp_path / "in" / "out")
    assert not isinstance(fault.value, BadDocument)
