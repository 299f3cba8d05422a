"""Replies of the Fax API, recorded and imagined, as the fax domain sees them."""

import json
import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest

from faxbot.fax.errors import (
    AnswerLost,
    CredentialsRejected,
    JobNotFound,
    RequestRefused,
    ServerBusy,
    ServerFault,
)
from faxbot.fax.job import Direction, Job, JobState
from faxbot.fax.line import FaxLine, LineUsage
from faxbot.fax.receipt import SubmissionReceipt
from faxbot.ucx import request, wire
from faxbot.ucx.reply import ApiReply

SAMPLES = Path(__file__).parent.parent / "samples" / "ucx"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PAGE = b"<!DOCTYPE html><html><body>502</body></html>"

READERS = {
    "token": wire.token,
    "faxlist": wire.lines,
    "faxusage": wire.usage,
    "filesend": wire.submitted,
    "jobstatus": lambda reply: wire.status(reply, "TX82", NOW),
    "jobcancel": wire.outcome,
    "activejobs": lambda reply: wire.active(reply, Direction.TX, NOW),
    "recordcount": wire.count,
    "recordsget": lambda reply: wire.records(reply, Direction.RX),
    "recorddelete": wire.outcome,
}


def said(body: object, status: int = 200) -> ApiReply:
    return ApiReply(status, json.dumps(body).encode())


def vendor(method: str) -> ApiReply:
    return ApiReply(200, (SAMPLES / "vendor" / f"{method}.json").read_bytes())


def recorded(method: str) -> list[tuple[str, dict[str, object]]]:
    """(job id or direction, reply) of every recorded call of *method*."""
    found = []
    for file in sorted((SAMPLES / "hylafax").glob("*.jsonl")):
        for line in file.read_text().splitlines():
            call = json.loads(line)
            name, _, about = call["call"].partition(" ")
            if name == method:
                found.append((about, call["reply"].get("body", call["reply"])))
    assert found
    return found


def success(**fields: object) -> ApiReply:
    return said({"result": "Success", **fields})


class TestVendorExamples:
    def test_lines(self):
        """A virtual fax keeps its id, extension, name and caller id."""
        assert wire.lines(vendor("faxlist")) == [
            FaxLine("1", "Sales", "599", "14695551111", "EMT Sales"),
            FaxLine("2", "Support", "598", "14695551112", "EMT Support"),
        ]

    def test_usage(self):
        """What a line is doing comes in HylaFAX's words, with the number of jobs."""
        assert wire.usage(vendor("faxusage"))[1] == LineUsage("2", "Running and idle", 1)

    def test_receipt(self):
        """The receipt names the job, the modem and the number dialed."""
        assert wire.submitted(vendor("filesend")) == SubmissionReceipt("TX82", "ttyIAX2", "14695550101")

    def test_status(self):
        """JobStatus' attempts of max_retries are dials; the next try is the next 21:01 UTC."""
        assert wire.status(vendor("jobstatus"), "TX82", NOW) == Job(
            "TX82",
            JobState.SLEEPING,
            destination="14695550101",
            total_pages=1,
            dials=3,
            max_dials=12,
            next_try=datetime(2026, 4, 20, 21, 1, tzinfo=UTC),
            status_text="Busy signal detected",
            time=datetime(2026, 4, 20, 20, 59, 3, tzinfo=UTC),
        )

    def test_active_job_without_dials(self):
        """An active job without a count of dials has None, and its epoch time is parsed."""
        (job,) = wire.active(vendor("activejobs"), Direction.TX, NOW)
        assert (job.dials, job.attempts, job.status_text, job.modem) == (None, 1, "Dialing", "ttyIAX2")
        assert job.time == datetime.fromtimestamp(1776761122, UTC)

    def test_words_of_the_server(self):
        """JobCancel and RecordDelete give the server's own words."""
        assert wire.outcome(vendor("jobcancel")) == "Job 82 removed."
        assert wire.outcome(vendor("recorddelete")) == "ID TX69 deleted"

    def test_records(self):
        """A received fax has its caller, its pages, its seconds and its time."""
        first, second = wire.records(vendor("recordsget"), Direction.RX)
        assert (first.job_id, first.number, first.sent_pages, first.duration) == ("RX34", "2142454571", 1, 18)
        assert (second.caller_name, second.station_id, second.incomplete) == ("MV", "Support", False)
        assert second.time == datetime.fromtimestamp(1776285776, UTC)

    def test_token_and_count(self):
        """The token is the token, the count the count."""
        assert wire.token(vendor("token")) == "1f0ef7d3a547ce0dd5ed5f07ad65bd65"
        assert wire.count(vendor("recordcount")) == 12


