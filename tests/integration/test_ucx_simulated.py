"""The client and the simulated UCX over real sockets: all eleven methods, and what breaks on the way."""

import asyncio
import hashlib
import os
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypeVar

import pytest
from aiohttp import web

from faxbot.fax.errors import (
    AnswerLost,
    CredentialsRejected,
    JobNotFound,
    RequestRefused,
    ServerFault,
    ServerUnreachable,
)
from faxbot.fax.job import Direction, JobState
from faxbot.standins.ucx import SimulatedUcx
from faxbot.ucx.client import UcxClient, connect
from faxbot.ucx.transport import Timeouts, open_http_client
from tests.support.waiting import until

T = TypeVar("T")

LETTER = b"Dear Sir or Madam,\n\nplease find this fax.\n"
BUSY = "14695550200"


async def quick(_: float) -> None:
    await asyncio.sleep(0)


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[SimulatedUcx]:
    async with SimulatedUcx(tmp_path / "ucx", port=0, speed=300) as running:
        yield running


@pytest.fixture
async def client(server: SimulatedUcx, tmp_path: Path) -> AsyncIterator[UcxClient]:
    made = UcxClient(
        open_http_client(),
        server.url,
        server.client_id,
        server.client_secret,
        token_file=tmp_path / "token.json",
        timeouts=Timeouts(answer=2, submit=2),
        sleep=quick,
    )
    async with made:
        yield made


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    path = tmp_path / "letter.txt"
    path.write_bytes(LETTER)
    return path


async def submit(client: UcxClient, path: Path, dial: str = "14695551112") -> str:
    receipt = await client.submit_job(path, name=path.name, content_type="text/plain", dial=dial, line_id="1")
    assert (receipt.device, receipt.destination) == ("ttyIAX1", dial)
    return receipt.job_id


class TestMethods:
    async def test_lines_and_their_usage(self, client: UcxClient):
        """The lines are listed, and what all or one of them are doing."""
        lines = await client.list_lines()
        assert [line.name for line in lines] == ["Sales", "Support", "Billing"]
        assert [usage.line_id for usage in await client.line_usage()] == ["1", "2", "3"]
        (one,) = await client.line_usage("2")
        assert (one.state_text, one.job_count) == ("Running and idle", 0)

    async def test_a_fax_from_one_line_to_the_other(
        self, client: UcxClient, server: SimulatedUcx, letter: Path, tmp_path: Path
    ):
        """A fax is submitted as it is, watched, delivered, recorded on both sides, fetched and deleted."""
        job_id = await submit(client, letter)
        (submission,) = server.log.entries("submission")
        assert submission["sha256"] == hashlib.sha256(LETTER).hexdigest()
        job = await until(lambda: client.job_status(job_id), 20, holds=lambda job: job.state.ended)
        assert (job.state, job.sent_pages, job.total_pages) == (JobState.DONE, 1, 1)
        assert await client.active_jobs(Direction.TX) == []
        assert await until(lambda: client.count_records(Direction.RX), 20) == 1
        (sent,) = await until(lambda: client.fetch_records(Direction.TX, 5, 0), 20)
        (received,) = await client.fetch_records(Direction.RX)
        assert (sent.job_id, sent.number, sent.modem) == (job_id, "14695551112", "ttyIAX1")
        assert (received.number, received.modem, received.incomplete) == ("14695551111", "ttyIAX2", False)
        document = await client.download_document(received.job_id, tmp_path / "in")
        assert (document.content_type, document.name) == ("application/pdf", f"{received.job_id}.pdf")
        assert document.path.read_bytes().startswith(b"%PDF")
        assert await client.delete_record(received.job_id) == f"ID {received.job_id} deleted"
        with pytest.raises(JobNotFound):
            await client.delete_record(received.job_id)
        with pytest.raises(JobNotFound):
            await client.download_document(received.job_id, tmp_path / "again")
        assert await client.fetch_records(Direction.RX) == []

    async def test_cancelling(self, client: UcxClient, letter: Path):
        """A waiting job is canceled once; the second time there is no such job."""
        job_id = await submit(client, letter, BUSY)
        jobs = await client.active_jobs(Direction.TX)
        assert [job.job_id for job in jobs] == [job_id]
        assert (await client.cancel_job(job_id)).endswith("removed.")
        assert (await client.job_status(job_id)).cancelled
        with pytest.raises(JobNotFound):
            await client.cancel_job(job_id)

    async def test_a_busy_number(self, client: UcxClient, letter: Path):
        """A busy number is tried again later; the job has the number of dials and the time of the next."""
        job_id = await submit(client, letter, BUSY)
        job = await until(
            lambda: client.job_status(job_id), 20, holds=lambda job: job.state is JobState.SLEEPING
        )
        assert job.status_text == "Busy signal detected"
        assert (job.dials or 0) >= 1
        assert job.max_dials == 12
        assert job.next_try is not None
        assert job.time is not None
        assert abs((job.next_try - job.time).total_seconds()) < 600

    async def test_no_such_job(self, client: UcxClient):
        """A job that never was is not found."""
        with pytest.raises(JobNotFound):
            await client.job_status("TX999")

    async def test_refused(self, client: UcxClient, server: SimulatedUcx, tmp_path: Path):
        """An empty file and a bad number are refused in the server's words; nothing is queued."""
        empty = tmp_path / "empty.pdf"
        empty.touch()
        with pytest.raises(RequestRefused, match="empty"):
            await submit(client, empty)
        empty.write_bytes(LETTER)
        with pytest.raises(RequestRefused, match="destination"):
            await submit(client, empty, "x")
        assert server.log.entries("submission") == []


