"""
The model of HylaFAX compared with recordings of a real HylaFAX.

Each test replays the inputs of a recording on a new model with the recorded lines and collects every changed
answer per stream: JobStatus per job, ActiveJobs per job, FaxUsage per line, RecordCount per type. All fields
are compared except `time` and `duration` (timing need not match to the second; the records' durations must be
within a fifth); of `time_to_send` only whether it is empty.

The recordings were sampled once a second and may lack states that lasted less: each recorded stream must be a
subsequence of the model's, and every other state of the model must have lasted less than a second.

Two recordings were made on a server with other faxes before and during them, which their answers mention;
these faxes are sent here too. Not compared in these recordings: the duration of TX4 (the real server sent it
in one call with TX3, which the model does not imitate), and in the older one the line and the status text of
receptions in progress (empty there, filled in every other recording).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pikepdf
import pytest

from faxbot.standins.ucx import documents, replies
from faxbot.standins.ucx.hylafax.clock import ManualClock, SimulatedClock
from faxbot.standins.ucx.hylafax.line import DEFAULT_LINES
from faxbot.standins.ucx.hylafax.model import HylaFax
from faxbot.standins.ucx.hylafax.records import JobType
from faxbot.standins.ucx.hylafax.timing import Timing
from faxbot.standins.ucx.log import EventLog

RECORDINGS = Path(__file__).parent.parent / "samples" / "ucx" / "hylafax"
SUPPORT, BILLING = "14695551112", "14695551113"
RECEPTION_FIELDS = {"destination": "", "modem": "", "status_text": ""}
RECORDED = Timing(page=24.2, page_spread=0.0)

Stream = list[tuple[float, dict[str, object] | int | None]]
Send = tuple[float, str, str, int]


@dataclass(frozen=True)
class Replay:
    """Facts that a recording does not contain: page counts, modem recovery, faxes sent before."""

    name: str
    timing: Timing
    pages: int
    before: tuple[Send, ...] = ()
    """Faxes known only from the recording's answers: seconds, line, destination, pages."""
    canceled_before: tuple[tuple[float, str], ...] = ()
    full_receptions: bool = True
    """Whether ActiveJobs RX contained line and status text when this was recorded."""


def ready_in(seconds: float) -> Timing:
    return replace(RECORDED, modem_ready=(seconds, seconds))


EARLIER = (
    (-621, "1", SUPPORT, 2),
    (-489, "2", BILLING, 1),
    (-250, "2", BILLING, 1),
    (-58.5, "2", BILLING, 1),
)
BUSY_CASE = ((-700, "3", "14695550200", 1), (-700, "1", SUPPORT, 5))
REPLAYS = [
    Replay("success_1to2_2pages", ready_in(21), 2),
    Replay("five_pages_1to2_with_RX", ready_in(35), 5),
    Replay("no_carrier", ready_in(25), 1),
    Replay("busy_until_failed_fast", replace(ready_in(9), retry_busy=3.5, busy_tone=1.5), 1),
    Replay("cancel_active_mid_page", ready_in(29), 5),
    Replay(
        "busy_retry_sleeping_then_cancel",
        ready_in(31.5),
        1,
        (*EARLIER, (0, "1", SUPPORT, 5)),
        full_receptions=False,
    ),
    Replay(
        "no_answer_sleeping_then_cancel",
        ready_in(31.5),
        1,
        (*((at - 700, *fax) for at, *fax in EARLIER), *BUSY_CASE, (0, "1", SUPPORT, 5)),
        ((-230, "TX5"),),
    ),
]


def without(item: dict[str, object], *names: str) -> dict[str, object]:
    kept = {name: value for name, value in item.items() if name not in names}
    if "time_to_send" in kept:
        kept["time_to_send"] = bool(kept["time_to_send"])
    return kept