class TestRecordings:
    def test_every_recorded_state_is_known(self):
        """No job of the recorded HylaFAX is in a state the bot does not know."""
        jobs = [job for way, body in recorded("activejobs") for job in wire.active(said(body), way, NOW)]
        jobs += [wire.status(said(body), job, NOW) for job, body in recorded("jobstatus")]
        assert {job.state for job in jobs} >= {JobState.READY, JobState.ACTIVE, JobState.SLEEPING}
        assert all(job.state is not JobState.UNKNOWN for job in jobs)

    def test_both_methods_report_the_same_dials(self):
        """JobStatus and ActiveJobs agree on the dials of a job that is asked for at the same moment."""
        compared = 0
        for file in (SAMPLES / "hylafax").glob("*.jsonl"):
            latest: dict[object, dict[str, Job]] = {}
            for line in file.read_text().splitlines():
                call = json.loads(line)
                name, _, about = call["call"].partition(" ")
                if name == "jobstatus":
                    job = wire.status(said(call["reply"]), about, NOW)
                    latest.setdefault((call["t"], job.job_id), {})[name] = job
                if name == "activejobs":
                    for job in wire.active(said(call["reply"]), Direction(about), NOW):
                        latest.setdefault((call["t"], job.job_id), {})[name] = job
            for pair in latest.values():
                # Two requests a moment apart may see two states.
                if len(pair) == 2 and len({(job.state, job.time) for job in pair.values()}) == 1:
                    compared += 1
                    assert len({(job.dials, job.max_dials, job.next_try) for job in pair.values()}) == 1
        assert compared > 10

    def test_next_try_is_never_a_day_away(self):
        """A job that sleeps for seconds is due in the minute it fell asleep, not tomorrow."""
        waits = [
            (job.next_try - job.time).total_seconds()
            for way, body in recorded("activejobs")
            for job in wire.active(said(body), Direction(way), NOW)
            if job.next_try and job.time
        ]
        assert waits
        assert all(-60 < seconds < 400 for seconds in waits)

    def test_records_end(self):
        """Every recorded record has a time, a known state and an id in upper case."""
        for way, body in recorded("recordsget"):
            found = wire.records(said(body), Direction(way))
            assert len(found) == body["count"]
            assert all(
                record.state.ended and record.time.year == 2026 and record.direction == way
                for record in found
            )

    def test_a_cut_reception_is_incomplete(self):
        """A received fax with a status text has lost pages."""
        found = [r for _, body in recorded("recordsget") for r in wire.records(said(body), Direction.RX)]
        assert any(record.incomplete for record in found)


