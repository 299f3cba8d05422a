"""The simulated UCX over HTTP: each method of the contract, and its refusals."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import httpx
import pikepdf
import pytest

from faxbot.standins.ucx import ManualClock, SimulatedUcx
from tests.support.waiting import until

VENDOR = Path(__file__).parent.parent / "samples" / "ucx" / "vendor"
API = "/restv1/efax/"


def pdf(pages: int = 2, size: tuple[int, int] = (612, 792)) -> bytes:
    buffer = io.BytesIO()
    with pikepdf.new() as document:
        for _ in range(pages):
            document.add_blank_page(page_size=size)
        document.save(buffer, deterministic_id=True)
    return buffer.getvalue()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[SimulatedUcx]:
    async with SimulatedUcx(tmp_path / "ucx", clock=ManualClock()) as running:
        yield running


@pytest.fixture
async def client(server: SimulatedUcx) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url + API) as http:
        http.headers["Authorization"] = f"Bearer {server.credentials.token}"
        yield http


async def send(
    client: httpx.AsyncClient,
    destination: str = "14695550101",
    fax_id: str = "1",
    content: bytes | None = None,
) -> dict[str, object]:
    answer = await client.post(
        "filesend",
        data={"fax_id": fax_id, "destination": destination},
        files={"attachment": ("a.pdf", pdf() if content is None else content, "application/pdf")},
    )
    assert answer.status_code == 200
    return answer.json()


async def get(client: httpx.AsyncClient, method: str, **params: str) -> dict[str, object]:
    answer = await client.get(method, params=params)
    assert answer.status_code == 200
    return answer.json()


def shape(value: object) -> object:
    """Field names and types, without values; of a list, those of its first item."""
    if isinstance(value, dict):
        return {name: shape(item) for name, item in value.items()}
    return [shape(value[0])] if isinstance(value, list) else type(value).__name__


async def test_every_answer_has_the_shape_of_the_vendors_example(
    server: SimulatedUcx, client: httpx.AsyncClient
) -> None:
    """Field names and types are as in the contract's examples; two examples omit fields that it lists."""
    answers = {"filesend": await send(client, "14695551112")}
    await server.advance(60)
    answers["jobstatus"] = await get(client, "jobstatus", job_id="TX1")
    answers["activejobs"] = await get(client, "activejobs", type="TX")
    answers["faxlist"] = await get(client, "faxlist")
    answers["faxusage"] = await get(client, "faxusage")
    await server.advance(60)
    answers["recordcount"] = await get(client, "recordcount", type="RX")
    answers["recordsget"] = await get(client, "recordsget", type="RX")
    answers["filedownload"] = (await client.get("filedownload", params={"job_id": "TX9"})).json()
    answers["recorddelete"] = (await client.put("recorddelete", json={"job_id": "TX1"})).json()
    await send(client, "14695550200")
    answers["jobcancel"] = (await client.put("jobcancel", json={"job_id": "TX2"})).json()
    basic = httpx.BasicAuth(server.client_id, server.client_secret)
    answers["token"] = (await client.get("token", auth=basic)).json()
    examples = {path.stem: json.loads(path.read_text()) for path in VENDOR.glob("*.json")}
    assert answers.keys() == examples.keys()
    job = shape(answers["activejobs"])["list"][0]
    assert shape(examples.pop("activejobs"))["list"][0].items() <= job.items()
    assert {"time_to_send", "ndials", "totdials", "maxdials", "max_attempts", "requestor"} <= job.keys()
    status = shape(answers["jobstatus"])["status"]
    assert status == {**shape(examples.pop("jobstatus"))["status"], "duration": "str"}
    for method, example in examples.items():
        assert shape(answers[method]) == shape(example), method


async def test_a_fax_between_own_lines_is_downloaded_as_it_was_sent(
    server: SimulatedUcx, client: httpx.AsyncClient
) -> None:
    """FileDownload of the reception returns the PDF's bytes unchanged, with its name and length."""
    content = pdf(2)
    await send(client, "14695551112", content=content)
    await server.advance(200)
    answer = await client.get("filedownload", params={"job_id": "RX1"})
    assert answer.content == content
    assert answer.headers["content-disposition"] == 'attachment; filename="RX1.pdf"'
    assert answer.headers["content-length"] == str(len(content))


async def test_jobs_and_records_use_two_time_formats(server: SimulatedUcx, client: httpx.AsyncClient) -> None:
    """JobStatus has UTC text, ActiveJobs epoch seconds of the same time."""
    await send(client)
    status = (await get(client, "jobstatus", job_id="TX1"))["status"]
    (job,) = (await get(client, "activejobs", type="TX"))["list"]
    assert (status["time"], job["time"]) == ("2026-11-23 03:01:18", 1795402878)