class AnswerStreams:
    """Answers by stream; an answer is added when it differs from the previous one."""

    def __init__(self) -> None:
        self.by_name: dict[str, Stream] = {}

    def add(self, at: float, stream: str, answer: object) -> None:
        stream_values = self.by_name.setdefault(stream, [])
        if not stream_values or stream_values[-1][1] != answer:
            stream_values.append((at, answer))

    def add_jobs(self, at: float, kind: str, jobs: list[dict[str, object]]) -> None:
        present = {str(job["jobid"]): job for job in jobs}
        for jobid, job in present.items():
            self.add(at, f"activejobs {jobid}", without(job, "time"))
        for stream in list(self.by_name):
            if stream.startswith(f"activejobs {kind}") and stream.split()[1] not in present:
                self.add(at, stream, None)

    def add_lines(self, at: float, faxes: list[dict[str, object]]) -> None:
        for fax in faxes:
            self.add(at, f"faxusage {fax['id']}", fax)


def recorded(entries: list[dict[str, object]]) -> AnswerStreams:
    streams = AnswerStreams()
    for entry in entries:
        at, call, reply = entry["t"], str(entry["call"]), entry["reply"]
        method, _, argument = call.partition(" ")
        if at == "end" or method in ("filesend", "jobcancel"):
            continue
        if method == "jobstatus":
            streams.add(at, call, without(reply["status"], "time", "duration"))
        elif method == "activejobs":
            streams.add_jobs(at, argument, reply["list"])
        elif method == "faxusage":
            streams.add_lines(at, reply["faxes"])
        else:
            streams.add(at, call, reply["count"])
    return streams


class ReplayedSystem:
    """A model that is advanced from event to event, with its answers sampled after each."""

    def __init__(self, directory: Path, timing: Timing, start: float) -> None:
        clock = ManualClock()
        self.start = start
        self.directory = directory
        self.model = HylaFax(
            directory, DEFAULT_LINES, SimulatedClock(clock), EventLog(clock), timing=timing, seed=1
        )
        self.answers: AnswerStreams | None = None
        self.watched: str = ""
        self.replies: dict[str, object] = {}

    @property
    def now(self) -> float:
        return self.model.resources.timeline.now + self.start

    def send(self, line: str, destination: str, pages: int) -> str:
        path = self.model.resources.new_file(".pdf")
        with pikepdf.new() as pdf:
            for _ in range(pages):
                pdf.add_blank_page()
            pdf.save(path)
        document = documents.accept(path, "a.pdf", documents.digest(path), path)
        return self.model.submit(line, destination, document).jobid

    def sample(self) -> None:
        if self.answers is None:
            return
        model, at = self.model, self.now
        job = model.job(self.watched)
        self.answers.add(
            at, f"jobstatus {self.watched}", without(replies.job_status(model, job), "time", "duration")
        )
        for kind in JobType:
            self.answers.add_jobs(at, kind, replies.active_jobs(model, kind))
            self.answers.add(at, f"recordcount {kind}", len(model.resources.records.listing(kind)))
        self.answers.add_lines(at, [replies.usage(model, line.id) for line in DEFAULT_LINES])

    def run(self, until: float) -> None:
        timeline = self.model.resources.timeline
        while (due := timeline.next_due) is not None and due + self.start <= until:
            timeline.advance(due)
            self.sample()
        timeline.advance(until - self.start)


def replay(case: Replay, entries: list[dict[str, object]], directory: Path, end: float) -> ReplayedSystem:
    """Run the recording's inputs on a new model; sample it from the first recorded second until *end*."""
    inputs: list[tuple[float, int, object]] = [(at, 2, fax) for at, *fax in case.before]
    inputs += [
        (entry["t"], 1, (*entry["args"], case.pages)) for entry in entries if entry["call"] == "filesend"
    ]
    inputs += [(entry["t"], 3, entry["args"]) for entry in entries if entry["call"] == "jobcancel"]
    inputs += [(at, 3, jobid) for at, jobid in case.canceled_before]
    inputs.sort(key=lambda one: one[:2])
    replayed = ReplayedSystem(directory, case.timing, start=inputs[0][0])
    for at, order, what in inputs:
        if at > 0 and replayed.answers is None:
            replayed.answers = AnswerStreams()
            replayed.sample()
        replayed.run(at)
        if order == 3:
            replayed.model.queue.cancel(replayed.model.job(str(what)))
            replayed.sample()
        else:
            jobid = replayed.send(*what)
            replayed.watched = jobid if order == 1 else replayed.watched
    if replayed.answers is None:
        replayed.answers = AnswerStreams()
        replayed.sample()
    replayed.run(end)
    return replayed


