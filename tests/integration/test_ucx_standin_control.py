"""The control API of the simulated UCX: faults, incoming faxes, outages, restarts, and the event log."""

import asyncio
import io
import json
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pikepdf
import pytest

from faxbot.standins.ucx import ManualClock, SimulatedUcx
from faxbot.standins.ucx.listening_socket import ListeningSocket

API = "/restv1/efax/"


def pdf(pages: int = 1) -> bytes:
    buffer = io.BytesIO()
    with pikepdf.new() as document:
        for _ in range(pages):
            document.add_blank_page()
        document.save(buffer, deterministic_id=True)
    return buffer.getvalue()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[SimulatedUcx]:
    log = tmp_path / "log.jsonl"
    async with SimulatedUcx(tmp_path / "ucx", clock=ManualClock(), log_file=log) as running:
        yield running


@pytest.fixture
async def client(server: SimulatedUcx) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url + API) as http:
        http.headers["Authorization"] = f"Bearer {server.credentials.token}"
        yield http


@pytest.fixture
async def control(server: SimulatedUcx) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.control_url) as http:
        yield http


async def post(control: httpx.AsyncClient, path: str, **body: object) -> dict[str, object]:
    answer = await control.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def send(client: httpx.AsyncClient, destination: str = "14695550101") -> httpx.Response:
    return await client.post(
        "filesend",
        data={"fax_id": "1", "destination": destination},
        files={"attachment": ("a.pdf", pdf(), "application/pdf")},
    )


def carried_out(server: SimulatedUcx) -> list[bool]:
    return ["carried_out" in entry for entry in server.log.entries("call")]


@pytest.mark.parametrize(("fault", "sent"), [("drop_before", 0), ("drop_after", 1)])
async def test_a_dropped_filesend_runs_or_not_by_fault(
    fault: str, sent: int, server: SimulatedUcx, client: httpx.AsyncClient, control: httpx.AsyncClient
) -> None:
    """The client gets no answer either way; the log says whether a job was queued."""
    await post(control, "/faults", fault=fault, method="filesend", match={"destination": "14695550101"})
    with pytest.raises(httpx.TransportError):
        await send(client)
    assert len(server.log.entries("submission")) == sent
    (call,) = server.log.entries("call")
    assert (call["outcome"], call["faults"], call["params"]["destination"]) == (
        "dropped",
        [fault],
        "14695550101",
    )


async def test_a_connection_can_be_dropped_before_its_body_is_read(
    server: SimulatedUcx, client: httpx.AsyncClient, control: httpx.AsyncClient
) -> None:
    """Without a match only the headers of the request are read."""
    await post(control, "/faults", fault="drop_before", method="filesend")
    with pytest.raises(httpx.TransportError):
        await send(client)
    (call,) = server.log.entries("call")
    assert "params" not in call


async def test_a_fault_applies_to_the_calls_it_was_planned_for(
    client: httpx.AsyncClient, control: httpx.AsyncClient
) -> None:
    """It skips `after` matching calls and applies to the next `times`; other calls are unaffected."""
    await post(
        control, "/faults", fault="error", method="recordcount", after=1, times=2, match={"type": "RX"}
    )
    results = []
    for kind in ("RX", "TX", "RX", "RX", "RX"):
        answer = await client.get("recordcount", params={"type": kind})
        results.append(answer.json()["result"])
    assert results == ["Success", "Success", "Error", "Error", "Success"]
    assert (await client.get("faxlist")).json()["result"] == "Success"
    assert (await control.get("/faults")).json() == {"faults": []}


@pytest.mark.parametrize(
    ("fault", "status", "start"),
    [
        ({"fault": "html", "status": 502}, 502, "<!DOCTYPE html>"),
        ({"fault": "html", "status": 200}, 200, "<!DOCTYPE html>"),
        ({"fault": "malformed"}, 200, '{"result":"Success","sta'),
        ({"fault": "error", "message": "Database locked"}, 200, '{"result": "Error", "message": "Database'),
    ],
)
@pytest.mark.parametrize("processed", [True, False])
async def test_a_replaced_answer_hides_whether_the_call_ran(
    fault: dict[str, object],
    status: int,
    start: str,
    *,
    processed: bool,
    server: SimulatedUcx,
    client: httpx.AsyncClient,
    control: httpx.AsyncClient,
) -> None:
    """HTML, malformed JSON and errors are returned whether or not the call runs."""
    await post(control, "/faults", method="filesend", processed=processed, **fault)
    answer = await send(client)
    assert (answer.status_code, answer.text.startswith(start)) == (status, True)
    assert carried_out(server) == [processed]
    assert len(server.log.entries("submission")) == processed