async def test_a_finished_job_keeps_answering_until_its_record_is_deleted(
    server: SimulatedUcx, client: httpx.AsyncClient
) -> None:
    """RecordDelete removes the record, the status and the file."""
    await send(client)
    await server.advance(200)
    assert (await get(client, "jobstatus", job_id="TX1"))["status"]["state"] == "Done"
    gone = {"result": "Error", "message": "Job not found"}
    deleted = await client.put("recorddelete", json={"job_id": "TX1"})
    assert deleted.json() == {"result": "Success", "status": "ID TX1 deleted"}
    assert await get(client, "jobstatus", job_id="TX1") == gone
    assert await get(client, "recordcount", type="TX") == {"result": "Success", "count": 0}
    download = await client.get("filedownload", params={"job_id": "TX1"})
    assert (download.status_code, download.json()) == (404, gone)
    assert (await client.put("recorddelete", json={"job_id": "TX1"})).json() == gone


async def test_a_cancel_waits_for_the_call_and_the_second_finds_no_job(
    server: SimulatedUcx, client: httpx.AsyncClient
) -> None:
    """Other calls are answered meanwhile; the job ends Failed by request."""
    await send(client)
    await server.advance(20)
    canceling = asyncio.create_task(client.put("jobcancel", json={"job_id": "TX1"}))
    while not server.model.job("TX1").canceling:
        await get(client, "faxlist")
    assert not canceling.done()
    await server.advance(37)
    assert (await canceling).json() == {"result": "Success", "status": "Job 1 removed."}
    second = await client.put("jobcancel", json={"job_id": "TX1"})
    assert (second.status_code, second.json()["message"]) == (200, "Job not found")


async def test_a_reception_cannot_be_canceled(server: SimulatedUcx, client: httpx.AsyncClient) -> None:
    """JobCancel of an RX job is an error and the reception continues."""
    await send(client, "14695551112")
    await server.advance(30)
    assert (await get(client, "jobstatus", job_id="RX1"))["status"]["state"] == "Active"
    assert (await client.put("jobcancel", json={"job_id": "RX1"})).json()["result"] == "Error"
    await server.advance(100)
    assert (await get(client, "recordcount", type="RX"))["count"] == 1


async def test_records_are_paged_by_limit_and_offset(server: SimulatedUcx, client: httpx.AsyncClient) -> None:
    """The count is that of the page; a page beyond the end is empty."""
    for ending in ("0101", "0102", "0103"):
        await send(client, f"1469555{ending}")
    await server.advance(2000)
    page = await get(client, "recordsget", type="TX", limit="2", offset="1")
    assert (page["count"], [record["jobid"] for record in page["records"]]) == (2, ["TX2", "TX3"])
    assert await get(client, "recordsget", type="TX", limit="2", offset="9") == {
        "result": "Success",
        "count": 0,
        "records": [],
    }


@pytest.mark.parametrize(
    ("http_method", "path", "options", "status"),
    [
        ("GET", "nothing", {}, 404),
        ("POST", "faxlist", {}, 404),
        ("GET", "jobcancel", {"params": {"job_id": "TX1"}}, 404),
        ("GET", "jobstatus", {}, 400),
        ("GET", "jobstatus", {"params": {"job_id": "TX1", "more": "1"}}, 400),
        ("GET", "jobstatus", {"params": [("job_id", "TX1"), ("job_id", "TX2")]}, 400),
        ("GET", "activejobs", {"params": {"type": "XX"}}, 400),
        ("GET", "recordsget", {"params": {"type": "TX", "offset": "1"}}, 400),
        ("GET", "recordsget", {"params": {"type": "TX", "limit": "-1"}}, 400),
        ("PUT", "jobcancel", {"data": {"job_id": "TX1"}}, 400),
        ("PUT", "jobcancel", {"content": b"{", "headers": {"Content-Type": "application/json"}}, 400),
        ("PUT", "jobcancel", {"json": {"job_id": 1}}, 400),
        ("PUT", "jobcancel", {"json": {}, "params": {"job_id": "TX1"}}, 400),
        ("POST", "filesend", {"data": {"fax_id": "1", "destination": "14695550101"}}, 400),
        ("POST", "filesend", {"data": {"fax_id": "1"}, "files": {"attachment": ("a.pdf", b"%PDF-")}}, 400),
        (
            "POST",
            "filesend",
            {
                "data": {"fax_id": "1", "destination": "call me"},
                "files": {"attachment": ("a.pdf", b"%PDF-")},
            },
            400,
        ),
        ("GET", "faxlist", {"headers": {"Authorization": "Bearer nonsense"}}, 401),
        ("GET", "token", {}, 401),
    ],
)
async def test_a_request_that_violates_the_contract_is_refused(
    http_method: str, path: str, options: dict[str, object], status: int, client: httpx.AsyncClient
) -> None:
    """The HTTP status says why, with a result and a message in JSON."""
    answer = await client.request(http_method, path, **options)
    assert answer.status_code == status
    assert answer.json().keys() == {"result", "message"}
    assert answer.json()["result"] == "Error"


