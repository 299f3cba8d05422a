"""What the client does with the network: tokens, retries, faxes submitted once, documents complete or not."""

import asyncio
import json
import logging
import stat
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from faxbot.fax.errors import (
    AnswerLost,
    BadDocument,
    CredentialsRejected,
    JobNotFound,
    RequestRefused,
    ServerFault,
    ServerUnreachable,
)
from faxbot.fax.job import Direction
from faxbot.ucx.client import UcxClient, connect
from faxbot.ucx.multipart import DocumentUpload, ascii_name
from faxbot.ucx.transport import SeparateWriteConnections, base_url, context_trusting, open_http_client

URL = "https://ucx.test"
PDF = b"%PDF-1.7 two pages %%EOF"
Answer = httpx.Response | Exception


def yes(**fields: object) -> httpx.Response:
    return httpx.Response(200, json={"result": "Success", **fields})


def no(message: str, status: int = 200) -> httpx.Response:
    return httpx.Response(status, json={"result": "Error", "message": message})


class Ucx:
    """A scripted server: each method's replies in order, the last one repeated."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.answers: dict[str, list[Answer | Callable[[httpx.Request], Answer]]] = {}
        self.tokens = 0
        self.naps: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        method = request.url.path.rsplit("/", 1)[-1]
        if method == "token" and method not in self.answers:
            self.tokens += 1
            return yes(token=f"t{self.tokens}")
        script = self.answers[method]
        answer = script.pop(0) if len(script) > 1 else script[0]
        if callable(answer) and not isinstance(answer, httpx.Response):
            answer = answer(request)
        if isinstance(answer, Exception):
            raise answer
        # A response serves once; the last one of a script may be asked for again.
        return httpx.Response(
            answer.status_code, headers=answer.headers, stream=httpx.ByteStream(answer.content)
        )

    def calls(self, method: str) -> list[httpx.Request]:
        return [request for request in self.asked if request.url.path == f"/restv1/efax/{method}"]

    async def nap(self, seconds: float) -> None:
        self.naps.append(seconds)
        await asyncio.sleep(0)


@pytest.fixture
def ucx() -> Ucx:
    return Ucx()


@pytest.fixture
async def client(ucx: Ucx, tmp_path: Path) -> AsyncIterator[UcxClient]:
    async with over(httpx.MockTransport(ucx), ucx, tmp_path) as made:
        yield made


def over(transport: httpx.AsyncBaseTransport, ucx: Ucx, tmp_path: Path, url: str = URL) -> UcxClient:
    http = httpx.AsyncClient(transport=transport, trust_env=False)
    token_file = tmp_path / "state" / "token.json"
    return UcxClient(http, url, "id", "s3cret", token_file=token_file, sleep=ucx.nap, jitter=lambda: 1.0)


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "letter.pdf"
    path.write_bytes(PDF)
    return path


async def submit(client: UcxClient, path: Path) -> object:
    return await client.submit_job(
        path, name="Überweisung 1.pdf", content_type="application/pdf", dial="14695550101", line_id="2"
    )


@pytest.mark.parametrize(
    ("date", "time"),
    [
        ("Mon, 20 Apr 2026 21:00:05 GMT", datetime(2026, 4, 20, 21, 0, 5, tzinfo=UTC)),
        ("Mon, 20 Apr 2026 21:00:05 -0000", datetime(2026, 4, 20, 21, 0, 5, tzinfo=UTC)),
        ("Mon, 20 Apr 99999999999999999999 21:00:05 GMT", None),
        ("yesterday", None),
        (None, None),
    ],
)
async def test_the_servers_time_is_that_of_its_last_answer(client, ucx, date, time):
    """From the header Date; an answer without it, or with nonsense in it, has no time."""
    ucx.answers["recordcount"] = [
        httpx.Response(200, json={"count": 1}, headers={"Date": "Mon, 20 Apr 2026 20:00:00 GMT"}),
        httpx.Response(200, json={"count": 1}, headers={"Date": date} if date else {}),
    ]
    for _ in range(2):
        await client.count_records(Direction.RX)
    assert client.server_time == time


class TestToken:
    async def test_fetched_once(self, client: UcxClient, ucx: Ucx):
        """However many requests begin at once, one token is fetched, by Basic authentication."""
        ucx.answers["recordcount"] = [yes(count=1)]
        await asyncio.gather(*(client.count_records(Direction.RX) for _ in range(5)))
        (asked,) = ucx.calls("token")
        assert asked.headers["Authorization"] == "Basic aWQ6czNjcmV0"
        assert {r.headers["Authorization"] for r in ucx.calls("recordcount")} == {"Bearer t1"}

    async def test_renewed_once(self, client: UcxClient, ucx: Ucx):
        """However many requests are turned down at once, the token is renewed once."""
        ucx.answers["recordcount"] = [
            lambda r: (
                yes(count=3) if r.headers["Authorization"] == "Bearer t2" else no("Authentication failed")
            )
        ]
        assert await asyncio.gather(*(client.count_records(Direction.RX) for _ in range(5))) == [3] * 5
        assert len(ucx.calls("token")) == 2

    async def test_renewed_to_the_same(self, client: UcxClient, ucx: Ucx):
        """A server that returns the same token again is asked once, also by five concurrent calls."""
        ucx.answers["token"] = [yes(token="same")]
        ucx.answers["recordcount"] = [no("Authentication failed", 401)]
        found = await asyncio.gather(
            *(client.count_records(Direction.RX) for _ in range(5)), return_exceptions=True
        )
        assert [type(fault) for fault in found] == [CredentialsRejected] * 5
        assert len(ucx.calls("token")) == 2

    async def test_still_refused(self, client: UcxClient, ucx: Ucx):
        """A renewed token that is turned down, too, is a fault; nothing is asked a third time."""
        ucx.answers["faxlist"] = [httpx.Response(401)]
        with pytest.raises(CredentialsRejected):
            await client.list_lines()
        assert len(ucx.calls("faxlist")) == 2

    async def test_kept_for_the_owner_only(self, client: UcxClient, ucx: Ucx, tmp_path: Path):
        """The token lies in a file that only its owner may read, and nothing lies beside it."""
        ucx.answers["faxlist"] = [yes(count=0, faxes=[])]
        await client.list_lines()
        (kept,) = (tmp_path / "state").iterdir()
        assert kept.name == "token.json"
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600

    async def test_kept_over_a_restart(self, client: UcxClient, ucx: Ucx, tmp_path: Path):
        """The next start uses the token that was kept."""
        ucx.answers["faxlist"] = [yes(count=0, faxes=[])]
        await client.list_lines()
        async with over(httpx.MockTransport(ucx), ucx, tmp_path) as again:
            await again.list_lines()
        assert len(ucx.calls("token")) == 1

    async def test_not_kept_for_another_server(self, client: UcxClient, ucx: Ucx, tmp_path: Path):
        """The token of one server is never shown to another."""
        ucx.answers["faxlist"] = [yes(count=0, faxes=[])]
        await client.list_lines()
        async with over(httpx.MockTransport(ucx), ucx, tmp_path, "https://other.test") as other:
            await other.list_lines()
        sent = [(r.url.host, r.headers["Authorization"]) for r in ucx.calls("faxlist")]
        assert sent == [("ucx.test", "Bearer t1"), ("other.test", "Bearer t2")]

    async def test_a_spoilt_file(self, client: UcxClient, ucx: Ucx, tmp_path: Path):
        """A token file that cannot be read is replaced."""
        kept = tmp_path / "state" / "token.json"
        kept.parent.mkdir()
        kept.write_text("{nonsense")
        ucx.answers["faxlist"] = [yes(count=0, faxes=[])]
        await client.list_lines()
        assert json.loads(kept.read_text())["token"] == "t1"

    async def test_nowhere_to_keep_it(self, client: UcxClient, ucx: Ucx, tmp_path: Path, caplog):
        """A token that cannot be kept is used all the same."""
        (tmp_path / "state").write_text("in the way")
        ucx.answers["faxlist"] = [yes(count=0, faxes=[])]
        assert await client.list_lines() == []
        assert "could not be written" in caplog.text


class TestReads:
    @pytest.mark.parametrize(
        "trouble",
        [
            httpx.ConnectError("refused"),
            httpx.ReadTimeout("slow"),
            httpx.RemoteProtocolError("reset"),
            httpx.Response(503, text="<html>busy</html>"),
            httpx.Response(200, text='{"result":"Succ'),
        ],
    )
    async def test_asked_again(self, client: UcxClient, ucx: Ucx, trouble):
        """A read that meets trouble twice succeeds at the third try, after growing pauses."""
        ucx.answers["recordcount"] = [trouble, trouble, yes(count="12")]
        assert await client.count_records(Direction.RX) == 12
        assert ucx.naps == [0.5, 1.0]

    @pytest.mark.parametrize(
        ("trouble", "fault"),
        [
            (httpx.ConnectError("refused"), ServerUnreachable),
            (httpx.ConnectTimeout("slow"), ServerUnreachable),
            (httpx.PoolTimeout("busy"), ServerUnreachable),
            (httpx.ReadTimeout("slow"), AnswerLost),
            (httpx.Response(500), AnswerLost),
        ],
    )
    async def test_given_up(self, client: UcxClient, ucx: Ucx, trouble, fault):
        """After three tries the fault says whether a connection was made."""
        ucx.answers["recordcount"] = [trouble]
        with pytest.raises(fault):
            await client.count_records(Direction.RX)
        assert len(ucx.calls("recordcount")) == 3

    async def test_a_no_is_a_no(self, client: UcxClient, ucx: Ucx):
        """A refusal is not asked for again."""
        ucx.answers["jobstatus"] = [no("Job not found")]
        with pytest.raises(JobNotFound):
            await client.job_status("tx9")
        (asked,) = ucx.calls("jobstatus")
        assert asked.url.params["job_id"] == "TX9"

    async def test_an_untrusted_certificate(self, client: UcxClient, ucx: Ucx):
        """A certificate that is not trusted names the setting that helps."""
        ucx.answers["faxlist"] = [httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed")]
        with pytest.raises(ServerUnreachable, match="UCX_CA_FILE"):
            await client.list_lines()

    async def test_redirects_are_not_followed(self, client: UcxClient, ucx: Ucx):
        """A redirect to another host takes no credentials there."""
        ucx.answers["faxlist"] = [
            httpx.Response(307, headers={"Location": "https://evil.test/restv1/efax/faxlist"})
        ]
        with pytest.raises(ServerFault, match="UCX_URL"):
            await client.list_lines()
        assert {request.url.host for request in ucx.asked} == {"ucx.test"}

    async def test_an_answer_without_end(self, ucx: Ucx, tmp_path: Path):
        """An answer that never ends is given up, not kept."""

        class Endless(httpx.AsyncByteStream):
            async def __aiter__(self) -> AsyncIterator[bytes]:
                while True:
                    yield b" " * 4_000_000

        def answer(request: httpx.Request) -> httpx.Response:
            return (
                yes(token="t")
                if request.url.path.endswith("token")
                else httpx.Response(200, stream=Endless())
            )

        async with over(httpx.MockTransport(answer), ucx, tmp_path) as client:
            with pytest.raises(AnswerLost):
                await client.list_lines()


class TestWrites:
    async def test_put_as_json(self, client: UcxClient, ucx: Ucx):
        """A cancellation goes out as JSON and brings the server's words."""
        ucx.answers["jobcancel"] = [yes(status="Job 82 removed.")]
        assert await client.cancel_job("tx82") == "Job 82 removed."
        (asked,) = ucx.calls("jobcancel")
        assert (asked.method, json.loads(asked.content)) == ("PUT", {"job_id": "TX82"})
        assert asked.headers["Content-Type"] == "application/json"

    async def test_a_cancellation_may_take_its_time(self, client: UcxClient, ucx: Ucx):
        """A cancellation is waited for longer than a minute, a read is not."""
        ucx.answers |= {"jobcancel": [yes(status="ok")], "faxlist": [yes(count=0, faxes=[])]}
        await client.cancel_job("TX1")
        await client.list_lines()
        waits = [ucx.calls(m)[0].extensions["timeout"]["read"] for m in ("jobcancel", "faxlist")]
        assert waits == [90, 15]

    @pytest.mark.parametrize("write", ["cancel_job", "delete_record"])
    async def test_not_asked_again(self, client: UcxClient, ucx: Ucx, write):
        """A write whose answer was lost is not repeated."""
        ucx.answers |= {"jobcancel": [httpx.ReadTimeout("")], "recorddelete": [httpx.ReadTimeout("")]}
        with pytest.raises(AnswerLost):
            await getattr(client, write)("TX1")
        assert len(ucx.calls("jobcancel") + ucx.calls("recorddelete")) == 1

    async def test_asked_again_if_nothing_happened(self, client: UcxClient, ucx: Ucx):
        """A write for which no connection was made is tried again."""
        ucx.answers["jobcancel"] = [httpx.ConnectError(""), yes(status="Job 1 removed.")]
        assert await client.cancel_job("TX1") == "Job 1 removed."


