"""Whatever the fax server answers, and whatever the way does to it: a value or a named fault, and soon."""

import codecs
import json
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxbot.fax.errors import AnswerLost, Fault
from faxbot.fax.job import Direction, Job
from faxbot.fax.record import Record
from faxbot.services.model.jobs import seen_job
from faxbot.services.model.records import RecordState, new_record
from faxbot.ucx import wire
from faxbot.ucx.reply import ApiReply
from tests.support.odd_json import odd_values, places, replaced

SAMPLES = Path(__file__).parent.parent / "samples" / "ucx"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SOON = 1.0
"""Seconds of work; all of these are read in milliseconds."""


def read_twice(reply: ApiReply) -> list[Job]:
    """Read as the client does, which compares with what the last reply held."""
    seen: wire.ParsedJobs = {}
    first = wire.active(reply, Direction.TX, NOW, seen)
    assert wire.active(reply, Direction.TX, NOW, seen) == first == wire.active(reply, Direction.TX, NOW)
    return first


READERS = {
    "token": wire.token,
    "faxlist": wire.lines,
    "faxusage": wire.usage,
    "filesend": wire.submitted,
    "jobstatus": lambda reply: wire.status(reply, "TX82", NOW),
    "jobcancel": wire.outcome,
    "activejobs": read_twice,
    "recordcount": wire.count,
    "recordsget": lambda reply: wire.records(reply, Direction.RX),
    "recorddelete": wire.outcome,
    "filedownload": wire.no_document,
}
# fmt: off
FIELDS = (
    "result", "count", "list", "records", "faxes", "status", "message", "error", "token", "id", "fax_id",
    "name", "extension", "cidnumber", "state", "jobCount", "job_id", "jobid", "device", "destination",
    "time", "time_to_send", "sent_pages", "total_pages", "attempts", "totdials", "maxdials", "max_attempts",
    "max_retries", "duration", "status_text", "phone_number", "cid_name", "station_id", "requestor", "modem",
)
# fmt: on


def samples() -> dict[str, list[object]]:
    """Every reply in tests/samples, by the method that gave it."""
    found: dict[str, list[object]] = {method: [] for method in READERS}
    for method in READERS:
        found[method].append(json.loads((SAMPLES / "vendor" / f"{method}.json").read_bytes()))
    for file in sorted((SAMPLES / "hylafax").glob("*.jsonl")):
        for line in file.read_text().splitlines():
            call = json.loads(line)
            method = call["call"].partition(" ")[0]
            if method in found:
                found[method].append(call["reply"].get("body", call["reply"]))
    return found


SAMPLE = samples()
VALUES = odd_values(FIELDS)
STATUSES = st.sampled_from([200, 200, 200, 200, 201, 204, 302, 400, 401, 403, 404, 408, 429, 500, 503, 599])