class TestOddValues:
    @pytest.mark.parametrize(
        "time",
        [
            "2026-04-20 20:59:03",
            1776718743,
            "1776718743",
            1776718743.0,
            "2026-04-20T20:59:03Z",
            1776718743000,
        ],
    )
    def test_time_in_any_clothes(self, time):
        """A time is the same moment as text, as epoch and as text that holds an epoch."""
        job = wire.status(success(status={"state": "Active", "time": time}), "TX1", NOW)
        assert job.time == datetime(2026, 4, 20, 20, 59, 3, tzinfo=UTC)

    @pytest.mark.parametrize("time", ["", None, "yesterday", 0, -5, 1e300, True, [], {}, "20:59"])
    def test_no_time(self, time):
        """A time that cannot be read is none."""
        assert wire.status(success(status={"state": "Active", "time": time}), "TX1", NOW).time is None

    @pytest.mark.parametrize(("given_", "read"), [("2", 2), (2, 2), (2.9, 2), (" 2 ", 2), ("2.0", 2)])
    def test_counts(self, given_, read):
        """A count may be a text, a number or a float."""
        assert wire.status(success(status={"total_pages": given_}), "TX1", NOW).total_pages == read

    @pytest.mark.parametrize("given_", ["", None, "x", -1, [], {}, True, float("inf"), 10**40, "0", 0])
    def test_no_count(self, given_):
        """What is no count, or 0 pages, is not known."""
        fields = {"state": "Active", "total_pages": given_}
        assert wire.status(success(status=fields), "TX1", NOW).total_pages is None

    def test_the_next_try_may_be_tomorrow(self):
        """At 23:58 a job that is due at 00:01 is due tomorrow."""
        fields = {"state": "Sleeping", "time": "2026-12-31 23:58:10", "time_to_send": "00:01"}
        assert wire.status(success(status=fields), "TX1", NOW).next_try == datetime(
            2027, 1, 1, 0, 1, tzinfo=UTC
        )

    def test_the_next_try_without_a_time(self):
        """Without a time of its own, a job's next try is counted from now."""
        fields = {"state": "Sleeping", "time_to_send": "12:05"}
        assert wire.status(success(status=fields), "TX1", NOW).next_try == NOW.replace(minute=5)

    def test_no_next_try_while_active(self):
        """A job that is on the line has no next try, whatever the server still says."""
        fields = {"state": "Active", "time_to_send": "12:05"}
        assert wire.status(success(status=fields), "TX1", NOW).next_try is None

    @pytest.mark.parametrize("clock", ["25:99", "soon", "", None, 7])
    def test_no_clock_time(self, clock):
        """What is no clock time is no next try."""
        fields = {"state": "Sleeping", "time_to_send": clock}
        found = wire.status(success(status=fields), "TX1", NOW).next_try
        assert found is None or found.year == 1970

    def test_an_unknown_state_is_kept_and_logged(self, caplog):
        """A state this version does not know keeps its text, which is logged."""
        with caplog.at_level(logging.INFO):
            job = wire.status(success(status={"state": "Napping"}), "TX1", NOW)
        assert (job.state, job.state_text) == (JobState.UNKNOWN, "Napping")
        assert "Napping" in caplog.text

    def test_numbers_stay_as_given(self):
        """A number that comes as a number is the same text."""
        (job,) = wire.active(success(list=[{"jobid": "TX1", "destination": 14695550101}]), Direction.TX, NOW)
        assert job.destination == "14695550101"

    def test_text_that_nothing_can_store(self):
        """Lone surrogates and control characters do not get past the edge."""
        job = wire.status(
            ApiReply(200, rb'{"result":"Success","status":{"status_text":"a\ud800b\u0000c"}}'), "TX1", NOW
        )
        assert job.status_text == "a?bc"

    def test_bytes_in_another_encoding(self):
        """A caller's name in Latin-1 does not hide the jobs."""
        reply = ApiReply(
            200, '{"result":"Success","list":[{"jobid":"TX1","status_text":"M\xfcller"}]}'.encode("latin-1")
        )
        assert [job.job_id for job in wire.active(reply, Direction.TX, NOW)] == ["TX1"]


class TestStatusShapes:
    @pytest.mark.parametrize(
        "status",
        [
            {"state": "Done", "attempts": "2"},
            [{"state": "Done", "attempts": "2"}],
            [{"state": "Done"}, {"attempts": "2"}],
        ],
    )
    def test_objects(self, status):
        """An object, and an array of one or several, are parsed alike."""
        job = wire.status(success(status=status), "TX1", NOW)
        assert (job.state, job.dials) == (JobState.DONE, 2)

    def test_a_word(self):
        """A status that is only a state is that state."""
        assert wire.status(success(status="Sleeping"), "TX1", NOW).state is JobState.SLEEPING

    def test_lines(self):
        """Lines that are no state are a status text."""
        job = wire.status(success(status=["Converting", "document"]), "TX1", NOW)
        assert (job.state, job.status_text) == (JobState.UNKNOWN, "Converting\ndocument")

    @pytest.mark.parametrize(
        "status", [{}, [], "", None, "Job not found", {"state": "", "time": None, "sent_pages": "0"}]
    )
    def test_nothing_to_say(self, status):
        """A success with nothing in it knows no such job."""
        with pytest.raises(JobNotFound):
            wire.status(success(status=status), "TX1", NOW)

    def test_cancel_in_lines(self):
        """JobCancel's lines are one text."""
        assert wire.outcome(success(status=["Job 82 removed.", "Bye"])) == "Job 82 removed.\nBye"

    def test_cancel_of_nothing(self):
        """A success that says "Job not found" is none."""
        with pytest.raises(JobNotFound):
            wire.outcome(success(status=["Job not found"]))