class TestFileSend:
    async def test_the_parts(self, client: UcxClient, ucx: Ucx, document: Path):
        """Line, number and document go out under the contract's names, their length up front."""
        ucx.answers["filesend"] = [yes(device="ttyIAX2", destination="14695550101", job_id="tx82")]
        receipt = await submit(client, document)
        assert receipt.job_id == "TX82"
        (asked,) = ucx.calls("filesend")
        body = asked.content
        assert int(asked.headers["Content-Length"]) == len(body)
        assert "Transfer-Encoding" not in asked.headers
        boundary = asked.headers["Content-Type"].split("boundary=")[1].encode()
        first, second, third = body.split(b"--" + boundary)[1:-1]
        assert first == b'\r\nContent-Disposition: form-data; name="fax_id"\r\n\r\n2\r\n'
        assert second == b'\r\nContent-Disposition: form-data; name="destination"\r\n\r\n14695550101\r\n'
        assert b'name="attachment"; filename="Uberweisung_1.pdf"\r\nContent-Type: application/pdf' in third
        assert third.endswith(b"\r\n\r\n" + PDF + b"\r\n")

    @pytest.mark.parametrize(
        "trouble", [httpx.ConnectError(""), httpx.ConnectTimeout(""), httpx.PoolTimeout("")]
    )
    async def test_no_connection(self, client: UcxClient, ucx: Ucx, document: Path, trouble):
        """Without a connection nothing is dialed, so the fax is submitted again, three times at most."""
        ucx.answers["filesend"] = [trouble, trouble, yes(job_id="TX1")]
        await submit(client, document)
        ucx.answers["filesend"] = [trouble]
        with pytest.raises(ServerUnreachable):
            await submit(client, document)
        assert len(ucx.calls("filesend")) == 6

    @pytest.mark.parametrize(
        "trouble",
        [
            httpx.ReadTimeout(""),
            httpx.WriteTimeout(""),
            httpx.ReadError(""),
            httpx.WriteError(""),
            httpx.RemoteProtocolError(""),
            httpx.LocalProtocolError(""),
            httpx.Response(500),
            httpx.Response(200, text="<html>"),
            httpx.Response(200, text='{"result":"Success"}'),
            httpx.Response(200, headers={"Content-Encoding": "gzip"}, content=b""),
            OSError("disk"),
        ],
    )
    async def test_never_sent_twice(self, client: UcxClient, ucx: Ucx, document: Path, trouble):
        """A fax whose fate is unclear is not submitted again."""
        ucx.answers["filesend"] = [trouble]
        with pytest.raises(AnswerLost):
            await submit(client, document)
        assert len(ucx.calls("filesend")) == 1
        assert ucx.naps == []

    async def test_refused(self, client: UcxClient, ucx: Ucx, document: Path):
        """A refusal contains the server's text."""
        ucx.answers["filesend"] = [no("Invalid destination", 400)]
        with pytest.raises(RequestRefused) as caught:
            await submit(client, document)
        assert caught.value.said == "Invalid destination"

    async def test_a_401_does_not_repeat_filesend(self, client: UcxClient, ucx: Ucx, document: Path):
        """A fax refused over the token is not repeated; the next submission has a new token."""
        ucx.answers["filesend"] = [httpx.Response(401), yes(job_id="TX1")]
        with pytest.raises(CredentialsRejected):
            await submit(client, document)
        assert len(ucx.calls("filesend")) == 1
        await submit(client, document)
        first, second = ucx.calls("filesend")
        assert len(first.content) == len(second.content)
        assert second.headers["Authorization"] == "Bearer t2"

    async def test_a_token_that_cannot_be_renewed_changes_nothing(
        self, client: UcxClient, ucx: Ucx, document: Path
    ):
        """Turned down over the token while no new one is to be had, the fax was turned down all the same."""
        ucx.answers["filesend"] = [httpx.Response(401)]
        ucx.answers["token"] = [yes(token="t"), httpx.ConnectError("")]
        with pytest.raises(CredentialsRejected):
            await submit(client, document)
        assert len(ucx.calls("filesend")) == 1

    @pytest.mark.parametrize(
        "trouble", [httpx.ReadTimeout(""), httpx.Response(500), httpx.Response(200, text="{")]
    )
    async def test_without_a_token_nothing_is_open(
        self, client: UcxClient, ucx: Ucx, document: Path, trouble
    ):
        """When no token can be fetched, the fax was not submitted, and its fate is known."""
        ucx.answers["token"] = [trouble]
        with pytest.raises(ServerUnreachable):
            await submit(client, document)
        assert ucx.calls("filesend") == []

    async def test_no_document(self, client: UcxClient, ucx: Ucx, tmp_path: Path):
        """Without the document nothing is asked of the server."""
        with pytest.raises(BadDocument):
            await submit(client, tmp_path / "gone.pdf")
        assert ucx.asked == []

    @pytest.mark.parametrize(
        ("name", "sent"),
        [
            ("../../etc/passwd", "etc_passwd"),
            ('a"b\r\nX: y.pdf', "a_b_X_y.pdf"),
            ("Ünïcode.PDF", "Unicode.PDF"),
            ("電報", "document"),
            ("x" * 300 + ".tiff", "x" * 80 + ".tiff"),
        ],
    )
    def test_file_names(self, name, sent):
        """A file name goes out in letters that cannot break the form."""
        assert ascii_name(name) == sent

    async def test_content_type_cannot_break_the_form(self, document: Path):
        """A content type that is none becomes the general one."""
        upload = DocumentUpload(document, {}, name="a.pdf", content_type="a/b\r\nX: y")
        assert b"Content-Type: application/octet-stream\r\n\r\n%PDF" in b"".join(
            [piece async for piece in upload]
        )