def without_reception_fields(stream: Stream) -> Stream:
    streams = AnswerStreams()
    for at, answer in stream:
        streams.add(at, "", answer and {**answer, **RECEPTION_FIELDS})
    return streams.by_name[""]


def differences(expected: Stream, got: Stream, end: float) -> Iterator[str]:
    """Answers missing from *got*, and unrecorded ones in it that lasted a second or more."""
    expected_answers = [answer for _, answer in expected]
    lasting = [following - at for (at, _), (following, _) in pairwise(got)] + [1e9]
    for (at, answer), seconds in zip(got, lasting, strict=True):
        if expected_answers and answer == expected_answers[0]:
            expected_answers.pop(0)
        elif seconds >= 1 and at <= end:
            yield f"not recorded, at {at:.1f} for {seconds:.1f} s: {answer}"
    yield from (f"missing: {answer}" for answer in expected_answers)


@pytest.mark.parametrize("case", REPLAYS, ids=lambda case: case.name)
def test_a_recorded_case_replayed_shows_its_states_and_texts_in_order(case: Replay, tmp_path: Path) -> None:
    """Each recorded stream is in the model's; other states of the model last less than a second."""
    entries = [json.loads(line) for line in (RECORDINGS / f"{case.name}.jsonl").read_text().splitlines()]
    end = max(entry["t"] for entry in entries if entry["t"] != "end")
    replayed = replay(case, entries, tmp_path, end + 12)
    expected = recorded(entries).by_name
    if not case.full_receptions:
        for streams in (expected, replayed.answers.by_name):
            for stream in streams:
                if stream.startswith("activejobs RX"):
                    streams[stream] = without_reception_fields(streams[stream])
    found = {
        stream: list(differences(answers, replayed.answers.by_name.get(stream, []), end))
        for stream, answers in expected.items()
    }
    assert {stream: wrong for stream, wrong in found.items() if wrong} == {}
    assert {stream for stream in replayed.answers.by_name if stream not in expected} == set()


@pytest.mark.parametrize("case", REPLAYS, ids=lambda case: case.name)
def test_a_recorded_case_replayed_leaves_its_records_and_answers(case: Replay, tmp_path: Path) -> None:
    """Records equal the recorded ones except their time; durations are within a fifth or three seconds."""
    entries = [json.loads(line) for line in (RECORDINGS / f"{case.name}.jsonl").read_text().splitlines()]
    end = max(entry["t"] for entry in entries if entry["t"] != "end")
    replayed = replay(case, entries, tmp_path, end + 12)
    for kind in JobType:
        (expected_records,) = [
            entry["reply"]["records"] for entry in entries if entry["call"] == f"recordsget {kind}"
        ]
        got = replies.records(replayed.model.resources.records.listing(kind))
        assert [without(one, "time", "duration") for one in got] == [
            without(one, "time", "duration") for one in expected_records
        ]
        for one, other in zip(got, expected_records, strict=True):
            real = int(other["duration"])
            assert str(one["jobid"]).endswith("4") or int(one["duration"]) == pytest.approx(
                real, abs=max(3, real / 5)
            )
    (sent,) = [entry["reply"]["body"] for entry in entries if entry["call"] == "filesend"]
    assert replayed.watched == sent["job_id"]
    assert replayed.model.job(replayed.watched).modem.line.modem == sent["device"]