class TestLists:
    @pytest.mark.parametrize(
        "listed",
        [
            [{"jobid": "tx1"}, {"jobid": "TX2"}],
            {"0": {"jobid": "TX1"}, "3": {"jobid": "TX2"}},
            ["TX1", "TX2"],
            [{"job_id": 1}, {"id": "2"}],
            [{"jobid": "TX1", "sent_pages": [], "time": {}, "state": 7}, {"jobid": "TX2"}],
        ],
    )
    def test_no_job_is_lost(self, listed):
        """A job whose id can be read is in the list, whatever else is wrong with it."""
        assert [job.job_id for job in wire.active(success(list=listed), Direction.TX, NOW)] == ["TX1", "TX2"]

    def test_one_object(self):
        """One object in place of an array is one job."""
        jobs = wire.active(success(count="1", list={"jobid": "RX1"}), Direction.RX, NOW)
        assert [job.job_id for job in jobs] == ["RX1"]

    @pytest.mark.parametrize(
        "fields", [{}, {"list": None, "count": 0}, {"list": "", "count": "0"}, {"list": []}]
    )
    def test_no_jobs(self, fields):
        """An absent, null or empty list is no jobs."""
        assert wire.active(said({"result": "Success", "list": [], **fields}), Direction.TX, NOW) == []

    @pytest.mark.parametrize(
        "fields", [{"count": 2}, {"count": "2", "list": []}, {"list": False}, {"list": 7}]
    )
    def test_a_list_that_contradicts_itself(self, fields):
        """Jobs that are counted but not listed have not left: the answer is lost."""
        with pytest.raises(AnswerLost):
            wire.active(success(**fields), Direction.TX, NOW)

    def test_one_bad_entry(self, caplog):
        """An entry without an id is skipped with a warning and hides no other."""
        jobs = wire.active(success(list=[{}, None, [], {"jobid": "TX2"}]), Direction.TX, NOW)
        assert [job.job_id for job in jobs] == ["TX2"]
        assert [r.levelname for r in caplog.records if "entry" in r.message] == ["WARNING"] * 3

    def test_a_record_without_a_time(self):
        """A received fax whose time cannot be read is kept."""
        (record,) = wire.records(success(records=[{"jobid": "RX1"}]), Direction.RX)
        assert record.time == wire.UNKNOWN_TIME

    def test_records_past_the_end(self):
        """No records past the end, even if the count is of them all."""
        assert wire.records(success(count=12, records=[]), Direction.RX) == []


class TestFaults:
    @pytest.mark.parametrize(
        ("reply", "fault"),
        [
            (said({"result": "Error", "message": "Authentication failed"}), CredentialsRejected),
            (said({"result": "Error", "message": "Authentication failed"}, 401), CredentialsRejected),
            (ApiReply(401, PAGE), CredentialsRejected),
            (said({"result": "Error", "message": "Invalid parameter"}, 400), RequestRefused),
            (said({"result": "Error", "status": ["Invalid", "parameter"]}), RequestRefused),
            (said({"result": "Error"}), RequestRefused),
            (ApiReply(500, PAGE), AnswerLost),
            (ApiReply(502, b""), AnswerLost),
            (ApiReply(200, PAGE), AnswerLost),
            (ApiReply(200, b'{"result":"Succ'), AnswerLost),
            (ApiReply(200, b"[1]"), AnswerLost),
            (ApiReply(200, b"7"), AnswerLost),
            (ApiReply(200, b""), AnswerLost),
            (ApiReply(200, b"[" * 100_000), AnswerLost),
            (said({"result": "Perhaps"}), AnswerLost),
        ],
    )
    @pytest.mark.parametrize("method", ["faxlist", "jobstatus", "jobcancel", "recordsget"])
    def test_which_fault(self, reply, fault, method):
        """Every way to say no has its name."""
        with pytest.raises(ServerFault) as caught:
            READERS[method](reply)
        assert type(caught.value) is fault

    @pytest.mark.parametrize("message", ["Job not found", "Unknown job TX9", "No such record"])
    def test_no_such_job(self, message):
        """A method about a job that says there is none means that."""
        with pytest.raises(JobNotFound) as caught:
            wire.status(said({"result": "Error", "message": message}), "TX9", NOW)
        assert caught.value.said == message

    def test_404_with_words(self):
        """A 404 in JSON about a job is a job that is not there."""
        with pytest.raises(JobNotFound):
            wire.outcome(said({"result": "Error", "message": "Gone"}, 404))

    @pytest.mark.parametrize("method", [name for name in READERS if name != "filesend"])
    def test_the_wrong_address(self, method):
        """A web server's own 404 says to check the address, and nothing about a job."""
        with pytest.raises(ServerFault, match="UCX_URL") as caught:
            READERS[method](ApiReply(404, PAGE))
        assert type(caught.value) is ServerFault

    def test_a_redirect(self):
        """A redirect says to check the address."""
        with pytest.raises(ServerFault, match="UCX_URL"):
            wire.lines(ApiReply(302, b""))

    def test_token_refused_in_any_words(self):
        """Whatever the Token method says instead of a token, the credentials are not good."""
        with pytest.raises(CredentialsRejected, match="No license"):
            wire.token(said({"result": "Error", "message": "No license"}))

    def test_a_long_token_is_whole(self):
        """A token may be longer than any text is read."""
        assert wire.token(success(token="e" * 5000)) == "e" * 5000

    @pytest.mark.parametrize("value", ["", None, "a b", "line\nline", "ümlaut"])
    def test_a_token_that_is_none(self, value):
        """What cannot stand in a header is no token."""
        with pytest.raises(AnswerLost):
            wire.token(success(token=value))

    def test_count_that_is_none(self):
        """A count that cannot be read is a fault, not 0."""
        with pytest.raises(AnswerLost):
            wire.count(success(count=""))