class TestTrouble:
    async def test_a_revoked_token(self, client: UcxClient, server: SimulatedUcx, letter: Path):
        """A fax refused over a revoked token is submitted again by its sender, and sent once."""
        await client.list_lines()
        server.credentials.revoke()
        with pytest.raises(CredentialsRejected):
            await submit(client, letter)
        await submit(client, letter)
        assert len(server.log.entries("submission")) == 1

    async def test_no_licence(self, client: UcxClient, server: SimulatedUcx):
        """Without a license the credentials are not accepted; with it again, they are."""
        await client.list_lines()
        server.credentials.set_licensed(licensed=False)
        with pytest.raises(CredentialsRejected):
            await client.list_lines()
        server.credentials.set_licensed(licensed=True)
        assert len(await client.list_lines()) == 3

    @pytest.mark.parametrize(
        "fault",
        [
            {"fault": "drop_after"},
            {"fault": "drop_before"},
            {"fault": "truncate"},
            {"fault": "html", "processed": True},
            {"fault": "html", "processed": False},
            {"fault": "malformed", "processed": True},
            {"fault": "latency", "seconds": 3.0, "when": "after"},
        ],
    )
    async def test_a_fax_is_never_submitted_twice(
        self, client: UcxClient, server: SimulatedUcx, letter: Path, fault
    ):
        """With any answer, a fax is submitted at most once."""
        await client.list_lines()
        server.faults.plan(method="filesend", times=None, **fault)
        with pytest.raises(AnswerLost):
            await submit(client, letter)
        calls = [call for call in server.log.entries("call") if call["method"] == "filesend"]
        assert len(calls) <= 1
        assert len(server.log.entries("submission")) <= 1

    @pytest.mark.parametrize("kind", ["drop_after", "truncate", "html", "malformed"])
    async def test_reads_get_through(self, client: UcxClient, server: SimulatedUcx, kind: str):
        """A read that breaks twice gets through the third time."""
        server.faults.plan(method="recordcount", fault=kind, times=2)
        assert await client.count_records(Direction.RX) == 0

    async def test_a_document_cut_short(
        self, client: UcxClient, server: SimulatedUcx, letter: Path, tmp_path: Path
    ):
        """A document that breaks off twice is whole the third time; one that always does is not kept."""
        job_id = await submit(client, letter, BUSY)
        server.faults.plan(method="filedownload", fault="truncate", times=2)
        spool = tmp_path / "spool"
        spool.mkdir()
        whole = await client.download_document(job_id, spool / "a")
        assert whole.path.read_bytes().rstrip().endswith(b"%%EOF")
        server.faults.plan(method="filedownload", fault="truncate", times=None)
        with pytest.raises(AnswerLost):
            await client.download_document(job_id, spool / "b")
        assert names_in(spool) == ["a"]

    async def test_an_outage(self, client: UcxClient, server: SimulatedUcx, letter: Path):
        """While the server is down nothing is submitted, and the fault says so; later it succeeds."""
        await client.list_lines()
        await server.start_outage()
        with pytest.raises(ServerUnreachable):
            await submit(client, letter)
        with pytest.raises(ServerUnreachable):
            await client.count_records(Direction.RX)
        await server.end_outage()
        await submit(client, letter)
        assert len(server.log.entries("submission")) == 1

    async def test_slow_cancellations_hold_nothing_up(self, client: UcxClient, server: SimulatedUcx):
        """While more cancellations than connections are waiting, reads are answered at once."""
        await client.list_lines()
        server.faults.plan(method="jobcancel", fault="latency", seconds=30.0, times=None)
        slow = [asyncio.create_task(client.cancel_job(f"TX{number}")) for number in range(20)]
        try:
            await asyncio.sleep(0)
            async with asyncio.timeout(5):
                assert await client.active_jobs(Direction.TX) == []
            assert not any(task.done() for task in slow)
        finally:
            for task in slow:
                task.cancel()
            await asyncio.gather(*slow, return_exceptions=True)

    async def test_not_a_fax_api(self, server: SimulatedUcx, tmp_path: Path):
        """An address with something else behind it says to check the address, and no token is kept."""
        async with connect(server.control_url, "id", "secret", token_file=tmp_path / "t.json") as client:
            with pytest.raises(ServerFault, match="UCX_URL"):
                await client.list_lines()
        assert not (tmp_path / "t.json").exists()