@pytest.mark.parametrize(
    ("invalid", "message"),
    [
        ({"fax_id": "9"}, "Invalid fax ID"),
        ({"destination": "14695550900"}, "Job request rejected"),
        ({"content": b""}, "Can not determine file type"),
        ({"content": b"\x00\x01"}, "Can not determine file type"),
    ],
)
async def test_a_refused_filesend_is_never_queued(
    invalid: dict[str, object], message: str, client: httpx.AsyncClient, server: SimulatedUcx
) -> None:
    """The answer is HTTP 200 with an error; there is no job."""
    answer = await send(client, **invalid)
    assert answer["result"] == "Error"
    assert message in answer["message"]
    assert (await get(client, "activejobs", type="TX"))["count"] == 0
    assert server.log.entries("submission") == []


async def test_a_job_that_was_not_converted_is_lost_by_jobstatus(
    client: httpx.AsyncClient, server: SimulatedUcx
) -> None:
    """It is accepted and fails a moment later; its text has several lines, which only its record holds."""
    sent = await send(client, "14695550901")
    assert sent["result"] == "Success"
    await server.advance(3)
    assert (await get(client, "activejobs", type="TX"))["count"] == 0
    status = await get(client, "jobstatus", job_id=str(sent["job_id"]))
    assert status == {"result": "Error", "message": "Job not found"}
    (record,) = (await get(client, "recordsget", type="TX"))["records"]
    assert (record["state"], record["total_pages"], record["attempts"]) == ("Failed", "0", "0")
    assert "\nDocument is a multi-sample image" in record["status_text"]


async def test_a_received_fax_shows_the_page_that_was_made(
    client: httpx.AsyncClient, server: SimulatedUcx
) -> None:
    """A landscape page is received on the server's paper, without its right part."""
    await send(client, "14695551112", content=pdf(1, (792, 612)))
    await server.advance(200)
    (record,) = (await get(client, "recordsget", type="RX"))["records"]
    answer = await client.get("filedownload", params={"job_id": record["jobid"]})
    with pikepdf.open(io.BytesIO(answer.content)) as received:
        assert [float(each) for each in received.pages[0].mediabox] == [0, 0, 612, 792]


async def test_an_aborted_upload_queues_nothing_and_leaves_no_file(
    server: SimulatedUcx, tmp_path: Path
) -> None:
    """An incomplete FileSend creates no job."""
    _, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
    head = (
        f"POST {API}filesend HTTP/1.1\r\nHost: ucx\r\nAuthorization: Bearer {server.credentials.token}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n\r\n"
        '--b\r\nContent-Disposition: form-data; name="attachment"; filename="a.pdf"\r\n\r\n%PDF-1.7\n'
    )
    writer.write(head.encode() + b"x" * 40000)
    await writer.drain()
    await until(lambda: list((tmp_path / "ucx").glob("*.upload")))
    writer.close()
    await writer.wait_closed()
    await until(lambda: server.log.entries("call"))
    assert server.log.entries("submission") == []
    assert list((tmp_path / "ucx").iterdir()) == []


async def test_an_upload_is_streamed_to_disk(server: SimulatedUcx, tmp_path: Path) -> None:
    """The first part of a FileSend is on disk before the last part is sent; the job has all bytes."""
    first, second = b"a line of text\n" * 20000, b"the end\n"
    halfway = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield first
        await halfway.wait()
        yield second

    form = aiohttp.FormData()
    form.add_field("fax_id", "1")
    form.add_field("destination", "14695550101")
    form.add_field("attachment", body(), filename="a.txt")
    headers = {"Authorization": f"Bearer {server.credentials.token}"}

    def first_part() -> bool:
        return any(path.stat().st_size >= 100_000 for path in (tmp_path / "ucx").glob("*.upload"))

    async with aiohttp.ClientSession(headers=headers) as session:
        sending = asyncio.create_task(session.post(server.url + API + "filesend", data=form))
        await until(first_part)
        halfway.set()
        async with await sending as answer:
            assert (await answer.json())["result"] == "Success"
    (submission,) = server.log.entries("submission")
    assert submission["bytes"] == len(first) + len(second)


async def test_at_speed_400_a_fax_is_received_within_a_second(tmp_path: Path) -> None:
    """The simulation runs without requests: the reception appears in the log."""
    async with (
        SimulatedUcx(tmp_path, speed=400) as server,
        httpx.AsyncClient(base_url=server.url + API) as http,
    ):
        http.headers["Authorization"] = f"Bearer {server.credentials.token}"
        await send(http, "14695551113", content=pdf(1))
        await until(lambda: server.log.entries("reception"))