async def test_a_download_can_end_half_way(
    server: SimulatedUcx, client: httpx.AsyncClient, control: httpx.AsyncClient
) -> None:
    """The Content-Length is that of the whole file, so that the client detects the missing part."""
    await send(client)
    await post(control, "/faults", fault="truncate", method="filedownload")
    with pytest.raises(httpx.RemoteProtocolError):
        await client.get("filedownload", params={"job_id": "TX1"})
    assert (await client.get("filedownload", params={"job_id": "TX1"})).content == pdf()
    assert [entry["outcome"] for entry in server.log.entries("call")][1:] == ["truncated", "answered"]


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_call_runs_although_the_client_timed_out(
    when: str, server: SimulatedUcx, client: httpx.AsyncClient, control: httpx.AsyncClient
) -> None:
    """An injected latency continues after the client has disconnected."""
    await post(control, "/faults", fault="latency", method="filesend", seconds=0.7, when=when)
    with pytest.raises(httpx.ReadTimeout):
        await client.post(
            "filesend",
            data={"fax_id": "1", "destination": "14695550101"},
            files={"attachment": ("a.pdf", pdf())},
            timeout=httpx.Timeout(5, read=0.1),
        )
    assert when == "after" or not server.log.entries("submission")
    async with asyncio.timeout(5):
        while True:
            if server.log.entries("submission"):
                break
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/faults", {"fault": "gremlins"}),
        ("/faults", {"fault": "latency", "seconds": "long"}),
        ("/faults", {"fault": "latency", "color": "red"}),
        ("/receive", {"line": "7"}),
        ("/receive", {"pages": "two"}),
        ("/clock", {"speed": 0}),
        ("/clock", {"speed": True}),
        ("/records", {"order": "random"}),
        ("/restart", {"gently": True}),
        ("/lines/7", {"in_order": False}),
    ],
)
async def test_unknown_control_values_are_refused(
    path: str, body: dict[str, object], control: httpx.AsyncClient
) -> None:
    """An unknown fault, field, line or value is answered with 400 and an error."""
    answer = await control.post(path, json=body)
    assert (answer.status_code, answer.json().keys()) == (400, {"error"})


async def test_a_planned_fault_can_be_canceled(client: httpx.AsyncClient, control: httpx.AsyncClient) -> None:
    """DELETE with its id removes the fault; a second DELETE finds none."""
    fault = await post(control, "/faults", fault="error", times=None)
    assert (await client.get("faxlist")).json()["result"] == "Error"
    assert (await control.delete(f"/faults/{fault['id']}")).status_code == 200
    assert (await control.delete(f"/faults/{fault['id']}")).status_code == 404
    assert (await client.get("faxlist")).json()["result"] == "Success"


async def test_an_uploaded_fax_is_received_with_its_caller(
    server: SimulatedUcx, client: httpx.AsyncClient, control: httpx.AsyncClient
) -> None:
    """The document of the multipart request becomes the reception's file."""
    form = {"line": "3", "from": "12142454571", "cid_name": "MV", "station_id": "MV FAX"}
    answer = await control.post("/receive", data=form, files={"document": ("in.pdf", pdf(2))})
    assert answer.status_code == 200
    await server.advance(120)
    (record,) = (await client.get("recordsget", params={"type": "RX"})).json()["records"]
    shown = (
        record["phone_number"],
        record["cid_name"],
        record["station_id"],
        record["sent_pages"],
        record["modem"],
    )
    assert shown == ("12142454571", "MV", "MV FAX", "2", "ttyIAX3")
    assert (await client.get("filedownload", params={"job_id": "RX1"})).content == pdf(2)