class TestFileSend:
    @pytest.mark.parametrize(
        "reply",
        [
            said({"result": "Error", "message": ["Unknown", "file type"]}),
            said({"result": "Error", "message": "Invalid destination"}, 400),
            ApiReply(404, PAGE),
            ApiReply(413, PAGE),
        ],
    )
    def test_a_clear_no(self, reply):
        """A refusal and most 4xx mean that nothing will be dialed."""
        with pytest.raises(RequestRefused) as caught:
            wire.submitted(reply)
        assert not isinstance(caught.value, JobNotFound)

    @pytest.mark.parametrize(
        "reply",
        [
            said({"result": "Error", "message": "Internal error"}, 500),
            said({"result": "Error", "message": "Disk full", "job_id": "TX9"}),
            success(),
            success(job_id=""),
            success(job_id=None),
            success(job_id=["TX1"]),
            said({"result": "Warning", "job_id": "TX1"}),
            ApiReply(200, PAGE),
            ApiReply(302, b""),
            ApiReply(204, b""),
            ApiReply(200, b'{"result":"Success","job_id":"TX8'),
            ApiReply(408, PAGE),
            said({"result": "Error", "message": "Too late", "job_id": "TX9"}, 400),
            said({"result": "Error", "message": "Authentication failed", "jobid": 9}, 401),
        ],
    )
    def test_any_other_reply_may_have_been_dialed(self, reply):
        """What is no receipt and no clear no leaves the fax's fate open."""
        with pytest.raises(AnswerLost):
            wire.submitted(reply)

    @pytest.mark.parametrize(
        "reply",
        [
            ApiReply(401),
            said({"result": "Error", "message": "Authentication failed"}),
            said({"result": "Error", "message": "Token has expired"}, 400),
            said({"result": "Error", "message": "License not valid"}, 403),
            said({"result": "Error", "message": "No valid Fax API licence"}),
        ],
    )
    def test_401_is_the_token(self, reply):
        """A 401, and words about token or license, are about the bot and not about the fax."""
        with pytest.raises(CredentialsRejected):
            wire.submitted(reply)

    def test_later(self):
        """A server that is busy takes the fax another time."""
        with pytest.raises(ServerBusy):
            wire.submitted(ApiReply(429, PAGE))

    def test_a_bare_number_is_a_sending(self):
        """A job id that is only a number is a sending's."""
        assert wire.submitted(success(job_id=82)).job_id == "TX82"


class TestRequests:
    def test_secrets_and_numbers_stay_out_of_repr(self):
        """Neither credentials nor numbers are in a request's repr."""
        shown = repr(request.token("id-1", "secret-1"))
        shown += repr(request.submit(dial="14695550101", line_id="2").with_token("token-1"))
        assert "Basic" not in shown
        assert "14695550101" not in shown
        assert "token-1" not in shown

    def test_an_offset_needs_a_limit(self):
        """An offset without a limit is no request."""
        with pytest.raises(ValueError, match="limit"):
            request.records(Direction.RX, offset=2)

    def test_records_window(self):
        """Limit and offset go out as the contract spells them."""
        assert request.records(Direction.RX, 2, 0).params == {"type": "RX", "limit": "2", "offset": "0"}


def test_an_entry_that_did_not_change_is_the_very_same_job() -> None:
    """Of two jobs one moved on: only that one is parsed again, and what left the list is dropped."""
    seen: wire.ParsedJobs = {}

    def read(*entries: dict[str, object]) -> list[Job]:
        body = json.dumps({"result": "Success", "count": len(entries), "list": entries}).encode()
        return wire.active(ApiReply(200, body), Direction.TX, NOW, seen)

    one, two = {"jobid": "TX1", "sent_pages": "0"}, {"jobid": "TX2", "sent_pages": "0"}
    first = read(one, two)
    second = read(two | {"sent_pages": "1"}, one)
    assert second[1] is first[0]
    assert second[0].sent_pages == 1
    assert read(one) == [first[0]]
    assert seen.keys() == {"TX1"}
