"""FileSend, reads and downloads against a server that misbehaves below HTTP: the fault of each."""

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from faxbot.fax.errors import (
    AnswerLost,
    CredentialsRejected,
    RequestRefused,
    ServerBusy,
    ServerFault,
    ServerUnreachable,
)
from faxbot.fax.job import Direction
from faxbot.ucx.client import UcxClient
from faxbot.ucx.transport import Timeouts, open_http_client

WAIT = 0.4
"""Seconds after which these tests' clients give up."""
LARGE = 3 << 20
"""More than the sockets between client and server hold."""
RECEIPT = b'{"result":"Success","device":"ttyIAX2","destination":"14695550101","job_id":"TX82"}'


class Line:
    """One connection, seen from the server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        self.reader, self.writer, self.head = reader, writer, head

    async def read_body(self) -> None:
        length = next(
            int(line.split(b":")[1])
            for line in self.head.splitlines()
            if line.lower().startswith(b"content-l")
        )
        await self.reader.readexactly(length)

    async def say(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()

    def reset(self) -> None:
        """Hang up with RST, as a process does that is killed."""
        plug = self.writer.get_extra_info("socket")
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Misbehaviour = Callable[[Line], Awaitable[None]]


def answer(status: str, body: bytes = b"", *headers: str, length: int | None = None) -> bytes:
    reply = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", *headers]
    if reply >= 0:
        lines.append(f"Content-Length: {reply}")
    return "\r\n".join([*lines, "", ""]).encode() + body


class Rogue:
    """A UCX whose Token method is in order; the rest is up to *misbehave*."""

    def __init__(self, misbehave: Misbehaviour) -> None:
        self.misbehave = misbehave
        self.requests: list[str] = []
        self.listening: asyncio.Server | None = None
        self._lines: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._lines.add(task)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            method = head.split(b" ")[1].split(b"?")[0].decode().rsplit("/", 1)[-1]
            if method == "token":
                writer.write(answer("200 OK", b'{"result":"Success","token":"t"}', "Connection: close"))
                await writer.drain()
            else:
                self.requests.append(method)
                await self.misbehave(Line(reader, writer, head))
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client hung up, or the test is over
        finally:
            self._lines.discard(task)
            with contextlib.suppress(OSError):
                writer.close()

    async def stop(self) -> None:
        for task in list(self._lines):
            task.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)


@contextlib.asynccontextmanager
async def rogue(misbehave: Misbehaviour, tmp_path: Path) -> AsyncIterator[tuple[UcxClient, Rogue]]:
    """A client of a server that does as *misbehave* says."""

    async def no_nap(_: float) -> None:
        await asyncio.sleep(0)

    server = Rogue(misbehave)
    listening = server.listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    waits = Timeouts(
        connect=WAIT / 2, free_connection=0.1, answer=WAIT, submit=WAIT, document=WAIT, slowest=100_000.0
    )
    client = UcxClient(
        open_http_client(),
        f"http://127.0.0.1:{port}",
        "id",
        "secret",
        token_file=tmp_path / "token.json",
        timeouts=waits,
        sleep=no_nap,
    )
    async with listening, client, asyncio.timeout(8):
        try:
            yield client, server
        finally:
            await server.stop()


async def submit(client: UcxClient, path: Path):
    return await client.submit_job(
        path, name="letter.pdf", content_type="application/pdf", dial="14695550101", line_id="2"
    )


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "letter.pdf"
    path.write_bytes(b"%PDF-1.7".ljust(LARGE))
    return path


async def hangs_up(line: Line) -> None:
    """Accepts and closes."""


async def resets_at_once(line: Line) -> None:
    line.reset()


async def reads_half_then_resets(line: Line) -> None:
    await line.reader.readexactly(LARGE // 2)
    line.reset()


async def reads_half_then_closes(line: Line) -> None:
    await line.reader.readexactly(LARGE // 2)


async def reads_all_then_closes(line: Line) -> None:
    await line.read_body()


async def reads_all_then_resets(line: Line) -> None:
    await line.read_body()
    line.reset()


async def never_answers(line: Line) -> None:
    await line.read_body()
    await asyncio.Event().wait()


async def never_reads(line: Line) -> None:
    await asyncio.Event().wait()


async def says_half_of_the_head(line: Line) -> None:
    await line.read_body()
    await line.say(b"HTTP/1.1 200 OK\r\nContent-Ty")


async def says_half_of_the_body(line: Line) -> None:
    await line.read_body()
    await line.say(answer("200 OK", RECEIPT[:30], "Connection: close", length=len(RECEIPT)))


async def says_half_without_a_length(line: Line) -> None:
    await line.read_body()
    await line.say(answer("200 OK", RECEIPT[:30], "Connection: close", length=-1))


async def breaks_off_in_a_chunk(line: Line) -> None:
    await line.read_body()
    await line.say(answer("200 OK", b"", "Transfer-Encoding: chunked", length=-1), b"60\r\n" + RECEIPT[:20])


async def says_half_and_holds_on(line: Line) -> None:
    await line.read_body()
    await line.say(answer("200 OK", RECEIPT[:30], length=len(RECEIPT)))
    await asyncio.Event().wait()


async def trickles_the_head_for_ever(line: Line) -> None:
    await line.read_body()
    await line.say(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        await line.say(b"x")
        await asyncio.sleep(WAIT / 8)


async def trickles_the_body_for_ever(line: Line) -> None:
    await line.read_body()
    await line.say(answer("200 OK", b"{", length=1 << 20))
    while True:
        await line.say(b" ")
        await asyncio.sleep(WAIT / 8)


async def goes_on_with_100_for_ever(line: Line) -> None:
    await line.read_body()
    while True:
        await line.say(b"HTTP/1.1 100 Continue\r\n\r\n")
        await asyncio.sleep(WAIT / 8)


async def speaks_no_http(line: Line) -> None:
    await line.read_body()
    await line.say(b"220 ucx ESMTP\r\n")


async def answers_twice_as_much_as_it_said(line: Line) -> None:
    await line.read_body()
    await line.say(answer("200 OK", RECEIPT[:40], length=20))


def answers(status: str, body: bytes = b"", *headers: str) -> Misbehaviour:
    async def misbehave(line: Line) -> None:
        await line.read_body()
        await line.say(answer(status, body, "Connection: close", *headers))

    misbehave.__name__ = f"answers {status} {body[:60].decode('latin-1')}"
    return misbehave


PAGE = b"<html><body>Bad gateway</body></html>"

FATES: list[tuple[Misbehaviour, type[ServerFault]]] = [
    (hangs_up, AnswerLost),
    (resets_at_once, AnswerLost),
    (reads_half_then_resets, AnswerLost),
    (reads_half_then_closes, AnswerLost),
    (reads_all_then_closes, AnswerLost),
    (reads_all_then_resets, AnswerLost),
    (never_answers, AnswerLost),
    (never_reads, AnswerLost),
    (says_half_of_the_head, AnswerLost),
    (says_half_of_the_body, AnswerLost),
    (says_half_without_a_length, AnswerLost),
    (breaks_off_in_a_chunk, AnswerLost),
    (says_half_and_holds_on, AnswerLost),
    (trickles_the_head_for_ever, AnswerLost),
    (trickles_the_body_for_ever, AnswerLost),
    (goes_on_with_100_for_ever, AnswerLost),
    (speaks_no_http, AnswerLost),
    (answers_twice_as_much_as_it_said, AnswerLost),
    # what a proxy says of a server that may have had all of it
    (answers("500 Internal Server Error", b'{"result":"Error","message":"Internal error"}'), AnswerLost),
    (answers("502 Bad Gateway", PAGE), AnswerLost),
    (answers("503 Service Unavailable", PAGE, "Retry-After: 5"), AnswerLost),
    (answers("504 Gateway Timeout", PAGE), AnswerLost),
    (answers("408 Request Timeout", PAGE), AnswerLost),
    (answers("425 Too Early"), AnswerLost),
    # what says neither yes nor no
    (answers("301 Moved Permanently", b"", "Location: https://ucx.example/"), AnswerLost),
    (answers("303 See Other", b"", "Location: /restv1/efax/jobs/82"), AnswerLost),
    (answers("307 Temporary Redirect", b"", "Location: ://"), AnswerLost),
    (answers("204 No Content"), AnswerLost),
    (answers("200 OK"), AnswerLost),
    (answers("200 OK", PAGE), AnswerLost),
    (answers("200 OK", b'{"result":"Success"}'), AnswerLost),
    (answers("200 OK", b'{"result":"Success","job_id":""}'), AnswerLost),
    (answers("200 OK", b'{"result":"Succ'), AnswerLost),
    (answers("200 OK", RECEIPT, "Content-Encoding: gzip"), AnswerLost),
    # a no that names a job is no no
    (answers("400 Bad Request", b'{"result":"Error","message":"Late","job_id":"TX82"}'), AnswerLost),
    (answers("401 Unauthorized", b'{"result":"Error","jobid":"TX82"}'), AnswerLost),
    (answers("200 OK", b'{"result":"Error","message":"Disk full","job_id":82}'), AnswerLost),
    # a clear no
    (answers("400 Bad Request", b'{"result":"Error","message":"Invalid destination"}'), RequestRefused),
    (answers("200 OK", b'{"result":"Error","message":"Invalid fax ID"}'), RequestRefused),
    (answers("403 Forbidden", PAGE), RequestRefused),
    (answers("404 Not Found", PAGE), RequestRefused),
    (answers("413 Content Too Large", PAGE), RequestRefused),
    # about the bot, not about the fax
    (answers("401 Unauthorized", PAGE), CredentialsRejected),
    (answers("200 OK", b'{"result":"Error","message":"Authentication failed"}'), CredentialsRejected),
    (answers("403 Forbidden", b'{"result":"Error","message":"License expired"}'), CredentialsRejected),
    (answers("429 Too Many Requests", PAGE, "Retry-After: 5"), ServerBusy),
]


@pytest.mark.parametrize(("misbehave", "fate"), FATES, ids=[fate[0].__name__ for fate in FATES])
async def test_what_becomes_of_a_fax(tmp_path, document, misbehave, fate):
    """With any connection fault a fax is submitted once, and only an explicit refusal is a refusal."""
    began = time.monotonic()
    async with rogue(misbehave, tmp_path) as (client, server):
        with pytest.raises(ServerFault) as caught:
            await submit(client, document)
    assert type(caught.value) is fate
    assert server.requests == ["filesend"]
    assert time.monotonic() - began < 10 * WAIT


async def slowly(line: Line) -> None:
    """One byte at a time."""
    await line.read_body()
    for byte in answer("200 OK", RECEIPT):
        await line.say(bytes([byte]))


async def after_continue(line: Line) -> None:
    await line.say(b"HTTP/1.1 100 Continue\r\n\r\n")
    await line.read_body()
    await line.say(
        b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n", answer("200 OK", RECEIPT)
    )


async def before_the_body(line: Line) -> None:
    """Answers what it cannot know yet, reads on, and closes."""
    await line.say(answer("200 OK", RECEIPT, "Connection: close"))
    with contextlib.suppress(asyncio.IncompleteReadError, OSError):
        await line.read_body()


async def without_a_length(line: Line) -> None:
    await line.read_body()
    await line.say(answer("201 Created", RECEIPT, "Connection: close", length=-1))


async def in_chunks(line: Line) -> None:
    await line.read_body()
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (RECEIPT[:7], RECEIPT[7:]))
    await line.say(answer("200 OK", b"", "Transfer-Encoding: chunked", length=-1), chunks + b"0\r\n\r\n")


@pytest.mark.parametrize("way", [slowly, after_continue, before_the_body, without_a_length, in_chunks])
async def test_an_odd_receipt_is_a_receipt(tmp_path, document, way):
    """A complete receipt counts, however it is split, and the fax was submitted once."""
    async with rogue(way, tmp_path) as (client, server):
        assert (await submit(client, document)).job_id == "TX82"
    assert server.requests == ["filesend"]


async def test_a_no_before_the_body_is_a_no(tmp_path, document):
    """A refusal after the first bytes of a document is read, or the outcome is unclear."""

    async def misbehave(line: Line) -> None:
        await line.reader.readexactly(1000)
        await line.say(answer("413 Content Too Large", PAGE, "Connection: close"))

    async with rogue(misbehave, tmp_path) as (client, server):
        with pytest.raises((RequestRefused, AnswerLost)):
            await submit(client, document)
    assert server.requests == ["filesend"]


async def test_a_closed_port_is_unreachable(tmp_path, document):
    """A refused connection has dialed nothing, and is not a lost answer."""
    async with rogue(hangs_up, tmp_path) as (client, server):
        with pytest.raises(AnswerLost):
            await submit(client, document)
        assert server.listening
        server.listening.close()
        with pytest.raises(ServerUnreachable):
            await submit(client, document)
    assert server.requests == ["filesend"]


async def test_a_fax_refused_with_401_is_not_submitted_again_by_the_client(tmp_path, document):
    """After a 401 the client gets a new token and does not repeat; the next submission succeeds."""

    async def misbehave(line: Line) -> None:
        await line.read_body()
        turned_down = len(server.requests) == 1
        await line.say(answer("401 Unauthorized", PAGE) if turned_down else answer("200 OK", RECEIPT))

    async with rogue(misbehave, tmp_path) as (client, server):
        with pytest.raises(CredentialsRejected):
            await submit(client, document)
        assert server.requests == ["filesend"]
        assert (await submit(client, document)).job_id == "TX82"


@pytest.mark.parametrize(
    "misbehave", [hangs_up, resets_at_once, trickles_the_head_for_ever, says_half_without_a_length]
)
async def test_a_read_that_breaks_is_a_lost_answer(tmp_path, misbehave):
    """A read is asked three times and then given up, also where the head never ends."""

    async def reading(line: Line) -> None:
        line.head += b"Content-Length: 0\r\n"
        await misbehave(line)

    async with rogue(reading, tmp_path) as (client, server):
        with pytest.raises(AnswerLost):
            await client.count_records(Direction.RX)
    assert server.requests == ["recordcount"] * 3


@pytest.mark.parametrize("body", [b"%PDF-1.7" + b"x" * 200, b"%PDF"])
async def test_a_document_that_trickles_is_given_up(tmp_path, body):
    """A document that trickles in endlessly leaves no file behind."""

    async def misbehave(line: Line) -> None:
        await line.say(answer("200 OK", body, length=1 << 20))
        while True:
            await line.say(b"x")
            await asyncio.sleep(WAIT / 8)

    (tmp_path / "spool").mkdir()
    async with rogue(misbehave, tmp_path) as (client, _):
        with pytest.raises(AnswerLost):
            await client.download_document("RX1", tmp_path / "spool" / "a")
    assert list((tmp_path / "spool").iterdir()) == []


async def test_a_large_slow_document_is_waited_for(tmp_path):
    """A document takes longer than the wait for an answer, as long as it keeps coming."""
    pieces = [b"%PDF-1.7".ljust(30_000), *[bytes(30_000)] * 5]

    async def misbehave(line: Line) -> None:
        await line.say(answer("200 OK", b"", length=sum(map(len, pieces))))
        for piece in pieces:
            await line.say(piece)
            await asyncio.sleep(WAIT / 3)

    began = time.monotonic()
    async with rogue(misbehave, tmp_path) as (client, _):
        found = await client.download_document("RX1", tmp_path / "a")
    assert found.size == 180_000
    assert time.monotonic() - began > WAIT