async def test_a_generated_fax_can_be_cut(
    server: SimulatedUcx, client: httpx.AsyncClient, control: httpx.AsyncClient
) -> None:
    """Its record is Done, with a status text and the pages received."""
    await post(control, "/receive", pages=3, cut_after=2)
    await server.advance(200)
    (record,) = (await client.get("recordsget", params={"type": "RX"})).json()["records"]
    assert (record["state"], record["sent_pages"]) == ("Done", "2")
    assert record["status_text"] == "T.30 T2 timeout, expected signal not received"


async def test_a_revoked_token_and_an_expired_license_are_refused(
    server: SimulatedUcx, client: httpx.AsyncClient, control: httpx.AsyncClient
) -> None:
    """The Token method returns a new token, unless the license has expired."""
    basic = httpx.BasicAuth(server.client_id, server.client_secret)
    await post(control, "/token/revoke")
    assert (await client.get("faxlist")).status_code == 401
    client.headers["Authorization"] = f"Bearer {(await client.get('token', auth=basic)).json()['token']}"
    assert (await client.get("faxlist")).status_code == 200
    await post(control, "/license", valid=False)
    assert [
        (await client.get("faxlist")).status_code,
        (await client.get("token", auth=basic)).status_code,
    ] == [
        401,
        401,
    ]
    await post(control, "/license", valid=True)
    renewed = (await client.get("token", auth=basic)).json()["token"]
    assert f"Bearer {renewed}" != client.headers["Authorization"]


async def test_in_an_outage_connections_are_refused_and_the_port_is_kept(
    server: SimulatedUcx, client: httpx.AsyncClient, control: httpx.AsyncClient
) -> None:
    """New and open connections fail; after the outage the same address answers."""
    await client.get("faxlist")
    await post(control, "/outage", on=True)
    with pytest.raises(httpx.ConnectError):
        await client.get("faxlist")
    assert (await control.get("/state")).json()["reachable"] is False
    await post(control, "/outage", on=False)
    assert (await client.get("faxlist")).status_code == 200
    assert [entry["method"] for entry in server.log.entries("call")] == ["faxlist"] * 2


async def test_an_outage_can_end_by_itself(
    server: SimulatedUcx, client: httpx.AsyncClient, control: httpx.AsyncClient
) -> None:
    """A timed outage ends after its seconds."""
    await post(control, "/outage", seconds=0.1)
    async with asyncio.timeout(5):
        while True:
            if (await control.get("/state")).json()["reachable"]:
                break
    assert (await client.get("faxlist")).status_code == 200


async def test_a_restart_that_loses_everything_numbers_from_one(
    server: SimulatedUcx, client: httpx.AsyncClient, control: httpx.AsyncClient
) -> None:
    """The previous job is unknown, its id is reused, and a pending JobCancel is answered."""
    await send(client)
    await server.advance(20)
    canceling = asyncio.create_task(client.put("jobcancel", json={"job_id": "TX1"}))
    async with asyncio.timeout(5):
        while True:
            if server.model.job("TX1").canceling:
                break
            await asyncio.sleep(0.01)
    await post(control, "/restart", keep_jobs=False, keep_records=False, reuse_ids=True)
    assert (await canceling).json()["message"] == "Job not found"
    assert (await client.get("jobstatus", params={"job_id": "TX1"})).json()["result"] == "Error"
    assert (await send(client, "14695550102")).json()["job_id"] == "TX1"


async def test_the_clock_can_be_paused_sped_up_and_skewed(
    server: SimulatedUcx, client: httpx.AsyncClient, control: httpx.AsyncClient
) -> None:
    """A paused clock runs no event; speed 100 sends a fax in two seconds; a skewed clock shifts its times."""
    await post(control, "/clock", paused=True, skew=-3600)
    await send(client)
    await server.advance(500)
    (job,) = (await client.get("activejobs", params={"type": "TX"})).json()["list"]
    assert job["state"] == "Ready"
    assert job["time"] == pytest.approx(server.model.resources.stamp(), abs=501)
    assert job["time"] < 1_795_402_878
    await post(control, "/clock", paused=False, speed=100)
    await server.advance(2)
    assert (await client.get("recordcount", params={"type": "TX"})).json()["count"] == 1