@st.composite
def mutated(draw, method):
    """A reply from the samples in which some values are others, and whose bytes suffered on the way."""
    body = draw(st.sampled_from(SAMPLE[method]))
    for _ in range(draw(st.integers(0, 3))):
        body = replaced(body, draw(st.sampled_from(places(body))), draw(VALUES))
    raw = json.dumps(body, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    match draw(st.sampled_from(["as it is", "cut", "flipped", "BOM", "twice", "UTF-16", "Latin-1", "noise"])):
        case "cut":
            raw = raw[: draw(st.integers(0, len(raw)))]
        case "flipped":
            at = draw(st.integers(0, len(raw) - 1))
            raw = raw[:at] + bytes([draw(st.integers(0, 255))]) + raw[at + 1 :]
        case "BOM":
            raw = codecs.BOM_UTF8 + raw
        case "twice":  # every key of the outermost object is there twice
            raw = raw[:-1] + b"," + raw[1:] if raw[:1] == b"{" and len(raw) > 2 else raw + raw
        case "UTF-16":
            raw = raw.decode("utf-8", "replace").encode("utf-16")
        case "Latin-1":
            raw = raw.decode("utf-8", "replace").encode("latin-1", "replace")
        case "noise":
            raw = draw(st.binary(max_size=8)) + raw + draw(st.binary(max_size=8))
    return raw


def read(method: str, reply: ApiReply) -> None:
    """Read *reply* within bounds; what was read can be remembered and recalled unchanged."""
    began = time.process_time()
    with suppress(Fault):
        remember(READERS[method](reply))
    assert time.process_time() - began < SOON


def remember(answer: object) -> None:
    for each in answer if isinstance(answer, list) else [answer]:
        if isinstance(each, Job):
            assert seen_job(1, each).job == each
        if isinstance(each, Record):
            assert new_record(each, state=RecordState.SEEN, seen_at=0.0).record == each
            assert each.time.timestamp() == each.time.timestamp()


@pytest.mark.parametrize("method", READERS)
@given(data=st.data(), status=STATUSES)
def test_a_sample_that_was_tampered_with_is_a_value_or_a_fault(method, data, status):
    """A real reply with other values in it, cut short, or in another encoding never surprises."""
    read(method, ApiReply(status, data.draw(mutated(method))))


@pytest.mark.parametrize("method", READERS)
@given(
    body=VALUES | st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=6),
    status=STATUSES,
    yes=st.booleans(),
)
def test_any_json_is_a_value_or_a_fault(method, body, status, yes):
    """Whatever JSON comes back, it is read or is a named fault."""
    if yes and isinstance(body, dict):
        body = {**body, "result": "Success"}
    read(method, ApiReply(status, json.dumps(body).encode()))


@pytest.mark.parametrize("method", READERS)
@given(body=st.binary(max_size=200), status=STATUSES)
def test_any_bytes_are_a_value_or_a_fault(method, body, status):
    """Whatever bytes come back, they are a named fault or none at all."""
    read(method, ApiReply(status, body))


@pytest.mark.parametrize("method", READERS)
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 1_000_000,
        b'{"list":' * 200_000,
        b'{"result":"Success","count":' + b"9" * 1_000_000 + b"}",
        b'{"result":"Success","list":' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"result":"Success","status":"' + b"\\ud800" * 200_000 + b'"}',
        b'{"result":"Success","status":' + json.dumps([{"state": "Done"}] * 100_000).encode() + b"}",
        b" " * 2_000_000,
        b"\n<" * 500_000,
        b"\xff" * 2_000_000,
        b'{"result":"Error","message":"' + b"authentication " * 100_000 + b'"}',
        b'{"result":"Success",' + b",".join(b'"k%d":1' % n for n in range(200_000)) + b"}",
    ],
    ids=[
        "deep",
        "deep objects",
        "digits",
        "nested",
        "surrogates",
        "many",
        "spaces",
        "tags",
        "no UTF-8",
        "words",
        "keys",
    ],
)
def test_a_reply_made_to_do_harm_is_done_with_soon(method, body):
    """Depth, length and repetition cost milliseconds, not a hang or a stack."""
    read(method, ApiReply(200, body))


def test_what_comes_twice_counts_once():
    """Of two fields with one name the last one counts, as for every reader of JSON."""
    assert wire.count(ApiReply(200, b'{"result":"Error","count":1,"result":"Success","count":2}')) == 2


def test_numbers_that_json_does_not_know_are_none():
    """NaN and Infinity, which some writers of JSON let out, are no count and no time."""
    reply = b'{"result":"Success","count":1,"list":[{"jobid":"TX1","sent_pages":NaN,"time":Infinity}]}'
    (job,) = wire.active(ApiReply(200, reply), Direction.TX, NOW)
    assert (job.sent_pages, job.time) == (0, None)
    with pytest.raises(AnswerLost):
        wire.count(ApiReply(200, b'{"result":"Success","count":NaN}'))