class Measured(httpx.AsyncBaseTransport):
    """Swallows a document, or serves one, piece by piece."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.swallowed = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("token"):
            return yes(token="t")
        if request.method == "POST":
            async for piece in request.stream:
                self.swallowed += len(piece)
            return yes(job_id="TX1")
        return httpx.Response(200, headers={"Content-Length": str(self.size)}, stream=Served(self.size))


class Served(httpx.AsyncByteStream):
    def __init__(self, size: int) -> None:
        self.size = size

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"%PDF-1.7".ljust(65_536)
        for _ in range(self.size // 65_536 - 1):
            yield bytes(65_536)


class TestMemory:
    SIZE = 20 * 1024 * 1024

    async def test_a_large_document_is_never_in_memory(self, ucx: Ucx, tmp_path: Path):
        """20 MiB out and 20 MiB in pass through less than 2 MiB of memory."""
        transport = Measured(self.SIZE)
        document = tmp_path / "large.pdf"
        with document.open("wb") as file:
            file.truncate(self.SIZE)
        async with over(transport, ucx, tmp_path) as client:
            tracemalloc.start()
            try:
                await submit(client, document)
                fetched = await client.download_document("RX1", tmp_path / "in.pdf")
                _, peak = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
        assert transport.swallowed > self.SIZE
        assert fetched.size == self.SIZE
        assert peak < 2 * 1024 * 1024


class TestDownload:
    async def test_whole(self, client: UcxClient, ucx: Ucx, tmp_path: Path):
        """A document lies where it was asked for, for its owner only, and nothing is left beside it."""
        ucx.answers["filedownload"] = [
            httpx.Response(
                200, content=PDF, headers={"Content-Disposition": 'attachment; filename="TX75.pdf"'}
            )
        ]
        into = tmp_path / "spool" / "a"
        into.parent.mkdir()
        found = await client.download_document("tx75", into)
        assert (found.path, found.size, found.content_type, found.name) == (
            into,
            len(PDF),
            "application/pdf",
            "TX75.pdf",
        )
        assert into.read_bytes() == PDF
        assert stat.S_IMODE(into.stat().st_mode) == 0o600
        assert list(into.parent.iterdir()) == [into]

    async def test_without_a_name(self, client: UcxClient, ucx: Ucx, tmp_path: Path):
        """A document without a name is named after its job and its bytes, whatever its header claims."""
        ucx.answers["filedownload"] = [
            httpx.Response(200, content=b"II*\x00 fax", headers={"Content-Type": "text/html"})
        ]
        found = await client.download_document("rx7", tmp_path / "a")
        assert (found.name, found.content_type) == ("RX7.tif", "image/tiff")

    async def test_a_name_is_no_path(self, client: UcxClient, ucx: Ucx, tmp_path: Path):
        """A name from the server has no folders."""
        header = {"Content-Disposition": 'attachment; filename="..\\\\..//x/.hidden.pdf"'}
        ucx.answers["filedownload"] = [httpx.Response(200, content=PDF, headers=header)]
        assert (await client.download_document("RX7", tmp_path / "a")).name == "hidden.pdf"

    async def test_half_sent(self, client: UcxClient, ucx: Ucx, tmp_path: Path):
        """A document that breaks off is fetched again, and is not kept."""
        half = httpx.Response(200, content=PDF[:9])
        half.headers["Content-Length"] = str(len(PDF))
        ucx.answers["filedownload"] = [half, half, httpx.Response(200, content=PDF)]
        into = tmp_path / "spool" / "a"
        into.parent.mkdir()
        assert (await client.download_document("RX1", into)).size == len(PDF)
        into.unlink()
        ucx.answers["filedownload"] = [half]
        with pytest.raises(AnswerLost):
            await client.download_document("RX1", into)
        assert list(into.parent.iterdir()) == []

    @pytest.mark.parametrize(
        ("answer", "fault"),
        [
            (no("Job not found", 404), JobNotFound),
            (no("File not found"), JobNotFound),
            (httpx.Response(200, json={"result": "Error", "status": "Access denied"}), RequestRefused),
            (httpx.Response(404), JobNotFound),
            (httpx.Response(404, text="<html>404</html>"), ServerFault),
            (httpx.Response(200, text="<!doctype html><p>Sign in"), AnswerLost),
            (httpx.Response(200, content=b""), AnswerLost),
            (httpx.Response(500, content=PDF), AnswerLost),
            (no("Authentication failed"), CredentialsRejected),
        ],
    )
    async def test_no_document(self, client: UcxClient, ucx: Ucx, tmp_path: Path, answer, fault):
        """Words in place of a document are a fault, and the file does not appear."""
        ucx.answers["filedownload"] = [answer]
        into = tmp_path / "spool" / "a"
        into.parent.mkdir()
        with pytest.raises(ServerFault) as caught:
            await client.download_document("RX1", into)
        assert type(caught.value) is fault
        assert list(into.parent.iterdir()) == []

    async def test_a_full_disk_is_not_the_servers_fault(self, client: UcxClient, ucx: Ucx, tmp_path: Path):
        """Where the disk does not take a document, the server is not asked again."""
        ucx.answers["filedownload"] = [httpx.Response(200, content=PDF)]
        with pytest.raises(OSError, match="No such file"):
            await client.download_document("RX1", tmp_path / "nowhere" / "a")
        assert len(ucx.calls("filedownload")) == 1


class TestLogs:
    async def test_ids_only(self, client: UcxClient, ucx: Ucx, document: Path, tmp_path: Path, caplog):
        """The log has method, id and outcome, and no number, name, token or text of the server."""
        ucx.answers |= {
            "filesend": [no("number 14695550101 of Dana is barred")],
            "jobstatus": [httpx.ReadTimeout("14695550101")],
            "filedownload": [httpx.Response(200, content=PDF)],
        }
        with caplog.at_level(logging.DEBUG, logger="faxbot"):
            with pytest.raises(RequestRefused):
                await submit(client, document)
            with pytest.raises(AnswerLost):
                await client.job_status("TX82")
            await client.download_document("RX7", tmp_path / "a")
        ours = "\n".join(r.getMessage() for r in caplog.records if r.name.startswith("faxbot"))
        assert "jobstatus TX82: ReadTimeout" in ours
        assert "filesend 2: RequestRefused" in ours
        assert "filedownload RX7: ok" in ours
        for secret in ("14695550101", "Dana", "t1", "s3cret", "berweisung", "letter"):
            assert secret not in ours


class TestConnections:
    async def test_writes_apart(self):
        """Writes go over connections of their own."""
        reads, writes = (httpx.MockTransport(lambda _, w=way: httpx.Response(200, text=w)) for way in "rw")
        async with httpx.AsyncClient(transport=SeparateWriteConnections(reads, writes)) as http:
            said = [(await http.request(method, URL)).text for method in ("GET", "PUT", "POST")]
        assert said == ["r", "w", "w"]

    async def test_no_cookies(self, monkeypatch):
        """A session cookie of the server is not sent back; the environment's proxy is not used."""
        monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:1")
        async with open_http_client() as http:
            response = httpx.Response(
                200, headers={"Set-Cookie": "PHPSESSID=1"}, request=httpx.Request("GET", URL)
            )
            http.cookies.extract_cookies(response)
            assert len(http.cookies.jar) == 0
            assert not http.follow_redirects
            assert not http.trust_env

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "ucx",
            "ftp://ucx",
            "https://",
            "https://me:pw@ucx",
            "https://ucx?x=1",
            "https://[",
            "http://a b",
        ],
    )
    def test_no_address(self, url, tmp_path: Path):
        """What is no http(s) address, or carries credentials, is refused at once."""
        with pytest.raises(ValueError, match="UCX_URL"):
            connect(url, "id", "secret", token_file=tmp_path / "t")

    @pytest.mark.parametrize(
        "url", ["https://ucx:8443", " https://ucx:8443/ ", "https://ucx:8443/restv1/efax/"]
    )
    def test_addresses(self, url):
        """An address may be given with or without the API's own path."""
        assert base_url(url) == "https://ucx:8443"

    def test_a_ca_file_that_is_none(self, tmp_path: Path):
        """A CA file that holds no certificates is refused at once."""
        path = tmp_path / "ca.pem"
        path.write_text("none")
        for file in (path, tmp_path / "missing"):
            with pytest.raises(ValueError, match="CA file"):
                context_trusting(file)

    async def test_the_loop_is_free_while_the_disk_is_slow(self, document: Path, monkeypatch):
        """Reading a document from a slow disk holds nothing else up."""
        upload = DocumentUpload(document, {}, name="a.pdf", content_type="application/pdf")
        beats: list[float] = []

        async def beat() -> None:
            while True:
                beats.append(time.monotonic())
                await asyncio.sleep(0.005)

        genuine = Path.open

        def slow(path: Path, *args: object) -> object:
            time.sleep(0.1)
            return genuine(path, *args)

        monkeypatch.setattr(Path, "open", slow)
        heart = asyncio.create_task(beat())
        async for _ in upload:
            pass
        heart.cancel()
        assert len(beats) > 3