async def test_a_failed_conversion_can_leave_no_record(
    server: SimulatedUcx, client: httpx.AsyncClient, control: httpx.AsyncClient
) -> None:
    """Such a job is nowhere: neither JobStatus nor the records know it."""
    await post(control, "/records", keeps_failed_conversions=False)
    await send(client, "14695550901")
    await server.advance(3)
    state = (await control.get("/state")).json()
    assert (state["jobs"]["TX"], state["records"]["TX"]) == ([], [])
    assert [entry["state"] for entry in server.log.entries("ended")] == ["Failed"]


async def test_the_state_shows_lines_jobs_and_records(
    server: SimulatedUcx, client: httpx.AsyncClient, control: httpx.AsyncClient
) -> None:
    """One call returns lines, jobs and records for a web page; a reset empties them."""
    await send(client, "14695551112")
    await server.advance(30)
    state = (await control.get("/state")).json()
    assert [line["state"] for line in state["lines"]] == [
        "Sending job 1",
        'Receiving from "EMT Sales"',
        "Running and idle",
    ]
    assert [job["jobid"] for job in (*state["jobs"]["TX"], *state["jobs"]["RX"])] == ["TX1", "RX1"]
    await server.advance(60)
    assert [len(records) for records in (await control.get("/state")).json()["records"].values()] == [1, 1]
    await post(control, "/reset")
    state = (await control.get("/state")).json()
    assert (state["jobs"], state["records"]) == ({"TX": [], "RX": []}, {"TX": [], "RX": []})
    assert {line["state"] for line in state["lines"]} == {"Running and idle"}
    assert (await send(client)).json()["job_id"] == "TX1"


async def test_the_log_holds_every_call_and_dial_and_is_written_to_a_file(
    server: SimulatedUcx, client: httpx.AsyncClient, control: httpx.AsyncClient, tmp_path: Path
) -> None:
    """It includes refused calls and no file bytes, is numbered without gaps, and equals the file."""
    await send(client, "14695550201")
    await client.get("nonsense")
    await client.get("faxlist", headers={"Authorization": "Bearer wrong"})
    await server.advance(400)
    entries = (await control.get("/log")).json()["entries"]
    assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
    calls = [(entry["method"], entry["status"]) for entry in entries if entry["kind"] == "call"]
    assert calls == [("filesend", 200), (f"{API}nonsense", 404), ("faxlist", 401)]
    dials = [
        (entry["kind"], entry.get("outcome")) for entry in entries if entry["kind"] in ("dial", "hangup")
    ]
    assert dials == [("dial", None), ("hangup", "Busy signal detected"), ("dial", None), ("hangup", "")]
    lines = (tmp_path / "log.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == entries
    since = (await control.get("/log", params={"since": "1", "kind": "dial"})).json()["entries"]
    assert [entry["dial"] for entry in since] == [1, 2]


async def test_the_server_runs_as_a_process_and_prints_its_addresses(tmp_path: Path) -> None:
    """It prints one line of JSON when it is ready; SIGTERM ends it with exit code 0."""
    arguments = ("-m", "faxbot.standins.ucx", "--dir", str(tmp_path), "--speed", "100", "--paper", "a4")
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    try:
        async with asyncio.timeout(20):
            ready = json.loads(await process.stdout.readline())
            async with httpx.AsyncClient() as http:
                basic = httpx.BasicAuth(ready["client_id"], ready["client_secret"])
                assert (await http.get(f"{ready['url']}{API}token", auth=basic)).status_code == 200
                state = (await http.get(f"{ready['control_url']}/state")).json()
                assert (state["clock"]["speed"], state["paper"]) == (100, "a4")
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_connection_accepted_while_the_socket_closes_gets_no_answer(
    server: SimulatedUcx, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In an outage no call runs, over whichever connection it comes."""
    await client.get("faxlist")
    with monkeypatch.context() as closed:
        closed.setattr(ListeningSocket, "open", False)
        with pytest.raises(httpx.TransportError):
            await client.get("faxlist")
    assert (await client.get("faxlist")).status_code == 200
    assert len(server.log.entries("call")) == 2


async def test_outages_may_overlap(tmp_path: Path) -> None:
    """Outages started and ended concurrently leave the server answering."""
    async with SimulatedUcx(tmp_path) as server:
        await server.start_outage()
        await asyncio.gather(server.end_outage(), server.start_outage(), server.end_outage())
        async with httpx.AsyncClient() as client:
            assert (await client.get(server.url)).status_code == 404