class TestCertificates:
    @pytest.fixture
    async def secured(self, tmp_path: Path) -> AsyncIterator[tuple[str, Path]]:
        """A server with a certificate of its own making, as a UCX often has."""
        wanted = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=ucx"
        wanted += " -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem"
        openssl = await asyncio.create_subprocess_exec(
            "openssl", *wanted.split(), cwd=tmp_path, stderr=asyncio.subprocess.PIPE
        )
        _, said = await openssl.communicate()
        assert openssl.returncode == 0, said
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")

        async def answer(request: web.Request) -> web.Response:
            return web.json_response({"result": "Success", "token": "t", "count": 0, "faxes": []})

        application = web.Application()
        application.router.add_get("/{path:.*}", answer)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        port = runner.addresses[0][1]
        yield f"https://127.0.0.1:{port}", tmp_path / "cert.pem"
        await runner.cleanup()

    async def test_trusted_when_named(self, secured: tuple[str, Path], tmp_path: Path):
        """A server's own certificate is trusted when it is the CA file."""
        url, cert = secured
        async with connect(url, "id", "secret", token_file=tmp_path / "t", ca_file=cert) as client:
            assert await client.list_lines() == []

    async def test_not_trusted_otherwise(self, secured: tuple[str, Path], tmp_path: Path):
        """Without it no connection is made, no credentials are sent, and the setting is named."""
        url, _ = secured
        made = UcxClient(open_http_client(), url, "id", "secret", token_file=tmp_path / "t", sleep=quick)
        async with made as client:
            with pytest.raises(ServerUnreachable, match="UCX_CA_FILE"):
                await client.list_lines()

    async def test_a_broken_session_is_a_lost_answer(self, secured: tuple[str, Path], tmp_path: Path):
        """Bytes that are no TLS, in the middle of it, lose the answer and nothing else."""
        _, cert = secured
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(cert, tmp_path / "key.pem")

        async def garble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            bare = os.dup(writer.get_extra_info("socket").fileno())
            os.write(bare, b"this is no TLS record, and long enough to look like one" * 9)
            os.close(bare)

        listening = await asyncio.start_server(garble, "127.0.0.1", 0, ssl=context)
        url = f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        made = UcxClient(open_http_client(cert), url, "id", "secret", token_file=tmp_path / "t", sleep=quick)
        async with listening, made as client:
            with pytest.raises(ServerUnreachable, match="never came"):
                await client.list_lines()

    async def test_the_name_is_still_checked(self, secured: tuple[str, Path], tmp_path: Path):
        """A trusted certificate for another name is not accepted."""
        url, cert = secured
        other = url.replace("127.0.0.1", "localhost")
        made = UcxClient(
            open_http_client(cert), other, "id", "secret", token_file=tmp_path / "t", sleep=quick
        )
        async with made as client:
            with pytest.raises(ServerUnreachable, match="UCX_CA_FILE"):
                await client.list_lines()
